//! The endpoint that the environment or the profile sets up in the place of AWS's own.
//!
//! The SDK looks for one, too, but in a profile's section of services under `cognito-identity-provider`, where the AWS CLI and the
//! documentation ("Service-specific endpoints" in the guide to SDKs and tools) have `cognito_identity_provider` (aws-runtime 1.10.2,
//! `format_service_id_for_profile`): rows would go to AWS, and not where the profile says. So this choice always takes the place of the
//! SDK's. Whether it is safe is left to `guard`.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

/// The service's id in the form that makes both names right, that of the variable and that in the section of services.
const SERVICE: &str = "Cognito_Identity_Provider";

/// The endpoint, in the order of the AWS CLI: variable of the service, variable of all, section of services, profile.
pub(super) fn configured(shared: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(SERVICE).env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok()?;
    shared.service_config()?.load_config(key)
}
