//! `run`: its arguments, and the job that they mean.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::inputs::{InputArgs, results_beside};
use super::service::ServiceArgs;
use crate::execute::pace::Cap;
use crate::execute::{Settings, retry};
use crate::preflight::Refusal;
use crate::report::{Output, Style};
use crate::run::Job;

/// Set the passwords of a file
///
/// The file is read twice: first every row is validated, and nothing is sent if one is invalid; then a plan is shown, and after your
/// consent the rows are sent. Standard input is read once. A journal beside the report has the truth about every row at any moment.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A CSV or JSON Lines file, or `-` for standard input
    file: PathBuf,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Where the results go, as CSV or, for .jsonl, JSON Lines; `-` is standard output [default: users.results.csv beside users.csv]. The
    /// journal stands beside it, with .journal added to its name
    #[arg(short = 'o', long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write the summary here as JSON
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// Show no progress
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    input: InputArgs,
    /// Leave invalid rows out, instead of refusing the file
    #[arg(long, help_heading = "Rows")]
    skip_invalid: bool,
    /// The most requests a second for each account and Region: 15, 0.5, 6/m, unlimited. 15 is half of Cognito's quota, which real users
    /// who reset a password share
    #[arg(long, value_name = "N", default_value_t = Cap::DEFAULT, help_heading = "Sending")]
    rate: Cap,
    /// The most calls in flight for each Region [default: what the rate needs when answers take 3 s]
    #[arg(long, value_name = "N", help_heading = "Sending")]
    max_concurrency: Option<NonZeroUsize>,
    /// How long calls in flight may go on after Ctrl-C
    #[arg(long, value_name = "SECONDS", default_value_t = 20, help_heading = "Sending")]
    grace: u64,
    #[command(flatten)]
    service: ServiceArgs,
}

impl Args {
    /// What was asked for.
    ///
    /// # Errors
    /// [`Refusal`] where it does not go together, or a policy file cannot be used.
    pub(super) fn job(self) -> Result<Job, Refusal> {
        let input = self.input.settings(&self.file);
        let beside = results_beside(&self.file);
        let report = self.report.unwrap_or_else(|| beside.clone());
        let journal = with_journal_added(if Output::is_direct(&report) { &beside } else { &report });
        let max_concurrency = self.max_concurrency.unwrap_or_else(|| Settings::concurrency_for(self.rate));
        Ok(Job {
            policy: self.input.policy()?,
            input,
            on_duplicate: self.input.on_duplicate(),
            skip_invalid: self.skip_invalid,
            sending: Settings { cap: self.rate, max_concurrency, grace: Duration::from_secs(self.grace), limits: retry::Limits::default() },
            yes: self.yes,
            report,
            journal,
            summary: self.summary,
            style: match (self.quiet, std::io::stderr().is_terminal()) {
                (true, _) => Style::Quiet,
                (false, true) => Style::Bar,
                (false, false) => Style::Lines,
            },
            service: self.service.settings(max_concurrency.get()),
            sandbox: self.service.sandbox,
        })
    }
}

fn with_journal_added(report: &Path) -> PathBuf {
    let mut name = OsString::from(report);
    name.push(".journal");
    PathBuf::from(name)
}
