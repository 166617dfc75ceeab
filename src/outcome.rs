//! What can become of a row and of an attempt, told apart so that no stage has to guess.
//!
//! `cognito` makes an [`Answer`] of whatever came back, `execute` makes [`Event`]s of answers, and journal, progress and report
//! read them. Whether to try again is left to `execute`.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::row::{Digest, Identity, RowNumber};

/// What became of a row. Every row read ends as exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Cognito answered 200, and it was Cognito. Written for nothing else.
    Set,
    /// Cognito refused it; the code says why. Not applied.
    Rejected,
    /// It failed validation and was never sent.
    Invalid,
    /// Another row for this user wins.
    Skipped,
    /// It was sent and no trustworthy answer came.
    Unknown,
    /// The run ended before its turn.
    NotSent,
}

impl Outcome {
    /// All of them, in the order in which summaries list them.
    pub const ALL: [Self; 6] = [Self::Set, Self::Rejected, Self::Invalid, Self::Skipped, Self::Unknown, Self::NotSent];

    /// The name used in reports and summaries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Rejected => "rejected",
            Self::Invalid => "invalid",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
            Self::NotSent => "not_sent",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many rows ended in each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally([u64; Outcome::ALL.len()]);

impl Tally {
    /// Counts one row.
    pub fn add(&mut self, outcome: Outcome) {
        self.0[outcome as usize] += 1;
    }

    /// Adds the rows of another tally.
    pub fn absorb(&mut self, other: Self) {
        for (rows, more) in self.0.iter_mut().zip(other.0) {
            *rows += more;
        }
    }

    /// The rows that ended so.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0[outcome as usize]
    }

    /// The rows counted: always the sum of the outcomes.
    pub fn rows(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// What an attempt's answer means for its row and for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 200 with the service's own JSON body.
    Set,
    /// A refusal of this row. Sending it again would change nothing.
    Rejected,
    /// The quota is used up; the service may say when to come back. The row was not applied.
    Throttled {
        /// How long the service asks to wait.
        retry_after: Option<Duration>,
    },
    /// Credentials, access, pool or endpoint: no row can succeed until it is mended. The row was not applied.
    Fatal,
    /// The connection was never made, so nothing was sent.
    NotSent,
    /// It was sent, and whether it was applied cannot be told.
    Ambiguous,
}

/// What the service, or the way to it, said. Any of the three may be empty. The text is foreign: it is escaped before a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The service's error code, or one of our own in snake_case.
    pub code: String,
    /// The text that came with it.
    pub message: String,
    /// The service's request id.
    pub request_id: String,
}

/// What one attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it means.
    pub class: Class,
    /// What was said.
    pub detail: Detail,
}

/// The end of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fate {
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in the words of whoever decided.
    pub detail: Detail,
    /// The attempts made. A throttled one does not count.
    pub attempts: u32,
}

impl Fate {
    /// The end of a row that was never sent.
    pub fn unsent(outcome: Outcome, code: &str, message: impl Into<String>) -> Self {
        Self { outcome, detail: Detail { code: code.to_owned(), message: message.into(), request_id: String::new() }, attempts: 0 }
    }

    /// The end of a row that is skipped, because another one for the same user wins.
    pub fn lost_to(winner: RowNumber) -> Self {
        Self::unsent(Outcome::Skipped, "duplicate", format!("row {winner} for the same user wins"))
    }
}

/// What held the calls of a Region back, and for how long in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldBack {
    /// The cap.
    pub by_cap: Duration,
    /// The rate that the service was thought to allow.
    pub by_service: Duration,
    /// Answers: as many calls were in flight as may be.
    pub by_answers: Duration,
}

/// What happens to rows while they are sent, in the order in which it happens.
#[derive(Debug)]
pub enum Event {
    /// A row was read from an input that cannot be read again.
    Read(Identity),
    /// A call is about to leave, and waits until this is on the disk.
    Intent {
        /// The row.
        row: RowNumber,
        /// The digest that a changed file is noticed by.
        digest: Digest,
        /// 1 for the row's first attempt.
        attempt: u32,
        /// Answered once the intent is durable; dropped unanswered when it cannot be made so, and then the call must not leave.
        durable: oneshot::Sender<()>,
    },
    /// An attempt came to nothing, and the row waits for its next.
    Retrying {
        /// The row.
        row: RowNumber,
        /// The digest that a changed file is noticed by.
        digest: Digest,
        /// The row's end, should the run end now: not sent, or unknown if an attempt may have been applied.
        so_far: Fate,
        /// What the attempt came to: throttled, not sent or ambiguous.
        class: Class,
    },
    /// What the service is thought to allow has changed.
    Allowed {
        /// The Region.
        region: String,
        /// In attempts a second; `None` where it is not below the cap.
        rate: Option<f64>,
    },
    /// Most of the last answers cannot be trusted: nothing is sent for this long, and then one call to probe.
    Pausing(Duration),
    /// The last row of a Region has been begun.
    AllBegun {
        /// The Region.
        region: String,
        /// What held its calls back.
        held_back: HeldBack,
    },
    /// A row has ended. Sent once for each row.
    Finished {
        /// The row.
        row: RowNumber,
        /// The digest that a changed file is noticed by; `None` for a row that was never to be sent.
        digest: Option<Digest>,
        /// Its end.
        fate: Fate,
        /// When.
        at: SystemTime,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tally_sums_to_the_rows_counted() {
        let mut tally = Tally::default();
        for (times, outcome) in Outcome::ALL.into_iter().enumerate() {
            for _ in 0..times {
                tally.add(outcome);
            }
            assert_eq!(tally.of(outcome), times as u64);
        }
        assert_eq!(tally.rows(), 15);
    }
}
