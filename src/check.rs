//! `check`: the dry run. It goes through every row as `run` would, shows all that is wrong, says what sending would come to, and
//! changes nothing.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cognito;
use crate::execute::cap::Cap;
use crate::input::{self, Origin, Reader};
use crate::preflight::{
    Census, Forecast, Listed, Listing, Live, PlanError, PlanFile, PlannedFlags, PolicyChoice, Reading, Refusal, Service, census, policies,
    warn_of,
};
use crate::report::{Output, count, plain, rows};
use crate::run::Exit;
use crate::validate::{Duplicates, Lints, OnDuplicate, Policies, Protected, Survey, survey, survey_once};

/// What `check` is to do.
#[derive(Debug)]
pub struct Job {
    /// The inputs.
    pub inputs: Vec<input::Settings>,
    /// Where password policies come from.
    pub policy: PolicyChoice,
    /// What becomes of rows that look wrong.
    pub lints: Lints,
    /// Users who are never touched.
    pub protected: Option<Arc<Protected>>,
    /// What two rows for one user mean.
    pub on_duplicate: OnDuplicate,
    /// The rate that the forecast is for.
    pub cap: Cap,
    /// Hold the rows against the users who are there, and how.
    pub live: Option<Live>,
    /// What an active user of a month costs.
    pub mau_price: Option<f64>,
    /// Where the plan goes that a run is held to.
    pub plan: Option<PathBuf>,
    /// How findings are shown.
    pub listed: Listed,
    /// Where the places that are to be mended go.
    pub fix_report: Option<PathBuf>,
    /// Show how far it has come.
    pub progress: bool,
    /// Say no more than the findings.
    pub quiet: bool,
    /// The service that policies are read from.
    pub service: cognito::Settings,
    /// Check against a sandbox of its own.
    pub sandbox: bool,
}

/// Checks every input.
///
/// # Errors
/// [`Refusal`] when an input cannot be read, or when what it is checked against cannot.
pub fn check(job: &Job) -> Result<Exit, Refusal> {
    let needs_service = job.policy == PolicyChoice::Live || job.live.is_some();
    let service = needs_service.then(|| Service::open(job.service.clone(), job.sandbox, job.policy.given())).transpose()?;
    let (policies, obstacles) = policies(job.policy, job.lints, service.as_ref());
    let mut policies = policies.protecting(job.protected.clone());
    let planned = begin_plan(job)?;
    let mut listing = Listing::new(job.listed, job.fix_report.as_deref())?;
    let checked = all(job, &mut policies, &mut listing, (service.as_ref(), planned.is_some()));
    if let Err(Refusal::Input(error)) = &checked {
        listing.broke_off(error);
    }
    listing.finish()?;
    obstacles.refuse_missing_pool()?;
    let Checked { passed, plan } = checked?;
    match (planned, plan) {
        (Some(output), Some(plan)) => {
            plan.write(output)?;
            if let (Some(path), false) = (&job.plan, job.quiet) {
                say!("the plan is in {}: `cognito-passwd run --plan` is held to it", plain(&path.to_string_lossy()));
            }
        }
        (Some(_), None) => say!("no plan was written, for there are errors"),
        (None, _) => {}
    }
    Ok(if passed { Exit::Done } else { Exit::Refused })
}

/// What came of all inputs.
struct Checked {
    passed: bool,
    plan: Option<PlanFile>,
}

/// Checks one input after the other.
fn all(
    job: &Job,
    policies: &mut Policies<'_>,
    listing: &mut Listing,
    (service, is_planned): (Option<&Service>, bool),
) -> Result<Checked, Refusal> {
    let (mut passed, mut plan) = (true, None);
    for settings in &job.inputs {
        let mut reader = input::open(settings)?;
        let One { survey, census, warnings } = one(job, &mut reader, policies, listing, service)?;
        warn_of(&reader);
        passed &= survey.invalid == 0 && census.as_ref().is_none_or(|census| census.errors == 0);
        if !job.quiet {
            tell(job, &reader, (&survey, census.as_ref(), warnings), policies, service);
        }
        if passed && is_planned {
            let flags = PlannedFlags::new(job.cap, job.on_duplicate, job.policy);
            let target = service.map(Service::target);
            plan = Some(PlanFile::of(&mut reader, flags, target, (&survey, policies, census.as_ref()))?);
        }
    }
    Ok(Checked { passed, plan })
}

/// Begins the plan's file, before a long check finds that it cannot.
fn begin_plan(job: &Job) -> Result<Option<Output>, PlanError> {
    let is_one_file = || matches!(job.inputs.as_slice(), [input::Settings { origin: Origin::File(_), .. }]);
    match &job.plan {
        Some(_) if !is_one_file() => Err(PlanError::OneFile),
        Some(path) => PlanFile::create(path).map(Some),
        None => Ok(None),
    }
}

/// What came of one input.
struct One {
    survey: Survey,
    census: Option<Census>,
    warnings: u64,
}

fn one(
    job: &Job,
    reader: &mut Reader,
    policies: &mut Policies<'_>,
    listing: &mut Listing,
    service: Option<&Service>,
) -> Result<One, Refusal> {
    if job.live.is_some() && !reader.can_rewind() {
        return Err(Refusal::LiveNeedsAFile);
    }
    listing.begin(reader.name());
    let reading = Reading::new(reader, job.progress);
    let take = &mut |finding| listing.take(finding);
    let mut survey = if reader.can_rewind() {
        survey(reader, policies, job.on_duplicate, &mut |bytes, rows| reading.at(bytes, rows), take)?
    } else {
        survey_once(reader, policies, Duplicates::of_stream(job.on_duplicate, job.lints)?, take)?
    };
    drop(reading);
    let census = match (&job.live, service) {
        (Some(live), Some(service)) => {
            let take = &mut |finding| listing.take_live(&finding);
            Some(census(live, service, reader, (&mut survey, policies), job.on_duplicate, take)?)
        }
        _ => None,
    };
    Ok(One { survey, census, warnings: listing.end() })
}

fn tell(
    job: &Job,
    reader: &Reader,
    (survey, census, warnings): (&Survey, Option<&Census>, u64),
    policies: &Policies<'_>,
    service: Option<&Service>,
) {
    let warnings = match warnings {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        many => format!(", {} warnings", count(many)),
    };
    let invalid = survey.invalid + census.map_or(0, |census| census.errors);
    say!("{}: {}, {} invalid{warnings}", plain(reader.name()), rows(survey.rows), count(invalid));
    if survey.valid > 0 {
        let described = service.map_or(0, |service| service.pools.calls());
        let forecast = Forecast { survey, policies, cap: job.cap, left: None, census, described, mau_price: job.mau_price };
        for (name, text) in forecast.lines() {
            say!("  {name:<9} {text}");
        }
    }
}
