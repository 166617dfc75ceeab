//! Why there was no answer: the SDK's chain of causes → the step that failed.

use std::error::Error;
use std::io;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cognitoidentityprovider::config::http::HttpResponse;
use aws_sdk_cognitoidentityprovider::error::SdkError;

use super::classify::explain;
use super::guard::UnsafeEndpoint;
use super::transport;

/// The step that failed. `url` is where the request was to go.
#[derive(Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// There are no credentials.
    NoCredentials,
    /// There is a source of credentials, and it failed.
    CredentialsFailed(String),
    /// The endpoint is not one to send a password to. Nothing was sent.
    UnsafeEndpoint(String),
    /// No connection.
    NotConnected {
        /// Where to.
        url: String,
    },
    /// No connection in time.
    ConnectTimeout {
        /// Where to.
        url: String,
    },
    /// No connection to the proxy, or through it.
    Proxy {
        /// The proxy, without its credentials.
        url: String,
    },
    /// A connection, and no trust in it.
    Tls {
        /// Where to.
        url: String,
        /// Why.
        reason: String,
    },
    /// No answer in time.
    ReadTimeout {
        /// Where to.
        url: String,
    },
    /// The connection ended before there was a whole answer.
    Closed {
        /// Where to.
        url: String,
    },
    /// The request could not be built.
    NotBuilt(String),
}

pub(super) fn of<E: Error + 'static>(error: &SdkError<E, HttpResponse>, url: String) -> Unanswered {
    if let Some(cause) = find::<CredentialsError>(error) {
        return match cause {
            CredentialsError::CredentialsNotLoaded(_) => Unanswered::NoCredentials,
            cause => Unanswered::CredentialsFailed(explain(cause)),
        };
    }
    if let Some(cause) = find::<UnsafeEndpoint>(error) {
        return Unanswered::UnsafeEndpoint(cause.to_string());
    }
    if let Some(cause) = find::<rustls::Error>(error) {
        return Unanswered::Tls { url, reason: cause.to_string() };
    }
    let connecting = find::<hyper_util::client::legacy::Error>(error).is_some_and(|error| error.is_connect());
    let too_late = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
    let timed_out = match error {
        _ if connecting && find::<io::Error>(error).is_some_and(too_late) => true,
        SdkError::TimeoutError(_) => true,
        SdkError::DispatchFailure(failure) => failure.is_timeout(),
        SdkError::ConstructionFailure(_) => return Unanswered::NotBuilt(explain(error)),
        _ => false,
    };
    match (connecting, timed_out) {
        (true, true) => Unanswered::ConnectTimeout { url },
        (true, false) => match transport::proxy_for(&url) {
            Some(proxy) => Unanswered::Proxy { url: proxy },
            None => Unanswered::NotConnected { url },
        },
        (false, true) => Unanswered::ReadTimeout { url },
        (false, false) => Unanswered::Closed { url },
    }
}

/// The first cause of this type, also where it is the payload of an I/O error, which `source` leaves out.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let next = |&error: &&'a (dyn Error + 'static)| match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    };
    std::iter::successors(Some(error), next).find_map(|cause| cause.downcast_ref())
}
