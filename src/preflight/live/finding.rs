//! What a row would meet in the live pool, each under a stable name.

use std::fmt;

use crate::row::RowNumber;
use crate::validate::Severity;

/// What a row would meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveRule {
    /// Nobody in the pool has this name.
    Missing,
    /// Nobody was found, though someone may be there in another spelling.
    NotSeen,
    /// The row leads to the same user as another one.
    SameUser {
        /// The other row.
        other: RowNumber,
        /// The line that the other row begins on, where it is still known.
        line: Option<u64>,
    },
    /// The user signs in with another provider.
    Federated {
        /// Whether such users may be given a password.
        allowed: bool,
    },
    /// The user is disabled.
    Disabled,
    /// The user never confirmed the account, and will count as confirmed.
    Unconfirmed,
    /// The user has a password, which stops working at once.
    Demoted,
    /// The temporary password expires before the date that was given.
    Expires {
        /// For how many days it is valid.
        days: u16,
        /// The end of that time if the password is set now.
        until: String,
    },
}

impl LiveRule {
    /// Its name for programs. It never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "user-missing",
            Self::NotSeen => "user-not-seen",
            Self::SameUser { .. } => "same-user",
            Self::Federated { .. } => "user-federated",
            Self::Disabled => "user-disabled",
            Self::Unconfirmed => "user-unconfirmed",
            Self::Demoted => "user-demoted",
            Self::Expires { .. } => "temporary-expires",
        }
    }

    /// Whether a row may be sent all the same.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Missing | Self::SameUser { .. } | Self::Federated { allowed: false } => Severity::Error,
            Self::Federated { allowed: true }
            | Self::NotSeen
            | Self::Disabled
            | Self::Unconfirmed
            | Self::Demoted
            | Self::Expires { .. } => Severity::Warning,
        }
    }
}

impl fmt::Display for LiveRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no user of the pool has this name. In a case-sensitive pool the case counts"),
            Self::NotSeen => f.write_str(
                "no user was found in this spelling or in lower case. The pool does not tell cases apart, but the search does: a user in \
                 another spelling would not be seen",
            ),
            Self::SameUser { other, line } => {
                write!(f, "row {other}")?;
                if let Some(line) = line {
                    write!(f, " (line {line})")?;
                }
                f.write_str(" leads to the same user by another name. Remove one of them, or choose with --on-duplicate")
            }
            Self::Federated { allowed: false } => {
                f.write_str("the user signs in with another provider, and AWS advises against a password. --allow-federated sets it")
            }
            Self::Federated { allowed: true } => f.write_str("the user signs in with another provider, and will have a password too"),
            Self::Disabled => f.write_str("the user is disabled, and cannot sign in while that is so"),
            Self::Unconfirmed => f.write_str("the user never confirmed the account: a permanent password confirms it without a word"),
            Self::Demoted => f.write_str(
                "the user has a password, which stops working at once: with a temporary one the next sign-in must choose another",
            ),
            Self::Expires { days, until } => write!(
                f,
                "the pool's temporary passwords are valid for {days} {}: set now, this one expires at {until}, too early. The pool's \
                 TemporaryPasswordValidityDays can be raised",
                if *days == 1 { "day" } else { "days" }
            ),
        }
    }
}

/// A row that meets a rule, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveFinding {
    /// The row.
    pub row: RowNumber,
    /// The line, from 1.
    pub line: u64,
    /// The column in characters, from 1: where the username begins.
    pub column: u64,
    /// What it meets.
    pub rule: LiveRule,
}
