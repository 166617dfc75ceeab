//! The HTTP client of one call: nothing of TLS before a request needs it, and the environment's proxies.
//!
//! Plain http goes past a proxy that is not on this machine: the password would be read on the way to it.

use aws_sdk_cognitoidentityprovider::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TrustStore};
use aws_smithy_http_client::{Connector, tls::rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector, http_client_fn};
use hyper_util::client::proxy::matcher::Matcher;

use super::direct::Connection;
use super::{ConnectError, guard, trust, unverified};

/// The client for the service itself.
///
/// # Errors
/// [`ConnectError`] where the certificates to trust cannot be used and would be needed.
pub(super) fn lazy(connection: &Connection) -> Result<SharedHttpClient, ConnectError> {
    if !connection.verify && !connection.is_plain() {
        return Ok(unverified::client());
    }
    let plain = connection.is_plain();
    let trust = match &connection.ca_bundle {
        _ if plain => TrustStore::empty(),
        Some(path) => trust::only(path)?,
        None => TrustStore::default(),
    };
    let proxies = if plain && !plain_proxy_is_local(connection) { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
    Ok(client(trust, proxies))
}

/// The client for those who give credentials. It trusts the system's certificates where the others cannot be used.
pub(super) fn for_credentials(connection: &Connection) -> SharedHttpClient {
    let trust = connection.ca_bundle.as_deref().and_then(|path| trust::only(path).ok());
    client(trust.unwrap_or_default(), ProxyConfig::from_env())
}

/// A client for plain http alone, past every proxy.
pub(super) fn without_trust() -> SharedHttpClient {
    client(TrustStore::empty(), ProxyConfig::disabled())
}

fn client(trust: TrustStore, proxies: ProxyConfig) -> SharedHttpClient {
    http_client_fn(move |settings: &HttpConnectorSettings, _| {
        let connector = Connector::builder()
            .connector_settings(settings.clone())
            .proxy_config(proxies.clone())
            .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc));
        let connector = match tls::TlsContext::builder().with_trust_store(trust.clone()).build() {
            Ok(context) => connector.tls_context(context),
            Err(_) => connector,
        };
        SharedHttpConnector::new(connector.build())
    })
}

fn plain_proxy_is_local(connection: &Connection) -> bool {
    connection.endpoint.as_ref().and_then(|(url, _)| proxy_for(url)).is_some_and(|proxy| guard::is_on_this_machine(&proxy))
}

/// The proxy that stands before `url`, without its credentials.
pub(super) fn proxy_for(url: &str) -> Option<String> {
    let proxy = Matcher::from_env().intercept(&url.parse().ok()?)?;
    let uri = proxy.uri();
    Some(format!("{}://{}", uri.scheme_str().unwrap_or("http"), uri.authority()?.as_str().rsplit('@').next()?))
}
