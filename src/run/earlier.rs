//! What an earlier run left to do, learned from its journal: the heart of `--resume`.
//!
//! Every row of the file is held against what the journal noted of it, so that a changed file is noticed before anything is sent. Only
//! passwords may have changed.

use std::collections::BTreeMap;

use crate::input::Reader;
use crate::journal::Ledger;
use crate::outcome::Outcome;
use crate::preflight::{LeftOut, Refusal};
use crate::report::{ReportError, SameInput};
use crate::row::RowNumber;
use crate::validate::{Checked, Duplicates, Policies, each_row};

/// Which rows that have been tried are tried again. Rows that were never sent, and rows that were invalid, always are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// Rows of which it is not known whether they were applied (`--unknown resend`).
    pub unknown: bool,
    /// Rows that Cognito refused (`--retry-rejected`).
    pub rejected: bool,
}

/// What an earlier run means for a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing: it was never sent.
    #[default]
    New,
    /// It is not sent again.
    LeftOut,
    /// Cognito refused it, and it is sent again.
    Refused,
    /// It may have been applied, and is sent again.
    InDoubt,
}

impl Standing {
    fn of(outcome: Option<Outcome>, again: Again) -> Self {
        match outcome {
            Some(Outcome::Unknown) if again.unknown => Self::InDoubt,
            Some(Outcome::Rejected) if again.rejected => Self::Refused,
            Some(Outcome::Set | Outcome::Rejected | Outcome::Unknown) => Self::LeftOut,
            Some(Outcome::Invalid | Outcome::Skipped | Outcome::NotSent) | None => Self::New,
        }
    }
}

/// Whether every row of the run has ended, and none is to be tried again. A skipped row stays one as long as its winner stands.
pub(super) fn is_done(ledger: &Ledger, again: Again) -> bool {
    let is_over = |row| {
        let outcome = ledger.standing(RowNumber(row));
        outcome == Some(Outcome::Skipped) || Standing::of(outcome, again) == Standing::LeftOut
    };
    ledger.start().input.rows.is_some_and(|rows| (1..=rows).all(is_over))
}

/// The rows that an earlier run has dealt with.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// By row number less one; rows behind the end are new.
    standings: Vec<Standing>,
    /// Rows that are done with.
    pub done: u64,
    /// Rows that are unknown, and are left alone.
    pub held: u64,
    /// Rows still to be sent, by Region.
    pub regions: BTreeMap<String, u64>,
}

impl Earlier {
    /// Goes through the file and the journal together.
    ///
    /// # Errors
    /// [`Refusal::Report`] at the first row that is not the one that was run, or where there are more rows or fewer; another where one of the
    /// two cannot be read.
    pub(super) fn look_back(
        reader: &mut Reader,
        (policies, duplicates): (&mut Policies<'_>, &mut Duplicates),
        left_out: &LeftOut,
        ledger: &mut Ledger,
        again: Again,
    ) -> Result<Self, Refusal> {
        let mut earlier = Self::default();
        let mut same = SameInput::new(reader.name(), ledger.start().input.rows);
        each_row(reader, policies, duplicates, |checked| -> Result<(), Refusal> {
            same.compare(checked.line(), ledger.digest(checked.number())?, checked.digest());
            earlier.note(&checked, left_out, ledger.standing(checked.number()), again);
            Ok(())
        })?;
        same.conclude().map_err(ReportError::from)?;
        Ok(earlier)
    }

    /// What is known of a row.
    pub(super) fn standing(&self, row: RowNumber) -> Standing {
        row.0.checked_sub(1).and_then(|index| self.standings.get(usize::try_from(index).ok()?)).copied().unwrap_or_default()
    }

    /// Rows that are to be sent.
    pub(super) fn to_send(&self) -> u64 {
        self.regions.values().sum()
    }

    fn note(&mut self, checked: &Checked<'_>, left_out: &LeftOut, outcome: Option<Outcome>, again: Again) {
        let standing = Standing::of(outcome, again);
        self.standings.push(standing);
        match (standing, checked) {
            (Standing::LeftOut, _) if outcome == Some(Outcome::Unknown) => self.held += 1,
            (Standing::LeftOut, _) => self.done += 1,
            (_, Checked::Valid(row)) if left_out.has(row.number()) => {}
            (_, Checked::Valid(row)) => match self.regions.get_mut(row.pool().region()) {
                Some(rows) => *rows += 1,
                None => drop(self.regions.insert(row.pool().region().to_owned(), 1)),
            },
            (_, Checked::Invalid { .. } | Checked::Skipped { .. }) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Again = Again { unknown: true, rejected: true };

    #[test]
    fn a_row_that_is_set_is_never_sent_again_and_one_that_was_not_sent_always_is() {
        for again in [Again::default(), BOTH] {
            assert_eq!(Standing::of(Some(Outcome::Set), again), Standing::LeftOut);
            for outcome in [Outcome::NotSent, Outcome::Invalid, Outcome::Skipped] {
                assert_eq!(Standing::of(Some(outcome), again), Standing::New, "{outcome}");
            }
            assert_eq!(Standing::of(None, again), Standing::New);
        }
    }

    #[test]
    fn unknown_and_rejected_rows_are_sent_again_only_when_that_is_asked_for() {
        for (outcome, again, sent) in [
            (Outcome::Rejected, Again { rejected: true, unknown: false }, Standing::Refused),
            (Outcome::Unknown, Again { unknown: true, rejected: false }, Standing::InDoubt),
        ] {
            assert_eq!(Standing::of(Some(outcome), Again::default()), Standing::LeftOut);
            assert_eq!(Standing::of(Some(outcome), again), sent);
        }
    }
}
