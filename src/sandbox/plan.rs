//! The fault plan: a file of JSON Lines that says which call goes wrong, and how. What a fault does to its call is left to `calls`.
//!
//! A line is an object with `fault` and the conditions that must hold, all of them optional:
//!
//! | member | meaning |
//! |---|---|
//! | `fault` | `throttle`, `internal_error`, `unavailable`, `html`, `html_ok`, `expired_token`, `access_denied`, `cut_before`, `cut_after`, `applied_late`, `slow`, `clock_moved` |
//! | `operation` | the operation; AdminSetUserPassword unless it says otherwise, `*` is every one |
//! | `user` | the `Username` as it was sent |
//! | `pool` | the `UserPoolId` as it was sent |
//! | `nth` | the nth call, from 1, of those with this operation, user and pool |
//! | `from`, `until` | time since the sandbox began, for example `"1.5s"` as `"1s 500ms"` |
//! | `probability` | from 0 to 1, drawn from the seed |
//! | `times` | how often the line strikes at the most |
//! | `by` | how much later, for `slow` and `applied_late` (5 s); how far, for `clock_moved` |
//!
//! Of the lines that strike a call, the first with a fault wins; `slow` and `clock_moved` may come with it. Blank lines do not count.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Deserializer};
use tokio::time::Instant;

use super::clock::ClockShift;
use super::faults::{Draw, Fault};
use super::protocol::Operation;

/// How late a slow answer and a late application are unless the plan says otherwise.
const LATE: Duration = Duration::from_secs(5);

/// Why a fault plan was refused.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// It cannot be opened or read, or is not UTF-8.
    #[error("it cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// A line is no fault.
    #[error("line {line}: {reason}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// A line of the plan.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Planned {
    fault: What,
    #[serde(default)]
    operation: Scope,
    user: Option<String>,
    pool: Option<String>,
    nth: Option<u64>,
    #[serde(default, deserialize_with = "duration")]
    from: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    until: Option<Duration>,
    probability: Option<f64>,
    times: Option<u64>,
    by: Option<String>,
}

/// What a line does.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Other {
    Slow,
    ClockMoved,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum What {
    Fault(Fault),
    Other(Other),
}

/// The operations that a line is about.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Scope {
    One(Operation),
    #[serde(deserialize_with = "star")]
    Every,
}

impl Default for Scope {
    fn default() -> Self {
        Self::One(Operation::AdminSetUserPassword)
    }
}

fn star<'de, D: Deserializer<'de>>(from: D) -> Result<(), D::Error> {
    let text = String::deserialize(from)?;
    if text == "*" { Ok(()) } else { Err(serde::de::Error::custom("expected an operation or *")) }
}

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    humantime::parse_duration(&text).map(Some).map_err(|_| serde::de::Error::custom("expected a duration, for example \"90s\""))
}

/// A line in force: the calls it has seen and those it has struck.
struct Entry {
    planned: Planned,
    strike: Draw,
    rng: StdRng,
    seen: u64,
    struck: u64,
}

impl Entry {
    /// What it has in store for a call.
    fn next(&mut self, operation: Option<Operation>, user: &str, pool: &str, since_start: Duration) -> Draw {
        let planned = &self.planned;
        let is_meant = planned.operation == Scope::Every || operation.is_some_and(|operation| planned.operation == Scope::One(operation));
        let is_other = |meant: &Option<String>, sent: &str| meant.as_ref().is_some_and(|meant| meant != sent);
        if !is_meant || is_other(&planned.user, user) || is_other(&planned.pool, pool) {
            return Draw::default();
        }
        self.seen += 1;
        let is_drawn = planned.probability.is_none_or(|probability| self.rng.random::<f64>() < probability);
        let strikes = is_drawn
            && planned.nth.is_none_or(|nth| nth == self.seen)
            && planned.from.is_none_or(|from| since_start >= from)
            && planned.until.is_none_or(|until| since_start < until)
            && planned.times.is_none_or(|times| self.struck < times);
        if !strikes {
            return Draw::default();
        }
        self.struck += 1;
        self.strike
    }
}

/// The plan in force.
pub(super) struct Plan {
    start: Instant,
    is_empty: bool,
    entries: Mutex<Vec<Entry>>,
}

impl Plan {
    /// A plan of no faults.
    pub(super) fn none() -> Self {
        Self::of(Vec::new())
    }

    /// Reads the file.
    pub(super) fn read(path: &Path, seed: u64) -> Result<Self, PlanError> {
        let text = std::fs::read_to_string(path)?;
        let lines = text.trim_start_matches('\u{feff}').lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let entries = lines.map(|(at, line)| {
            let refused = |reason: String| PlanError::Line { line: at + 1, reason };
            let planned = serde_json::from_str(line).map_err(|error| refused(fault_of(&error)))?;
            // The line is part of the seed, so that lines with the same probability strike different calls.
            let rng = StdRng::seed_from_u64(seed.wrapping_add(at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let strike = strike(&planned).map_err(|reason| refused(reason.to_owned()))?;
            Ok(Entry { planned, strike, rng, seen: 0, struck: 0 })
        });
        Ok(Self::of(entries.collect::<Result<_, PlanError>>()?))
    }

    fn of(entries: Vec<Entry>) -> Self {
        Self { start: Instant::now(), is_empty: entries.is_empty(), entries: Mutex::new(entries) }
    }

    /// What is in store for the next call. Every line sees every call, so that counts do not depend on the lines before.
    pub(super) fn next(&self, operation: Option<Operation>, user: &str, pool: &str) -> Draw {
        if self.is_empty {
            return Draw::default();
        }
        let since_start = self.start.elapsed();
        let mut entries = self.entries.lock().expect("no line panics while it holds the lock");
        entries.iter_mut().fold(Draw::default(), |drawn, entry| drawn.and(entry.next(operation, user, pool, since_start)))
    }
}

/// What a line does when it strikes.
fn strike(planned: &Planned) -> Result<Draw, &'static str> {
    if planned.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
        return Err("probability must be from 0 to 1");
    }
    if planned.nth == Some(0) {
        return Err("nth counts from 1");
    }
    let by = planned.by.as_deref();
    let later = || by.map_or(Ok(LATE), |by| humantime::parse_duration(by).map_err(|_| "by must be a duration, for example \"3s\""));
    Ok(match planned.fault {
        What::Fault(Fault::AppliedLate) => Draw { fault: Some(Fault::AppliedLate), late_by: later()?, ..Draw::default() },
        What::Other(Other::Slow) => Draw { slow_by: Some(later()?), ..Draw::default() },
        What::Other(Other::ClockMoved) => {
            let shift: Option<ClockShift> = by.and_then(|by| by.parse().ok());
            Draw { clock: Some(shift.ok_or("clock_moved needs by, for example \"8d\" or \"-1h\"")?), ..Draw::default() }
        }
        What::Fault(_) if by.is_some() => return Err("by is for slow, applied_late and clock_moved"),
        What::Fault(fault) => Draw { fault: Some(fault), ..Draw::default() },
    })
}

/// What is wrong with a line, in words that lead on.
fn fault_of(error: &serde_json::Error) -> String {
    if error.is_data() {
        format!("{error}; see the members of a fault plan")
    } else {
        format!("it is not a JSON object (column {})", error.column())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn plan(lines: &str) -> Result<Plan, String> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(lines.as_bytes()).expect("its text");
        Plan::read(file.path(), 7).map_err(|error| error.to_string())
    }

    /// The faults of calls by these users.
    fn faults(plan: &Plan, users: &[&str]) -> Vec<Option<&'static str>> {
        users.iter().map(|user| plan.next(Some(Operation::AdminSetUserPassword), user, "p").name()).collect()
    }

    #[test]
    fn the_nth_call_and_a_users_calls_are_struck() {
        let lines = "{\"fault\":\"throttle\",\"nth\":2}\n\n{\"fault\":\"cut_after\",\"user\":\"ann\",\"nth\":2}\r\n{\"fault\":\"html\",\"user\":\"bob\",\"times\":1}\n";
        let plan = plan(lines).expect("a plan");
        let struck = faults(&plan, &["ann", "ann", "ann", "bob", "bob"]);
        assert_eq!(struck, [None, Some("throttle"), None, Some("html"), None], "throttle comes before cut_after in the file");
        assert_eq!(plan.next(Some(Operation::ListUsers), "bob", "p"), Draw::default());
    }

    #[test]
    fn the_calls_of_a_pool_are_struck() {
        let plan = plan(r#"{"fault":"html","pool":"us-east-1_a","nth":2}"#).expect("a plan");
        let struck =
            ["us-east-1_a", "us-east-1_b", "us-east-1_a"].map(|pool| plan.next(Some(Operation::AdminSetUserPassword), "ann", pool).name());
        assert_eq!(struck, [None, None, Some("html")]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_window_strikes_from_its_beginning_to_before_its_end() {
        let plan = plan(r#"{"fault":"unavailable","from":"2s","until":"3s","operation":"*"}"#).expect("a plan");
        let mut struck = Vec::new();
        for _ in 0..8 {
            struck.push(plan.next(None, "", "").name().is_some());
            tokio::time::advance(Duration::from_millis(500)).await;
        }
        assert_eq!(struck, [false, false, false, false, true, true, false, false]);
    }

    #[test]
    fn slowness_and_a_moved_clock_come_with_another_fault() {
        let lines = "{\"fault\":\"slow\",\"by\":\"3s\"}\n{\"fault\":\"clock_moved\",\"by\":\"-1h\"}\n{\"fault\":\"applied_late\",\"by\":\"2s\"}\n{\"fault\":\"slow\"}";
        let drawn = plan(lines).expect("a plan").next(Some(Operation::AdminSetUserPassword), "ann", "p");
        let clock = "-1h".parse().ok();
        assert_eq!(
            drawn,
            Draw { fault: Some(Fault::AppliedLate), slow_by: Some(Duration::from_secs(3)), late_by: Duration::from_secs(2), clock }
        );
    }

    #[test]
    fn a_probability_is_drawn_from_the_seed() {
        let lines = r#"{"fault":"internal_error","probability":0.25}"#;
        let struck = || {
            let plan = plan(lines).expect("a plan");
            (0..4000).map(|_| plan.next(Some(Operation::AdminSetUserPassword), "ann", "p").fault.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(struck(), struck());
        let count = struck().into_iter().filter(|struck| *struck).count();
        assert!((900..1100).contains(&count), "{count}");
    }

    #[test]
    fn a_bad_line_is_named_with_its_reason() {
        for (lines, reason) in [
            ("{\"fault\":\"throttle\"}\n{\"fault\":\"boom\"}", "line 2: "),
            ("{\"fault\":\"throttle\",\"nht\":3}", "line 1: unknown field `nht`"),
            ("{\"nth\":3}", "line 1: missing field `fault`"),
            ("{\"fault\":\"throttle\",\"nth\":0}", "line 1: nth counts from 1"),
            ("{\"fault\":\"throttle\",\"probability\":2}", "line 1: probability"),
            ("{\"fault\":\"throttle\",\"by\":\"3s\"}", "line 1: by is for"),
            ("{\"fault\":\"clock_moved\"}", "line 1: clock_moved needs by"),
            ("{\"fault\":\"slow\",\"by\":\"soon\"}", "line 1: by must be"),
            ("{\"fault\":\"slow\",\"from\":\"soon\"}", "line 1: expected a duration"),
            ("{\"fault\":\"slow\",\"operation\":\"Sleep\"}", "line 1: "),
            ("throttle", "line 1: it is not a JSON object"),
        ] {
            let error = plan(lines).err().expect("a bad line");
            assert!(error.starts_with(reason), "{error}");
        }
    }
}
