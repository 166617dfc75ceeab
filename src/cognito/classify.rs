//! The SDK's results → our classes, in one match.
//!
//! The code decides, never the text. What cannot be told for certain is ambiguous: no answer is called a refusal that might be a
//! success. What follows from a class is left to `execute`.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cognitoidentityprovider::config::http::HttpResponse;
use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cognitoidentityprovider::operation::RequestId;

use super::guard::{NotCognito, UnsafeEndpoint};
use crate::outcome::{Answer, Class, Detail};

/// Codes that mean "slow down", from the AWS SDK's own list (aws-runtime 1.10, `THROTTLING_ERRORS`).
const THROTTLING: [&str; 14] = [
    "TooManyRequestsException",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "RequestThrottled",
    "RequestLimitExceeded",
    "LimitExceededException",
    "BandwidthLimitExceeded",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "PriorRequestNotComplete",
    "SlowDown",
    "EC2ThrottledException",
];

/// Codes that no row can escape until someone mends credentials, access, clock, pool or Region.
const FATAL: [&str; 18] = [
    "AccessDeniedException",
    "AccessDenied",
    "ExpiredTokenException",
    "ExpiredToken",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "OptInRequired",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "ResourceNotFoundException",
    "OperationNotEnabledException",
    "UnknownOperationException",
];

/// An answer that the SDK took for success and `guard` for Cognito's.
pub(super) fn success(output: &impl RequestId) -> Answer {
    Answer { class: Class::Set, detail: Detail { request_id: request_id(output), ..Detail::default() } }
}

/// Everything else.
pub(super) fn failure<E>(error: &SdkError<E, HttpResponse>) -> Answer
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let ours = |class, code: &str, cause: &(dyn Error + 'static)| Answer {
        class,
        detail: Detail { code: code.to_owned(), message: explain(cause), request_id: request_id(error) },
    };
    match error {
        SdkError::ConstructionFailure(_) => ours(Class::Fatal, "request_not_built", error),
        SdkError::DispatchFailure(failure) => {
            if let Some(cause) = find::<CredentialsError>(error) {
                ours(Class::Fatal, "no_credentials", cause)
            } else if let Some(cause) = find::<UnsafeEndpoint>(error) {
                ours(Class::Fatal, "unsafe_endpoint", cause)
            } else if let Some(cause) = never_connected(error) {
                ours(Class::NotSent, "not_connected", cause)
            } else {
                ours(Class::Ambiguous, if failure.is_timeout() { "timeout" } else { "connection_lost" }, error)
            }
        }
        SdkError::TimeoutError(_) => ours(Class::Ambiguous, "timeout", error),
        SdkError::ServiceError(context) => refusal(error, context.raw()),
        _ => match find::<NotCognito>(error) {
            Some(cause) => ours(Class::Ambiguous, "not_cognito", cause),
            None => ours(Class::Ambiguous, "broken_answer", error),
        },
    }
}

fn refusal<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>, response: &HttpResponse) -> Answer {
    let status = response.status().as_u16();
    let code = error.code().unwrap_or_default();
    let class = match (status, code) {
        (_, code) if THROTTLING.contains(&code) => Class::Throttled { retry_after: retry_after(response) },
        (429, _) => Class::Throttled { retry_after: retry_after(response) },
        (500.., _) => Class::Ambiguous,
        (_, code) if FATAL.contains(&code) => Class::Fatal,
        (401 | 403 | 407, _) => Class::Fatal,
        (_, "") => Class::Ambiguous,
        (400..=499, _) => Class::Rejected,
        _ => Class::Ambiguous,
    };
    let message = match (error.message(), code) {
        (Some(message), _) => message.to_owned(),
        (None, "") => format!("status {status} without an error code: the answer is not Cognito's"),
        (None, _) => String::new(),
    };
    let code = if code.is_empty() { format!("http_{status}") } else { code.to_owned() };
    Answer { class, detail: Detail { code, message, request_id: request_id(error) } }
}

/// How long the service asks to wait: `x-amz-retry-after` in milliseconds, or `retry-after` in seconds.
fn retry_after(response: &HttpResponse) -> Option<Duration> {
    let number = |name| response.headers().get(name)?.trim().parse::<u64>().ok();
    number("x-amz-retry-after").map(Duration::from_millis).or_else(|| number("retry-after").map(Duration::from_secs))
}

/// The error of a connection that failed before a byte of the request could leave. Only hyper's own error tells.
fn never_connected<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let hyper = find::<hyper_util::client::legacy::Error>(error)?;
    if hyper.is_connect() { hyper.source() } else { None }
}

/// What went wrong, from `error` to its root: the first line of each cause, and each once.
pub(super) fn explain(error: &(dyn Error + 'static)) -> String {
    let mut causes: Vec<String> = chain(error).map(first_line).collect();
    causes.dedup_by(|inner, outer| outer.contains(inner.as_str()));
    causes.join(": ")
}

fn first_line(error: &(dyn Error + 'static)) -> String {
    error.to_string().lines().next().unwrap_or_default().trim_end_matches(" Attempted:").to_owned()
}

/// The first cause of this type.
pub(super) fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn request_id(answer: &impl RequestId) -> String {
    answer.request_id().unwrap_or_default().to_owned()
}
