//! One user's password, with every setting of the connection in the caller's hand, and the service's answer as it came.
//!
//! The batch needs classes, not answers, and the Region of each pool; it has [`super::Cognito`]. What an answer means here, and whether
//! to try again, is left to the caller.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_sdk_cognitoidentityprovider as sdk;
use sdk::config::SharedCredentialsProvider;
use sdk::config::retry::RetryConfig;
use sdk::config::timeout::TimeoutConfig;

use super::unanswered::{self, Unanswered};
use super::witness::{Seen, Witness};
use super::{ConnectError, endpoint, guard, transport};
use crate::secret::Password;

/// Where the profile was named, which decides what its credentials go before.
#[derive(Clone, Debug)]
pub enum ProfileChoice {
    /// On the command line: the environment's credentials do not count.
    Named(String),
    /// In the environment: its credentials, where there are any, go first.
    FromEnvironment(String),
}

/// How to reach the service, and as whom.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The Region to sign for.
    pub region: String,
    /// The profile, where there is one.
    pub profile: Option<ProfileChoice>,
    /// An endpoint in the place of AWS's own, and whether it stood on the command line.
    pub endpoint: Option<(String, bool)>,
    /// Whether requests are signed.
    pub sign: bool,
    /// Certificates to trust instead of the system's.
    pub ca_bundle: Option<PathBuf>,
    /// Whether the other side's certificate is looked at.
    pub verify: bool,
    /// How long connecting may take.
    pub connect_timeout: Option<Duration>,
    /// How long an answer may take.
    pub read_timeout: Option<Duration>,
}

impl Connection {
    /// Whether the endpoint is one of plain http.
    pub fn is_plain(&self) -> bool {
        self.endpoint.as_ref().is_some_and(|(url, _)| guard::is_plain(url))
    }
}

/// What came of one attempt.
#[derive(Debug)]
pub enum Reply {
    /// The service answered.
    Answered {
        /// The status.
        status: u16,
        /// The body, whatever it is.
        body: Vec<u8>,
        /// The service's id for the request.
        request_id: String,
    },
    /// It did not.
    Unanswered(Unanswered),
}

/// A connection to the service, for one user.
pub struct Direct {
    client: sdk::Client,
    witness: Witness,
}

impl Direct {
    /// Prepares to send. Credentials are looked for with the first request.
    ///
    /// # Errors
    /// [`ConnectError`] where the certificates to trust cannot be used.
    pub async fn open(connection: &Connection) -> Result<Self, ConnectError> {
        let http = transport::lazy(connection)?;
        let timeouts = TimeoutConfig::builder();
        let timeouts = match connection.connect_timeout {
            Some(timeout) => timeouts.connect_timeout(timeout),
            None => timeouts.disable_connect_timeout(),
        };
        let timeouts = match connection.read_timeout {
            Some(timeout) => timeouts.read_timeout(timeout),
            None => timeouts.disable_read_timeout(),
        };
        let shared = loader(connection).load().await;
        let (endpoint, named_by_user) = match &connection.endpoint {
            Some((url, named_by_user)) => (Some(url.clone()), *named_by_user),
            None => (endpoint::configured(&shared), false),
        };
        let witness = Witness { path_is_whole: endpoint.clone(), seen: Arc::new(Mutex::default()) };
        let mut config = sdk::config::Builder::from(&shared)
            .http_client(http)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts.build())
            .interceptor(witness.clone())
            .interceptor(guard::OnlySafeEndpoints { named_by_user });
        config.set_endpoint_url(endpoint);
        if !connection.sign {
            config = config.allow_no_auth();
        }
        Ok(Self { client: sdk::Client::from_conf(config.build()), witness })
    }

    /// Makes one attempt.
    pub async fn set_password(&self, pool: &str, username: &str, password: &Password<'_>, permanent: Option<bool>) -> Reply {
        *self.witness.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::default();
        let sent = self
            .client
            .admin_set_user_password()
            .user_pool_id(pool)
            .username(username)
            .password(password.expose())
            .set_permanent(permanent)
            .send()
            .await;
        let seen = std::mem::take(&mut *self.witness.seen.lock().unwrap_or_else(PoisonError::into_inner));
        match (seen.answer, sent) {
            (Some((status, body, request_id)), _) => Reply::Answered { status, body, request_id },
            (None, Ok(_)) => Reply::Unanswered(Unanswered::Closed { url: seen.url }),
            (None, Err(error)) => Reply::Unanswered(unanswered::of(&error, seen.url)),
        }
    }
}

/// The SDK's configuration, with the credentials that the choice of the profile makes count.
fn loader(connection: &Connection) -> ConfigLoader {
    let region = Region::new(connection.region.clone());
    let http = transport::for_credentials(connection);
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region.clone())
        .retry_config(RetryConfig::standard())
        .timeout_config(TimeoutConfig::builder().build())
        .http_client(http.clone());
    match &connection.profile {
        _ if !connection.sign => loader.no_credentials(),
        None => loader,
        Some(ProfileChoice::FromEnvironment(name)) => loader.profile_name(name),
        Some(ProfileChoice::Named(name)) => {
            let config = ProviderConfig::without_region().with_region(Some(region)).with_http_client(http);
            let profile = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(name).build();
            let ecs = EcsCredentialsProvider::builder().configure(&config).build();
            let imds = ImdsCredentialsProvider::builder().configure(&config).build();
            let chain = CredentialsProviderChain::first_try("Profile", profile).or_else("EcsContainer", ecs).or_else("Ec2Instance", imds);
            loader.profile_name(name).credentials_provider(SharedCredentialsProvider::new(chain))
        }
    }
}

/// The Region that the instance is in, where this is one and it says so.
pub async fn instance_region() -> Option<String> {
    let config = ProviderConfig::without_region().with_http_client(transport::without_trust());
    ImdsRegionProvider::builder().configure(&config).build().region().await.map(|region| region.to_string())
}
