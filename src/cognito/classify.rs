//! The SDK's results → our classes, in one match.
//!
//! The code decides, never the text. What cannot be told for certain is ambiguous: no answer is called a refusal that might be a
//! success. What follows from a class is left to `execute`.

use std::error::Error;
use std::time::Duration;

use aws_sdk_cognitoidentityprovider::config::http::HttpResponse;
use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cognitoidentityprovider::operation::RequestId;

use super::credentials::NoCredentials;
use super::guard::{NotCognito, UnsafeEndpoint};
use crate::outcome::{Answer, Class, Detail};

/// No service is obeyed that asks to wait longer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

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

/// The refusals of a row, as the service model has them. Whatever else comes with a 4xx was not said by this operation.
const ROW: [&str; 5] = [
    "InvalidParameterException",
    "InvalidPasswordException",
    "NotAuthorizedException",
    "PasswordHistoryPolicyViolationException",
    "UserNotFoundException",
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
    let request_id = output.request_id().filter(|id| is_id(id)).unwrap_or_default().to_owned();
    Answer { class: Class::Set, detail: Detail { request_id, ..Detail::default() } }
}

/// There is nothing to sign a call with.
pub(super) fn no_credentials(error: &NoCredentials) -> Answer {
    ours(Class::Fatal, "no_credentials", error)
}

/// Everything else.
pub(super) fn failure<E>(error: &SdkError<E, HttpResponse>) -> Answer
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::ConstructionFailure(_) => ours(Class::Fatal, "request_not_built", error),
        SdkError::DispatchFailure(failure) => {
            if let Some(cause) = find::<NoCredentials>(error) {
                no_credentials(cause)
            } else if let Some(cause) = find::<UnsafeEndpoint>(error) {
                ours(Class::Fatal, "unsafe_endpoint", cause)
            } else if let Some(cause) = never_connected(error) {
                ours(Class::NotSent, "not_connected", cause)
            } else if !reached_transport(error) && !failure.is_timeout() && !failure.is_io() {
                ours(Class::Fatal, "request_not_sent", error)
            } else {
                ours(Class::Ambiguous, if failure.is_timeout() { "timeout" } else { "connection_lost" }, error)
            }
        }
        SdkError::TimeoutError(_) => ours(Class::Ambiguous, "timeout", error),
        SdkError::ServiceError(context) => refusal(error.code().unwrap_or_default(), error.message(), context.raw()),
        SdkError::ResponseError(context) => match find::<NotCognito>(error) {
            Some(cause) => ours(Class::Ambiguous, "not_cognito", cause),
            None => refusal("", None, context.raw()),
        },
        _ => ours(Class::Ambiguous, "broken_answer", error),
    }
}

fn ours(class: Class, code: &str, cause: &(dyn Error + 'static)) -> Answer {
    Answer { class, detail: Detail { code: code.to_owned(), message: explain(cause), request_id: String::new() } }
}

/// What an answer means that is no success. Only codes and texts that are Cognito's own are kept: what a stranger says might be anything,
/// the password that it was sent among them.
fn refusal(code: &str, message: Option<&str>, response: &HttpResponse) -> Answer {
    let status = response.status().as_u16();
    let is_throttling = status == 429 || THROTTLING.contains(&code);
    let is_known = is_throttling || ROW.contains(&code) || FATAL.contains(&code) || code == "InternalErrorException";
    let class = match status {
        _ if is_throttling => Class::Throttled { retry_after: retry_after(response) },
        500.. => Class::Ambiguous,
        _ if FATAL.contains(&code) => Class::Fatal,
        400..=499 if ROW.contains(&code) => Class::Rejected,
        401 | 403 | 407 => Class::Fatal,
        _ => Class::Ambiguous,
    };
    let request_id = response.request_id().filter(|id| is_id(id)).unwrap_or_default().to_owned();
    let (code, message) = match (is_known && !code.is_empty(), message) {
        (true, message) => (code.to_owned(), message.unwrap_or_default().to_owned()),
        (false, _) => (format!("http_{status}"), format!("an answer with status {status} that is not Cognito's")),
    };
    Answer { class, detail: Detail { code, message, request_id } }
}

/// Whether `text` has the form of a request id: a UUID.
fn is_id(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// How long the service asks to wait: `x-amz-retry-after` in milliseconds, or `retry-after` in seconds.
fn retry_after(response: &HttpResponse) -> Option<Duration> {
    let number = |name| response.headers().get(name)?.trim().parse::<u64>().ok();
    let asked = number("x-amz-retry-after").map(Duration::from_millis).or_else(|| number("retry-after").map(Duration::from_secs));
    asked.map(|wait| wait.min(LONGEST_WAIT))
}

/// The error of a connection that failed before a byte of the request could leave. Only hyper's own error tells.
fn never_connected<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let hyper = find::<hyper_util::client::legacy::Error>(error)?;
    if hyper.is_connect() { hyper.source() } else { None }
}

/// Whether hyper had the request: then it may have left.
fn reached_transport(error: &(dyn Error + 'static)) -> bool {
    find::<hyper::Error>(error).is_some() || find::<hyper_util::client::legacy::Error>(error).is_some()
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
