//! Row → valid row: the only place where a row becomes one that may be sent.
//!
//! A row is checked by itself on all cores: its shape, its pool's id, its username, its password against the API's rules
//! and the pool's policy. Rows are then compared with each other: two valid rows for one user are duplicates ([`OnDuplicate`]). An
//! invalid row competes with nobody. What can be sent and still looks wrong is a lint: a warning, unless it is asked to be more. All that comes out comes in the order of the input.
//!
//! A file is read twice. [`survey`] counts and finds faults; [`stream`] hands out the rows. Standard input is streamed alone, and its
//! duplicates are found as they come. What a fault looks like to a person is left to the caller: a [`Finding`] has a place, a rule and
//! a sentence, and never a value.

mod check;
mod duplicates;
mod lint;
mod marks;
mod once;
mod pipeline;
mod policies;
mod protected;
mod rule;
mod shared;
mod stream;
mod survey;
mod suspect;
mod username;

pub use duplicates::{Duplicates, LastNeedsAFile, OnDuplicate};
pub use lint::{Level, Lint, Lints};
pub use once::survey_once;
pub use policies::{Policies, PolicySource};
pub use protected::{Protected, ProtectedError};
pub use rule::{Rule, Severity};
pub use stream::{Candidate, Checked, Sink, each_row, stream};
pub use survey::{PoolRows, Survey, survey};

use crate::input::{Malformed, Place};
use crate::row::{Digest, Identity, Lifetime, RowNumber, User};
use crate::secret::Password;

/// A row that breaks no rule that can be checked before it is sent. Only this module makes one.
#[derive(Debug)]
pub struct ValidRow {
    number: RowNumber,
    line: u64,
    user: User,
    password: Password<'static>,
    lifetime: Lifetime,
}

impl ValidRow {
    /// Its number.
    pub fn number(&self) -> RowNumber {
        self.number
    }

    /// The line that it begins on, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whose password it sets.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// The password.
    pub fn password(&self) -> &Password<'static> {
        &self.password
    }

    /// How long the password is to last.
    pub fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    /// What a changed row is noticed by. The password is no part of it.
    pub fn digest(&self) -> Digest {
        Digest::of(self.user.pool.as_str(), &self.user.username, self.lifetime)
    }

    /// Its printable half, as texts.
    pub fn identity(&self) -> Identity {
        Identity {
            row: self.number,
            line: self.line,
            pool: self.user.pool.to_string(),
            username: self.user.username.to_string(),
            lifetime: Some(self.lifetime),
        }
    }

    /// A row for the tests of later stages, whose line is the one after its number, as behind a header.
    #[cfg(test)]
    pub(crate) fn for_test(number: u64, user: User, password: &str, lifetime: Lifetime) -> Self {
        Self { number: RowNumber(number), line: number + 1, user, password: Password::new(password.to_owned()), lifetime }
    }
}

/// A rule that a row breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The row.
    pub row: RowNumber,
    /// The line, from 1.
    pub line: u64,
    /// The column in characters, from 1: where the field at fault begins or, for a fault of the whole row, where the row does.
    pub column: u64,
    /// The rule.
    pub rule: Rule,
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong and, where it is not plain, what to do. It holds no value of the row.
    pub message: String,
}

impl Finding {
    fn new(row: RowNumber, Place { line, column }: Place, rule: Rule) -> Self {
        Self { row, line, column, rule, severity: Severity::Error, message: rule.to_string() }
    }

    /// A lint, as grave as `lints` have it. It must not be one that is allowed.
    fn of_lint(row: RowNumber, place: Place, rule: Rule, lints: Lints) -> Self {
        let denied = rule.lint().is_none_or(|lint| lints.level(lint) == Level::Deny);
        Self { severity: if denied { Severity::Error } else { Severity::Warning }, ..Self::new(row, place, rule) }
    }
}

impl From<Malformed> for Finding {
    fn from(Malformed { number, place, flaw }: Malformed) -> Self {
        Self::new(number, place, Rule::Malformed(flaw))
    }
}

#[cfg(test)]
mod tests;
