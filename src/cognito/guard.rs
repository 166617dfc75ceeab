//! Two checks that stand next to the wire: what leaves goes to a safe place, and what is called success came from Cognito.
//!
//! They are interceptors of the SDK because only there the final request and the whole answer are seen. What a refusal means for the
//! run is left to `classify`.

use std::net::IpAddr;

use aws_sdk_cognitoidentityprovider::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_cognitoidentityprovider::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_cognitoidentityprovider::error::BoxError;

/// Lets a request leave by https, or by plain http to a loopback address that the command line named.
#[derive(Debug)]
pub(super) struct OnlySafeEndpoints {
    /// Whether the endpoint stood on the command line, rather than in the environment or a profile.
    pub named_by_user: bool,
}

/// The refusal of [`OnlySafeEndpoints`]. No byte was sent.
#[derive(Debug, thiserror::Error)]
#[error("refusing to send passwords to {0}: an endpoint is https://HOST, or http:// and a loopback address named with --endpoint-url")]
pub(super) struct UnsafeEndpoint(String);

impl Intercept for OnlySafeEndpoints {
    fn name(&self) -> &'static str {
        "OnlySafeEndpoints"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        Ok(refuse_unsafe(context.request().uri(), self.named_by_user)?)
    }
}

/// Refuses an endpoint that no password may be sent to. `named_by_user` says whether it stood on the command line.
///
/// # Errors
/// [`UnsafeEndpoint`] then.
pub(super) fn refuse_unsafe(url: &str, named_by_user: bool) -> Result<(), UnsafeEndpoint> {
    if is_safe(url, named_by_user) { Ok(()) } else { Err(UnsafeEndpoint(origin(url).to_owned())) }
}

fn is_safe(uri: &str, named_by_user: bool) -> bool {
    match uri.split_once("://") {
        Some(("https", _)) => !host(uri).is_empty(),
        Some(("http", _)) => named_by_user && is_on_this_machine(uri),
        _ => false,
    }
}

/// Scheme, host and port: the part of `uri` before its path.
fn origin(uri: &str) -> &str {
    let authority = uri.find("://").map_or(0, |at| at + 3);
    uri[authority..].find(['/', '?', '#']).map_or(uri, |end| &uri[..authority + end])
}

fn host(uri: &str) -> &str {
    let origin = origin(uri);
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

/// Whether `uri` is one of plain http.
pub(super) fn is_plain(uri: &str) -> bool {
    uri.starts_with("http://")
}

/// Whether the host of `uri` is this machine itself.
pub(super) fn is_on_this_machine(uri: &str) -> bool {
    is_loopback(host(uri))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Takes a 200 for success only with the service's request id and a JSON object behind it. The SDK does not look at the body of this operation's answer, so that
/// the HTML of a captive portal would pass.
#[derive(Debug)]
pub(super) struct OnlyCognitoAnswers;

/// The refusal of [`OnlyCognitoAnswers`].
#[derive(Debug, thiserror::Error)]
#[error("an answer of success that is not Cognito's: it has no request id, or its body is no JSON object")]
pub(super) struct NotCognito;

impl Intercept for OnlyCognitoAnswers {
    fn name(&self) -> &'static str {
        "OnlyCognitoAnswers"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let is_object = || {
            let body = response.body().bytes().unwrap_or_default();
            body.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
        };
        let is_cognitos = || response.status().as_u16() == 200 && response.headers().contains_key("x-amzn-requestid") && is_object();
        if response.status().is_success() && !is_cognitos() { Err(NotCognito.into()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_to_a_loopback_address_that_the_user_named_and_nowhere_else() {
        for (uri, named, safe) in [
            ("https://cognito-idp.eu-west-1.amazonaws.com/", false, true),
            ("https://proxy.example/", false, true),
            ("http://127.0.0.1:9000/", true, true),
            ("http://[::1]:9000/", true, true),
            ("http://localhost/", true, true),
            ("http://127.0.0.1:9000/", false, false),
            ("http://10.0.0.1/", true, false),
            ("http://localhost.example/", true, false),
            ("http://127.0.0.1@evil.example/", true, false),
            ("http://evil.example/?http://127.0.0.1/", true, false),
            ("https://", true, false),
            ("ftp://127.0.0.1/", true, false),
            ("127.0.0.1", true, false),
        ] {
            assert_eq!(is_safe(uri, named), safe, "{uri}");
        }
    }

    #[test]
    fn a_refusal_names_no_more_than_the_origin() {
        assert_eq!(origin("http://10.0.0.1:80/secret?x"), "http://10.0.0.1:80");
        assert_eq!(origin("nonsense"), "nonsense");
    }
}
