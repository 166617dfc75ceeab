//! Where the pools' password policies come from: a file, the pools themselves, or nowhere.

use std::path::Path;

use super::{Refusal, Service};
use crate::cognito::PoolAnswer;
use crate::policy::Policy;
use crate::report::plain;
use crate::row::PoolId;
use crate::validate::PolicySource;

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

/// The policies, as `validate` asks for them.
pub struct Policies<'a> {
    choice: PolicyChoice,
    service: Option<&'a Service>,
    missing: Option<(PoolId, String)>,
}

impl<'a> Policies<'a> {
    /// `service` is asked where the choice is [`PolicyChoice::Live`].
    pub fn new(choice: PolicyChoice, service: Option<&'a Service>) -> Self {
        Self { choice, service, missing: None }
    }

    /// Refuses if a pool was found not to exist.
    ///
    /// # Errors
    /// [`Refusal::NoPool`] then.
    pub fn all_exist(&mut self) -> Result<(), Refusal> {
        match self.missing.take() {
            Some((pool, message)) => Err(Refusal::NoPool { pool: pool.to_string(), message: plain(&message).into_owned() }),
            None => Ok(()),
        }
    }

    fn live(&mut self, pool: &PoolId) -> Option<Policy> {
        let service = self.service?;
        match service.runtime.block_on(service.cognito.describe_pool(pool)) {
            PoolAnswer::Found(policy) => policy,
            PoolAnswer::Missing(message) => {
                self.missing.get_or_insert((pool.clone(), message));
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

impl PolicySource for Policies<'_> {
    fn policy(&mut self, pool: &PoolId) -> Option<Policy> {
        if let Some(rehearsal) = self.service.and_then(|service| service.rehearsal.as_ref()) {
            rehearsal.add_pool(pool);
        }
        match self.choice {
            PolicyChoice::Live => self.live(pool),
            PolicyChoice::None => None,
            PolicyChoice::Given(policy) => Some(policy),
        }
    }
}
