//! The one door to AWS: no other room names its SDK.
//!
//! [`Cognito`] makes exactly one attempt a call, with a time-out, and answers in the program's own terms. Pacing and retries are left
//! to `execute`: the SDK's own are off, because no limiter can see them. [`Direct`] is the same door for one user, with every setting of
//! the connection in the caller's hand.

mod classify;
mod credentials;
mod departure;
mod direct;
mod echo;
mod endpoint;
mod guard;
mod pool;
mod profile;
mod transport;
mod trust;
mod unanswered;
mod unverified;
mod users;
mod witness;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_cognitoidentityprovider as sdk;
use aws_smithy_http_client::tls;
use sdk::config::retry::RetryConfig;
use sdk::config::timeout::TimeoutConfig;

use self::credentials::{AtHand, HeldCredentials};
pub use direct::{Connection, Direct, ProfileChoice, Reply, instance_region};
pub use echo::repeats;
pub use endpoint::{endpoint_of_environment, missing_services, variable};
pub use pool::{NamingAttribute, PoolDescription};
pub use profile::{Profile, ProfileError};
pub use unanswered::Unanswered;
pub use users::{ListedUser, USERS_IN_A_PAGE, UserPage, UserStatus, Whom};

use crate::outcome::{Answer, Detail};
use crate::row::{Lifetime, PoolId, User};
use crate::secret::Password;

/// How long one attempt may take in all. Without it the SDK would wait for ever.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the connect phase of an attempt may take: the SDK's own default.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);
/// Where `sts` is asked when no Region is set up: an account's id is the same everywhere.
const ANY_REGION: &str = "us-east-1";
/// How long the account's id is waited for. It is only shown.
const ACCOUNT_TIMEOUT: Duration = Duration::from_secs(3);

/// Whatever can set one user's password, with one attempt a call.
pub trait SetPassword: Send + Sync + 'static {
    /// Gets everything at hand that a call needs and that may take a while, so that nothing but the call stands between its turn and its
    /// leaving.
    ///
    /// # Errors
    /// The answer of a call that cannot be made.
    fn prepare(&self) -> impl Future<Output = Result<(), Answer>> + Send;

    /// Makes one attempt and says what came back. It gets all ready that it can, waits until `departure` is over, and leaves at once. It
    /// does not try again.
    fn set_password(
        &self,
        user: &User,
        password: &Password<'_>,
        lifetime: Lifetime,
        departure: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = Answer> + Send;
}

/// Where the service is and as whom to speak to it. What is `None` comes from the environment and the profile, as for every AWS tool.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The profile to use.
    pub profile: Option<String>,
    /// The Region for credentials and for `sts`. A row's own Region is the one that its pool id names.
    pub region: Option<String>,
    /// An endpoint named on the command line. Only such a one may be plain http, and only on a loopback address.
    pub endpoint_url: Option<String>,
    /// A PEM file of certificates to trust instead of the system's.
    pub ca_bundle: Option<PathBuf>,
    /// The most connections kept open for each Region: as many as calls may be in flight.
    pub idle_connections: usize,
    /// Speak to the sandbox at `endpoint_url`, with its credentials and nobody else's.
    pub sandbox: bool,
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The certificate file cannot be read.
    #[error("cannot read the CA bundle {path}: {source}")]
    CaBundle {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The profile has the endpoint looked for in a section of services that is not there.
    #[error(
        "the profile uses the services section {0}, and the AWS configuration file has none of that name, or an empty one\n\
         add it there, or name the endpoint with --endpoint-url"
    )]
    NoServices(String),
    /// The endpoint is none that a password may be sent to.
    #[error("{0}")]
    Endpoint(String),
    /// The certificates cannot be used.
    #[error("cannot use the certificates to trust: {0}")]
    Certificates(String),
    /// A variable of the environment names a proxy that is none. Its value may hold a password, and is not repeated.
    #[error("the variable {variable} names no proxy that can be used: it is http://HOST:PORT or https://HOST:PORT; unset it to do without")]
    Proxy {
        /// The variable.
        variable: &'static str,
    },
}

/// A configuration that cannot be read is left to those who look for credentials in it.
async fn refuse_missing_services(profile: Option<&str>) -> Result<(), ConnectError> {
    let name = profile.map(str::to_owned).or_else(|| std::env::var("AWS_PROFILE").ok());
    let profile = Profile::read(name.as_deref().unwrap_or("default")).await.unwrap_or_default();
    missing_services(&profile).map_or(Ok(()), |name| Err(ConnectError::NoServices(name.to_owned())))
}

/// A client for each Region, made when a call first needs it.
pub struct Cognito {
    clients: Mutex<BTreeMap<String, sdk::Client>>,
    shared: SdkConfig,
    credentials: Arc<HeldCredentials>,
    settings: Settings,
}

impl Cognito {
    /// Loads configuration and credentials sources. Nothing is sent before the first call.
    ///
    /// # Errors
    /// [`ConnectError`] where the CA bundle or a proxy cannot be used, or the endpoint is not safe or cannot be found.
    pub async fn connect(settings: Settings) -> Result<Self, ConnectError> {
        if settings.endpoint_url.is_none() {
            refuse_missing_services(settings.profile.as_deref()).await?;
        }
        let http = http_client(&settings)?;
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http.clone());
        if let Some(profile) = &settings.profile {
            // As in the AWS CLI, a profile that is named wins over keys in the environment; the SDK's own chain has it the other way.
            let config = ProviderConfig::default().with_http_client(http).with_region(settings.region.clone().map(Region::new));
            let credentials = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(profile).build();
            loader = loader.profile_name(profile).credentials_provider(credentials);
        }
        if let Some(region) = &settings.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if settings.sandbox {
            loader = loader.credentials_provider(sdk::config::Credentials::new("sandbox", "sandbox", None, None, "sandbox"));
            if settings.region.is_none() {
                // Any will do. Without one the SDK looks for it on the network, at the instance's metadata service.
                loader = loader.region(Region::new(ANY_REGION));
            }
        }
        let shared = loader.load().await;
        let credentials = Arc::new(HeldCredentials::of(&shared));
        let cognito = Self { clients: Mutex::default(), shared, credentials, settings };
        if let Some(url) = cognito.custom_endpoint() {
            guard::refuse_unsafe(&url, cognito.settings.endpoint_url.is_some())
                .map_err(|error| ConnectError::Endpoint(error.to_string()))?;
        }
        Ok(cognito)
    }

    /// The endpoint that stands in for AWS's own, wherever it was named: on the command line, in the environment, or in the profile or
    /// the section of services that it names.
    pub fn custom_endpoint(&self) -> Option<String> {
        self.settings.endpoint_url.clone().or_else(|| endpoint::configured(&self.shared))
    }

    /// The proxy that the environment names for requests to Cognito, without its credentials.
    pub fn proxy(&self) -> Option<String> {
        let url = self.custom_endpoint().unwrap_or_else(|| format!("https://cognito-idp.{ANY_REGION}.amazonaws.com"));
        if guard::is_plain(&url) { None } else { transport::proxy_for(&url) }
    }

    /// The id of the access key that requests are signed with.
    ///
    /// # Errors
    /// Why there are no credentials.
    pub async fn access_key(&self) -> Result<String, String> {
        let credentials = self.credentials.fresh().await.map_err(|error| match &self.settings.profile {
            Some(profile) => format!("profile {profile}: {error}"),
            None => error.to_string(),
        })?;
        Ok(credentials.access_key_id().to_owned())
    }

    /// The account that the credentials belong to, as `sts` knows it.
    ///
    /// # Errors
    /// Why it is not known: `sts` may not answer within a few seconds.
    pub async fn account(&self) -> Result<String, String> {
        let mut config = aws_sdk_sts::config::Builder::from(&self.shared)
            .timeout_config(TimeoutConfig::builder().operation_timeout(ACCOUNT_TIMEOUT).build());
        if self.shared.region().is_none() {
            config = config.region(Region::new(ANY_REGION));
        }
        match aws_sdk_sts::Client::from_conf(config.build()).get_caller_identity().send().await {
            Ok(identity) => identity.account.ok_or_else(|| "sts did not say".to_owned()),
            Err(error) => Err(format!("sts: {}", classify::explain(&error))),
        }
    }

    fn client(&self, pool: &PoolId) -> sdk::Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        match clients.get(pool.region()) {
            Some(client) => client.clone(),
            None => clients.entry(pool.region().to_owned()).or_insert(self.new_client(pool.region())).clone(),
        }
    }

    fn new_client(&self, region: &str) -> sdk::Client {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).connect_timeout(CONNECT_TIMEOUT).build();
        let mut config = sdk::config::Builder::from(&self.shared)
            .region(Region::new(region.to_owned()))
            .credentials_provider(AtHand(Arc::clone(&self.credentials)))
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .interceptor(guard::OnlySafeEndpoints { named_by_user: self.settings.endpoint_url.is_some() })
            .interceptor(guard::OnlyCognitoAnswers);
        if let Some(http) = self.shared.http_client() {
            config = config.http_client(departure::awaiting(http));
        }
        // Also where there is none: the SDK's own choice, which the plan does not show, is taken back.
        config.set_endpoint_url(self.custom_endpoint());
        sdk::Client::from_conf(config.build())
    }
}

impl SetPassword for Cognito {
    async fn prepare(&self) -> Result<(), Answer> {
        self.credentials.fresh().await.map(drop).map_err(|error| classify::no_credentials(&error))
    }

    async fn set_password(
        &self,
        user: &User,
        password: &Password<'_>,
        lifetime: Lifetime,
        departure: impl Future<Output = ()> + Send + 'static,
    ) -> Answer {
        let begun = Instant::now();
        let request = self
            .client(&user.pool)
            .admin_set_user_password()
            .user_pool_id(user.pool.as_str())
            .username(&*user.username)
            .password(password.expose())
            .permanent(lifetime.is_permanent());
        let mut answer = match departure::upon(departure, request.send()).await {
            Ok(output) => classify::success(&output),
            Err(error) => classify::failure(&error),
        };
        echo::withhold(&mut answer.detail, password);
        let Detail { code, message, request_id } = &answer.detail;
        let (pool, username, class) = (user.pool.as_str(), &*user.username, answer.class);
        tracing::debug!(pool, username, ?class, code, text = message, request_id, ms = begun.elapsed().as_millis() as u64, "answered");
        answer
    }
}

fn http_client(settings: &Settings) -> Result<sdk::config::SharedHttpClient, ConnectError> {
    let trust = match settings.ca_bundle.clone().or_else(|| std::env::var_os("AWS_CA_BUNDLE").map(PathBuf::from)) {
        Some(path) => trust::only(&path)?,
        None => tls::TrustStore::default(),
    };
    transport::pooled(trust, settings.endpoint_url.as_deref().is_some_and(guard::is_plain), settings.idle_connections)
}
