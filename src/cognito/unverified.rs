//! `--no-verify-ssl`: a client that takes any certificate, for whoever asks for it on the command line.
//!
//! The SDK's own client has no such switch, and rightly so. Signatures of the handshake are still checked; who the other side is, is not.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cognitoidentityprovider::config::SharedHttpClient;
use aws_sdk_cognitoidentityprovider::config::http::HttpResponse;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use hyper::Uri;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connect, HttpConnector as Tcp};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioExecutor;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};

/// A client for https that does not look at whom it speaks to.
pub(super) fn client() -> SharedHttpClient {
    http_client_fn(|settings: &HttpConnectorSettings, _| {
        SharedHttpConnector::new(Unverified { connect_timeout: settings.connect_timeout(), read_timeout: settings.read_timeout() })
    })
}

#[derive(Debug)]
struct Unverified {
    connect_timeout: Option<Duration>,
    read_timeout: Option<Duration>,
}

impl HttpConnector for Unverified {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (mut tcp, tls) = (Tcp::new(), tls());
        tcp.enforce_http(false);
        tcp.set_connect_timeout(self.connect_timeout);
        let proxy = request.uri().parse::<Uri>().ok().and_then(|uri| Matcher::from_env().intercept(&uri));
        let read_timeout = self.read_timeout;
        HttpConnectorFuture::new(async move {
            match proxy {
                None => call(HttpsConnector::from((tcp, tls)), request, read_timeout).await,
                Some(proxy) => {
                    let tunnel = Tunnel::new(proxy.uri().clone(), tcp);
                    let tunnel = match proxy.basic_auth() {
                        Some(auth) => tunnel.with_auth(auth.clone()),
                        None => tunnel,
                    };
                    call(HttpsConnector::from((tunnel, tls)), request, read_timeout).await
                }
            }
        })
    }
}

async fn call<C>(connector: C, request: HttpRequest, read_timeout: Option<Duration>) -> Result<HttpResponse, ConnectorError>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let client = Client::builder(TokioExecutor::new()).build::<C, SdkBody>(connector);
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let answer = client.request(request);
    let answer = match read_timeout {
        Some(limit) => tokio::time::timeout(limit, answer).await.map_err(|error| ConnectorError::timeout(error.into()))?,
        None => answer.await,
    };
    let answer = answer.map_err(|error: Error| ConnectorError::io(error.into()))?;
    HttpResponse::try_from(answer.map(SdkBody::from_body_1_x)).map_err(|error| ConnectorError::other(error.into(), None))
}

fn tls() -> ClientConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(AnyCertificate(Arc::clone(&provider)));
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows the versions that rustls has")
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth()
}

#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
