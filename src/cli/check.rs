//! `check`: its arguments, and the job that they mean.

use std::io::IsTerminal;
use std::path::PathBuf;

use super::inputs::InputArgs;
use super::live::LiveArgs;
use super::service::ServiceArgs;
use crate::check::Job;
use crate::execute::cap::Cap;
use crate::preflight::{Listed, Refusal};

/// Find what is wrong with files; nothing is sent
///
/// Every row is validated as `run` would: its form, the API's rules, the pool's password policy, duplicates, and what looks wrong. Findings
/// go to standard output, grouped by rule with the first places of each. Totals and a forecast go to standard error. Exit code 0 or 2;
/// warnings leave it at 0.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// CSV or JSON Lines files, or `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    input: InputArgs,
    /// Every finding, a line each as it is found: FILE:LINE:COLUMN: rule: what is wrong
    #[arg(long, conflicts_with = "json")]
    all: bool,
    /// Every finding, a JSON object each: file, line, column, row, rule, severity, field, message
    #[arg(long)]
    json: bool,
    /// Write every place that is to be mended here, as CSV with the same columns
    #[arg(long, value_name = "FILE")]
    fix_report: Option<PathBuf>,
    /// The rate that the forecast is for
    #[arg(long, value_name = "N", default_value_t = Cap::DEFAULT)]
    rate: Cap,
    /// Findings only: no totals, no forecast
    #[arg(short, long)]
    quiet: bool,
    /// Write a plan here, if there is no error, for `run --plan` to hold itself to: a digest of each row's pool, username and lifetime, the
    /// pools' policies, --rate, --policy and --on-duplicate. Passwords are no part of it
    #[arg(long, value_name = "PLAN")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    live: LiveArgs,
    #[command(flatten)]
    service: ServiceArgs,
}

impl Args {
    /// What was asked for.
    ///
    /// # Errors
    /// [`Refusal`] where a policy file cannot be used, or flags contradict each other.
    pub(super) fn job(self) -> Result<Job, Refusal> {
        Ok(Job {
            inputs: self.files.iter().map(|file| self.input.settings(file)).collect(),
            policy: self.input.policy()?,
            lints: self.input.lints()?,
            protected: self.input.protected()?,
            on_duplicate: self.input.on_duplicate(),
            cap: self.rate,
            listed: match (self.all, self.json) {
                (true, _) => Listed::All,
                (_, true) => Listed::Json,
                _ => Listed::Grouped,
            },
            fix_report: self.fix_report,
            // Lines that come while a bar is drawn on the same terminal would tear it.
            progress: !self.quiet && std::io::stderr().is_terminal() && !((self.all || self.json) && std::io::stdout().is_terminal()),
            quiet: self.quiet,
            live: self.live.live(self.quiet),
            plan: self.plan,
            mau_price: self.live.mau_price,
            service: self.service.settings(1),
            sandbox: self.service.sandbox,
        })
    }
}
