//! Where the pools' password policies come from: a file, the pools themselves, or nowhere.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::{Describer, PoolAnswer, Refusal, Service};
use crate::policy::Policy;
use crate::report::plain;
use crate::row::PoolId;
use crate::validate::{Lints, Policies, PolicySource};

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

    /// The policy of one pool, as of now.
    pub fn of(self, pool: &PoolId, service: &Service) -> Option<Policy> {
        match self {
            Self::None => None,
            Self::Given(policy) => Some(policy),
            Self::Live => match service.pools.describe(pool) {
                PoolAnswer::Found(description) => description.policy,
                PoolAnswer::Missing(_) | PoolAnswer::Unreadable(_) => None,
            },
        }
    }
}

/// Makes the policies and lints that rows are held to. With [`PolicyChoice::Live`] it is `service` that policies are read from.
pub fn policies(choice: PolicyChoice, lints: Lints, service: Option<&Service>) -> (Policies<'static>, Obstacles) {
    let obstacles = Obstacles::default();
    let source = match (choice, service) {
        (PolicyChoice::Live, Some(service)) => {
            Policies::new(LivePolicies { pools: Arc::clone(&service.pools), obstacles: obstacles.clone() })
        }
        _ => Policies::new(move |_: &PoolId| choice.given()),
    };
    (source.with_lints(lints), obstacles)
}

/// What was found in the way while policies were read, if anything was.
#[derive(Clone, Default)]
pub struct Obstacles {
    missing: Arc<OnceLock<(PoolId, String)>>,
}

impl Obstacles {
    /// Refuses if a pool was found not to exist.
    ///
    /// # Errors
    /// [`Refusal::NoPool`] then.
    pub fn refuse_missing_pool(&self) -> Result<(), Refusal> {
        match self.missing.get() {
            Some((pool, message)) => Err(Refusal::NoPool { pool: pool.to_string(), message: message.clone() }),
            None => Ok(()),
        }
    }
}

/// Asks each pool for its policy.
struct LivePolicies {
    pools: Arc<Describer>,
    obstacles: Obstacles,
}

impl PolicySource for LivePolicies {
    fn policy(&mut self, pool: &PoolId) -> Option<Policy> {
        match self.pools.describe(pool) {
            PoolAnswer::Found(description) => description.policy,
            PoolAnswer::Missing(message) => {
                self.obstacles.missing.get_or_init(|| (pool.clone(), message));
                None
            }
            PoolAnswer::Unreadable(reason) => {
                warn(pool, &reason);
                None
            }
        }
    }

    fn case_sensitive(&mut self, pool: &PoolId) -> Option<bool> {
        match self.pools.describe(pool) {
            PoolAnswer::Found(description) => Some(description.case_sensitive),
            PoolAnswer::Missing(_) | PoolAnswer::Unreadable(_) => None,
        }
    }
}

fn warn(pool: &PoolId, reason: &str) {
    say!("warning: cannot read the password policy of {pool}: {}", plain(reason));
    say!("         its passwords are checked against the API's own rules alone; --policy FILE gives the policy");
}
