//! The summary of a run: for people on standard error, and as JSON for `--summary`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use super::progress::Pace;
use super::terminal::{count, counted, plain, rows, span};
use crate::outcome::{Detail, Fate, Outcome, Tally};

/// Over a shorter time a rate says more about the first second than about the run.
const MEANINGFUL: Duration = Duration::from_secs(10);
/// More reasons than this are added up in one line, so that a service that never says the same twice cannot fill the memory.
const MOST_REASONS: usize = 100;
/// What they are called.
const OTHER: &str = "other";

/// The rows counted by outcome and reason.
#[derive(Debug, Default)]
pub struct Account {
    tally: Tally,
    reasons: BTreeMap<(usize, String), Reason>,
}

#[derive(Debug)]
struct Reason {
    rows: u64,
    message: String,
}

impl Account {
    /// Counts a row that ended so.
    pub fn add(&mut self, fate: &Fate) {
        let outcome = fate.outcome;
        self.tally.add(outcome);
        if outcome == Outcome::Set || fate.detail.code.is_empty() {
            return;
        }
        let Detail { code, message, .. } = &fate.detail;
        self.count(outcome as usize, code.clone(), Reason { rows: 1, message: message.clone() });
    }

    /// Adds the rows that were counted after these.
    pub(super) fn absorb(&mut self, later: Self) {
        self.tally.absorb(later.tally);
        for ((outcome, code), reason) in later.reasons {
            self.count(outcome, code, reason);
        }
    }

    fn count(&mut self, outcome: usize, code: String, reason: Reason) {
        let Reason { rows, message } = reason;
        let own = (outcome, code);
        let (key, message) = match self.reasons.contains_key(&own) || self.reasons.len() < MOST_REASONS {
            true => (own, message),
            false => ((outcome, OTHER.to_owned()), String::new()),
        };
        self.reasons.entry(key).or_insert(Reason { rows: 0, message }).rows += rows;
    }

    /// The rows by outcome.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }
}

/// What is said when a run has ended.
#[derive(Debug)]
pub struct Summary<'a> {
    /// The rows.
    pub account: &'a Account,
    /// Why the run ended before its rows did, if it did.
    pub stopped: Option<String>,
    /// What it was run against, in words.
    pub target: &'a str,
    /// When it began.
    pub started: SystemTime,
    /// How fast it went.
    pub pace: Pace,
    /// The cap, as the user reads it.
    pub cap: String,
    /// The report, where it was written.
    pub report: Option<PathBuf>,
    /// The journal.
    pub journal: PathBuf,
    /// The exit code.
    pub exit_code: u8,
}

impl Summary<'_> {
    /// Rows set in a second.
    fn rate(&self) -> f64 {
        self.pace.set as f64 / self.pace.took.as_secs_f64().max(0.001)
    }

    /// The summary as JSON.
    pub fn to_json(&self) -> Value {
        let outcomes: Map<String, Value> =
            Outcome::ALL.iter().map(|outcome| (outcome.name().to_owned(), self.account.tally.of(*outcome).into())).collect();
        let reasons: Vec<Value> = self
            .account
            .reasons
            .iter()
            .map(|((outcome, code), reason)| {
                json!({"outcome": Outcome::ALL[*outcome].name(), "error_code": code, "message": reason.message, "rows": reason.rows})
            })
            .collect();
        json!({
            "rows": self.account.tally.rows(),
            "outcomes": outcomes,
            "reasons": reasons,
            "target": self.target,
            "stopped": self.stopped,
            "started": humantime::format_rfc3339_millis(self.started).to_string(),
            "seconds": self.pace.took.as_secs_f64(),
            "set_per_second": self.rate(),
            "throttled_calls": self.pace.throttled,
            "cap": self.cap,
            "limits": self.pace.limits.iter().map(|(region, limit)| (region.clone(), limit.name().into())).collect::<Map<_, Value>>(),
            "service_allowed_per_second": self.pace.allowed,
            "report": self.report.as_ref().map(|report| report.to_string_lossy()),
            "journal": self.journal.to_string_lossy(),
            "exit_code": self.exit_code,
        })
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = &self.tally;
        let parts: Vec<String> = Outcome::ALL
            .iter()
            .filter(|outcome| **outcome == Outcome::Set || tally.of(**outcome) > 0)
            .map(|outcome| format!("{} {outcome}", count(tally.of(*outcome))))
            .collect();
        writeln!(f, "{}: {}", rows(tally.rows()), parts.join(", "))?;
        for ((outcome, code), reason) in &self.reasons {
            let outcome = Outcome::ALL[*outcome];
            write!(f, "  {outcome:<8} {:>9}  {}", count(reason.rows), plain(code))?;
            match reason.message.as_str() {
                "" => writeln!(f)?,
                message => writeln!(f, ": {}", plain(message))?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.account.fmt(f)?;
        if self.target != "AWS" {
            writeln!(f, "nothing was sent to AWS: this run was against {}", plain(self.target))?;
        }
        if let Some(stopped) = &self.stopped {
            writeln!(f, "stopped early: {}", plain(stopped))?;
        }
        write!(f, "took {}", span(self.pace.took))?;
        if self.pace.took >= MEANINGFUL {
            write!(f, ", {:.1} rows set a second (cap {} for each Region)", self.rate(), self.cap)?;
        }
        if self.pace.throttled > 0 {
            write!(f, "; {} throttled", counted(self.pace.throttled, "call"))?;
        }
        if !self.pace.allowed.is_empty() {
            write!(f, "; the service allowed {}", self.pace.allowed)?;
        }
        writeln!(f)?;
        if self.pace.took >= MEANINGFUL {
            self.pace.limits.iter().try_for_each(|(region, limit)| writeln!(f, "limit    of {}: {limit}", plain(region)))?;
        }
        if let Some(report) = &self.report {
            writeln!(f, "report   {}", plain(&report.to_string_lossy()))?;
        }
        writeln!(f, "journal  {}", plain(&self.journal.to_string_lossy()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::limit::{Allowed, Limit};

    fn account(rows: &[(Outcome, &str, &str)]) -> Account {
        let mut account = Account::default();
        for (outcome, code, message) in rows {
            account.add(&Fate::unsent(*outcome, code, *message));
        }
        account
    }

    #[test]
    fn past_a_hundred_reasons_the_known_ones_count_on_and_the_others_are_one() {
        let codes: Vec<_> = (0..MOST_REASONS + 20).map(|code| format!("code{code:03}")).collect();
        let rows: Vec<_> = codes.iter().chain(&codes).map(|code| (Outcome::Rejected, code.as_str(), "no")).collect();
        let account = account(&rows);
        let reason = |code: &str| &account.reasons[&(Outcome::Rejected as usize, code.to_owned())];
        assert_eq!((reason("code000").rows, reason("code099").rows, reason(OTHER).rows), (2, 2, 40));
        assert_eq!((account.reasons.len(), reason(OTHER).message.as_str()), (MOST_REASONS + 1, ""));
    }

    fn summary(account: &Account) -> Summary<'_> {
        Summary {
            account,
            stopped: None,
            target: "AWS",
            started: SystemTime::UNIX_EPOCH,
            pace: Pace {
                set: 2,
                took: Duration::from_secs(20),
                throttled: 1,
                allowed: Allowed::default(),
                limits: BTreeMap::from([("us-east-1".to_owned(), Limit::Cap)]),
            },
            cap: "15/s".to_owned(),
            report: Some("a.results.csv".into()),
            journal: "a.results.csv.journal".into(),
            exit_code: 1,
        }
    }

    #[test]
    fn the_summary_says_how_many_rows_ended_how_and_why() {
        let account = account(&[
            (Outcome::Set, "", ""),
            (Outcome::Set, "", ""),
            (Outcome::Rejected, "UserNotFoundException", "User does not exist.\u{1b}"),
            (Outcome::NotSent, "", ""),
        ]);
        assert_eq!(
            summary(&account).to_string(),
            "4 rows: 2 set, 1 rejected, 1 not_sent\n  \
             rejected         1  UserNotFoundException: User does not exist.\\u{1b}\n\
             took 20s, 0.1 rows set a second (cap 15/s for each Region); 1 call throttled\n\
             limit    of us-east-1: the cap (--rate)\n\
             report   a.results.csv\n\
             journal  a.results.csv.journal\n"
        );
        let json = summary(&account).to_json();
        assert_eq!(json["rows"], 4);
        assert_eq!(json["limits"]["us-east-1"], "cap");
        assert_eq!(json["outcomes"]["not_sent"], 1);
        assert_eq!(json["reasons"][0]["message"], "User does not exist.\u{1b}");
    }

    #[test]
    fn a_service_that_never_says_the_same_twice_cannot_fill_the_memory() {
        let codes: Vec<String> = (0..1_000).map(|number| format!("Code{number}")).collect();
        let rows: Vec<_> = codes.iter().map(|code| (Outcome::Rejected, code.as_str(), "")).collect();
        let account = account(&rows);
        assert_eq!(account.reasons.len(), MOST_REASONS + 1);
        assert_eq!(account.reasons.values().map(|reason| reason.rows).sum::<u64>(), 1_000);
    }
}
