//! The flags on quotas: how many requests a second, and how they are counted.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;

use crate::sandbox::{CategoryQuota, DOCUMENTED_QUOTA, QuotaWindow, Settings};

/// What each Region allows.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Quotas, for each Region")]
pub(super) struct QuotaArgs {
    /// Requests a second for AdminSetUserPassword and its category, or `unlimited`, which lifts the documented quotas of all others too
    #[arg(long, value_name = "N", default_value_t = Quota(Some(DOCUMENTED_QUOTA)))]
    quota: Quota,
    /// Requests that the quota lets through at once
    #[arg(long, value_name = "N", default_value_t = Settings::default().burst)]
    pub(super) burst: u32,
    /// How quotas are counted, which Cognito does not document: a token bucket, or each second for itself
    #[arg(long, value_name = "HOW", default_value = "bucket")]
    quota_window: Window,
    /// The quota of one category, for example UserRead=500; may be repeated
    #[arg(long, value_name = "CATEGORY=N")]
    pub(super) quota_of: Vec<CategoryQuota>,
}

impl QuotaArgs {
    /// Requests a second; `None` is unlimited.
    pub(super) fn per_second(&self) -> Option<f64> {
        self.quota.0
    }

    /// How they are counted.
    pub(super) fn window(&self) -> QuotaWindow {
        match self.quota_window {
            Window::Bucket => QuotaWindow::Bucket,
            Window::Aligned => QuotaWindow::Aligned,
        }
    }
}

/// Requests a second; `None` is unlimited.
#[derive(Clone, Copy, Debug)]
struct Quota(Option<f64>);

impl FromStr for Quota {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "unlimited" {
            return Ok(Self(None));
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() && number > 0.0 => Ok(Self(Some(number))),
            _ => Err("a quota is a number of requests a second above 0, or `unlimited`".to_owned()),
        }
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => number.fmt(f),
            None => f.write_str("unlimited"),
        }
    }
}

/// [`QuotaWindow`], as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Window {
    Bucket,
    Aligned,
}
