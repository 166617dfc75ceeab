//! What an earlier run left to do, learned from its journal: the heart of `--resume`.
//!
//! Every row of the file is held against what the journal noted of it, so that a changed file is noticed before anything is sent. Only
//! passwords may have changed.

use std::collections::BTreeMap;

use crate::input::Reader;
use crate::journal::{Ledger, Mark};
use crate::outcome::Outcome;
use crate::preflight::Refusal;
use crate::report::{ReportError, Source, each_mark};
use crate::row::{Digest, Identity, RowNumber};

/// Which rows that have been tried are tried again. Rows that were never sent, and rows that were invalid, always are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// Rows of which it is not known whether they were applied (`--unknown resend`).
    pub unknown: bool,
    /// Rows that Cognito refused (`--retry-rejected`).
    pub rejected: bool,
}

/// The rows that an earlier run has dealt with.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// By row number less one; rows behind the end are not left out.
    left_out: Vec<bool>,
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
    /// [`Refusal::Changed`] at the first row that is not the one that was run, or where one of the two cannot be read.
    pub(super) fn look_back(reader: &mut Reader, ledger: &mut Ledger, again: Again) -> Result<Self, Refusal> {
        let mut earlier = Self::default();
        let mut changed = None;
        let name = reader.name().to_owned();
        each_mark(Source::Input(reader), ledger, |identity, mark| {
            if changed.is_none() && is_another(&identity, &mark) {
                changed = Some(identity.line);
            }
            earlier.note(&identity, &mark, again);
            Ok::<_, ReportError>(())
        })?;
        match changed {
            Some(line) => Err(Refusal::Changed { name, line }),
            None => Ok(earlier),
        }
    }

    /// Whether the row is left out of this run.
    pub(super) fn leaves_out(&self, row: RowNumber) -> bool {
        row.0.checked_sub(1).and_then(|index| self.left_out.get(usize::try_from(index).ok()?)).copied().unwrap_or(false)
    }

    /// Rows left out of this run.
    pub(super) fn rows(&self) -> u64 {
        self.done + self.held
    }

    fn note(&mut self, identity: &Identity, mark: &Mark, again: Again) {
        let unknown = matches!(mark, Mark::Open { .. }) || outcome(mark) == Some(Outcome::Unknown);
        let left_out = match outcome(mark) {
            _ if unknown => !again.unknown,
            Some(Outcome::Set) => true,
            Some(Outcome::Rejected) => !again.rejected,
            _ => false,
        };
        self.left_out.push(left_out);
        match (left_out, unknown) {
            (true, true) => self.held += 1,
            (true, false) => self.done += 1,
            (false, _) => {
                let region = identity.pool.split('_').next().unwrap_or_default();
                *self.regions.entry(region.to_owned()).or_default() += 1;
            }
        }
    }
}

fn outcome(mark: &Mark) -> Option<Outcome> {
    match mark {
        Mark::Ended { fate, .. } => Some(fate.outcome),
        Mark::None | Mark::Open { .. } => None,
    }
}

/// Whether the journal knows another row under this number.
fn is_another(identity: &Identity, mark: &Mark) -> bool {
    let now = identity.lifetime.map(|lifetime| Digest::of(&identity.pool, &identity.username, lifetime));
    mark.digest().is_some_and(|then| now != Some(then))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::outcome::Fate;
    use crate::row::Lifetime;

    const BOTH: Again = Again { unknown: true, rejected: true };

    fn identity(username: &str) -> Identity {
        let pool = "us-east-1_a".to_owned();
        Identity { row: RowNumber(1), line: 2, pool, username: username.to_owned(), lifetime: Some(Lifetime::Permanent) }
    }

    fn ended(outcome: Outcome) -> Mark {
        let digest = Some(Digest::of("us-east-1_a", "a", Lifetime::Permanent));
        Mark::Ended { digest, fate: Fate::unsent(outcome, "", ""), at: SystemTime::UNIX_EPOCH }
    }

    fn is_left_out(mark: &Mark, again: Again) -> bool {
        let mut earlier = Earlier::default();
        earlier.note(&identity("a"), mark, again);
        assert_eq!(earlier.rows() + earlier.regions.values().sum::<u64>(), 1);
        earlier.leaves_out(RowNumber(1))
    }

    #[test]
    fn a_row_that_is_set_is_never_sent_again_and_one_that_was_not_sent_always_is() {
        for again in [Again::default(), BOTH] {
            assert!(is_left_out(&ended(Outcome::Set), again));
            for outcome in [Outcome::NotSent, Outcome::Invalid, Outcome::Skipped] {
                assert!(!is_left_out(&ended(outcome), again), "{outcome}");
            }
            assert!(!is_left_out(&Mark::None, again));
        }
    }

    #[test]
    fn unknown_and_rejected_rows_are_sent_again_only_when_that_is_asked_for() {
        let open = Mark::Open { digest: Digest(1), attempt: 1, at: SystemTime::UNIX_EPOCH };
        for (mark, again) in [
            (&ended(Outcome::Rejected), Again { rejected: true, unknown: false }),
            (&ended(Outcome::Unknown), Again { unknown: true, rejected: false }),
            (&open, Again { unknown: true, rejected: false }),
        ] {
            assert!(is_left_out(mark, Again::default()));
            assert!(!is_left_out(mark, again));
        }
    }

    #[test]
    fn a_row_is_another_when_pool_username_or_lifetime_differ() {
        assert!(!is_another(&identity("a"), &ended(Outcome::Set)));
        assert!(is_another(&identity("b"), &ended(Outcome::Set)));
        assert!(is_another(&Identity { lifetime: Some(Lifetime::Temporary), ..identity("a") }, &ended(Outcome::Set)));
        assert!(is_another(&Identity { lifetime: None, ..identity("a") }, &ended(Outcome::Set)));
        assert!(!is_another(&identity("b"), &Mark::None));
    }
}
