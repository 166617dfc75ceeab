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
use crate::validate::Survey;

/// Says what is odd about an input that has been gone through: who else can read it, which columns were ignored.
pub fn warn_of(reader: &Reader) {
    let name = plain(reader.name());
    if reader.readable_by_others() {
        eprintln!("warning: others can read {name}, and every password in it\n         chmod 600 {name}");
    }
    let ignored = reader.unknown_columns();
    if !ignored.is_empty() {
        eprintln!("warning: {name}: columns that mean nothing here are ignored: {}", plain(&ignored.join(", ")));
    }
}

/// What sending the rows of `survey` will come to, a line each: rows by pool and Region, duration, finish, billing. `left` are the rows by
/// Region that are left to send, where an earlier run has sent some.
pub fn forecast(survey: &Survey, cap: Cap, left: Option<&BTreeMap<String, u64>>) -> Vec<(&'static str, String)> {
    let pools: Vec<String> =
        survey.pools.iter().take(10).map(|(pool, counted)| format!("{} ({})", plain(pool.as_str()), rows(counted.rows))).collect();
    let more = survey.pools.len().saturating_sub(pools.len());
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let mut sent = format!("{} to send: {} permanent, {} temporary", count(survey.valid), count(survey.permanent), count(survey.temporary));
    for (number, what) in [(survey.invalid, "invalid"), (survey.skipped, "skipped for another row of the same user")] {
        if number > 0 {
            sent += &format!("; {} {what}", count(number));
        }
    }
    let mut lines = vec![("pools", format!("{}: {}{more}", survey.pools.len(), pools.join(", "))), ("rows", sent)];
    if let Some(rate) = cap.per_second() {
        let share = (rate / DOCUMENTED_QUOTA * 100.0).round();
        lines.push((
            "rate",
            format!("at most {cap} for each Region, {share:.0} % of the quota of {DOCUMENTED_QUOTA}/s that real users share"),
        ));
        let rows = left.map_or_else(|| slowest_region(survey), |left| left.values().copied().max().unwrap_or_default());
        let takes = Duration::from_secs_f64(rows as f64 / rate);
        let finish = humantime::format_rfc3339_seconds(SystemTime::now() + takes);
        lines.push(("takes", format!("about {} at that rate, until {finish}", span(takes))));
    } else {
        lines.push(("rate", "unlimited: it may take the whole quota from real users".to_owned()));
    }
    lines.push(("billing", format!("{} users count as active users of this month", count(survey.valid))));
    lines
}

/// The rows of the Region that has most: Regions go side by side.
fn slowest_region(survey: &Survey) -> u64 {
    let mut regions = BTreeMap::<&str, u64>::new();
    for (pool, rows) in &survey.pools {
        *regions.entry(pool.region()).or_default() += rows.rows;
    }
    regions.into_values().max().unwrap_or_default()
}
