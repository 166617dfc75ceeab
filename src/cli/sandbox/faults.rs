//! The flags on what goes wrong: faults drawn by probability, and the plan.

use std::path::PathBuf;
use std::time::Duration;

use crate::sandbox::Faults;

/// How AdminSetUserPassword goes wrong, and how often: each a probability from 0 to 1.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Faults, each with a probability from 0 to 1, or as planned")]
pub(super) struct FaultArgs {
    /// Faults by the nth call, user, operation or time: JSON Lines, as in samples/plan-*.jsonl. They come before those drawn
    #[arg(long, value_name = "FILE")]
    pub(super) fault_plan: Option<PathBuf>,
    /// Throttle
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_throttle: f64,
    /// Answer 500
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_500: f64,
    /// Answer 503
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_503: f64,
    /// Answer 502 with a page of HTML
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_html: f64,
    /// Answer 200 with a page of HTML, as a captive portal does
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_html_ok: f64,
    /// Cut the connection before the password is set
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_cut_before: f64,
    /// Set the password, then cut the connection without an answer
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_cut_after: f64,
    /// Answer late
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_slow: f64,
    /// How late, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 5_000)]
    slow_by: u64,
    /// Let the first N calls go well
    #[arg(long, value_name = "N", default_value_t = 0)]
    faults_after: u64,
    /// Answer that the token has expired
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_expired_token: f64,
    /// Answer that access is denied
    #[arg(long, value_name = "P", default_value_t = 0.0, value_parser = probability)]
    fault_access_denied: f64,
}

impl FaultArgs {
    /// The faults that are drawn.
    pub(super) fn probabilities(&self) -> Faults {
        Faults {
            throttle: self.fault_throttle,
            internal_error: self.fault_500,
            unavailable: self.fault_503,
            html: self.fault_html,
            html_ok: self.fault_html_ok,
            cut_before: self.fault_cut_before,
            cut_after: self.fault_cut_after,
            slow: self.fault_slow,
            slow_by: Duration::from_millis(self.slow_by),
            after: self.faults_after,
            expired_token: self.fault_expired_token,
            access_denied: self.fault_access_denied,
        }
    }
}

fn probability(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err("a probability is a number from 0 to 1".to_owned()),
    }
}
