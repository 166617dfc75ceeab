//! `run`: its arguments, and the job that they mean.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;

use super::inputs::{InputArgs, results_beside};
use super::live::LiveArgs;
use super::service::ServiceArgs;
use crate::execute::alarm::Alarm;
use crate::execute::cap::Cap;
use crate::execute::{Settings, retry};
use crate::preflight::Refusal;
use crate::report::{Output, Style};
use crate::run::{Again, Job, Limits, MaxRejected};

/// The longest time that can be asked for, so that no sum of times is too much for a clock.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

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
    /// Where the results go, as CSV or, for .jsonl, JSON Lines; `-` is standard output [default: users.results.csv beside users.csv,
    /// users.rehearsal.csv with --sandbox]. The
    /// journal stands beside it, with .journal added to its name
    #[arg(short = 'o', long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write a CSV report without the apostrophes that keep a spreadsheet from taking a text for a formula
    #[arg(long)]
    raw_csv: bool,
    /// Write the summary here as JSON
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,
    /// Show no progress
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    input: InputArgs,
    /// Send nothing if the rows, a pool's policy, --rate, --policy or --on-duplicate are not those of this plan, which `check --plan` made.
    /// That a password changed is not noticed, for a plan knows nothing of passwords
    #[arg(long, value_name = "PLAN", help_heading = "Rows")]
    plan: Option<PathBuf>,
    /// Leave invalid rows out, instead of refusing the file
    #[arg(long, help_heading = "Rows")]
    skip_invalid: bool,
    /// Refuse a file with more rows than this
    #[arg(long, value_name = "N", help_heading = "Rows")]
    max_rows: Option<u64>,
    /// Send nothing unless the credentials belong to this account, as STS knows it
    #[arg(long, value_name = "ID", help_heading = "AWS", conflicts_with = "sandbox")]
    expect_account: Option<String>,
    /// The most requests a second for each account and Region: 15, 0.5, 6/m, unlimited. 15 is half of Cognito's quota, which real users
    /// who reset a password share
    #[arg(long, value_name = "N", default_value_t = Cap::DEFAULT, allow_negative_numbers = true, help_heading = "Sending")]
    rate: Cap,
    /// The most calls in flight for each Region [default: what the rate needs when answers take 3 s]
    #[arg(long, value_name = "N", value_parser = calls, allow_negative_numbers = true, help_heading = "Sending")]
    max_concurrency: Option<NonZeroUsize>,
    /// Stop when more rows than this are rejected: a number of rows, or a share of those sent (2%), which counts from the hundredth on
    #[arg(long, value_name = "N|N%", help_heading = "Sending")]
    max_rejected: Option<MaxRejected>,
    /// Go on though the first 20 rows are all rejected for the same reason
    #[arg(long, help_heading = "Sending")]
    force: bool,
    /// How long calls in flight may go on after Ctrl-C
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds, allow_negative_numbers = true, help_heading = "Sending")]
    grace: Duration,
    /// Go on with a run that ended early: same command, same file; only the passwords of rows not yet done may have changed
    #[arg(long, help_heading = "Resuming")]
    resume: bool,
    /// With --resume: what to do with rows of which it is not known whether they were applied
    #[arg(long, value_enum, default_value = "hold", requires = "resume", help_heading = "Resuming")]
    unknown: UnknownArg,
    /// With --resume: send the rows again that Cognito rejected
    #[arg(long, requires = "resume", help_heading = "Resuming")]
    retry_rejected: bool,
    /// How long a service that has answered in this run may be out of reach before the run ends
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = seconds, allow_negative_numbers = true, help_heading = "Sending")]
    outage: Duration,
    #[command(flatten)]
    live: LiveArgs,
    #[command(flatten)]
    service: ServiceArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum UnknownArg {
    Hold,
    Resend,
}

fn calls(text: &str) -> Result<NonZeroUsize, &'static str> {
    text.parse().map_err(|_| "a number of calls, 1 or more")
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|seconds| *seconds <= LONGEST).ok_or("a number of seconds (20, 0.5), a year at the most")
}

impl Args {
    /// What was asked for. Where a log goes by, `logged`, there is no bar, which its lines would tear.
    ///
    /// # Errors
    /// [`Refusal`] where it does not go together, or a policy file cannot be used.
    pub(super) fn job(self, logged: bool) -> Result<Job, Refusal> {
        let input = self.input.settings(&self.file);
        let beside = results_beside(&self.file, if self.service.sandbox { "rehearsal" } else { "results" });
        let report = self.report.unwrap_or_else(|| beside.clone());
        let journal = with_journal_added(if Output::is_direct(&report) { &beside } else { &report });
        let max_concurrency = self.max_concurrency.unwrap_or_else(|| Settings::concurrency_for(self.rate));
        Ok(Job {
            policy: self.input.policy()?,
            protected: self.input.protected()?,
            max_rows: self.max_rows,
            expected_account: self.expect_account,
            input,
            lints: self.input.lints()?,
            on_duplicate: self.input.on_duplicate(),
            skip_invalid: self.skip_invalid,
            live: self.live.live(self.quiet),
            plan: self.plan,
            mau_price: self.live.mau_price,
            sending: Settings {
                alarm: Alarm::of_the_system,
                cap: self.rate,
                max_concurrency,
                grace: self.grace,
                limits: retry::Limits { outage: self.outage, ..retry::Limits::default() },
            },
            limits: Limits { max_rejected: self.max_rejected, force: self.force },
            yes: self.yes,
            report,
            raw_csv: self.raw_csv,
            journal,
            summary: self.summary,
            style: match (self.quiet, std::io::stderr().is_terminal() && !logged) {
                (true, _) => Style::Quiet,
                (false, true) => Style::Bar,
                (false, false) => Style::Lines,
            },
            service: self.service.settings(max_concurrency.get()),
            sandbox: self.service.sandbox,
            resume: self.resume.then_some(Again { unknown: self.unknown == UnknownArg::Resend, rejected: self.retry_rejected }),
            program: program(std::env::args_os().next()),
            resume_command: resume_command(std::env::args_os()),
        })
    }
}

/// The command line that resumes the run which `typed` began: the same, with --resume and without what belongs to one resumption. A name
/// that is not UTF-8 cannot be printed, and is shown as well as can be.
fn resume_command(mut typed: impl Iterator<Item = OsString>) -> String {
    let mut words = vec![program(typed.next())];
    let mut typed = typed.map(|word| word.to_string_lossy().into_owned());
    while let Some(word) = typed.next() {
        match word.as_str() {
            "--" => words.extend(std::iter::once(word).chain(typed.by_ref())),
            "--resume" | "--retry-rejected" => {}
            "--unknown" => drop(typed.next()),
            _ if word.starts_with("--unknown=") => {}
            "run" if words.iter().all(|word| word != "--resume") => words.extend([word, "--resume".to_owned()]),
            _ => words.push(word),
        }
    }
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "))
}

/// The program as it was typed, so that a command that is printed can be pasted.
fn program(typed: Option<OsString>) -> String {
    typed.map_or_else(|| "cognito-passwd".to_owned(), |program| program.to_string_lossy().into_owned())
}

fn with_journal_added(report: &Path) -> PathBuf {
    let mut name = OsString::from(report);
    name.push(".journal");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_resumes_is_the_one_that_was_typed() {
        let command = |typed: &[&str]| resume_command(typed.iter().map(OsString::from));
        assert_eq!(command(&["/bin/x", "run", "my users.csv", "--rate", "5"]), "/bin/x run --resume 'my users.csv' --rate 5");
        assert_eq!(command(&["x", "-v", "--log-format", "json", "run", "run"]), "x -v --log-format json run --resume run");
        let again = ["x", "run", "a.csv", "--resume", "--unknown", "resend", "--unknown=hold", "--retry-rejected"];
        assert_eq!(command(&again), "x run --resume a.csv");
        assert_eq!(command(&["x", "run", "-y", "--", "--resume"]), "x run --resume -y -- --resume");
    }
}
