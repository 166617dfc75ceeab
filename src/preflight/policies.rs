//! Where the pools' password policies come from: a file, the pools themselves, or nowhere.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use tokio::runtime::Handle;

use super::{Refusal, Rehearsal, Service};
use crate::cognito::{Cognito, PoolAnswer};
use crate::policy::Policy;
use crate::report::plain;
use crate::row::PoolId;
use crate::validate::{Policies, PolicySource};

/// What `--policy` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyChoice {
    /// Ask each pool.
    Live,
    /// Only the API's own rules.
    None,
    /// This one, for every pool.
    Given(Policy),
}

impl PolicyChoice {
    /// Reads `live`, `none` or a policy file.
    ///
    /// # Errors
    /// [`Refusal::Policy`] where the file cannot be read or holds no policy.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        match text {
            "live" => return Ok(Self::Live),
            "none" => return Ok(Self::None),
            _ => {}
        }
        let path = Path::new(text);
        let refusal = |reason: String| Refusal::Policy { path: path.to_owned(), reason };
        let json = std::fs::read(path).map_err(|error| refusal(error.to_string()))?;
        Policy::from_json(&json).map(Self::Given).map_err(refusal)
    }

    /// The policy given, if one was.
    pub fn given(self) -> Option<Policy> {
        match self {
            Self::Given(policy) => Some(policy),
            Self::Live | Self::None => None,
        }
    }
}

/// Makes the policies that `validate` asks for. With [`PolicyChoice::Live`] it is `service` that they are read from.
pub fn policies(choice: PolicyChoice, service: Option<&Service>) -> (Policies<'static>, MissingPool) {
    let missing = MissingPool::default();
    let source = match (choice, service) {
        (PolicyChoice::Live, Some(service)) => Policies::new(LivePolicies {
            runtime: service.runtime.handle().clone(),
            cognito: Arc::clone(&service.cognito),
            rehearsal: service.rehearsal.clone(),
            missing: missing.clone(),
        }),
        _ => Policies::new(move |_: &PoolId| choice.given()),
    };
    (source, missing)
}

/// The first pool that was found not to exist, if one was.
#[derive(Clone, Default)]
pub struct MissingPool(Arc<OnceLock<(PoolId, String)>>);

impl MissingPool {
    /// Refuses if a pool was found not to exist.
    ///
    /// # Errors
    /// [`Refusal::NoPool`] then.
    pub fn none_found(&self) -> Result<(), Refusal> {
        match self.0.get() {
            Some((pool, message)) => Err(Refusal::NoPool { pool: pool.to_string(), message: message.clone() }),
            None => Ok(()),
        }
    }
}

/// Asks each pool for its policy.
struct LivePolicies {
    runtime: Handle,
    cognito: Arc<Cognito>,
    rehearsal: Option<Rehearsal>,
    missing: MissingPool,
}

impl PolicySource for LivePolicies {
    fn policy(&mut self, pool: &PoolId) -> Option<Policy> {
        if let Some(rehearsal) = &self.rehearsal {
            rehearsal.add_pool(pool);
        }
        match self.runtime.block_on(self.cognito.describe_pool(pool)) {
            PoolAnswer::Found(policy) => policy,
            PoolAnswer::Missing(message) => {
                self.missing.0.get_or_init(|| (pool.clone(), message));
                None
            }
            PoolAnswer::Unreadable(reason) => {
                eprintln!("warning: cannot read the password policy of {pool}: {}", plain(&reason));
                eprintln!("         its passwords are checked against the API's own rules alone; --policy FILE gives the policy");
                None
            }
        }
    }
}
