//! The rules that a row can break, each under a stable name.

use std::fmt;

use super::username::MAX_USERNAME;
use crate::input::{Field, Flaw};
use crate::policy::{ApiRule, PolicyRule};
use crate::row::{PoolIdError, RowNumber};

/// A rule that a row breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The row cannot be decoded.
    Malformed(Flaw),
    /// The pool id is none.
    PoolId(PoolIdError),
    /// The username is empty or too long.
    UsernameLength,
    /// The username holds a character that the API refuses.
    UsernameCharacter,
    /// The user is never to be touched.
    Protected,
    /// The password breaks a rule of the API.
    Password(ApiRule),
    /// The password breaks the pool's policy.
    Policy(PolicyRule),
    /// Another valid row is for the same user.
    Duplicate {
        /// The other row.
        other: RowNumber,
        /// The line that the other row begins on, where it is still known: not for standard input.
        line: Option<u64>,
    },
}

impl Rule {
    /// Its name for programs. It never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(flaw) => flaw.code(),
            Self::PoolId(_) => "pool-id",
            Self::UsernameLength => "username-length",
            Self::UsernameCharacter => "username-character",
            Self::Protected => "protected-user",
            Self::Password(ApiRule::TwoCharacters) => "password-too-short",
            Self::Password(ApiRule::TooLong) => "password-too-long",
            Self::Password(ApiRule::LeadingSpace) => "password-leading-space",
            Self::Password(ApiRule::TrailingSpace) => "password-trailing-space",
            Self::Password(ApiRule::LineBreak) => "password-line-break",
            Self::Policy(PolicyRule::MinimumLength(_)) => "policy-minimum-length",
            Self::Policy(PolicyRule::Uppercase) => "policy-uppercase",
            Self::Policy(PolicyRule::Lowercase) => "policy-lowercase",
            Self::Policy(PolicyRule::Numbers) => "policy-numbers",
            Self::Policy(PolicyRule::Symbols) => "policy-symbols",
            Self::Duplicate { .. } => "duplicate-user",
        }
    }

    /// The field that it is about, if it is about one.
    pub fn field(&self) -> Option<Field> {
        match self {
            Self::Malformed(flaw) => flaw.field(),
            Self::PoolId(_) => Some(Field::Pool),
            Self::UsernameLength | Self::UsernameCharacter | Self::Protected => Some(Field::Username),
            Self::Password(_) | Self::Policy(_) => Some(Field::Password),
            Self::Duplicate { .. } => None,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(flaw) => flaw.fmt(f),
            Self::PoolId(error) => error.fmt(f),
            Self::UsernameLength => write!(f, "the username must have 1 to {MAX_USERNAME} characters"),
            Self::UsernameCharacter => f.write_str("the username must not contain white space, control or invisible characters"),
            Self::Protected => f.write_str("--protect says that this user is never touched"),
            Self::Password(rule) => rule.fmt(f),
            Self::Policy(rule) => rule.fmt(f),
            Self::Duplicate { other, line } => {
                write!(f, "row {other}")?;
                if let Some(line) = line {
                    write!(f, " (line {line})")?;
                }
                f.write_str(" is for the same user. Remove one of them, or choose with --on-duplicate")
            }
        }
    }
}
