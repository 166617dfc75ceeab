//! The flags that hold rows against the users who are there: `run` and `check` share them.

use std::time::SystemTime;

use clap::Args;

use crate::execute::cap::Cap;
use crate::preflight::Live;

/// Whether rows are held against the live pools, and what is looked for there.
#[derive(Debug, Args)]
#[command(next_help_heading = "Live pools")]
pub(super) struct LiveArgs {
    /// Compare the rows with the users who are there: missing, federated, disabled, unconfirmed, named twice. Lists users (ListUsers), which
    /// bills nobody, and takes the fewest calls that will do: says how many, and how long that takes, before it begins
    #[arg(long)]
    live: bool,
    /// The most calls of ListUsers a second for each Region; 15 is half of its quota, which is its own
    #[arg(long, value_name = "N", default_value_t = Cap::USER_LIST, requires = "live")]
    live_rate: Cap,
    /// Warn of temporary passwords that would expire before this date (2026-12-24, or with a time: 2026-12-24T18:00:00Z)
    #[arg(long, value_name = "DATE", value_parser = date, requires = "live")]
    before: Option<SystemTime>,
    /// Set passwords of federated users too, who sign in with another provider. AWS advises against it; without this flag they are errors
    #[arg(long, requires = "live")]
    allow_federated: bool,
    /// What an active user of a month costs, for the forecast. Prices change, so that none is built in
    #[arg(long, value_name = "PRICE", value_parser = price)]
    pub(super) mau_price: Option<f64>,
}

impl LiveArgs {
    /// What was asked for, if anything was.
    pub(super) fn live(&self, quiet: bool) -> Option<Live> {
        let Self { live_rate, before, allow_federated, .. } = *self;
        self.live.then_some(Live { cap: live_rate, before, allow_federated, quiet })
    }
}

fn date(text: &str) -> Result<SystemTime, String> {
    let with_time = if text.contains(['T', ' ']) { text.to_owned() } else { format!("{text}T00:00:00Z") };
    humantime::parse_rfc3339_weak(&with_time)
        .map_err(|_| "a date is written 2026-12-24, or with a time in UTC 2026-12-24T18:00:00Z".to_owned())
}

fn price(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(price) if price.is_finite() && price >= 0.0 => Ok(price),
        _ => Err("a price is a number, for example 0.015".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_has_a_time_or_begins_at_midnight() {
        let seconds = |text| date(text).map(|at| at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs()));
        assert_eq!(seconds("1970-01-02"), Ok(86_400));
        assert_eq!(seconds("1970-01-02T00:00:01Z"), Ok(86_401));
        assert!(["", "tomorrow", "1970-13-01", "24.12.2026"].into_iter().all(|text| date(text).is_err()));
    }

    #[test]
    fn a_price_is_not_negative() {
        assert_eq!(price("0.0055"), Ok(0.0055));
        assert!(["-1", "NaN", "inf", "$5", ""].into_iter().all(|text| price(text).is_err()));
    }
}
