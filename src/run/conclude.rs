//! The end of a run: the report out of input and journal, the summary, what to do next, the exit code.
//!
//! Whatever fails here, the journal is on the disk and holds the truth, so that a report can be made again.

use std::io::Write;
use std::time::SystemTime;

use super::place::Place;
use super::send::Sent;
use super::{Exit, Job, Resumed};
use crate::execute::Reason;
use crate::input::{Origin, Reader};
use crate::journal::{Handle, Ledger};
use crate::outcome::{Detail, Outcome, Tally};
use crate::preflight::Refusal;
use crate::report::{
    Account, Form, OutputError, Pace, ReportError, Source, Summary, count, count_all, plain, plain_lines, rows, write_all,
};

/// How the sending of rows ended.
struct End {
    started: SystemTime,
    pace: Pace,
    stopped: Option<Reason>,
    exit: Exit,
    is_reported: bool,
    /// Whether it can be resumed: the input can be read again.
    can_resume: bool,
}

/// Writes report and summary, and says what happened and what to do next.
pub(super) fn conclude(job: &Job, place: &Place, sent: Sent, written: Handle, started: SystemTime) -> Exit {
    let Sent { reader, pace, whole, stopped } = sent;
    let can_resume = reader.is_some();
    let ended = written.ledger().map_err(ReportError::from).and_then(|mut ledger| match write_report(job, reader, &mut ledger) {
        Ok(account) => Ok((account, true)),
        Err(error) => {
            without_report(job, &error, can_resume);
            Ok((count_all(&mut ledger)?, false))
        }
    });
    match ended {
        Ok((account, is_reported)) => {
            tracing::info!(rows = account.tally().rows(), report = ?job.report, is_reported, "concluded");
            let exit = if is_reported { Exit::of(account.tally(), stopped.as_ref(), whole) } else { Exit::Stopped };
            tell(job, place, &account, End { started, pace, stopped, exit, is_reported, can_resume })
        }
        Err(error) => {
            without_report(job, &error, can_resume);
            Exit::Stopped
        }
    }
}

/// The end of a run that is resumed when all of its rows are done: its report is made again, and nothing is sent.
///
/// # Errors
/// [`Refusal::Report`] where the file is not the one that was run, or the report cannot be made.
pub(super) fn with_nothing_left(job: &Job, place: &Place, reader: Reader, mut resumed: Resumed) -> Result<Exit, Refusal> {
    let account = write_report(job, Some(reader), &mut resumed.ledger)?;
    // A last record loses nothing where it is missing.
    let _ = resumed.journal.close();
    say!("every row that may be sent is done: of {}, none is sent", rows(account.tally().rows()));
    let exit = Exit::of(account.tally(), None, true);
    let end = End { started: SystemTime::now(), pace: Pace::default(), stopped: None, exit, is_reported: true, can_resume: true };
    Ok(tell(job, place, &account, end))
}

/// Says what became of the rows, and writes it to the summary.
fn tell(job: &Job, place: &Place, account: &Account, end: End) -> Exit {
    let End { started, pace, stopped, exit, is_reported, can_resume } = end;
    let summary = Summary {
        account,
        stopped: stopped.as_ref().map(describe),
        target: &place.target,
        started,
        pace,
        cap: job.sending.cap.to_string(),
        report: is_reported.then(|| job.report.clone()),
        journal: job.journal.clone(),
        exit_code: exit.code(),
    };
    say_on!("{summary}");
    advise(job, account.tally(), stopped.as_ref(), can_resume);
    match write_summary(job, &summary) {
        Ok(()) => exit,
        Err(error) => {
            say!("error: {}", plain_lines(&error.to_string(), "       "));
            Exit::Stopped
        }
    }
}

fn write_report(job: &Job, mut reader: Option<Reader>, ledger: &mut Ledger) -> Result<Account, ReportError> {
    let source = reader.as_mut().map_or(Source::Journal, Source::Input);
    write_all(source, ledger, Form::of(&job.report, job.raw_csv), job.output(&job.report)?)
}

fn write_summary(job: &Job, summary: &Summary<'_>) -> Result<(), OutputError> {
    let Some(path) = &job.summary else { return Ok(()) };
    let mut output = job.output(path)?;
    writeln!(output, "{:#}", summary.to_json()).map_err(|source| OutputError::Io { path: path.clone(), source })?;
    output.finish()
}

/// The rows were sent and the journal knows what became of them, but the report could not be written.
fn without_report(job: &Job, error: &ReportError, can_resume: bool) {
    say!("error: the report was not written: {}", plain_lines(&error.to_string(), "       "));
    say!("the journal has the outcome of every row; once that is mended, write the report with");
    let journal = job.journal.to_string_lossy();
    let command = match &job.input.origin {
        Origin::File(path) if can_resume => quoted(&[&job.program, "report", &journal, "--input", &path.to_string_lossy()]),
        _ => quoted(&[&job.program, "report", &journal]),
    };
    say!("  {}", plain(&command));
}

/// A command line, for a shell.
fn quoted(words: &[&str]) -> String {
    shlex::try_join(words.iter().copied()).unwrap_or_else(|_| words.join(" "))
}

fn describe(reason: &Reason) -> String {
    match reason {
        Reason::Signal(2) => "interrupted (SIGINT)".to_owned(),
        Reason::Signal(1) => "the terminal has gone (SIGHUP)".to_owned(),
        Reason::Signal(15) => "terminated (SIGTERM)".to_owned(),
        Reason::Signal(number) => format!("signal {number}"),
        Reason::Fatal(Detail { code, message, .. }) => match remedy(code) {
            Some(remedy) => format!("{code}: {message}; {remedy}"),
            None => format!("{code}: {message}"),
        },
        Reason::Journal(why) => format!("the journal cannot be written: {why}"),
        Reason::TooManyRejected { rejected, ended } => {
            format!("{} of {} sent were rejected, more than --max-rejected allows", count(*rejected), rows(*ended))
        }
        Reason::AllRejected { rows: number, code } => format!(
            "the first {} sent were all rejected with {code}: is it the right file, pool and account? --force sends the others all the same",
            rows(*number)
        ),
        Reason::Input(why) => format!("the input cannot be read to its end: {why}"),
    }
}

/// What mends what stopped a run.
fn remedy(code: &str) -> Option<&'static str> {
    Some(match code {
        "no_credentials" => "sign in (`aws sso login`), or name a profile with --profile",
        "not_connected" => "check the network, the proxy and the endpoint",
        "ExpiredTokenException" | "ExpiredToken" => "renew the credentials",
        "AccessDeniedException" | "AccessDenied" => "the permission cognito-idp:AdminSetUserPassword on the pool is needed",
        "ResourceNotFoundException" => "check the pool's id, the account and the profile",
        "UnrecognizedClientException" | "InvalidClientTokenId" => "the credentials are not known to AWS: check the profile",
        "InvalidSignatureException" | "SignatureDoesNotMatch" | "RequestExpired" | "RequestTimeTooSkewed" => {
            "check the secret key and this machine's clock"
        }
        "OperationNotEnabledException" => "the pool takes this operation in its primary Region only",
        _ => return None,
    })
}

/// What to do about the rows that are not set.
fn advise(job: &Job, tally: &Tally, stopped: Option<&Reason>, can_resume: bool) {
    if !can_resume {
        if tally.of(Outcome::Set) < tally.rows() {
            say!("next: put the rows that are not set, as the report names them, into a file, and run that");
        }
        return;
    }
    // What belongs to one resumption stands beside the first --resume, since what ends the command may be a file behind `--`.
    let resume = |flag: &str| plain(&job.resume_command.replacen("--resume", &format!("--resume{flag}"), 1)).into_owned();
    let go_on = match stopped {
        None | Some(Reason::Signal(_)) => "go on where this ended",
        Some(_) => "go on where this ended, once what stopped it is mended",
    };
    for (wanted, what, flag) in [
        (tally.of(Outcome::NotSent) > 0, go_on, ""),
        (tally.of(Outcome::Invalid) > 0, "mend the invalid rows in the file, and then send them", ""),
        (tally.of(Outcome::Rejected) > 0, "send the rejected rows again, once what the code says is mended", " --retry-rejected"),
        (tally.of(Outcome::Unknown) > 0, "send the unknown rows again, whose password may or may not be set", " --unknown resend"),
    ] {
        if wanted {
            say!("next: {what}:\n  {}", resume(flag));
        }
    }
}
