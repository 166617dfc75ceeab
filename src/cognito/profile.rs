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
const KEYS: [&str; 9] = [
    "region",
    "output",
    "ca_bundle",
    "cli_auto_prompt",
    "cli_error_format",
    "aws_access_key_id",
    "aws_secret_access_key",
    "max_attempts",
    "retry_mode",
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
        let only_credentials = EnvConfigFiles::builder().with_file(EnvConfigFileKind::Credentials, credentials_file()).build();
        let key_in_credentials_file = match load(&only_credentials).await {
            Ok(sets) => sets.get_profile(name).is_some_and(|profile| profile.get("aws_access_key_id").is_some()),
            Err(_) => false,
        };
        Ok(Self { settings, exists: true, key_in_credentials_file })
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

fn credentials_file() -> String {
    std::env::var("AWS_SHARED_CREDENTIALS_FILE")
        .unwrap_or_else(|_| format!("{}/.aws/credentials", std::env::var("HOME").unwrap_or_default()))
}
