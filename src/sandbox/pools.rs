//! The pools, and the users in each. One lock a pool; no call holds more than one.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::users::{PasswordHash, User};
use super::{clock, ids};
use crate::policy::Policy;
use crate::row::{Lifetime, PoolId};
use crate::secret::Password;

/// The policy of a pool that was created without one: what the console and `CreateUserPool` give it.
pub const DEFAULT_POLICY: Policy =
    Policy { minimum_length: 8, require_uppercase: true, require_lowercase: true, require_numbers: true, require_symbols: true };

/// The least minimum length that a pool's policy can have (service model).
pub(super) const LEAST_MINIMUM_LENGTH: usize = 6;

/// How many days a temporary password is valid unless the pool says otherwise (developer guide).
pub(super) const DEFAULT_VALIDITY_DAYS: u16 = 7;

/// All pools of the sandbox, in every Region.
pub(super) struct Pools {
    by_id: RwLock<HashMap<Box<str>, Arc<Pool>>>,
    seed: u64,
    password_key: [u8; 32],
}

impl Pools {
    pub(super) fn new(seed: u64) -> Self {
        Self { by_id: RwLock::default(), seed, password_key: rand::random() }
    }

    /// The pool with this id.
    pub(super) fn get(&self, id: &str) -> Option<Arc<Pool>> {
        self.by_id.read().expect("the map of pools is never left half changed").get(id).cloned()
    }

    /// The pool with this id; where there is none, a case-sensitive one with the default policy.
    pub(super) fn get_or_add(&self, id: &PoolId) -> Arc<Pool> {
        self.get(id.as_str()).unwrap_or_else(|| self.add(id.clone(), PoolConfig::named(id.as_str())))
    }

    /// Adds a pool, or finds the one that took this id before.
    pub(super) fn add(&self, id: PoolId, config: PoolConfig) -> Arc<Pool> {
        let mut pools = self.by_id.write().expect("the map of pools is never left half changed");
        let key = id.as_str().into();
        let pool =
            Pool { id, seed: self.seed, password_key: self.password_key, created: clock::now(), content: RwLock::new(Content::of(config)) };
        Arc::clone(pools.entry(key).or_insert_with(|| Arc::new(pool)))
    }
}

/// How a pool is set up.
#[derive(Clone, Debug)]
pub(super) struct PoolConfig {
    pub(super) name: String,
    pub(super) policy: Policy,
    /// 1 to 365.
    pub(super) temporary_validity_days: u16,
    /// Whether usernames that differ only in case are two users.
    pub(super) case_sensitive: bool,
}

impl PoolConfig {
    /// What `CreateUserPool` makes of a name alone.
    pub(super) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), policy: DEFAULT_POLICY, temporary_validity_days: DEFAULT_VALIDITY_DAYS, case_sensitive: true }
    }
}

/// One pool.
pub(super) struct Pool {
    pub(super) id: PoolId,
    /// Seconds since 1970.
    pub(super) created: f64,
    seed: u64,
    password_key: [u8; 32],
    content: RwLock<Content>,
}

/// What of a pool can change.
pub(super) struct Content {
    pub(super) config: PoolConfig,
    /// Seconds since 1970.
    pub(super) modified: f64,
    /// By the username as the pool compares it, in the order in which ListUsers gives them; the service's own order is undocumented.
    users: BTreeMap<Box<str>, User>,
}

impl Pool {
    /// The pool as it is now.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Content> {
        self.content.read().expect("no call panics while it holds a pool")
    }

    fn write(&self) -> RwLockWriteGuard<'_, Content> {
        self.content.write().expect("no call panics while it holds a pool")
    }

    /// Gives the pool another policy. A minimum length below the least that the service allows becomes that.
    pub(super) fn set_policy(&self, policy: Policy) {
        let mut content = self.write();
        content.config.policy = Policy { minimum_length: policy.minimum_length.max(LEAST_MINIMUM_LENGTH), ..policy };
        content.modified = clock::now();
    }

    /// Adds a user unless the username is taken. Says whether it was added.
    pub(super) fn add_user(&self, user: User) -> bool {
        let mut content = self.write();
        let key = content.key(&user.username);
        if content.users.contains_key(&key) {
            return false;
        }
        content.users.insert(key, user);
        true
    }

    /// Adds a user, in place of one with that username.
    pub(super) fn put_user(&self, user: User) {
        let mut content = self.write();
        let key = content.key(&user.username);
        content.users.insert(key, user);
    }

    /// Sets a user's password. Says whether there is such a user.
    pub(super) fn set_password(&self, username: &str, password: &Password<'_>, lifetime: Lifetime) -> bool {
        let now = clock::now();
        let mut content = self.write();
        let key = content.key(username);
        let Some(user) = content.users.get_mut(&key) else { return false };
        let hash = PasswordHash::of(&self.password_key, &user.username, password);
        user.set_password(hash, lifetime, now);
        true
    }

    /// Whether this is the user's password now.
    pub(super) fn password_is(&self, username: &str, password: &Password<'_>) -> bool {
        let content = self.read();
        let hash = |user: &User| PasswordHash::of(&self.password_key, &user.username, password);
        content.user(username).is_some_and(|user| user.password == Some(hash(user)))
    }

    /// A user's attributes, `sub` first.
    pub(super) fn attributes(&self, user: &User) -> Vec<(String, String)> {
        let given = user.attributes.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        if user.attributes.iter().any(|(name, _)| &**name == "sub") {
            return given.collect();
        }
        let sub = ids::sub(self.seed, &self.id, &user.username);
        std::iter::once(("sub".to_owned(), sub)).chain(given).collect()
    }
}

impl Content {
    fn of(config: PoolConfig) -> Self {
        Self { config, modified: clock::now(), users: BTreeMap::new() }
    }

    /// The username as this pool compares it.
    fn key(&self, username: &str) -> Box<str> {
        if self.config.case_sensitive { username.into() } else { username.to_lowercase().into() }
    }

    /// The user with this username.
    pub(super) fn user(&self, username: &str) -> Option<&User> {
        self.users.get(&self.key(username))
    }

    /// How many users there are.
    pub(super) fn user_count(&self) -> usize {
        self.users.len()
    }

    /// The users in the order of their keys, from the one behind `after` on.
    pub(super) fn users_after(&self, after: Option<&str>) -> impl Iterator<Item = (&str, &User)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        self.users.range::<str, _>((from, Unbounded)).map(|(key, user)| (&**key, user))
    }
}

#[cfg(test)]
mod tests {
    use super::super::users::Status;
    use super::*;

    fn pool(case_sensitive: bool) -> Arc<Pool> {
        let id = PoolId::parse("us-east-1_a").expect("a pool id");
        Pools::new(0).add(id, PoolConfig { case_sensitive, ..PoolConfig::named("a") })
    }

    fn user(username: &str) -> User {
        User::new(username, Status::Confirmed, 1.0)
    }

    #[test]
    fn a_password_set_is_the_users_password_and_no_other() {
        let pool = pool(true);
        assert!(pool.add_user(user("ann")));
        assert!(!pool.password_is("ann", &Password::new("Abcdef1!")));
        assert!(pool.set_password("ann", &Password::new("Abcdef1!"), Lifetime::Permanent));
        assert!(pool.password_is("ann", &Password::new("Abcdef1!")));
        assert!(!pool.password_is("ann", &Password::new("Abcdef1?")));
        assert!(!pool.set_password("bob", &Password::new("Abcdef1!"), Lifetime::Permanent));
    }

    #[test]
    fn case_tells_users_apart_only_where_the_pool_says_so() {
        let sensitive = pool(true);
        assert!(sensitive.add_user(user("Ann")) && sensitive.add_user(user("ann")));
        let insensitive = pool(false);
        assert!(insensitive.add_user(user("Ann")) && !insensitive.add_user(user("ann")));
        assert!(insensitive.set_password("ANN", &Password::new("Abcdef1!"), Lifetime::Permanent));
        assert_eq!(insensitive.read().user("aNN").map(|user| &*user.username), Some("Ann"));
    }

    #[test]
    fn a_policy_is_never_weaker_than_the_service_allows() {
        let pool = pool(true);
        pool.set_policy(Policy::default());
        assert_eq!(pool.read().config.policy.minimum_length, 6);
    }

    #[test]
    fn a_pool_added_twice_keeps_its_users() {
        let pools = Pools::new(0);
        let id = PoolId::parse("us-east-1_a").expect("a pool id");
        pools.get_or_add(&id).put_user(user("ann"));
        assert_eq!(pools.add(id, PoolConfig::named("b")).read().user_count(), 1);
    }

    #[test]
    fn a_sub_stays_with_its_user_unless_another_is_given() {
        let pool = pool(true);
        let ann = user("ann");
        assert_eq!(pool.attributes(&ann), pool.attributes(&ann));
        assert_ne!(pool.attributes(&ann), pool.attributes(&user("bob")));
        let given = User { attributes: [("sub".into(), "42".into())].into(), ..ann };
        assert_eq!(pool.attributes(&given), [("sub".to_owned(), "42".to_owned())]);
    }
}
