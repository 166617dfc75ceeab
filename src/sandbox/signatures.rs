//! Signature Version 4, verified: whether a request was signed with a key that the sandbox knows, over what it holds, and lately. Which
//! operations are signed is left to `protocol`, and what the key may do to `permissions`.
//!
//! The signature is made again with the code that the AWS SDK signs with, over the headers that the request says it signed. Of temporary
//! credentials the session token is part of what is signed, and is not looked at otherwise.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use hyper::header::HeaderMap;

use super::protocol::Refusal;

/// The name in the credential scope of everything that is signed for Cognito user pools.
const SERVICE: &str = "cognito-idp";
/// How far the time of a signature may be from the machine's (common errors of the API reference: 15 minutes).
const TOLERANCE: Duration = Duration::from_secs(15 * 60);

/// A key whose signatures are accepted: as a text, `KEY:SECRET`.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    id: String,
    secret: String,
}

/// A text is no key. What it was stays untold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an access key id and its secret, as KEY:SECRET")]
pub struct AccessKeyError;

impl AccessKey {
    /// A key of these two halves, neither of which may be empty.
    ///
    /// # Errors
    /// [`AccessKeyError`] where one is.
    pub fn new(id: &str, secret: &str) -> Result<Self, AccessKeyError> {
        if id.is_empty() || secret.is_empty() {
            return Err(AccessKeyError);
        }
        Ok(Self { id: id.to_owned(), secret: secret.to_owned() })
    }
}

impl FromStr for AccessKey {
    type Err = AccessKeyError;

    fn from_str(text: &str) -> Result<Self, AccessKeyError> {
        let (id, secret) = text.split_once(':').ok_or(AccessKeyError)?;
        Self::new(id, secret)
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey").field("id", &self.id).field("secret", &"[redacted]").finish()
    }
}

/// Verifies the signature of a POST to `/`.
pub(super) fn verify(keys: &[AccessKey], headers: &HeaderMap, body: &[u8], now: SystemTime) -> Result<(), Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let authorization =
        header("authorization").ok_or_else(|| Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token"))?;
    let claim = Claim::read(authorization)?;
    let date = header("x-amz-date")
        .ok_or_else(|| incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."))?;
    let key = keys.iter().find(|key| key.id == claim.key);
    let key = key.ok_or_else(|| Refusal::new("UnrecognizedClientException", "The security token included in the request is invalid."))?;
    let signed_at = signing_time(date).ok_or_else(|| invalid("Date must be in ISO-8601 'basic format'."))?;
    if !date.starts_with(claim.date) {
        return Err(invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."));
    }
    if claim.service != SERVICE {
        return Err(invalid("Credential should be scoped to correct service: 'cognito-idp'."));
    }
    if !claim.signed_headers.split(';').any(|name| name == "host") {
        return Err(invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
    }
    is_timely(signed_at, now)?;
    if signature(key, &claim, signed_at, headers, body).is_some_and(|signature| signature == claim.signature) {
        return Ok(());
    }
    Err(invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing \
         method. Consult the service documentation for details.",
    ))
}

fn invalid(message: &'static str) -> Refusal {
    Refusal::new("InvalidSignatureException", message)
}

fn incomplete(message: &'static str) -> Refusal {
    Refusal::new("IncompleteSignatureException", message)
}

/// What an `Authorization` header says:
/// `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=A;B, Signature=HEX`.
struct Claim<'a> {
    key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    fn read(authorization: &'a str) -> Result<Self, Refusal> {
        let parts = authorization.strip_prefix("AWS4-HMAC-SHA256").ok_or_else(|| incomplete("Unsupported AWS 'algorithm'."))?;
        let part = |name: &str| parts.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let credential = part("Credential").ok_or_else(|| incomplete("Authorization header requires 'Credential' parameter."))?;
        let signature = part("Signature").ok_or_else(|| incomplete("Authorization header requires 'Signature' parameter."))?;
        let signed_headers = part("SignedHeaders");
        let signed_headers = signed_headers.ok_or_else(|| incomplete("Authorization header requires 'SignedHeaders' parameter."))?;
        let scope: Vec<&str> = credential.split('/').collect();
        let &[key, date, region, service, "aws4_request"] = scope.as_slice() else {
            return Err(incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term."));
        };
        Ok(Self { key, date, region, service, signed_headers, signature })
    }
}

/// The signature that the request should bear; `None` where its headers are none that can be signed.
fn signature(key: &AccessKey, claim: &Claim<'_>, signed_at: SystemTime, headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let identity = Credentials::new(&*key.id, &*key.secret, None, None, "sandbox").into();
    let mut settings = SigningSettings::default();
    // The client chose which headers it signs. Its choice is followed, not the SDK's.
    settings.excluded_headers = None;
    let params = SigningParams::builder()
        .identity(&identity)
        .region(claim.region)
        .name(claim.service)
        .time(signed_at)
        .settings(settings)
        .build()
        .ok()?
        .into();
    let signed = claim.signed_headers.split(';').flat_map(|name| headers.get_all(name).iter().map(move |value| (name, value)));
    let signed: Vec<(&str, &str)> = signed.map(|(name, value)| Some((name, value.to_str().ok()?))).collect::<Option<_>>()?;
    let uri = format!("http://{}/", headers.get("host")?.to_str().ok()?);
    let request = SignableRequest::new("POST", uri, signed.into_iter(), SignableBody::Bytes(body)).ok()?;
    Some(sign(request, &params).ok()?.signature().to_owned())
}

/// Reads `20261123T235959Z`.
fn signing_time(text: &str) -> Option<SystemTime> {
    let is_basic = text.is_ascii() && text.len() == 16 && text.as_bytes()[8] == b'T' && text.ends_with('Z');
    if !is_basic {
        return None;
    }
    let at = |from: usize| &text[from..from + 2];
    let extended = format!("{}{}-{}-{}T{}:{}:{}Z", at(0), at(2), at(4), at(6), at(9), at(11), at(13));
    humantime::parse_rfc3339(&extended).ok()
}

/// Refuses what was signed too long ago, or is not signed yet.
fn is_timely(signed_at: SystemTime, now: SystemTime) -> Result<(), Refusal> {
    let (oldest, newest) = (now - TOLERANCE, now + TOLERANCE);
    if signed_at < oldest {
        let [signed_at, oldest, now] = [signed_at, oldest, now].map(basic_format);
        let message = format!("Signature expired: {signed_at} is now earlier than {oldest} ({now} - 15 min.)");
        return Err(Refusal::new("InvalidSignatureException", message));
    }
    if signed_at > newest {
        let [signed_at, newest, now] = [signed_at, newest, now].map(basic_format);
        let message = format!("Signature not yet current: {signed_at} is still later than {newest} ({now} + 15 min.)");
        return Err(Refusal::new("InvalidSignatureException", message));
    }
    Ok(())
}

fn basic_format(at: SystemTime) -> String {
    humantime::format_rfc3339_seconds(at).to_string().replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    const NOW: &str = "20261123T120000Z";

    fn key() -> AccessKey {
        "AKIDEXAMPLE:wJalrXUtnFEMI".parse().expect("a key")
    }

    /// The headers of a request that was signed at this time with this secret.
    fn signed(secret: &str, at: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [("host", "127.0.0.1:9229"), ("x-amz-date", at), ("user-agent", "any"), ("x-amz-target", "X.Y")] {
            headers.insert(name, HeaderValue::from_str(value).expect("a header"));
        }
        let scope = format!("AKIDEXAMPLE/{}/eu-west-1/cognito-idp/aws4_request", &at[..8]);
        let authorization = |signature: &str| {
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;user-agent;x-amz-date;x-amz-target, Signature={signature}")
        };
        let unsigned = authorization("");
        let claim = Claim::read(&unsigned).expect("a claim");
        let signer = AccessKey::new("AKIDEXAMPLE", secret).expect("a key");
        let signature = signature(&signer, &claim, signing_time(at).expect("a time"), &headers, b"{}").expect("a signature");
        headers.insert("authorization", HeaderValue::from_str(&authorization(&signature)).expect("a header"));
        headers
    }

    fn refusal(headers: &HeaderMap, body: &[u8]) -> Option<(&'static str, String)> {
        let refused = verify(&[key()], headers, body, signing_time(NOW).expect("a time"));
        refused.err().map(|refusal| (refusal.code, refusal.message.into_owned()))
    }

    #[test]
    fn the_right_secret_over_the_same_bytes_is_accepted_and_nothing_else() {
        assert_eq!(refusal(&signed("wJalrXUtnFEMI", NOW), b"{}"), None);
        let mut retargeted = signed("wJalrXUtnFEMI", NOW);
        retargeted.insert("x-amz-target", HeaderValue::from_static("X.Z"));
        for (headers, body) in [(signed("wJalrXUtnFEMJ", NOW), b"{}"), (signed("wJalrXUtnFEMI", NOW), b"[]"), (retargeted, b"{}")] {
            let (code, text) = refusal(&headers, body).expect("a refusal");
            assert_eq!(code, "InvalidSignatureException");
            assert!(text.starts_with("The request signature we calculated does not match"), "{text}");
        }
    }

    #[test]
    fn a_signature_holds_for_a_quarter_of_an_hour_either_way() {
        for (at, text) in [
            ("20261123T114500Z", None),
            ("20261123T121500Z", None),
            (
                "20261123T114459Z",
                Some("Signature expired: 20261123T114459Z is now earlier than 20261123T114500Z (20261123T120000Z - 15 min.)"),
            ),
            (
                "20261123T121501Z",
                Some("Signature not yet current: 20261123T121501Z is still later than 20261123T121500Z (20261123T120000Z + 15 min.)"),
            ),
        ] {
            let expected = text.map(|text| ("InvalidSignatureException", text.to_owned()));
            assert_eq!(refusal(&signed("wJalrXUtnFEMI", at), b"{}"), expected);
        }
    }

    #[test]
    fn what_is_missing_or_unknown_is_named_with_the_services_code() {
        let with = |name: &'static str, value: Option<&str>| {
            let mut headers = signed("wJalrXUtnFEMI", NOW);
            match value {
                Some(value) => drop(headers.insert(name, HeaderValue::from_str(value).expect("a header"))),
                None => drop(headers.remove(name)),
            }
            refusal(&headers, b"{}").expect("a refusal").0
        };
        let scoped = |scope: &str| format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        assert_eq!(with("authorization", None), "MissingAuthenticationTokenException");
        assert_eq!(with("x-amz-date", None), "IncompleteSignatureException");
        assert_eq!(with("x-amz-date", Some("2026-11-23")), "InvalidSignatureException");
        for (authorization, code) in [
            ("Bearer x".to_owned(), "IncompleteSignatureException"),
            ("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE".to_owned(), "IncompleteSignatureException"),
            (scoped("AKIDEXAMPLE/20261123/cognito-idp"), "IncompleteSignatureException"),
            (scoped("AKIDOTHER/20261123/eu-west-1/cognito-idp/aws4_request"), "UnrecognizedClientException"),
            (scoped("AKIDEXAMPLE/20261122/eu-west-1/cognito-idp/aws4_request"), "InvalidSignatureException"),
            (scoped("AKIDEXAMPLE/20261123/eu-west-1/s3/aws4_request"), "InvalidSignatureException"),
        ] {
            assert_eq!(with("authorization", Some(&authorization)), code, "{authorization}");
        }
    }

    #[test]
    fn a_key_has_two_halves_and_shows_one() {
        for text in ["", "AKIDEXAMPLE", ":secret", "AKIDEXAMPLE:"] {
            assert_eq!(text.parse::<AccessKey>(), Err(AccessKeyError), "{text}");
        }
        assert!(!format!("{:?}", key()).contains("wJalrXUtnFEMI"));
    }
}
