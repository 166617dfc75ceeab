//! What the environment and the profile say, in the AWS CLI's order: profile, credentials given by half, Region, endpoint, retries.
//!
//! Credentials themselves are left to the door to AWS, which looks for them with the first request.

use std::path::PathBuf;
use std::time::Duration;

use super::command_line::Globals;
use super::endpoint;
use super::failure::Failure;
use super::python;
use crate::cognito::{Connection, Profile, ProfileChoice, ProfileError, endpoint_of_environment, missing_services, variable};

/// How many attempts are made where nothing else is said.
const ATTEMPTS: i64 = 3;
/// Both time-outs where nothing else is said, in seconds.
const TIMEOUT: i64 = 60;

/// What a call needs to know beyond its request.
pub(super) struct Surroundings {
    /// How to reach the service.
    pub connection: Connection,
    /// How many attempts may be made.
    pub attempts: i64,
    /// The form of the output.
    pub output: String,
    /// What is wrong with a time-out below zero. The AWS CLI says it when it connects.
    pub impossible_timeout: Option<String>,
}

/// The profile that is meant, from the command line or the environment.
pub(super) fn profile_choice(named: Option<&str>) -> Option<ProfileChoice> {
    let named = named.filter(|name| !name.is_empty()).map(|name| ProfileChoice::Named(name.to_owned()));
    let from_environment = || variable("AWS_PROFILE").or_else(|| variable("AWS_DEFAULT_PROFILE")).map(ProfileChoice::FromEnvironment);
    named.or_else(from_environment)
}

/// Reads the profile that is meant.
///
/// # Errors
/// [`Failure::Other`] where it does not exist or cannot be read.
pub(super) async fn profile(choice: Option<&ProfileChoice>) -> Result<Profile, Failure> {
    let name = match choice {
        Some(ProfileChoice::Named(name) | ProfileChoice::FromEnvironment(name)) => Some(name.as_str()),
        None => None,
    };
    let profile = Profile::read(name.unwrap_or("default")).await.map_err(|error| match error {
        ProfileError::Malformed { path, .. } => Failure::Other(format!("Unable to parse config file: {path}")),
        error => Failure::Other(error.to_string()),
    })?;
    match name {
        Some(name) if !profile.exists && name != "default" => {
            Err(Failure::Other(format!("The config profile ({name}) could not be found")))
        }
        _ => Ok(profile),
    }
}

/// Looks at everything that a call depends on.
///
/// # Errors
/// [`Failure`] for the first thing that will not do.
pub(super) async fn look(globals: &Globals) -> Result<Surroundings, Failure> {
    let choice = profile_choice(globals.value("--profile"));
    let profile = profile(choice.as_ref()).await?;
    let sign = !globals.has("--no-sign-request");
    if sign {
        check_halves(choice.as_ref(), &profile)?;
    }
    let region = region(globals, &profile).await;
    if let Ok(region) = &region {
        endpoint::check_region(region)?;
    }
    let endpoint = endpoint_named(globals, &profile)?;
    if let Some((url, _)) = &endpoint {
        endpoint::check_host(url)?;
    }
    let region = region?;
    let attempts = attempts(&profile)?;
    let ca_bundle = globals.value("--ca-bundle").filter(|path| !path.is_empty()).map(str::to_owned);
    let ca_bundle = ca_bundle
        .or_else(|| variable("AWS_CA_BUNDLE"))
        .or_else(|| profile.get("ca_bundle").map(str::to_owned))
        .or_else(|| variable("REQUESTS_CA_BUNDLE"));
    let output = globals.value("--output").map(str::to_owned);
    let output = output.or_else(|| variable("AWS_DEFAULT_OUTPUT")).or_else(|| profile.get("output").map(str::to_owned));
    let connection = Connection {
        region,
        profile: choice,
        endpoint,
        sign,
        ca_bundle: ca_bundle.map(PathBuf::from),
        verify: !globals.has("--no-verify-ssl"),
        connect_timeout: timeout(globals.connect_timeout),
        read_timeout: timeout(globals.read_timeout),
    };
    let output = output.unwrap_or_else(|| "json".to_owned());
    Ok(Surroundings { connection, attempts, output, impossible_timeout: impossible_timeout(globals) })
}

/// A key id without its secret, where they would be looked for first.
fn check_halves(choice: Option<&ProfileChoice>, profile: &Profile) -> Result<(), Failure> {
    let partial = |place: &str, missing: &str| Failure::Other(format!("Partial credentials found in {place}, missing: {missing}"));
    if !matches!(choice, Some(ProfileChoice::Named(_))) && variable("AWS_ACCESS_KEY_ID").is_some() {
        return match variable("AWS_SECRET_ACCESS_KEY") {
            Some(_) => Ok(()),
            None => Err(partial("env", "AWS_SECRET_ACCESS_KEY")),
        };
    }
    if profile.get("aws_access_key_id").is_some() && profile.get("aws_secret_access_key").is_none() {
        let place = if profile.key_in_credentials_file { "shared-credentials-file" } else { "config-file" };
        return Err(partial(place, "aws_secret_access_key"));
    }
    Ok(())
}

async fn region(globals: &Globals, profile: &Profile) -> Result<String, Failure> {
    let named = globals.value("--region").map(str::to_owned);
    let named = named.or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION"));
    let named = named.or_else(|| profile.get("region").map(str::to_owned));
    let region = match named {
        Some(region) => Some(region),
        None => crate::cognito::instance_region().await,
    };
    region.filter(|region| !region.is_empty()).ok_or_else(|| Failure::NotConfigured {
        code: "NoRegion",
        message: "You must specify a region. You can also configure your region by running \"aws configure\".".to_owned(),
    })
}

/// An endpoint in the place of AWS's own, and whether the command line named it. One in the profile is left to the door to AWS.
fn endpoint_named(globals: &Globals, profile: &Profile) -> Result<Option<(String, bool)>, Failure> {
    if let Some(url) = globals.value("--endpoint-url") {
        return Ok(Some((url.to_owned(), true)));
    }
    if let Some(name) = missing_services(profile) {
        let missing = format!("the \"{name}\" services configuration does not exist.");
        return Err(Failure::Other(format!("The profile is configured to use the services section but {missing}")));
    }
    Ok(endpoint_of_environment(profile).map(|url| (url, false)))
}

fn attempts(profile: &Profile) -> Result<i64, Failure> {
    let mode = variable("AWS_RETRY_MODE").or_else(|| profile.get("retry_mode").map(str::to_owned));
    if let Some(mode) = mode.filter(|mode| mode != "standard" && mode != "adaptive") {
        let message = format!("Invalid value provided to \"mode\": \"{mode}\" must be one of: \"standard\" or \"adaptive\"");
        return Err(Failure::Other(message));
    }
    let attempts = variable("AWS_MAX_ATTEMPTS").or_else(|| profile.get("max_attempts").map(str::to_owned));
    attempts.map_or(Ok(ATTEMPTS), |attempts| python::int(&attempts)).map_err(Failure::Other)
}

fn impossible_timeout(globals: &Globals) -> Option<String> {
    let (name, seconds) = [("connect", globals.connect_timeout), ("read", globals.read_timeout)]
        .into_iter()
        .find_map(|(name, seconds)| seconds.filter(|seconds| *seconds < 0).map(|seconds| (name, seconds)))?;
    let limit = "but the timeout cannot be set to a value less than or equal to 0.";
    Some(format!("Attempted to set {name} timeout to {seconds}, {limit}"))
}

/// Zero means none.
fn timeout(seconds: Option<i64>) -> Option<Duration> {
    match seconds.unwrap_or(TIMEOUT) {
        0 => None,
        seconds => u64::try_from(seconds).ok().map(Duration::from_secs),
    }
}
