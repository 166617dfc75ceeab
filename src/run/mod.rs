//! `run`: sets the passwords of a file. Read [`run`] from top to bottom and you have the command.
//!
//! It joins the rooms together: the first pass over the input, the plan and the consent to it, then reader, executor and scribe side by
//! side, then the report. It knows no flag.

mod conclude;
mod earlier;
mod exit;
mod plan;
mod scribe;
mod send;
mod signals;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub use self::earlier::Again;
use self::earlier::Earlier;
pub use self::exit::Exit;
use crate::cognito;
use crate::execute::{self, Stop};
use crate::input::{self, Format, Origin, Reader};
use crate::journal::{InputIdentity, Start, Writer};
use crate::preflight::{Findings, Listed, PolicyChoice, Refusal, Service, policies, warn_of};
use crate::report::{Output, OutputError, Progress, Style};
use crate::validate::{Duplicates, OnDuplicate, Policies, Survey, survey};

/// What `run` is to do.
#[derive(Debug)]
pub struct Job {
    /// The rows.
    pub input: input::Settings,
    /// Where password policies come from.
    pub policy: PolicyChoice,
    /// What two rows for one user mean.
    pub on_duplicate: OnDuplicate,
    /// Leave invalid rows out instead of refusing the file.
    pub skip_invalid: bool,
    /// How rows are sent.
    pub sending: execute::Settings,
    /// Consent was given on the command line.
    pub yes: bool,
    /// Where the report goes.
    pub report: PathBuf,
    /// Where the journal goes.
    pub journal: PathBuf,
    /// Where the summary goes as JSON.
    pub summary: Option<PathBuf>,
    /// How progress is shown.
    pub style: Style,
    /// The service.
    pub service: cognito::Settings,
    /// Rehearse against a sandbox of its own.
    pub sandbox: bool,
    /// Go on with the run that the journal is of, and which of its rows to try again.
    pub resume: Option<Again>,
    /// The command line that resumes this run.
    pub resume_command: String,
}

impl Job {
    /// An output of this run: new, or in the place of the same output of the run that is resumed.
    fn output(&self, path: &Path) -> Result<Output, OutputError> {
        if self.resume.is_some() { Output::replace(path) } else { Output::create(path) }
    }
}

/// Sets the passwords.
///
/// # Errors
/// [`Refusal`] when nothing was sent.
pub fn run(job: &Job) -> Result<Exit, Refusal> {
    refuse_to_overwrite(job)?;
    let mut reader = input::open(&job.input)?;
    let service = Service::open(job.service.clone(), job.sandbox, job.policy.given())?;
    let (mut policies, obstacles) = policies(job.policy, Some(&service));

    let survey = if reader.can_rewind() { Some(first_pass(job, &mut reader, &mut policies)?) } else { None };
    warn_of(&reader);
    obstacles.refuse_missing_pool()?;
    obstacles.refuse_no_credentials()?;
    let resumed = job.resume.map(|again| resume(job, &mut reader, again)).transpose()?;
    let earlier = resumed.as_ref().map(|(_, earlier)| earlier);
    plan::agree(job, &service, survey.as_ref(), earlier)?;

    let started = SystemTime::now();
    let rows = survey.as_ref().map(|survey| survey.rows - earlier.map_or(0, Earlier::rows));
    let (journal, earlier) = match resumed {
        Some(resumed) => resumed,
        None => (Writer::create(&job.journal, &start_of(job, &reader, started))?, Earlier::default()),
    };
    let duplicates = match survey {
        Some(survey) => survey.duplicates,
        None => Duplicates::of_stream(job.on_duplicate)?,
    };
    let progress = Progress::new(job.style, rows, job.sending.cap.to_string());
    let stop = Stop::default();
    signals::watch(service.runtime.handle(), &stop, job.sending.grace)
        .map_err(|source| Refusal::Io { what: "cannot watch for signals".to_owned(), source })?;
    let sent = send::everything(job, &service, reader, (policies, duplicates, earlier), (journal, progress), &stop);
    Ok(conclude::conclude(job, sent, &stop, started))
}

/// Nothing is overwritten but, on resuming, the report of the run so far; and nothing is sent whose report could not be written.
fn refuse_to_overwrite(job: &Job) -> Result<(), Refusal> {
    let there = job.journal.symlink_metadata().is_ok();
    match job.resume {
        Some(_) if job.input.origin == Origin::Stdin => return Err(Refusal::ResumeNeedsAFile),
        Some(_) if !there => return Err(Refusal::NoJournal(job.journal.clone())),
        None if there => return Err(Refusal::RunBefore { journal: job.journal.clone(), resume: job.resume_command.clone() }),
        _ => {}
    }
    for path in [Some(&job.report), job.summary.as_ref()].into_iter().flatten() {
        job.output(path)?;
    }
    Ok(())
}

/// Takes up the journal of an earlier run. The cap holds across the stop: a second passes between its last call and the first of ours.
fn resume(job: &Job, reader: &mut Reader, again: Again) -> Result<(Writer, Earlier), Refusal> {
    let (writer, mut ledger) = Writer::resume(&job.journal)?;
    let earlier = Earlier::look_back(reader, &mut ledger, again)?;
    std::thread::sleep(Duration::from_secs(1));
    Ok((writer, earlier))
}

fn first_pass(job: &Job, reader: &mut Reader, policies: &mut Policies<'_>) -> Result<Survey, Refusal> {
    let mut findings = Findings::new(reader.name(), Listed::First);
    let survey = survey(reader, policies, job.on_duplicate, &mut |_, _| {}, &mut |finding| findings.take(&finding))?;
    findings.finish();
    if survey.invalid > 0 && !job.skip_invalid {
        return Err(Refusal::Invalid { invalid: survey.invalid, rows: survey.rows });
    }
    Ok(survey)
}

fn start_of(job: &Job, reader: &Reader, started: SystemTime) -> Start {
    let since_1970 = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Start {
        run_id: format!("{:016x}", rand::random::<u64>()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: since_1970(started).as_millis() as u64,
        input: InputIdentity {
            path: match &job.input.origin {
                Origin::File(path) => Some(path.clone()),
                Origin::Stdin => None,
            },
            jsonl: reader.format() == Format::Jsonl,
            delimiter: job.input.delimiter,
            default_pool: job.input.defaults.pool.clone(),
            default_lifetime: job.input.defaults.lifetime,
            size: reader.size(),
            modified: reader.identity().and_then(|file| file.modified).map(|at| since_1970(at).as_nanos() as u64),
        },
    }
}
