//! The SDK's results → our classes, in one match.
//!
//! The code decides, never the text. What cannot be told for certain is ambiguous: no answer is called a refusal that might be a
//! success. What follows from a class is left to `execute`.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cognitoidentityprovider::config::http::HttpResponse;
use aws_sdk_cognitoidentityprovider::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
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
    let ours = |class, code: &str| Answer {
        class,
        detail: Detail { code: code.to_owned(), message: DisplayErrorContext(error).to_string(), request_id: request_id(error) },
    };
    match error {
        SdkError::ConstructionFailure(_) => ours(Class::Fatal, "request_not_built"),
        SdkError::DispatchFailure(_) if in_chain::<CredentialsError>(error) => ours(Class::Fatal, "no_credentials"),
        SdkError::DispatchFailure(_) if in_chain::<UnsafeEndpoint>(error) => ours(Class::Fatal, "unsafe_endpoint"),
        SdkError::DispatchFailure(_) if never_connected(error) => ours(Class::NotSent, "not_connected"),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => ours(Class::Ambiguous, "timeout"),
        SdkError::DispatchFailure(_) => ours(Class::Ambiguous, "connection_lost"),
        SdkError::TimeoutError(_) => ours(Class::Ambiguous, "timeout"),
        SdkError::ResponseError(_) if in_chain::<NotCognito>(error) => ours(Class::Ambiguous, "not_cognito"),
        SdkError::ServiceError(context) => refusal(error, context.raw()),
        _ => ours(Class::Ambiguous, "broken_answer"),
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

/// Whether the connection failed before a byte of the request could leave. Only hyper's own error tells.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|cause| cause.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect()))
}

fn in_chain<T: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|cause| cause.is::<T>())
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn request_id(answer: &impl RequestId) -> String {
    answer.request_id().unwrap_or_default().to_owned()
}
