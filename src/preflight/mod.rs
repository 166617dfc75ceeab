//! What `run` and `check` do alike before the first password is sent: reach the service, learn the pools' policies, go through the
//! rows once, and show what is wrong with them.
//!
//! A [`Refusal`] is how either ends when nothing was sent.

mod findings;
mod policies;
mod refusal;
mod service;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

pub use self::findings::{Findings, Listed};
pub use self::policies::{Obstacles, PolicyChoice, policies};
pub use self::refusal::Refusal;
pub use self::service::{Rehearsal, Service};
use crate::execute::pace::Cap;
use crate::input::Reader;
use crate::report::{count, plain, rows, span};
use crate::sandbox::DOCUMENTED_QUOTA;
use crate::validate::{Policies, Survey};

/// In seconds.
const A_YEAR: f64 = 365.0 * 86_400.0;

/// Says what is odd about an input that has been gone through: who else can read it, which columns were ignored.
pub fn warn_of(reader: &Reader) {
    let name = plain(reader.name());
    if reader.readable_by_others() {
        say!("warning: others can read {name}, and every password in it\n         chmod 600 {name}");
    }
    let ignored = reader.unknown_columns();
    if !ignored.is_empty() {
        say!("warning: {name}: columns that mean nothing here are ignored: {}", plain(&ignored.join(", ")));
    }
}

/// What sending the rows of `survey` will come to, a line each: rows by pool and Region, duration, finish, billing. `left` are the rows by
/// Region that are left to send, where an earlier run has sent some.
pub fn forecast(survey: &Survey, policies: &Policies<'_>, cap: Cap, left: Option<&BTreeMap<String, u64>>) -> Vec<(&'static str, String)> {
    let to_send = left.map_or(survey.valid, |left| left.values().sum());
    let mut lines = vec![("pools", pools(survey)), ("policy", policy(policies)), ("rows", rows_to_send(survey, to_send))];
    // Regions go side by side.
    let regions = survey.regions();
    let slowest = left.unwrap_or(&regions).values().copied().max().unwrap_or_default();
    lines.extend(rate(cap, slowest));
    lines.push(("billing", format!("{} users count as active users of this month", count(to_send))));
    lines
}

fn pools(survey: &Survey) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> =
        survey.pools.iter().take(SHOWN).map(|(pool, counted)| format!("{} ({})", plain(pool.as_str()), rows(counted.rows))).collect();
    let more = survey.pools.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}: {}{more}", survey.pools.len(), shown.join(", "))
}

fn policy(policies: &Policies<'_>) -> String {
    let known = policies.known().filter(|(_, policy)| policy.is_some()).count();
    match policies.known().count() {
        all if known == all => "passwords are checked against that of every pool".to_owned(),
        all => format!("NOT KNOWN for {} of {all} pools: their passwords are checked against the API's own rules alone", all - known),
    }
}

fn rows_to_send(survey: &Survey, to_send: u64) -> String {
    let mut text = match to_send == survey.valid {
        true => format!("{} to send: {} permanent, {} temporary", count(to_send), count(survey.permanent), count(survey.temporary)),
        false => format!("{} to send of {}", count(to_send), count(survey.rows)),
    };
    for (number, what) in [(survey.invalid, "invalid"), (survey.skipped, "skipped for another row of the same user")] {
        if number > 0 {
            text += &format!("; {} {what}", count(number));
        }
    }
    text
}

/// The rate, and how long `slowest` rows take at it, or at the quota where that is less.
fn rate(cap: Cap, slowest: u64) -> Vec<(&'static str, String)> {
    let share = cap.per_second().map_or(f64::INFINITY, |rate| (rate / DOCUMENTED_QUOTA * 100.0).round());
    let text = match share {
        share if share > 100.0 => format!("{cap} for each Region: it may take the whole quota of {DOCUMENTED_QUOTA}/s from real users"),
        share => format!("at most {cap} for each Region, {share:.0} % of the quota of {DOCUMENTED_QUOTA}/s that real users share"),
    };
    let takes = slowest as f64 / cap.per_second().unwrap_or(f64::INFINITY).min(DOCUMENTED_QUOTA);
    let mut lines = vec![("rate", text)];
    if takes < A_YEAR {
        let takes = Duration::from_secs_f64(takes);
        let finish = humantime::format_rfc3339_seconds(SystemTime::now() + takes);
        lines.push(("takes", format!("about {} at that rate, until {finish}", span(takes))));
    } else {
        lines.push(("takes", "more than a year at that rate".to_owned()));
    }
    lines
}
