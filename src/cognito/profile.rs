//! The profile in the AWS configuration files: what of it the program itself must know.
//!
//! Credentials are left to the SDK's own providers, which read the same files again.

use std::collections::BTreeMap;

use aws_runtime::env_config::error::EnvConfigFileLoadError;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::parse::EnvConfigParseError;
use aws_runtime::env_config::section::EnvConfigSections;
use aws_runtime::env_config::source;
use aws_types::os_shim_internal::{Env, Fs};

/// What a profile says, key by key.
#[derive(Debug, Default)]
pub struct Profile {
    settings: BTreeMap<&'static str, String>,
    /// Whether there is a profile of that name.
    pub exists: bool,
    /// Whether its key id stands in the shared credentials file.
    pub key_in_credentials_file: bool,
    /// The section of services that it names where that is missing or empty.
    pub missing_services: Option<String>,
}

/// Why the profile cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// A file does not have the form of a configuration file.
    #[error("cannot parse the AWS configuration: {reason}")]
    Malformed {
        /// The file, as far as it is known.
        path: String,
        /// What is wrong with it, and where.
        reason: String,
    },
    /// A file cannot be read.
    #[error("cannot read the AWS configuration: {0}")]
    Unreadable(String),
}

/// The keys that the program asks for. No secret among them, beyond whether it is there.
const KEYS: [&str; 10] = [
    "region",
    "output",
    "ca_bundle",
    "cli_auto_prompt",
    "cli_error_format",
    "aws_access_key_id",
    "aws_secret_access_key",
    "max_attempts",
    "retry_mode",
    "ignore_configured_endpoint_urls",
];

impl Profile {
    /// Reads the profile of this name.
    ///
    /// # Errors
    /// [`ProfileError`] where a file cannot be read or understood. A profile that is not there is no error here.
    pub async fn read(name: &str) -> Result<Self, ProfileError> {
        let sets = load(&EnvConfigFiles::default()).await?;
        let Some(found) = sets.get_profile(name) else { return Ok(Self::default()) };
        let has_value = |key: &&'static str| {
            let value = found.get(key)?;
            Some((*key, if *key == "aws_secret_access_key" { String::new() } else { value.to_owned() }))
        };
        let settings = KEYS.iter().filter_map(has_value).collect();
        let credentials_file = path("AWS_SHARED_CREDENTIALS_FILE", "credentials");
        let only_credentials = EnvConfigFiles::builder().with_file(EnvConfigFileKind::Credentials, credentials_file).build();
        let key_in_credentials_file = match load(&only_credentials).await {
            Ok(sets) => sets.get_profile(name).is_some_and(|profile| profile.get("aws_access_key_id").is_some()),
            Err(_) => false,
        };
        let is_missing =
            |name: &&str| !std::fs::read_to_string(path("AWS_CONFIG_FILE", "config")).is_ok_and(|text| has_services(&text, name));
        let missing_services = found.get("services").filter(is_missing).map(str::to_owned);
        Ok(Self { settings, exists: true, key_in_credentials_file, missing_services })
    }

    /// The value of a setting.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(String::as_str)
    }
}

async fn load(files: &EnvConfigFiles) -> Result<EnvConfigSections, ProfileError> {
    let unreadable = |error: EnvConfigFileLoadError| ProfileError::Unreadable(super::classify::explain(&error));
    let source = source::load(&Env::real(), &Fs::real(), files).await.map_err(unreadable)?;
    EnvConfigSections::parse(source).map_err(|error| malformed(&error))
}

/// The SDK names the file in its message alone.
fn malformed(error: &EnvConfigParseError) -> ProfileError {
    let reason = error.to_string();
    let path = reason.strip_prefix("error parsing ").and_then(|rest| rest.split_once(" on line ")).map_or("", |(path, _)| path);
    ProfileError::Malformed { path: path.to_owned(), reason }
}

/// Whether a configuration file has a section of services of this name with anything in it. The SDK's parser answers for known keys
/// alone.
fn has_services(text: &str, name: &str) -> bool {
    let is_header = |line: &str| {
        let header = line.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        header.is_some_and(|(header, _)| {
            header.split_once(char::is_whitespace).is_some_and(|(kind, rest)| kind == "services" && unquoted(rest) == name)
        })
    };
    let section = text.lines().skip_while(|line| !is_header(line)).skip(1).take_while(|line| !line.starts_with('['));
    section.map(str::trim_start).any(|line| !line.is_empty() && !line.starts_with(['#', ';']))
}

fn unquoted(name: &str) -> &str {
    let name = name.trim();
    ['"', '\''].iter().find_map(|&quote| name.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(name)
}

/// One of the two files, wherever the environment has it.
fn path(variable: &str, name: &str) -> String {
    let home = std::env::var("HOME").unwrap_or_default();
    match std::env::var(variable) {
        Ok(path) => path.strip_prefix("~/").map_or(path.clone(), |rest| format!("{home}/{rest}")),
        Err(_) => format!("{home}/.aws/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::has_services;

    #[test]
    fn a_section_of_services_is_there_once_something_stands_in_it() {
        let text =
            "[profile a]\nservices = one\n[services one]\n# s3 =\n\n[services  \"two words\" ]\n  s3 =\n    x = y\n[services three]\n";
        for (name, is_there) in [("one", false), ("two words", true), ("three", false), ("a", false), ("", false)] {
            assert_eq!(has_services(text, name), is_there, "{name}");
        }
    }
}
