//! The flags that every AWS tool has, under the names that the AWS CLI gives them.

use std::path::PathBuf;

use clap::Args;

use crate::cognito::Settings;

/// Where the service is and as whom to speak to it.
#[derive(Debug, Args)]
#[command(next_help_heading = "AWS")]
pub(super) struct ServiceArgs {
    /// The profile to take credentials and settings from
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The Region to get credentials from; a row's own Region is the one that its pool id names
    #[arg(long)]
    region: Option<String>,
    /// Send requests here instead of to AWS; plain http only to a loopback address
    #[arg(long, value_name = "URL", conflicts_with = "sandbox")]
    endpoint_url: Option<String>,
    /// Trust the certificates in this PEM file instead of the system's
    #[arg(long, value_name = "FILE")]
    ca_bundle: Option<PathBuf>,
    /// Use a local Cognito of this process, with the file's pools and users in it, at Cognito's real quota
    #[arg(long)]
    pub(super) sandbox: bool,
}

impl ServiceArgs {
    /// `connections` is how many may be kept open for each Region.
    pub(super) fn settings(&self, connections: usize) -> Settings {
        Settings {
            profile: self.profile.clone(),
            region: self.region.clone(),
            endpoint_url: self.endpoint_url.clone(),
            ca_bundle: self.ca_bundle.clone(),
            idle_connections: connections,
            sandbox: false,
        }
    }
}
