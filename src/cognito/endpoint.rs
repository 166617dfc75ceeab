//! The endpoint that the environment or the profile sets up in the place of AWS's own.
//!
//! The SDK looks for one, too, but in a profile's section of services under `cognito-identity-provider`, where the AWS CLI and the
//! documentation ("Service-specific endpoints" in the guide to SDKs and tools) have `cognito_identity_provider` (aws-runtime 1.10.2,
//! `format_service_id_for_profile`): rows would go to AWS, and not where the profile says. So this choice always takes the place of the
//! SDK's. Whether it is safe is left to `guard`.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use super::Profile;

/// The service's id in the form that makes both names right, that of the variable and that in the section of services.
const SERVICE: &str = "Cognito_Identity_Provider";

/// The endpoint, in the order of the AWS CLI: variable of the service, variable of all, section of services, profile.
pub(super) fn configured(shared: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(SERVICE).env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok()?;
    shared.service_config()?.load_config(key)
}

/// The value of a variable that is there and not empty.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The endpoint that a variable names, unless the environment or the profile forbids to heed it.
pub fn endpoint_of_environment(profile: &Profile) -> Option<String> {
    let url = || variable("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER").or_else(|| variable("AWS_ENDPOINT_URL"));
    if is_ignored(profile) { None } else { url() }
}

/// The section of services in which the endpoint is to be looked for and which is missing or empty. The AWS CLI refuses then; the SDK
/// would go to AWS.
pub fn missing_services(profile: &Profile) -> Option<&str> {
    let is_sought = !is_ignored(profile) && endpoint_of_environment(profile).is_none();
    profile.missing_services.as_deref().filter(|_| is_sought)
}

fn is_ignored(profile: &Profile) -> bool {
    let ignored = std::env::var("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").ok();
    let ignored = ignored.or_else(|| profile.get("ignore_configured_endpoint_urls").map(str::to_owned));
    ignored.is_some_and(|ignored| ignored.eq_ignore_ascii_case("true"))
}
