//! The pools' descriptions: each pool is asked for once, by whoever needs it first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;

use super::Rehearsal;
use super::asking::Asking;
use crate::cognito::{Cognito, PoolDescription};
use crate::execute::cap::Cap;
use crate::outcome::Detail;
use crate::row::PoolId;

/// What came of asking for a pool.
#[derive(Clone, Debug)]
pub enum PoolAnswer {
    /// It exists.
    Found(PoolDescription),
    /// There is no such pool, in the service's words.
    Missing(String),
    /// It could not be asked, for the reason given.
    Unreadable(String),
}

/// Describes pools.
pub struct Describer {
    runtime: Handle,
    cognito: Arc<Cognito>,
    rehearsal: Option<Rehearsal>,
    asked: Mutex<(Asking, BTreeMap<PoolId, PoolAnswer>)>,
}

impl Describer {
    /// The describer of this service. In a rehearsal the pools come into being by being asked for.
    pub(super) fn new(runtime: Handle, cognito: Arc<Cognito>, rehearsal: Option<Rehearsal>) -> Self {
        Self { runtime, cognito, rehearsal, asked: Mutex::new((Asking::new(Cap::USER_POOL_READ), BTreeMap::new())) }
    }

    /// The description of a pool. It waits for the answer, and must not be called by a task of the runtime.
    pub fn describe(&self, pool: &PoolId) -> PoolAnswer {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let (asking, answers) = &mut *asked;
        if let Some(answer) = answers.get(pool) {
            return answer.clone();
        }
        if let Some(rehearsal) = &self.rehearsal {
            rehearsal.add_pool(pool);
        }
        let asked = self.runtime.block_on(asking.ask(pool.region(), async || self.cognito.describe_pool(pool).await));
        let answer = match asked {
            Ok(description) => PoolAnswer::Found(description),
            Err(Detail { code, message, .. }) if code == "ResourceNotFoundException" => PoolAnswer::Missing(message),
            Err(Detail { code, message, .. }) => PoolAnswer::Unreadable(format!("{code}: {message}")),
        };
        answers.insert(pool.clone(), answer.clone());
        answer
    }

    /// The calls made so far.
    pub fn calls(&self) -> u64 {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).0.calls()
    }
}
