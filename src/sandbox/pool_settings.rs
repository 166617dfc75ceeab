//! A pool's settings as the API writes them, in `CreateUserPool` and `UpdateUserPool`, in `DescribeUserPool`, and in the sandbox's own
//! files. Of the many settings of a pool the sandbox keeps those that bear on passwords and on who a user is, and ignores the others.

use serde::Deserialize;
use serde_json::{Value, json};

use super::constraints::Constraints;
use super::directory::{Naming, NamingAttribute};
use super::passwords::MAX_HISTORY;
use super::pools::{Content, DEFAULT_VALIDITY_DAYS, LEAST_MINIMUM_LENGTH, Pool, PoolConfig};
use crate::policy::Policy;

/// The longest name of a pool or client, in characters (service model).
const MAX_NAME: usize = 128;

/// The settings, as far as they were given.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct PoolSettings {
    #[serde(alias = "Name")]
    pub(super) pool_name: Option<String>,
    policies: Option<Policies>,
    username_configuration: Option<UsernameConfiguration>,
    alias_attributes: Option<Vec<String>>,
    username_attributes: Option<Vec<String>>,
    admin_create_user_config: Option<AdminCreateUserConfig>,
    deletion_protection: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policies {
    password_policy: Option<PasswordPolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PasswordPolicy {
    minimum_length: Option<i64>,
    require_uppercase: Option<bool>,
    require_lowercase: Option<bool>,
    require_numbers: Option<bool>,
    require_symbols: Option<bool>,
    password_history_size: Option<i64>,
    temporary_password_validity_days: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UsernameConfiguration {
    case_sensitive: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AdminCreateUserConfig {
    allow_admin_create_user_only: Option<bool>,
}

impl PoolSettings {
    /// The set-up that these settings make; what they leave out has its default, as the service has it for an update too.
    pub(super) fn config(&self, name: &str, constraints: &mut Constraints) -> PoolConfig {
        let mut config = PoolConfig::named(name);
        if let Some(policy) = self.policies.as_ref().and_then(|policies| policies.password_policy.as_ref()) {
            policy.apply(&mut config, constraints);
        }
        config.admin_creates_only =
            self.admin_create_user_config.as_ref().and_then(|config| config.allow_admin_create_user_only).unwrap_or(false);
        match self.deletion_protection.as_deref() {
            None | Some("INACTIVE") => {}
            Some("ACTIVE") => config.deletion_protected = true,
            other => constraints.broken("deletionProtection", other, "satisfy enum value set: [ACTIVE, INACTIVE]"),
        }
        config
    }

    /// How a pool with these settings names its users. Unless they say otherwise, with case.
    pub(super) fn naming(&self, constraints: &mut Constraints) -> Naming {
        let case_sensitive = self.username_configuration.as_ref().is_none_or(|configuration| {
            configuration.case_sensitive.unwrap_or_else(|| {
                constraints.missing("usernameConfiguration.caseSensitive");
                true
            })
        });
        let aliases = naming_attributes("aliasAttributes", self.alias_attributes.as_deref(), true, constraints);
        let usernames = naming_attributes("usernameAttributes", self.username_attributes.as_deref(), false, constraints);
        Naming { case_sensitive, aliases, usernames }
    }
}

fn naming_attributes(path: &str, given: Option<&[String]>, preferred: bool, constraints: &mut Constraints) -> Vec<NamingAttribute> {
    let allowed = if preferred { "phone_number, email, preferred_username" } else { "phone_number, email" };
    let mut attributes = Vec::new();
    for name in given.unwrap_or_default() {
        match name.as_str() {
            "email" => attributes.push(NamingAttribute::Email),
            "phone_number" => attributes.push(NamingAttribute::PhoneNumber),
            "preferred_username" if preferred => attributes.push(NamingAttribute::PreferredUsername),
            _ => constraints.broken(path, Some(&format!("[{name}]")), &format!("satisfy enum value set: [{allowed}]")),
        }
    }
    attributes
}

impl PasswordPolicy {
    /// What the service makes of an absent minimum length beside other rules is not established; here it is the least allowed.
    fn apply(&self, config: &mut PoolConfig, constraints: &mut Constraints) {
        let least = LEAST_MINIMUM_LENGTH as i64;
        let length = self.minimum_length.unwrap_or(least);
        constraints.range("policies.passwordPolicy.minimumLength", length, least, 99);
        let days = self.temporary_password_validity_days.unwrap_or(0);
        constraints.range("policies.passwordPolicy.temporaryPasswordValidityDays", days, 0, 365);
        let history = self.password_history_size.unwrap_or(0);
        constraints.range("policies.passwordPolicy.passwordHistorySize", history, 0, MAX_HISTORY as i64);
        config.policy = Policy {
            minimum_length: usize::try_from(length).unwrap_or(LEAST_MINIMUM_LENGTH),
            require_uppercase: self.require_uppercase.unwrap_or(false),
            require_lowercase: self.require_lowercase.unwrap_or(false),
            require_numbers: self.require_numbers.unwrap_or(false),
            require_symbols: self.require_symbols.unwrap_or(false),
        };
        config.temporary_validity_days = u16::try_from(days).ok().filter(|days| *days > 0).unwrap_or(DEFAULT_VALIDITY_DAYS);
        config.password_history = usize::try_from(history).unwrap_or(0);
    }
}

/// The name of a pool or client: 1 to 128 of `[\w\s+=,.@-]+`. A missing name is an empty one here.
pub(super) fn constrain_name(constraints: &mut Constraints, path: &str, name: &str) {
    if name.is_empty() {
        constraints.missing(path);
        return;
    }
    constraints.length(path, name, Some(name), 1, MAX_NAME);
    let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"_+=,.@-\x0b".contains(&byte);
    if !name.bytes().all(is_sound) {
        constraints.broken(path, Some(name), r"satisfy regular expression pattern: [\w\s+=,.@-]+");
    }
}

/// The pool as DescribeUserPool gives it.
pub(super) fn user_pool(pool: &Pool, content: &Content, account: &str) -> Value {
    let config = &content.config;
    let naming = content.directory.naming();
    let mut described = json!({
        "Id": pool.id.as_str(),
        "Name": config.name,
        "Arn": format!("arn:aws:cognito-idp:{}:{account}:userpool/{}", pool.id.region(), pool.id),
        "CreationDate": pool.created,
        "LastModifiedDate": content.modified,
        "EstimatedNumberOfUsers": content.directory.len(),
        "MfaConfiguration": "OFF",
        "DeletionProtection": if config.deletion_protected { "ACTIVE" } else { "INACTIVE" },
        "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": config.admin_creates_only },
        "UsernameConfiguration": { "CaseSensitive": naming.case_sensitive },
        "Policies": { "PasswordPolicy": {
            "MinimumLength": config.policy.minimum_length,
            "RequireUppercase": config.policy.require_uppercase,
            "RequireLowercase": config.policy.require_lowercase,
            "RequireNumbers": config.policy.require_numbers,
            "RequireSymbols": config.policy.require_symbols,
            "PasswordHistorySize": config.password_history,
            "TemporaryPasswordValidityDays": config.temporary_validity_days,
        } },
    });
    for (member, attributes) in [("AliasAttributes", &naming.aliases), ("UsernameAttributes", &naming.usernames)] {
        if !attributes.is_empty() {
            described[member] = attributes.iter().map(|attribute| attribute.name()).collect();
        }
    }
    described
}
