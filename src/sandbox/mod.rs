//! A Cognito on loopback to rehearse against: pools and users and their statuses, password rules, quotas and faults, over the protocol
//! that the AWS SDKs speak.
//!
//! It does what Amazon Cognito documents, with the codes and texts that the live service sends. Where the real behaviour is not
//! established the code says so and takes a side: the milder one for what a user meets. Binding the port, and keeping it on loopback,
//! is left to the caller.
//!
//! A call goes `http` → `calls` (fault, permission, quota, log) → `operations` → `pools` → `directory` → `users`.
//!
//! Where the behaviour of the service is not established, the sandbox does this:
//!
//! | not established | here |
//! |---|---|
//! | what AdminSetUserPassword does to a disabled user | it sets the password; the user stays disabled |
//! | what a temporary password does to a federated user | FORCE_CHANGE_PASSWORD, as to the others |
//! | whether policy or history is looked at first | the policy |
//! | the text of PasswordHistoryPolicyViolationException | "Password has previously been used."; the code is the service's |
//! | whether temporary passwords count in the history | they do, as the current password does |
//! | which passwords a history knows that is asked for later | the current one, and those set from then on |
//! | whether a temporary password's validity is fixed when it is set | no: the pool's setting at the time of the sign-in counts |
//! | the order of checks at a sign-in | client, flow, user, password, disabled, status: a wrong password tells nothing of the status |
//! | how often a session may be answered | until its time is over or a password is set |
//! | AdminResetUserPassword without a verified email or phone number | it is allowed, and no code is sent |
//! | AdminResetUserPassword on a user never confirmed, or federated | NotAuthorizedException |
//! | the `sub` as `Username` where an attribute is the username | it is the username there, and a name of the user in every other pool too |
//! | an unverified email or phone number | no alias until it is verified; as the username it counts at once |
//! | the order of ListUsers | by username, and consistent at once |
//! | bursts, windows, and whether refused calls count | a bucket of one burst, or a window of a second; refused calls do not count |
//! | quotas of categories that are not documented to us, and per user | none, unless one is given |
//! | whether the signature, IAM or the quota comes first | in this order: a call that is refused takes nothing from the quota |
//! | how old a signature may be | 15 minutes by the machine's clock, as the API reference says; the sandbox's own clock does not count |
//! | GetProvisionedLimit for a category that is not adjustable | ResourceNotFoundException, so that no program counts on an answer |
//! | the answer to a minimum length left out beside other rules | the least allowed, 6 |
//!
//! What it leaves out: client secrets (a request for one is refused), SRP, custom and passwordless sign-in (refused), MFA, groups,
//! triggers, messages, and the lock-out after failed sign-ins. Signatures are verified when keys are given, and session tokens never.

mod attributes;
mod call_log;
mod calls;
mod clients;
mod clock;
mod constraints;
mod directory;
mod faults;
mod filter;
mod http;
mod ids;
mod operations;
mod passwords;
mod permissions;
mod plan;
mod pool_settings;
mod pools;
mod protocol;
mod quota;
mod settings;
mod signatures;
mod state_file;
mod tokens;
mod users;
mod users_file;
#[cfg(test)]
mod wire_tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use self::clock::{ClockShift, ClockShiftError};
pub use self::permissions::{Denial, DenialError};
pub use self::plan::PlanError;
pub use self::pools::DEFAULT_POLICY;
pub use self::quota::{Category, CategoryQuota, CategoryQuotaError, QuotaWindow};
pub use self::settings::{DOCUMENTED_QUOTA, Faults, Settings};
pub use self::signatures::{AccessKey, AccessKeyError};
pub use self::state_file::StateError;
pub use self::users_file::UsersFileError;

use self::call_log::CallLog;
use self::calls::Desk;
use self::operations::Service;
use self::plan::Plan;
use self::users::{Status, User};
use self::users_file::Entry;
use crate::policy::Policy;
use crate::row::{self, PoolId};
use crate::secret::Password;

/// Why a sandbox cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A setting is out of its range.
    #[error("the sandbox's {name} must be {allowed}")]
    Setting {
        /// Its name in [`Settings`] or [`Faults`].
        name: &'static str,
        /// What it may be.
        allowed: &'static str,
    },
    /// The call log cannot be made.
    #[error("the call log {} cannot be made: {source}", .path.display())]
    LogCreate {
        /// Where.
        path: PathBuf,
        /// Why. An existing file is not overwritten.
        source: io::Error,
    },
    /// A line of the call log cannot be written. The sandbox stops: a log with holes proves nothing.
    #[error("the call log cannot be written: {0}")]
    LogWrite(#[source] io::Error),
    /// The fault plan is unusable.
    #[error("the fault plan {}: {source}", .path.display())]
    Plan {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PlanError,
    },
    /// The state file cannot be loaded or saved.
    #[error("the state file {}: {source}", .path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// Why.
        source: StateError,
    },
    /// The file of users is unusable.
    #[error("{}: {source}", .path.display())]
    Users {
        /// The file.
        path: PathBuf,
        /// Why.
        source: UsersFileError,
    },
}

/// A sandbox. Clones share one state.
#[derive(Clone)]
pub struct Sandbox(Arc<Desk>);

impl Sandbox {
    /// Makes an empty sandbox, and its call log if one is asked for: a new file with mode 0600.
    ///
    /// # Errors
    /// [`SandboxError::Setting`] where a setting is out of its range, [`SandboxError::LogCreate`] where the log exists or cannot be
    /// made.
    pub fn new(settings: Settings) -> Result<Self, SandboxError> {
        settings.check()?;
        let plan = match &settings.plan {
            Some(path) => Plan::read(path, settings.seed).map_err(|source| SandboxError::Plan { path: path.clone(), source })?,
            None => Plan::none(),
        };
        let log = match &settings.log {
            Some(path) => Some(CallLog::create(path).map_err(|source| SandboxError::LogCreate { path: path.clone(), source })?),
            None => None,
        };
        let saved = match &settings.state {
            Some(path) => state_file::try_out(path)
                .and_then(|()| state_file::load(path, &settings))
                .map_err(|source| SandboxError::State { path: path.clone(), source })?,
            None => None,
        };
        let service = saved.unwrap_or_else(|| Service::new(&settings, rand::random()));
        Ok(Self(Arc::new(Desk::new(settings, service, plan, log))))
    }

    /// Makes sure that there is such a pool, with this policy. A minimum length below 6, the least that the service allows, becomes 6.
    pub fn add_pool(&self, pool: &PoolId, policy: Policy) {
        let now = self.0.service.clock.now();
        self.0.service.pools.get_or_add(pool, now).set_policy(policy, now);
    }

    /// Makes sure that there is such a user: an enabled one, with status CONFIRMED and no password, where there was none. A pool that
    /// is missing is added with [`DEFAULT_POLICY`].
    pub fn add_user(&self, user: &row::User) {
        let now = self.0.service.clock.now();
        let pool = self.0.service.pools.get_or_add(&user.pool, now);
        // A user who is there already stays as they are.
        pool.add_user(User::new(&user.username, Status::Confirmed, now), false).ok();
    }

    /// Adds the users of a file, each in place of one with its username, and gives their number. Pools that are missing are added
    /// with [`DEFAULT_POLICY`].
    ///
    /// A line is an object with `UserPoolId`, `Username` and, where wanted, `UserStatus` (CONFIRMED unless it says otherwise),
    /// `Enabled` (true) and `Attributes` (an object of texts, or the list of Name and Value that ListUsers gives). An object with an
    /// `Id` in place of these is a pool as DescribeUserPool gives it (`aws cognito-idp describe-user-pool … | jq -c .UserPool`), and
    /// comes before its users. A file that does not begin with `{` is CSV with the columns `user_pool_id` and `username`. Other
    /// members and columns are ignored, passwords among them.
    ///
    /// # Errors
    /// [`SandboxError::Users`] where the file cannot be read or a line holds no user; the users before that line were added.
    pub fn load_users(&self, path: &Path) -> Result<usize, SandboxError> {
        let service = &self.0.service;
        let now = service.clock.now();
        let take = |entry| match entry {
            Entry::User(pool, user) => {
                service.put_user(&service.pools.get_or_add(&pool, now), user);
                Ok(())
            }
            Entry::Pool(pool, config, naming) => service.put_pool(pool, config, naming, now),
        };
        users_file::read(path, now, take).map_err(|source| SandboxError::Users { path: path.to_owned(), source })
    }

    /// The output of one call, or the status and the code of its refusal, without a connection.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn answer(&self, operation: &str, body: &[u8], at: std::time::SystemTime) -> Result<bytes::Bytes, (u16, &'static str)> {
        let headers = hyper::HeaderMap::new();
        match self.0.take(&calls::Arrival { at, operation, region: None, headers: &headers, body }).reply {
            calls::Reply::Output(output) => Ok(output),
            calls::Reply::Refused(refusal) => Err((refusal.status, refusal.code)),
            calls::Reply::Html(status) => Err((status, "")),
            calls::Reply::Cut => Err((0, "")),
        }
    }

    /// Whether this is the user's password now.
    pub fn password_is(&self, user: &row::User, password: &Password<'_>) -> bool {
        let pool = self.0.service.pools.get(user.pool.as_str());
        pool.is_some_and(|pool| pool.read().user(&user.username).is_some_and(|user| pool.is_password(user, password)))
    }

    /// Moves the clock by which temporary passwords, sessions and tokens expire. Quotas and delays do not follow it.
    pub fn move_clock(&self, by: ClockShift) {
        self.0.service.clock.shift(by);
    }

    /// Serves until `stop` is cancelled, then gives the calls under way 2 s to finish. The caller has bound the listener, to a
    /// loopback address. Needs a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// [`SandboxError::LogWrite`] where a line of the call log could not be written, [`SandboxError::State`] where the state could
    /// not be saved.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) -> Result<(), SandboxError> {
        let served = http::serve(Arc::clone(&self.0), listener, stop).await;
        if let Some(path) = self.0.state_path() {
            state_file::save(path, &self.0.service).map_err(|source| SandboxError::State { path: path.to_owned(), source })?;
        }
        served
    }
}
