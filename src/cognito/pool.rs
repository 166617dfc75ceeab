//! What `DescribeUserPool` says of a pool, as far as it bears on whose password a row sets and on what it must be.

use aws_sdk_cognitoidentityprovider::types::{AliasAttributeType, PasswordPolicyType, UserPoolType, UsernameAttributeType};

use super::{Cognito, classify};
use crate::outcome::Answer;
use crate::policy::Policy;
use crate::row::PoolId;

/// How long a temporary password is valid in a pool that does not say (developer guide), in days.
const DEFAULT_VALIDITY_DAYS: u16 = 7;

/// A pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolDescription {
    /// Its password policy, where it has one.
    pub policy: Option<Policy>,
    /// Whether names that differ only in case are two names: the service model's default.
    pub case_sensitive: bool,
    /// Attributes that name a user beside the username, once they are verified.
    pub aliases: Vec<NamingAttribute>,
    /// Attributes that stand in the username's place.
    pub usernames: Vec<NamingAttribute>,
    /// How many users it has, as the service estimates it.
    pub estimated_users: u64,
    /// How long a temporary password is valid, in days: 1 to 365.
    pub temporary_days: u16,
}

/// An attribute that can name a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamingAttribute {
    /// `email`.
    Email,
    /// `phone_number`.
    PhoneNumber,
    /// `preferred_username`.
    PreferredUsername,
}

impl NamingAttribute {
    /// The attribute's name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::PhoneNumber => "phone_number",
            Self::PreferredUsername => "preferred_username",
        }
    }

    /// The attribute that says whether this one was verified. A preferred username needs no verification.
    pub fn verified_by(self) -> Option<&'static str> {
        match self {
            Self::Email => Some("email_verified"),
            Self::PhoneNumber => Some("phone_number_verified"),
            Self::PreferredUsername => None,
        }
    }
}

impl Cognito {
    /// Describes a pool. One request of the category UserPoolRead (15/s).
    ///
    /// # Errors
    /// What came back instead. A pool that does not exist is a `ResourceNotFoundException`.
    pub async fn describe_pool(&self, pool: &PoolId) -> Result<PoolDescription, Answer> {
        let answer = self.client(pool).describe_user_pool().user_pool_id(pool.as_str()).send().await;
        let answer = answer.map_err(|error| classify::failure(&error))?;
        Ok(description(answer.user_pool.as_ref()))
    }
}

fn description(pool: Option<&UserPoolType>) -> PoolDescription {
    let policy = pool.and_then(|pool| pool.policies.as_ref()).and_then(|policies| policies.password_policy.as_ref());
    let days = policy.and_then(|policy| u16::try_from(policy.temporary_password_validity_days).ok());
    let aliases = pool.map_or(&[][..], UserPoolType::alias_attributes);
    let usernames = pool.map_or(&[][..], UserPoolType::username_attributes);
    PoolDescription {
        policy: policy.map(policy_of),
        case_sensitive: pool.and_then(|pool| pool.username_configuration.as_ref()).is_none_or(|naming| naming.case_sensitive),
        aliases: aliases.iter().filter_map(alias).collect(),
        usernames: usernames.iter().filter_map(username).collect(),
        estimated_users: pool.map_or(0, |pool| u64::try_from(pool.estimated_number_of_users).unwrap_or(0)),
        temporary_days: days.filter(|days| *days > 0).unwrap_or(DEFAULT_VALIDITY_DAYS),
    }
}

fn alias(attribute: &AliasAttributeType) -> Option<NamingAttribute> {
    match attribute {
        AliasAttributeType::Email => Some(NamingAttribute::Email),
        AliasAttributeType::PhoneNumber => Some(NamingAttribute::PhoneNumber),
        AliasAttributeType::PreferredUsername => Some(NamingAttribute::PreferredUsername),
        _ => None,
    }
}

fn username(attribute: &UsernameAttributeType) -> Option<NamingAttribute> {
    match attribute {
        UsernameAttributeType::Email => Some(NamingAttribute::Email),
        UsernameAttributeType::PhoneNumber => Some(NamingAttribute::PhoneNumber),
        _ => None,
    }
}

fn policy_of(policy: &PasswordPolicyType) -> Policy {
    Policy {
        minimum_length: policy.minimum_length.and_then(|length| usize::try_from(length).ok()).unwrap_or_default(),
        require_uppercase: policy.require_uppercase,
        require_lowercase: policy.require_lowercase,
        require_numbers: policy.require_numbers,
        require_symbols: policy.require_symbols,
    }
}
