//! The forms that the AWS CLI wants an endpoint and a Region to have.
//!
//! Whether an endpoint is safe to send a password to is left to the door to AWS.

use super::failure::Failure;

/// Refuses an endpoint without a scheme, as early as the AWS CLI does.
///
/// # Errors
/// [`Failure::Invalid`].
pub(super) fn check_scheme(url: &str) -> Result<(), Failure> {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    match url.split_once(':') {
        Some((scheme, _)) if is_scheme(scheme) => Ok(()),
        _ => Err(Failure::Invalid(format!(
            "Bad value for --endpoint-url \"{url}\": scheme is missing.  Must be of the form http://<hostname>/ or https://<hostname>/"
        ))),
    }
}

/// Refuses an endpoint whose host is no host.
///
/// # Errors
/// [`Failure::Other`].
pub(super) fn check_host(url: &str) -> Result<(), Failure> {
    let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = match host_and_port.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, port)) => (v6, port.strip_prefix(':')),
        None => host_and_port.split_once(':').map_or((host_and_port, None), |(host, port)| (host, Some(port))),
    };
    let is_port = port.is_none_or(|port| port.is_empty() || port.parse::<u16>().is_ok());
    let is_v6 = host_and_port.starts_with('[') && host.parse::<std::net::Ipv6Addr>().is_ok();
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_name = !name.is_empty() && name.len() <= 255 && name.split('.').all(is_label);
    if is_port && (is_v6 || is_name) { Ok(()) } else { Err(Failure::Other(format!("Invalid endpoint: {url}"))) }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Refuses a Region that cannot be part of a host's name.
///
/// # Errors
/// [`Failure::Other`].
pub(super) fn check_region(region: &str) -> Result<(), Failure> {
    let fits = (1..=63).contains(&region.len())
        && !region.starts_with('-')
        && !region.ends_with('-')
        && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !region.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(()) } else { Err(Failure::Other(format!("Provided region_name '{region}' doesn't match a supported format."))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_has_a_scheme_and_a_host() {
        for url in ["http://localhost", "https://a.b-c.example:443/x", "http://[::1]:9/", "http://127.0.0.1:5556"] {
            assert!(check_scheme(url).is_ok() && check_host(url).is_ok(), "{url}");
        }
        for url in ["", "x", "//x", "1:2"] {
            assert!(check_scheme(url).is_err(), "{url}");
        }
        for url in ["localhost:5556", "http://", "http://a b/", "http://-a/", "http://a:x/"] {
            assert!(check_scheme(url).is_ok() && check_host(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_region_is_a_label_and_no_number() {
        assert!(check_region("eu-central-1").is_ok());
        for region in ["bad region!", "-a", "12", "a_b"] {
            assert!(check_region(region).is_err(), "{region}");
        }
    }
}
