//! What an earlier run left to do, learned from its journal: the heart of `--resume`.
//!
//! Every row of the file is held against what the journal noted of it, so that a changed file is noticed before anything is sent. Only
//! passwords may have changed.

use std::collections::BTreeMap;

use crate::input::{Batch, Reader};
use crate::journal::Ledger;
use crate::outcome::Outcome;
use crate::preflight::Refusal;
use crate::report::ReportError;
use crate::row::{Digest, RowNumber};

/// What the journal knows of a row: what it is recognized by, and how it stands.
type Told = Option<(Option<Digest>, Outcome)>;

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
    /// [`ReportError::Changed`] at the first row that is not the one that was run, [`Refusal::Longer`] or [`Refusal::Shorter`] where there are
    /// more rows or fewer, or where one of the two cannot be read.
    pub(super) fn look_back(reader: &mut Reader, ledger: &mut Ledger, again: Again) -> Result<Self, Refusal> {
        let mut earlier = Self::default();
        let (mut changed, mut behind_the_end) = (None, None);
        let name = reader.name().to_owned();
        let then = ledger.start().input.rows.unwrap_or(ledger.last_row().0);
        let mut batch = Batch::default();
        reader.rewind()?;
        loop {
            reader.fill(&mut batch)?;
            if batch.is_empty() {
                break;
            }
            for index in 0..batch.len() {
                let (number, row) = (batch.number(index), batch.row(index).ok());
                let told = ledger.standing(number)?;
                let digest = row.as_ref().map(|row| Digest::of(&row.pool, &row.username, row.lifetime));
                if changed.is_none() && is_another(digest, told) {
                    changed = Some(batch.line(index));
                }
                if number.0 == then + 1 {
                    behind_the_end = Some(batch.line(index));
                }
                earlier.note(row.as_ref().map_or("", |row| &row.pool), told, again);
            }
        }
        let rows = earlier.standings.len() as u64;
        match (changed, behind_the_end) {
            (Some(line), _) => Err(ReportError::Changed { name, line }.into()),
            (None, Some(line)) => Err(Refusal::Longer { name, line, then }),
            (None, None) if rows < then => Err(Refusal::Shorter { name, rows, then }),
            (None, None) => Ok(earlier),
        }
    }

    /// What is known of a row.
    pub(super) fn standing(&self, row: RowNumber) -> Standing {
        row.0.checked_sub(1).and_then(|index| self.standings.get(usize::try_from(index).ok()?)).copied().unwrap_or_default()
    }

    /// Rows left out of this run.
    pub(super) fn rows(&self) -> u64 {
        self.done + self.held
    }

    fn note(&mut self, pool: &str, told: Told, again: Again) {
        let outcome = told.map(|(_, outcome)| outcome);
        let standing = match outcome {
            Some(Outcome::Unknown) if again.unknown => Standing::InDoubt,
            Some(Outcome::Rejected) if again.rejected => Standing::Refused,
            Some(Outcome::Set | Outcome::Rejected | Outcome::Unknown) => Standing::LeftOut,
            Some(Outcome::Invalid | Outcome::Skipped | Outcome::NotSent) | None => Standing::New,
        };
        self.standings.push(standing);
        match (standing, outcome) {
            (Standing::LeftOut, Some(Outcome::Unknown)) => self.held += 1,
            (Standing::LeftOut, _) => self.done += 1,
            _ => {
                let region = pool.split('_').next().unwrap_or_default();
                match self.regions.get_mut(region) {
                    Some(rows) => *rows += 1,
                    None => drop(self.regions.insert(region.to_owned(), 1)),
                }
            }
        }
    }
}

/// Whether the journal knows another row under this number than one with this digest.
fn is_another(now: Option<Digest>, told: Told) -> bool {
    told.and_then(|(then, _)| then).is_some_and(|then| now != Some(then))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Again = Again { unknown: true, rejected: true };

    fn is_left_out(told: Told, again: Again) -> bool {
        let mut earlier = Earlier::default();
        earlier.note("us-east-1_a", told, again);
        assert_eq!(earlier.rows() + earlier.regions.values().sum::<u64>(), 1);
        earlier.standing(RowNumber(1)) == Standing::LeftOut
    }

    fn ended(outcome: Outcome) -> Told {
        Some((Some(Digest(1)), outcome))
    }

    #[test]
    fn a_row_that_is_set_is_never_sent_again_and_one_that_was_not_sent_always_is() {
        for again in [Again::default(), BOTH] {
            assert!(is_left_out(ended(Outcome::Set), again));
            for outcome in [Outcome::NotSent, Outcome::Invalid, Outcome::Skipped] {
                assert!(!is_left_out(ended(outcome), again), "{outcome}");
            }
            assert!(!is_left_out(None, again));
        }
    }

    #[test]
    fn unknown_and_rejected_rows_are_sent_again_only_when_that_is_asked_for() {
        for (outcome, again) in
            [(Outcome::Rejected, Again { rejected: true, unknown: false }), (Outcome::Unknown, Again { unknown: true, rejected: false })]
        {
            assert!(is_left_out(ended(outcome), Again::default()));
            assert!(!is_left_out(ended(outcome), again));
        }
    }

    #[test]
    fn a_row_is_another_when_its_digest_differs_from_one_that_was_noted() {
        assert!(!is_another(Some(Digest(1)), ended(Outcome::Set)));
        assert!(is_another(Some(Digest(2)), ended(Outcome::Set)));
        assert!(is_another(None, ended(Outcome::Set)));
        assert!(!is_another(Some(Digest(2)), None));
        assert!(!is_another(Some(Digest(2)), Some((None, Outcome::Invalid))));
    }
}
