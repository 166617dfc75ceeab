//! `check`: the dry run. It goes through every row as `run` would, shows all that is wrong, says what sending would come to, and
//! changes nothing.

use std::sync::Arc;

use crate::cognito;
use crate::execute::pace::Cap;
use crate::input::{self, Reader};
use crate::preflight::{Findings, Listed, PolicyChoice, Refusal, Service, forecast, policies, warn_of};
use crate::report::{count, plain, rows};
use crate::run::Exit;
use crate::validate::{Duplicates, OnDuplicate, Policies, Protected, Survey, survey, survey_once};

/// What `check` is to do.
#[derive(Debug)]
pub struct Job {
    /// The inputs.
    pub inputs: Vec<input::Settings>,
    /// Where password policies come from.
    pub policy: PolicyChoice,
    /// Users who are never touched.
    pub protected: Option<Arc<Protected>>,
    /// What two rows for one user mean.
    pub on_duplicate: OnDuplicate,
    /// The rate that the forecast is for.
    pub cap: Cap,
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
    let service = match job.policy {
        PolicyChoice::Live => Some(Service::open(job.service.clone(), job.sandbox, job.policy.given())?),
        PolicyChoice::None | PolicyChoice::Given(_) => None,
    };
    let (policies, obstacles) = policies(job.policy, service.as_ref());
    let mut policies = policies.protecting(job.protected.clone());
    let mut passed = true;
    for settings in &job.inputs {
        let mut reader = input::open(settings)?;
        let survey = one(job, &mut reader, &mut policies)?;
        warn_of(&reader);
        passed &= survey.invalid == 0;
        if !job.quiet {
            tell(job, &reader, &survey, &policies);
        }
    }
    obstacles.refuse_missing_pool()?;
    Ok(if passed { Exit::Done } else { Exit::Refused })
}

fn one(job: &Job, reader: &mut Reader, policies: &mut Policies<'_>) -> Result<Survey, Refusal> {
    let mut findings = Findings::new(reader.name(), Listed::All);
    let take = &mut |finding| findings.take(&finding);
    let survey = if reader.can_rewind() {
        survey(reader, policies, job.on_duplicate, &mut |_, _| {}, take)?
    } else {
        survey_once(reader, policies, Duplicates::of_stream(job.on_duplicate)?, take)?
    };
    findings.finish();
    Ok(survey)
}

fn tell(job: &Job, reader: &Reader, survey: &Survey, policies: &Policies<'_>) {
    say!("{}: {}, {} invalid", plain(reader.name()), rows(survey.rows), count(survey.invalid));
    if survey.valid > 0 {
        for (name, text) in forecast(survey, policies, job.cap, None) {
            say!("  {name:<9} {text}");
        }
    }
}
