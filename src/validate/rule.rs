//! The rules that a row can break, each under a stable name, and how grave that is.

use std::fmt;

use super::lint::Lint;
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
    /// The row can be sent, and looks wrong.
    Lint(Lint),
    /// [`Lint::UsernameCase`], and the other row.
    OtherCase {
        /// The other row.
        other: RowNumber,
        /// The line that the other row begins on, where it is still known.
        line: Option<u64>,
    },
    /// [`Lint::Shared`], and by how many.
    SharedPassword {
        /// At least so many rows.
        rows: u32,
    },
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The row is invalid.
    Error,
    /// The row may be sent.
    Warning,
}

impl Severity {
    /// Its name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Rule {
    /// The codes of the rules whose breach makes a row invalid, whatever is asked for. All other codes are those of [`Lint::ALL`].
    pub const ERRORS: [&'static str; 26] = [
        "unclosed-quote",
        "quote-in-field",
        "text-after-quote",
        "field-count",
        "not-utf8",
        "not-json",
        "not-an-object",
        "repeated-field",
        "wrong-type",
        "not-a-boolean",
        "missing-field",
        "pool-id",
        "username-length",
        "username-character",
        "protected-user",
        "password-too-short",
        "password-too-long",
        "password-leading-space",
        "password-trailing-space",
        "password-line-break",
        "policy-minimum-length",
        "policy-uppercase",
        "policy-lowercase",
        "policy-numbers",
        "policy-symbols",
        "duplicate-user",
    ];

    /// The lint that it is, if it is one.
    pub fn lint(&self) -> Option<Lint> {
        match self {
            Self::Lint(lint) => Some(*lint),
            Self::OtherCase { .. } => Some(Lint::UsernameCase),
            Self::SharedPassword { .. } => Some(Lint::Shared),
            _ => None,
        }
    }

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
            Self::Lint(lint) => lint.code(),
            Self::OtherCase { .. } => Lint::UsernameCase.code(),
            Self::SharedPassword { .. } => Lint::Shared.code(),
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
            Self::Lint(lint) => lint.field(),
            Self::OtherCase { .. } => Lint::UsernameCase.field(),
            Self::SharedPassword { .. } => Lint::Shared.field(),
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
            Self::Lint(lint) => lint.fmt(f),
            Self::OtherCase { other, line } => {
                write!(f, "row {other}")?;
                if let Some(line) = line {
                    write!(f, " (line {line})")?;
                }
                f.write_str(" has the same username but for the case of letters: the same user, unless the pool is case-sensitive")
            }
            Self::SharedPassword { rows } => {
                write!(f, "at least {rows} rows have this row's password. Give each user one of their own, unless that is meant")
            }
        }
    }
}
