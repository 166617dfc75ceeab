//! How many rejected rows a run bears, before it is plainly the wrong file, pool or account.
//!
//! It looks at the rows in the order in which they end, those of this run alone. Stopping is left to whoever asks.

use std::fmt;
use std::str::FromStr;

use crate::execute::Reason;
use crate::outcome::{Event, Outcome};

/// When this many rows have ended, and all were rejected for one reason, there is no use in sending the others.
const ALL_ALIKE: u64 = 20;
/// A share is looked at once so many rows have ended: before that it says little.
const ENOUGH_FOR_A_SHARE: u64 = 100;

/// The most rejected rows that a run goes on with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxRejected {
    /// So many rows.
    Rows(u64),
    /// This share of the rows that were sent and have ended, in percent.
    Percent(f64),
}

/// Why a text is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a limit is a number of rows (100), or a share of those sent (2%, 0.5%)")]
pub struct MaxRejectedError;

impl FromStr for MaxRejected {
    type Err = MaxRejectedError;

    fn from_str(text: &str) -> Result<Self, MaxRejectedError> {
        match text.strip_suffix('%') {
            None => text.parse().map(Self::Rows).map_err(|_| MaxRejectedError),
            Some(share) => match share.parse() {
                Ok(share) if (0.0..=100.0).contains(&share) => Ok(Self::Percent(share)),
                _ => Err(MaxRejectedError),
            },
        }
    }
}

impl fmt::Display for MaxRejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(rows) => rows.fmt(f),
            Self::Percent(share) => write!(f, "{share}%"),
        }
    }
}

/// What a run bears.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// The most rejected rows.
    pub max_rejected: Option<MaxRejected>,
    /// Go on when the first rows are all rejected for one reason.
    pub force: bool,
}

/// The rejected rows of a run, and what is left to bear.
pub(super) struct Budget {
    limits: Limits,
    ended: u64,
    rejected: u64,
    /// The code that all rows so far were rejected with.
    alike: Option<String>,
}

impl Budget {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, ended: 0, rejected: 0, alike: None }
    }

    /// Takes note of an event, and says why the run must not go on behind it, if so.
    pub(super) fn spend(&mut self, event: &Event) -> Option<Reason> {
        let Event::Finished { fate, .. } = event else { return None };
        match fate.outcome {
            Outcome::Set | Outcome::Unknown => self.ended += 1,
            Outcome::Rejected => {
                if self.ended == 0 {
                    self.alike = Some(fate.detail.code.clone());
                }
                self.ended += 1;
                self.rejected += 1;
            }
            Outcome::Invalid | Outcome::Skipped | Outcome::NotSent => return None,
        }
        if fate.outcome != Outcome::Rejected || self.alike.as_ref() != Some(&fate.detail.code) {
            self.alike = None;
        }
        match &self.alike {
            Some(code) if self.ended == ALL_ALIKE && !self.limits.force => {
                Some(Reason::AllRejected { rows: self.ended, code: code.clone() })
            }
            _ if self.is_spent() => Some(Reason::TooManyRejected { rejected: self.rejected, ended: self.ended }),
            _ => None,
        }
    }

    fn is_spent(&self) -> bool {
        match self.limits.max_rejected {
            None => false,
            Some(MaxRejected::Rows(most)) => self.rejected > most,
            Some(MaxRejected::Percent(most)) => self.ended >= ENOUGH_FOR_A_SHARE && self.rejected as f64 > most / 100.0 * self.ended as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::outcome::Fate;
    use crate::row::RowNumber;

    /// The number of the row behind which a run is stopped, and why.
    fn stops_at(limits: Limits, rows: impl Iterator<Item = (Outcome, &'static str)>) -> Option<(usize, Reason)> {
        let mut budget = Budget::new(limits);
        rows.enumerate().find_map(|(index, (outcome, code))| {
            let fate = Fate::unsent(outcome, code, "");
            let row = RowNumber(index as u64 + 1);
            budget.spend(&Event::Finished { row, digest: None, fate, at: SystemTime::UNIX_EPOCH }).map(|reason| (index + 1, reason))
        })
    }

    fn limits(max_rejected: &str) -> Limits {
        Limits { max_rejected: Some(max_rejected.parse().expect("a limit")), force: true }
    }

    const REJECTED: (Outcome, &str) = (Outcome::Rejected, "UserNotFoundException");
    const SET: (Outcome, &str) = (Outcome::Set, "");

    #[test]
    fn a_limit_is_a_number_of_rows_or_a_share() {
        assert_eq!("0".parse(), Ok(MaxRejected::Rows(0)));
        assert_eq!("0.5%".parse(), Ok(MaxRejected::Percent(0.5)));
        for text in ["", "%", "-1", "1.5", "101%", "NaN%", "ten"] {
            assert_eq!(text.parse::<MaxRejected>(), Err(MaxRejectedError), "{text}");
        }
    }

    #[test]
    fn a_run_is_stopped_by_the_row_that_is_one_too_many() {
        let every_third = || (0..).map(|n| if n % 3 == 2 { REJECTED } else { SET }).take(1_000);
        assert_eq!(stops_at(limits("0"), every_third()).map(|(row, _)| row), Some(3));
        assert_eq!(stops_at(limits("4"), every_third()), Some((15, Reason::TooManyRejected { rejected: 5, ended: 15 })));
        assert_eq!(stops_at(limits("400"), every_third()), None);
    }

    #[test]
    fn a_share_is_that_of_the_rows_that_ended_and_is_looked_at_from_the_hundredth_on() {
        let every_third = || (0..).map(|n| if n % 3 == 2 { REJECTED } else { SET }).take(1_000);
        assert_eq!(stops_at(limits("20%"), every_third()).map(|(row, _)| row), Some(100));
        assert_eq!(stops_at(limits("34%"), every_third()), None);
    }

    #[test]
    fn twenty_first_rows_that_are_all_rejected_for_one_reason_stop_a_run_unless_it_is_forced() {
        let all = || std::iter::repeat_n(REJECTED, 100);
        let reason = Reason::AllRejected { rows: 20, code: "UserNotFoundException".to_owned() };
        assert_eq!(stops_at(Limits::default(), all()), Some((20, reason)));
        assert_eq!(stops_at(Limits { force: true, ..Limits::default() }, all()), None);
        for other in [SET, (Outcome::Unknown, "timeout"), (Outcome::Rejected, "InvalidPasswordException")] {
            let with_one_other = (0..100).map(|n| if n == 7 { other } else { REJECTED });
            assert_eq!(stops_at(Limits::default(), with_one_other), None, "{other:?}");
        }
        let with_skipped = (0..100).map(|n| if n % 2 == 0 { (Outcome::Skipped, "duplicate") } else { REJECTED });
        assert_eq!(stops_at(Limits::default(), with_skipped).map(|(row, _)| row), Some(40));
    }
}
