//! What rows are held to: the pools that they name with the policy of each, and the lints.

use std::collections::HashMap;
use std::sync::Arc;

use super::Protected;
use super::lint::Lints;
use crate::policy::Policy;
use crate::row::PoolId;

/// Knows the password policy of a pool: from a file, from the service, or not at all.
pub trait PolicySource {
    /// The policy of `pool`, or nothing where it cannot be read: then only the API's own rules hold.
    fn policy(&mut self, pool: &PoolId) -> Option<Policy>;

    /// Whether usernames of `pool` that differ in case alone are different users, or nothing where that is not known. It is asked after
    /// the policy.
    fn case_sensitive(&mut self, _pool: &PoolId) -> Option<bool> {
        None
    }
}

impl<F: FnMut(&PoolId) -> Option<Policy>> PolicySource for F {
    fn policy(&mut self, pool: &PoolId) -> Option<Policy> {
        self(pool)
    }
}

/// The policies of the pools named so far. Each pool's source is asked once, in the order in which rows first name them, and never by
/// two threads at once. Pass the same one to both passes over a file, so that both see the same policies.
pub struct Policies<'a> {
    source: Box<dyn PolicySource + Send + 'a>,
    pools: Arc<Pools>,
}

impl<'a> Policies<'a> {
    /// Knows no pool yet.
    pub fn new(source: impl PolicySource + Send + 'a) -> Self {
        Self { source: Box::new(source), pools: Arc::default() }
    }

    /// The same, with what becomes of each lint.
    pub fn with_lints(mut self, lints: Lints) -> Self {
        Arc::make_mut(&mut self.pools).lints = lints;
        self
    }

    /// The same, with users that are never touched.
    pub fn protecting(mut self, protected: Option<Arc<Protected>>) -> Self {
        Arc::make_mut(&mut self.pools).protected = protected;
        self
    }

    /// The pools named so far, in the order of their first appearance, each with its policy if it has one that could be read.
    pub fn known(&self) -> impl Iterator<Item = (&PoolId, Option<&Policy>)> {
        self.pools.known.iter().map(|pool| (&pool.id, pool.policy.as_ref()))
    }

    /// What is known by now, for another pass over the same rows. It asks nobody: pools that are not known have no policy.
    pub fn another(&self) -> Policies<'static> {
        Policies { source: Box::new(|_: &PoolId| None), pools: Arc::clone(&self.pools) }
    }

    /// The pools named so far. Who shares them does not see those that are learnt later.
    pub(super) fn pools(&self) -> &Arc<Pools> {
        &self.pools
    }

    /// Asks for the policy of a pool, unless it is known already.
    pub(super) fn learn(&mut self, pool: PoolId) {
        if self.pools.numbers.contains_key(pool.as_str()) {
            return;
        }
        let policy = self.source.policy(&pool);
        let case_sensitive = self.source.case_sensitive(&pool);
        let pools = Arc::make_mut(&mut self.pools);
        let number = u32::try_from(pools.known.len()).expect("there are no more pools than rows");
        pools.numbers.insert(pool.as_str().into(), PoolNumber(number));
        pools.known.push(Pool { id: pool, policy, case_sensitive });
    }
}

/// A pool's place in the order of first appearance: what rows carry instead of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PoolNumber(pub u32);

/// A pool, as far as rows are held to it.
#[derive(Clone)]
struct Pool {
    id: PoolId,
    policy: Option<Policy>,
    case_sensitive: Option<bool>,
}

/// The pools as the checking threads see them: without their source.
#[derive(Clone, Default)]
pub(super) struct Pools {
    known: Vec<Pool>,
    numbers: HashMap<Box<str>, PoolNumber>,
    lints: Lints,
    protected: Option<Arc<Protected>>,
}

impl Pools {
    /// Whether the user of this name is never touched.
    pub(super) fn is_protected(&self, username: &str) -> bool {
        self.protected.as_ref().is_some_and(|protected| protected.covers(username))
    }

    /// The number of the pool with this id. `last` is the answer before; rows of one pool tend to stand together.
    pub(super) fn find(&self, id: &str, last: &mut Option<PoolNumber>) -> Option<PoolNumber> {
        if last.is_none_or(|number| self.id(number).as_str() != id) {
            *last = self.numbers.get(id).copied();
        }
        *last
    }

    pub(super) fn id(&self, number: PoolNumber) -> &PoolId {
        &self.known[number.0 as usize].id
    }

    pub(super) fn policy(&self, number: PoolNumber) -> Option<&Policy> {
        self.known[number.0 as usize].policy.as_ref()
    }

    pub(super) fn case_sensitive(&self, number: PoolNumber) -> Option<bool> {
        self.known[number.0 as usize].case_sensitive
    }

    pub(super) fn lints(&self) -> Lints {
        self.lints
    }

    /// The ids in the order of their numbers.
    pub(super) fn ids(&self) -> impl Iterator<Item = &PoolId> {
        self.known.iter().map(|pool| &pool.id)
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}
