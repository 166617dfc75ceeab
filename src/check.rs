//! `check`: the dry run. It goes through every row as `run` would, shows all that is wrong, says what sending would come to, and
//! changes nothing.

use std::path::PathBuf;

use crate::cognito;
use crate::execute::pace::Cap;
use crate::input::{self, Origin, Reader};
use crate::preflight::{
    Census, Findings, Forecast, Listed, Live, PlanError, PlanFile, PlannedFlags, PolicyChoice, Refusal, Service, census, policies, warn_of,
};
use crate::report::{Output, count, plain, rows};
use crate::run::Exit;
use crate::validate::{Duplicates, OnDuplicate, Policies, Survey, survey, survey_once};

/// What `check` is to do.
#[derive(Debug)]
pub struct Job {
    /// The inputs.
    pub inputs: Vec<input::Settings>,
    /// Where password policies come from.
    pub policy: PolicyChoice,
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
    let (mut policies, obstacles) = policies(job.policy, service.as_ref());
    let planned = begin_plan(job)?;
    let (mut passed, mut plan) = (true, None);
    for settings in &job.inputs {
        let mut reader = input::open(settings)?;
        let (survey, census) = one(job, &mut reader, &mut policies, service.as_ref())?;
        warn_of(&reader);
        passed &= survey.invalid == 0 && census.as_ref().is_none_or(|census| census.errors == 0);
        if !job.quiet {
            tell(job, &reader, (&survey, census.as_ref()), &policies, service.as_ref());
        }
        if passed && planned.is_some() {
            let flags = PlannedFlags::new(job.cap, job.on_duplicate, job.policy);
            let target = service.as_ref().map(Service::target);
            plan = Some(PlanFile::of(&mut reader, flags, target, (&survey, &policies, census.as_ref()))?);
        }
    }
    obstacles.refuse_missing_pool()?;
    match (planned, plan) {
        (Some(output), Some(plan)) => plan.write(output)?,
        (Some(_), None) => say!("no plan was written, for there are errors"),
        (None, _) => {}
    }
    Ok(if passed { Exit::Done } else { Exit::Refused })
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

fn one(
    job: &Job,
    reader: &mut Reader,
    policies: &mut Policies<'_>,
    service: Option<&Service>,
) -> Result<(Survey, Option<Census>), Refusal> {
    let mut findings = Findings::new(reader.name(), Listed::All);
    let take = &mut |finding| findings.take(&finding);
    if job.live.is_some() && !reader.can_rewind() {
        return Err(Refusal::LiveNeedsAFile);
    }
    let mut survey = if reader.can_rewind() {
        survey(reader, policies, job.on_duplicate, &mut |_, _| {}, take)?
    } else {
        survey_once(reader, policies, Duplicates::of_stream(job.on_duplicate)?, take)?
    };
    let census = match (&job.live, service) {
        (Some(live), Some(service)) => {
            let take = &mut |finding| findings.take_live(&finding);
            Some(census(live, service, reader, (&mut survey, policies), job.on_duplicate, take)?)
        }
        _ => None,
    };
    findings.finish();
    Ok((survey, census))
}

fn tell(job: &Job, reader: &Reader, (survey, census): (&Survey, Option<&Census>), policies: &Policies<'_>, service: Option<&Service>) {
    say!("{}: {}, {} invalid", plain(reader.name()), rows(survey.rows), count(survey.invalid));
    if survey.valid > 0 {
        let described = service.map_or(0, |service| service.pools.calls());
        let forecast = Forecast { survey, policies, cap: job.cap, left: None, census, described, mau_price: job.mau_price };
        for (name, text) in forecast.lines() {
            say!("  {name:<9} {text}");
        }
    }
}
