//! `run`: sets the passwords of a file. Read [`run`] from top to bottom and you have the command.
//!
//! It joins the rooms together: the first pass over the input, the plan and the consent to it, the roll of the rows, then reader, executor
//! and scribe side by side, then the report. It knows no flag.

mod budget;
mod conclude;
mod earlier;
mod exit;
mod feed;
mod place;
mod plan;
mod roll;
mod scribe;
mod send;
mod signals;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

pub use self::budget::{Limits, MaxRejected};
pub use self::earlier::Again;
use self::earlier::Earlier;
pub use self::exit::Exit;
use self::place::Place;
use crate::cognito;
use crate::execute::{self, Stop};
use crate::input::{self, Format, Origin, Reader};
use crate::journal::{self, Draft, InputIdentity, Ledger, Start, Writer};
use crate::preflight::{
    Census, Findings, Forecast, LeftOut, Live, LiveFinding, PlanFile, PlannedFlags, PolicyChoice, Reading, Refusal, Service, census,
    policies, warn_of,
};
use crate::report::{Output, OutputError, Progress, Style};
use crate::validate::{Duplicates, Lints, OnDuplicate, Policies, Protected, Severity, Survey, survey};

/// No more calls than the cap leave in any span of this length.
const CAP_IS_FOR: Duration = Duration::from_secs(1);

/// What `run` is to do.
#[derive(Debug)]
pub struct Job {
    /// The rows.
    pub input: input::Settings,
    /// Where password policies come from.
    pub policy: PolicyChoice,
    /// What becomes of rows that look wrong.
    pub lints: Lints,
    /// Users who are never touched.
    pub protected: Option<Arc<Protected>>,
    /// The most rows that a file may have.
    pub max_rows: Option<u64>,
    /// The account that the credentials must belong to.
    pub expected_account: Option<String>,
    /// What two rows for one user mean.
    pub on_duplicate: OnDuplicate,
    /// Leave invalid rows out instead of refusing the file.
    pub skip_invalid: bool,
    /// Hold the rows against the users who are there, and how.
    pub live: Option<Live>,
    /// The plan that the run is held to.
    pub plan: Option<PathBuf>,
    /// What an active user of a month costs.
    pub mau_price: Option<f64>,
    /// How rows are sent.
    pub sending: execute::Settings,
    /// What the run bears.
    pub limits: Limits,
    /// Consent was given on the command line.
    pub yes: bool,
    /// Where the report goes.
    pub report: PathBuf,
    /// Write a CSV report with every text as it is, rather than safe for a spreadsheet.
    pub raw_csv: bool,
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
    /// The program as it was typed.
    pub program: String,
}

impl Job {
    /// An output of this run: new, or in the place of the same output of the run that is resumed.
    fn output(&self, path: &Path) -> Result<Output, OutputError> {
        if self.resume.is_some() { Output::replace(path) } else { Output::create(path) }
    }

    /// Begins an output and gives it up. A named pipe is left alone: whoever reads it would see its end.
    fn try_output(&self, path: &Path) -> Result<(), OutputError> {
        if Output::is_named_pipe(path) { Ok(()) } else { self.output(path).map(drop) }
    }
}

/// Sets the passwords.
///
/// # Errors
/// [`Refusal`] when nothing was sent.
pub fn run(job: &Job) -> Result<Exit, Refusal> {
    refuse_to_overwrite(job)?;
    let mut reader = input::open(&job.input)?;
    if job.max_rows.is_some() && !reader.can_rewind() {
        return Err(Refusal::MaxRowsNeedsAFile);
    }
    let service = Service::open(job.service.clone(), job.sandbox, job.policy.given())?;
    service.refuse_no_credentials()?;
    let place = Place::of(&service, job.expected_account.as_deref())?;
    tracing::info!(input = reader.name(), service = place.target, account = ?place.account, "opened");
    let mut resumed = job.resume.map(|again| Resumed::take_up(job, &reader, &place, again)).transpose()?;
    if let Some(resumed) = resumed.take_if(|resumed| resumed.is_done()) {
        return conclude::with_nothing_left(job, &place, reader, resumed);
    }

    let (policies, obstacles) = policies(job.policy, job.lints, Some(&service));
    let mut policies = policies.protecting(job.protected.clone());
    let planned = job.plan.as_ref().map(|path| as_planned(job, path, &mut reader, &service)).transpose()?;
    let (mut survey, census) = match reader.can_rewind() {
        true => first_pass(job, &mut reader, &mut policies, &service).map(|(survey, census)| (Some(survey), census))?,
        false if job.live.is_some() => return Err(Refusal::LiveNeedsAFile),
        false => (None, None),
    };
    warn_of(&reader);
    obstacles.refuse_missing_pool()?;
    let nobody = LeftOut::default();
    let left_out = census.as_ref().map_or(&nobody, |census| &census.left_out);
    let earlier = match (&mut resumed, &mut survey) {
        (Some(resumed), Some(survey)) => Some(resumed.look_back(&mut reader, (&mut policies, &mut survey.duplicates), left_out)?),
        _ => None,
    };
    let forecast = survey.as_ref().map(|survey| Forecast {
        survey,
        policies: &policies,
        cap: job.sending.cap,
        left: earlier.as_ref().map(|earlier| &earlier.regions),
        census: census.as_ref(),
        described: service.pools.calls(),
        mau_price: job.mau_price,
    });
    plan::agree(job, &place, (planned, forecast.as_ref()), earlier.as_ref())?;

    let regions = forecast.map(|forecast| forecast.regions()).unwrap_or_default();
    let left_out = census.map(|census| census.left_out).unwrap_or_default();
    let to_send = survey.as_ref().map(|_| regions.values().sum());
    let rows = survey.as_ref().map(|survey| survey.rows);
    let mut duplicates = match survey {
        Some(survey) => survey.duplicates,
        None => Duplicates::of_stream(job.on_duplicate, job.lints)?,
    };
    let stop = Stop::default();
    signals::watch(service.runtime.handle(), &stop, job, reader.can_rewind())
        .map_err(|source| Refusal::Io { what: "cannot watch for signals".to_owned(), source })?;
    let journal = match resumed {
        Some(resumed) => resumed.when_the_cap_allows(to_send.unwrap_or_default())?,
        None => {
            let mut draft = Draft::begin(&job.journal, &start_of(job, &reader, rows, &place))?;
            if reader.can_rewind() {
                roll::call(&mut draft, &mut reader, (&mut policies, &mut duplicates), &left_out)?;
            }
            draft.publish()?
        }
    };
    let written = journal.reader()?;
    let started = SystemTime::now();
    let cap = match regions.len() {
        0 | 1 => job.sending.cap.to_string(),
        several => format!("{} for each of {several} Regions", job.sending.cap),
    };
    let progress = Progress::new(job.style, to_send, cap);
    let rows = send::Rows { reader, policies, duplicates, earlier: earlier.unwrap_or_default(), left_out, regions };
    let sent = send::everything(job, &service, rows, (journal, progress), &stop)?;
    Ok(conclude::conclude(job, &place, sent, written, started))
}

/// Nothing is overwritten but, on resuming, the report of the run so far; and nothing is sent whose report could not be written.
fn refuse_to_overwrite(job: &Job) -> Result<(), Refusal> {
    let there = job.journal.symlink_metadata().is_ok();
    if there {
        journal::is_free(&job.journal)?;
    }
    match job.resume {
        Some(_) if job.input.origin == Origin::Stdin => return Err(Refusal::ResumeNeedsAFile),
        Some(_) if !there => return Err(Refusal::NoJournal(job.journal.clone())),
        None if there => return Err(run_before(job)),
        _ => {}
    }
    if let Origin::File(input) = &job.input.origin
        && is_same(input, &job.report)
    {
        return Err(Refusal::NamedTwice(job.report.clone()));
    }
    for path in [Some(&job.report), job.summary.as_ref()].into_iter().flatten() {
        job.try_output(path)?;
    }
    if let Some(summary) = &job.summary {
        let input = match &job.input.origin {
            Origin::File(path) => Some(path),
            Origin::Stdin => None,
        };
        if [Some(&job.report), Some(&job.journal), input].into_iter().flatten().any(|path| is_same(path, summary)) {
            return Err(Refusal::NamedTwice(summary.clone()));
        }
        if job.resume.is_some() && !is_summary(summary) {
            return Err(Refusal::Exists(summary.clone()));
        }
    }
    Ok(())
}

/// Whether two paths name one file, which need not exist yet.
fn is_same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path));
    !Output::is_direct(one) && matches!((place(one), place(other)), (Ok(one), Ok(other)) if one == other)
}

/// Whether what stands at `path`, if anything does, may be replaced: a summary that an earlier part of this run left.
fn is_summary(path: &Path) -> bool {
    let is_ours = |text: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&text).is_ok_and(|summary| summary["outcomes"].is_object());
    Output::is_direct(path) || path.symlink_metadata().is_err() || std::fs::read(path).is_ok_and(is_ours)
}

fn run_before(job: &Job) -> Refusal {
    let journal = job.journal.clone();
    let Ok(ledger) = Ledger::open(&journal) else { return Refusal::Exists(journal) };
    match (&ledger.start().input.path, &job.input.origin) {
        _ if was_read_once(&ledger) => Refusal::RunOnce(journal),
        (Some(then), Origin::File(now)) if !is_same(then, now) => Refusal::RunOfAnother { journal, input: then.clone() },
        _ => Refusal::RunBefore { journal, target: ledger.start().target.clone(), resume: job.resume_command.clone() },
    }
}

/// Whether a journal is of an input that can be read only once: nobody can tell whether another is the same.
fn was_read_once(ledger: &Ledger) -> bool {
    ledger.start().input.rows.is_none()
}

/// A run that is taken up again.
struct Resumed {
    journal: Writer,
    ledger: Ledger,
    again: Again,
    /// When the journal was ours: no call of the earlier run left after that.
    since: Instant,
}

impl Resumed {
    /// Takes up the journal of an earlier run, which must have been of the same place and with the same meaning.
    fn take_up(job: &Job, reader: &Reader, place: &Place, again: Again) -> Result<Self, Refusal> {
        if !reader.can_rewind() {
            return Err(Refusal::ResumeNeedsAFile);
        }
        let (journal, ledger) = Writer::resume(&job.journal)?;
        let since = Instant::now();
        if was_read_once(&ledger) {
            return Err(Refusal::ResumeNeedsAFile);
        }
        place.refuse_another(&job.journal, ledger.start())?;
        let (then, now) = (&ledger.start().on_duplicate, job.on_duplicate.name());
        if then != now {
            return Err(Refusal::OtherDuplicates { journal: job.journal.clone(), then: then.clone(), now });
        }
        Ok(Self { journal, ledger, again, since })
    }

    fn is_done(&self) -> bool {
        earlier::is_done(&self.ledger, self.again)
    }

    fn look_back(
        &mut self,
        reader: &mut Reader,
        judges: (&mut Policies<'_>, &mut Duplicates),
        left_out: &LeftOut,
    ) -> Result<Earlier, Refusal> {
        Earlier::look_back(reader, judges, left_out, &mut self.ledger, self.again)
    }

    /// The cap holds across the stop: a second passes between the last call of the earlier run and the first of this one.
    fn when_the_cap_allows(self, to_send: u64) -> Result<Writer, Refusal> {
        self.journal.reserve(to_send)?;
        if to_send > 0 {
            std::thread::sleep(CAP_IS_FOR.saturating_sub(self.since.elapsed()));
        }
        Ok(self.journal)
    }
}

/// Refuses a run that is not the one of its plan, and gives the line that says so in the other case.
fn as_planned(job: &Job, path: &Path, reader: &mut Reader, service: &Service) -> Result<String, Refusal> {
    let plan = PlanFile::read(path)?;
    plan.refuse_another_run(&PlannedFlags::new(job.sending.cap, job.on_duplicate, job.policy), &service.target())?;
    plan.refuse_other_rows(reader)?;
    plan.refuse_other_policies(|pool| job.policy.of(pool, service))?;
    Ok(format!("{} of {}: same rows, same policies, same flags", path.display(), plan.made))
}

fn first_pass(job: &Job, reader: &mut Reader, policies: &mut Policies<'_>, service: &Service) -> Result<(Survey, Option<Census>), Refusal> {
    let (reading, mut findings) = (Reading::new(reader, job.style == Style::Bar), Findings::new(reader.name()));
    let progress = &mut |bytes, rows| reading.at(bytes, rows);
    let mut survey = survey(reader, policies, job.on_duplicate, progress, &mut |finding| findings.take(&finding))?;
    drop(reading);
    let Survey { rows, valid, invalid, skipped, .. } = survey;
    tracing::info!(rows, valid, invalid, skipped, "checked");
    if let Some(most) = job.max_rows.filter(|most| *most < rows) {
        return Err(Refusal::TooManyRows { rows, most });
    }
    let mut census_taken = None;
    if let Some(live) = &job.live
        && (survey.invalid == 0 || job.skip_invalid)
    {
        // Warnings are in the plan, in numbers: `check` lists them.
        let take = &mut |finding: LiveFinding| {
            if finding.rule.severity() == Severity::Error {
                findings.take_live(&finding)
            }
        };
        census_taken = Some(census(live, service, reader, (&mut survey, policies), job.on_duplicate, take)?);
    }
    findings.finish();
    let invalid = survey.invalid + census_taken.as_ref().map_or(0, |census| census.errors);
    if invalid > 0 && !job.skip_invalid {
        return Err(Refusal::Invalid { invalid, rows: survey.rows });
    }
    Ok((survey, census_taken))
}

fn start_of(job: &Job, reader: &Reader, rows: Option<u64>, place: &Place) -> Start {
    let since_1970 = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Start {
        run_id: format!("{:016x}", rand::random::<u64>()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: since_1970(SystemTime::now()).as_millis() as u64,
        target: place.target.clone(),
        account: place.account.clone().ok(),
        on_duplicate: job.on_duplicate.name().to_owned(),
        input: InputIdentity {
            path: match &job.input.origin {
                Origin::File(path) if reader.can_rewind() => Some(path.clone()),
                _ => None,
            },
            jsonl: reader.format() == Format::Jsonl,
            delimiter: job.input.delimiter,
            default_pool: job.input.defaults.pool.clone(),
            default_lifetime: job.input.defaults.lifetime,
            size: reader.size(),
            modified: reader.identity().and_then(|file| file.modified).map(|at| since_1970(at).as_nanos() as u64),
            rows,
        },
    }
}
