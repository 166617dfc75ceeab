//! HTTP clients: nothing of TLS before a request needs it, and the environment's proxies.
//!
//! Plain http goes past a proxy that is not on this machine: the password would be read on the way to it. Https goes through a proxy by
//! CONNECT, so that a proxy learns which host is called and nothing more.

use std::time::Duration;

use aws_sdk_cognitoidentityprovider::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TrustStore};
use aws_smithy_http_client::{Builder, Connector, tls::rustls_provider::CryptoMode};
use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use super::direct::Connection;
use super::{ConnectError, guard, trust, unverified};

/// Idle connections are dropped after this, so as not to race with the server, which closes them on its side later.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// Connections that one call needs.
const ONE: usize = 1;
/// The variables that name a proxy, as curl and the AWS CLI read them.
const PROXY_VARIABLES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"];

/// The client for many calls, which keeps so many idle connections to a host. `plain` says that the calls go by plain http to this
/// machine.
///
/// # Errors
/// [`ConnectError::Proxy`] where the environment names a proxy that cannot be one: it would be passed by in silence.
pub(super) fn pooled(trust: TrustStore, plain: bool, idle_connections: usize) -> Result<SharedHttpClient, ConnectError> {
    if plain {
        return Ok(client(trust, ProxyConfig::disabled(), idle_connections));
    }
    match PROXY_VARIABLES.into_iter().find(|name| std::env::var(name).is_ok_and(|value| !value.is_empty() && !is_proxy(&value))) {
        Some(variable) => Err(ConnectError::Proxy { variable }),
        None => Ok(client(trust, ProxyConfig::from_env(), idle_connections)),
    }
}

fn is_proxy(value: &str) -> bool {
    let with_scheme = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let uri = with_scheme.parse::<Uri>();
    uri.is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty()))
}

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
    Ok(client(trust, proxies, ONE))
}

/// The client for those who give credentials. It trusts the system's certificates where the others cannot be used.
pub(super) fn for_credentials(connection: &Connection) -> SharedHttpClient {
    let trust = connection.ca_bundle.as_deref().and_then(|path| trust::only(path).ok());
    client(trust.unwrap_or_default(), ProxyConfig::from_env(), ONE)
}

/// A client for plain http alone, past every proxy.
pub(super) fn without_trust() -> SharedHttpClient {
    client(TrustStore::empty(), ProxyConfig::disabled(), ONE)
}

fn client(trust: TrustStore, proxies: ProxyConfig, idle_connections: usize) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, _| {
        let mut connector = Connector::builder()
            .proxy_config(proxies.clone())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(idle_connections)
            .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc));
        connector.set_connector_settings(settings.cloned());
        match tls::TlsContext::builder().with_trust_store(trust.clone()).build() {
            Ok(context) => connector.tls_context(context).build(),
            Err(_) => connector.build(),
        }
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
