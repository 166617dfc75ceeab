//! `check`: the dry run. It goes through every row as `run` would, shows all that is wrong, says what sending would come to, and
//! changes nothing.

use std::path::PathBuf;

use crate::cognito;
use crate::execute::pace::Cap;
use crate::input::{self, Reader};
use crate::preflight::{Listed, Listing, PolicyChoice, Reading, Refusal, Service, forecast, policies, warn_of};
use crate::report::{count, plain, rows};
use crate::run::Exit;
use crate::validate::{Duplicates, Lints, OnDuplicate, Policies, Survey, survey, survey_once};

/// What `check` is to do.
#[derive(Debug)]
pub struct Job {
    /// The inputs.
    pub inputs: Vec<input::Settings>,
    /// Where password policies come from.
    pub policy: PolicyChoice,
    /// What becomes of rows that look wrong.
    pub lints: Lints,
    /// What two rows for one user mean.
    pub on_duplicate: OnDuplicate,
    /// The rate that the forecast is for.
    pub cap: Cap,
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
    let service = match job.policy {
        PolicyChoice::Live => Some(Service::open(job.service.clone(), job.sandbox, job.policy.given())?),
        PolicyChoice::None | PolicyChoice::Given(_) => None,
    };
    let (mut policies, obstacles) = policies(job.policy, job.lints, service.as_ref());
    let mut listing = Listing::new(job.listed, job.fix_report.as_deref())?;
    let passed = all(job, &mut policies, &mut listing);
    if let Err(Refusal::Input(error)) = &passed {
        listing.broke_off(error);
    }
    listing.finish()?;
    obstacles.refuse_missing_pool()?;
    Ok(if passed? { Exit::Done } else { Exit::Refused })
}

/// Checks one input after the other, and says whether all passed.
fn all(job: &Job, policies: &mut Policies<'_>, listing: &mut Listing) -> Result<bool, Refusal> {
    let mut passed = true;
    for settings in &job.inputs {
        let mut reader = input::open(settings)?;
        let (survey, warnings) = one(job, &mut reader, policies, listing)?;
        warn_of(&reader);
        passed &= survey.invalid == 0;
        if !job.quiet {
            tell(job, &reader, &survey, warnings, policies);
        }
    }
    Ok(passed)
}

/// Checks one, and counts its warnings.
fn one(job: &Job, reader: &mut Reader, policies: &mut Policies<'_>, listing: &mut Listing) -> Result<(Survey, u64), Refusal> {
    listing.begin(reader.name());
    let reading = Reading::new(reader, job.progress);
    let take = &mut |finding| listing.take(finding);
    let survey = if reader.can_rewind() {
        survey(reader, policies, job.on_duplicate, &mut |bytes, rows| reading.at(bytes, rows), take)?
    } else {
        survey_once(reader, policies, Duplicates::of_stream(job.on_duplicate, job.lints)?, take)?
    };
    drop(reading);
    Ok((survey, listing.end()))
}

fn tell(job: &Job, reader: &Reader, survey: &Survey, warnings: u64, policies: &Policies<'_>) {
    let warnings = match warnings {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        many => format!(", {} warnings", count(many)),
    };
    say!("{}: {}, {} invalid{warnings}", plain(reader.name()), rows(survey.rows), count(survey.invalid));
    if survey.valid > 0 {
        for (name, text) in forecast(survey, policies, job.cap, None) {
            say!("  {name:<9} {text}");
        }
    }
}
