//! CreateUserPool and DescribeUserPool. Of a pool's many settings the sandbox keeps those that bear on passwords: the password policy
//! and the case of usernames. It ignores the others.

use std::sync::atomic::Ordering;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::constraints::Constraints;
use super::super::ids;
use super::super::pools::{DEFAULT_POLICY, DEFAULT_VALIDITY_DAYS, LEAST_MINIMUM_LENGTH, Pool, PoolConfig};
use super::super::protocol::{self, Refusal};
use super::Service;
use crate::policy::Policy;

/// The longest name of a pool, in characters (service model).
const MAX_NAME: usize = 128;
/// Where a pool is created when the request does not say, because it is not signed.
const DEFAULT_REGION: &str = "us-east-1";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreatePool {
    pool_name: Option<String>,
    policies: Option<Policies>,
    username_configuration: Option<UsernameConfiguration>,
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
    temporary_password_validity_days: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UsernameConfiguration {
    case_sensitive: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribePool {
    user_pool_id: Option<String>,
}

impl Service {
    pub(super) fn create_user_pool(&self, region: &str, body: &[u8]) -> Result<Value, Refusal> {
        let input: CreatePool = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let name = input.pool_name.unwrap_or_default();
        constrain_name(&mut constraints, &name);
        let given = input.policies.and_then(|policies| policies.password_policy);
        let (policy, days) = given.map_or((DEFAULT_POLICY, DEFAULT_VALIDITY_DAYS), |given| given.read(&mut constraints));
        let case_sensitive = input.username_configuration.is_none_or(|configuration| {
            configuration.case_sensitive.unwrap_or_else(|| {
                constraints.missing("usernameConfiguration.caseSensitive");
                true
            })
        });
        constraints.check()?;
        let region = if region.is_empty() { DEFAULT_REGION } else { region };
        let id = ids::pool_id(self.seed, region, self.created_pools.fetch_add(1, Ordering::Relaxed))
            .ok_or_else(|| Refusal::invalid_parameter(format!("{region} is not a Region")))?;
        let pool = self.pools.add(id, PoolConfig { name, policy, temporary_validity_days: days, case_sensitive });
        Ok(self.user_pool(&pool))
    }

    pub(super) fn describe_user_pool(&self, region: &str, body: &[u8]) -> Result<Value, Refusal> {
        let input: DescribePool = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let pool_id = constraints.user_pool_id(input.user_pool_id.as_deref());
        constraints.check()?;
        let pool = self.pool(region, pool_id)?;
        Ok(self.user_pool(&pool))
    }

    fn user_pool(&self, pool: &Pool) -> Value {
        let content = pool.read();
        let config = &content.config;
        json!({ "UserPool": {
            "Id": pool.id.as_str(),
            "Name": config.name,
            "Arn": format!("arn:aws:cognito-idp:{}:{}:userpool/{}", pool.id.region(), self.account, pool.id),
            "CreationDate": pool.created,
            "LastModifiedDate": content.modified,
            "EstimatedNumberOfUsers": content.user_count(),
            "MfaConfiguration": "OFF",
            "UsernameConfiguration": { "CaseSensitive": config.case_sensitive },
            "Policies": { "PasswordPolicy": {
                "MinimumLength": config.policy.minimum_length,
                "RequireUppercase": config.policy.require_uppercase,
                "RequireLowercase": config.policy.require_lowercase,
                "RequireNumbers": config.policy.require_numbers,
                "RequireSymbols": config.policy.require_symbols,
                "TemporaryPasswordValidityDays": config.temporary_validity_days,
            } },
        } })
    }
}

impl PasswordPolicy {
    /// The policy and the days that a temporary password is valid. What the service makes of an absent minimum length beside other
    /// rules is not established; here it is the least allowed.
    fn read(&self, constraints: &mut Constraints) -> (Policy, u16) {
        let least = LEAST_MINIMUM_LENGTH as i64;
        let length = self.minimum_length.unwrap_or(least);
        constraints.range("policies.passwordPolicy.minimumLength", length, least, 99);
        let days = self.temporary_password_validity_days.unwrap_or(0);
        constraints.range("policies.passwordPolicy.temporaryPasswordValidityDays", days, 0, 365);
        let policy = Policy {
            minimum_length: usize::try_from(length).unwrap_or(LEAST_MINIMUM_LENGTH),
            require_uppercase: self.require_uppercase.unwrap_or(false),
            require_lowercase: self.require_lowercase.unwrap_or(false),
            require_numbers: self.require_numbers.unwrap_or(false),
            require_symbols: self.require_symbols.unwrap_or(false),
        };
        let days = u16::try_from(days).ok().filter(|days| *days > 0).unwrap_or(DEFAULT_VALIDITY_DAYS);
        (policy, days)
    }
}

/// `PoolName`: 1 to 128 of `[\w\s+=,.@-]+`. A missing name is an empty one here.
fn constrain_name(constraints: &mut Constraints, name: &str) {
    if name.is_empty() {
        constraints.missing("poolName");
        return;
    }
    constraints.length("poolName", name, Some(name), 1, MAX_NAME);
    let is_sound = |byte: u8| byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"_+=,.@-\x0b".contains(&byte);
    if !name.bytes().all(is_sound) {
        constraints.broken("poolName", Some(name), r"satisfy regular expression pattern: [\w\s+=,.@-]+");
    }
}
