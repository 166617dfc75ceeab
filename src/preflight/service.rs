//! The service that rows are checked against and sent to: AWS, or a sandbox of the command's own that lives as long as it does.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::{Describer, Refusal};
use crate::cognito::{self, Cognito};
use crate::policy::Policy;
use crate::row::{PoolId, User};
use crate::sandbox::{DEFAULT_POLICY, Sandbox, Settings};

/// What threads of the runtime are given to end: far more than those take that can be interrupted.
const A_MOMENT: Duration = Duration::from_secs(1);

/// A runtime, and the door to the service on it.
pub struct Service {
    /// Runs everything asynchronous.
    pub runtime: Bounded,
    /// The door.
    pub cognito: Arc<Cognito>,
    /// The sandbox behind the door, if it is one of our own.
    pub rehearsal: Option<Rehearsal>,
    /// What is known of the pools.
    pub pools: Arc<Describer>,
}

/// A runtime whose end is waited for [`A_MOMENT`] and no longer: a resolver that looks for a host in vain cannot be interrupted, and may
/// take its time.
pub struct Bounded(Option<Runtime>);

impl std::ops::Deref for Bounded {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_timeout(A_MOMENT);
        }
    }
}

/// A sandbox in this process, with the pools and users that the rows name.
#[derive(Clone)]
pub struct Rehearsal {
    sandbox: Sandbox,
    policy: Policy,
}

impl Service {
    /// Loads the AWS configuration. With `rehearse`, starts a sandbox on a free port of the loopback address instead, whose pools have
    /// `policy` or the console's usual one.
    ///
    /// # Errors
    /// [`Refusal`] where that fails.
    pub fn open(mut settings: cognito::Settings, rehearse: bool, policy: Option<Policy>) -> Result<Self, Refusal> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|source| Refusal::Io { what: "cannot start the runtime".to_owned(), source })?;
        let mut rehearsal = None;
        if rehearse {
            let sandbox = Sandbox::new(Settings::default())?;
            let (listener, address) = runtime
                .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
                .and_then(|listener| listener.local_addr().map(|address| (listener, address)))
                .map_err(|source| Refusal::Io { what: "the sandbox cannot listen".to_owned(), source })?;
            runtime.spawn(sandbox.clone().serve(listener, CancellationToken::new()));
            settings.endpoint_url = Some(format!("http://{address}"));
            settings.sandbox = true;
            rehearsal = Some(Rehearsal { sandbox, policy: policy.unwrap_or(DEFAULT_POLICY) });
        }
        let cognito = Arc::new(runtime.block_on(Cognito::connect(settings))?);
        let pools = Arc::new(Describer::new(runtime.handle().clone(), Arc::clone(&cognito), rehearsal.clone()));
        Ok(Self { runtime: Bounded(Some(runtime)), cognito, rehearsal, pools })
    }
}

impl Service {
    /// Refuses if there are no credentials: no password could be set.
    ///
    /// # Errors
    /// [`Refusal::NoCredentials`] then.
    pub fn refuse_no_credentials(&self) -> Result<(), Refusal> {
        self.runtime.block_on(self.cognito.access_key()).map(drop).map_err(Refusal::NoCredentials)
    }

    /// What stands behind the door, in words that are the same for the same place: a run is resumed against the place where it began.
    pub fn target(&self) -> String {
        match self.cognito.custom_endpoint() {
            _ if self.rehearsal.is_some() => "a rehearsal (--sandbox)".to_owned(),
            Some(url) => url,
            None => "AWS".to_owned(),
        }
    }
}

impl Rehearsal {
    /// Makes the pool, unless it is there.
    pub fn add_pool(&self, pool: &PoolId) {
        self.sandbox.add_pool(pool, self.policy);
    }

    /// Makes the user, unless it is there.
    pub fn add_user(&self, user: &User) {
        self.sandbox.add_pool(&user.pool, self.policy);
        self.sandbox.add_user(user);
    }
}
