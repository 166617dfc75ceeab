//! The certificates that the other side of a TLS connection is held to.

use std::path::Path;

use aws_smithy_http_client::tls::TrustStore;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::ConnectError;

/// The certificates of a PEM file, and no others.
///
/// # Errors
/// [`ConnectError`] where the file cannot be read or holds no certificate. The SDK's client would panic over one that it cannot use.
pub(super) fn only(path: &Path) -> Result<TrustStore, ConnectError> {
    let pem = std::fs::read(path).map_err(|source| ConnectError::CaBundle { path: path.to_owned(), source })?;
    let unusable = |why: String| ConnectError::Certificates(format!("{}: {why}", path.display()));
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        store.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    if store.is_empty() {
        return Err(unusable("no certificate in it".to_owned()));
    }
    Ok(TrustStore::empty().with_pem_certificate(pem))
}
