//! `check`: its arguments, and the job that they mean.

use std::path::PathBuf;

use super::inputs::InputArgs;
use super::service::ServiceArgs;
use crate::check::Job;
use crate::execute::pace::Cap;
use crate::preflight::Refusal;

/// Find what is wrong with files; nothing is sent
///
/// Every row is validated as `run` would: its form, the API's rules, the pool's password policy, duplicates. Findings go to standard
/// output, a line each: FILE:LINE:COLUMN: rule: what is wrong. Totals and a forecast go to standard error. Exit code 0 or 2.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// CSV or JSON Lines files, or `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    input: InputArgs,
    /// The rate that the forecast is for
    #[arg(long, value_name = "N", default_value_t = Cap::DEFAULT)]
    rate: Cap,
    /// Findings only: no totals, no forecast
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    service: ServiceArgs,
}

impl Args {
    /// What was asked for.
    ///
    /// # Errors
    /// [`Refusal`] where a policy file cannot be used.
    pub(super) fn job(self) -> Result<Job, Refusal> {
        Ok(Job {
            inputs: self.files.iter().map(|file| self.input.settings(file)).collect(),
            policy: self.input.policy()?,
            protected: self.input.protected()?,
            on_duplicate: self.input.on_duplicate(),
            cap: self.rate,
            quiet: self.quiet,
            service: self.service.settings(1),
            sandbox: self.service.sandbox,
        })
    }
}
