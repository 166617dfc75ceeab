//! The pools, and the users in each. One lock a pool; no call holds more than one.

use std::collections::HashMap;
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::attributes::Attribute;
use super::directory::{Directory, Naming, Place, Taken};
use super::ids;
use super::passwords::{MAX_HISTORY, PasswordHash};
use super::users::User;
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
    /// No pools yet. `password_key` is what passwords are hashed under.
    pub(super) fn new(seed: u64, password_key: [u8; 32]) -> Self {
        Self { by_id: RwLock::default(), seed, password_key }
    }

    /// The pool with this id.
    pub(super) fn get(&self, id: &str) -> Option<Arc<Pool>> {
        self.by_id.read().expect("the map of pools is never left half changed").get(id).cloned()
    }

    /// All pools, in the order of their ids.
    pub(super) fn all(&self) -> Vec<Arc<Pool>> {
        let mut pools: Vec<_> = self.by_id.read().expect("the map of pools is never left half changed").values().cloned().collect();
        pools.sort_by(|one, other| one.id.cmp(&other.id));
        pools
    }

    /// The pool with this id; where there is none, a case-sensitive one with the default policy, made at `now`.
    pub(super) fn get_or_add(&self, id: &PoolId, now: f64) -> Arc<Pool> {
        self.get(id.as_str()).unwrap_or_else(|| self.add(id.clone(), PoolConfig::named(id.as_str()), Naming::default(), now))
    }

    /// Adds a pool, or finds the one that took this id before.
    pub(super) fn add(&self, id: PoolId, config: PoolConfig, naming: Naming, now: f64) -> Arc<Pool> {
        let mut pools = self.by_id.write().expect("the map of pools is never left half changed");
        let key = id.as_str().into();
        let content = Content { config, modified: now, directory: Directory::new(naming) };
        let pool = Pool { id, seed: self.seed, password_key: self.password_key, created: now, content: RwLock::new(content) };
        Arc::clone(pools.entry(key).or_insert_with(|| Arc::new(pool)))
    }

    /// Takes a pool out, with its users.
    pub(super) fn remove(&self, id: &PoolId) {
        self.by_id.write().expect("the map of pools is never left half changed").remove(id.as_str());
    }
}

/// What of a pool's set-up can be changed later. How it names its users cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PoolConfig {
    pub(super) name: String,
    pub(super) policy: Policy,
    /// 1 to 365.
    pub(super) temporary_validity_days: u16,
    /// How many passwords a user may not repeat, the current one included: 0 to [`MAX_HISTORY`].
    pub(super) password_history: usize,
    /// Whether users may not sign themselves up.
    pub(super) admin_creates_only: bool,
    /// Whether the pool cannot be deleted.
    pub(super) deletion_protected: bool,
}

impl PoolConfig {
    /// What `CreateUserPool` makes of a name alone.
    pub(super) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            policy: DEFAULT_POLICY,
            temporary_validity_days: DEFAULT_VALIDITY_DAYS,
            password_history: 0,
            admin_creates_only: false,
            deletion_protected: false,
        }
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
    pub(super) directory: Directory,
}

impl Content {
    /// The user whom this names.
    pub(super) fn user(&self, name: &str) -> Option<&User> {
        self.directory.find(name).map(|place| self.directory.user(place))
    }

    /// The user whom this names, to be changed.
    pub(super) fn user_mut(&mut self, name: &str) -> Option<&mut User> {
        let place = self.directory.find(name)?;
        Some(self.directory.user_mut(place))
    }
}

impl Pool {
    /// The pool as it is now.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Content> {
        self.content.read().expect("no call panics while it holds a pool")
    }

    /// The pool, to be changed.
    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Content> {
        self.content.write().expect("no call panics while it holds a pool")
    }

    /// Gives the pool another policy. A minimum length below the least that the service allows becomes that.
    pub(super) fn set_policy(&self, policy: Policy, now: f64) {
        let mut content = self.write();
        content.config.policy = Policy { minimum_length: policy.minimum_length.max(LEAST_MINIMUM_LENGTH), ..policy };
        content.modified = now;
    }

    /// Adds a user unless the username or an alias is taken; an alias can be taken over with `force`.
    pub(super) fn add_user(&self, user: User, force: bool) -> Result<(), Taken> {
        let sub = self.sub(&user);
        self.write().directory.add(user, &sub, force).map(|_| ())
    }

    /// Adds a user, in place of one with its username, and takes over the aliases that it has.
    pub(super) fn put_user(&self, user: User) {
        let sub = self.sub(&user);
        let mut content = self.write();
        if let Some(place) = content.directory.find_by_username(&user.username) {
            self.remove(&mut content.directory, place);
        }
        content.directory.add(user, &sub, true).expect("the username was made free");
    }

    /// Takes a user out.
    pub(super) fn remove(&self, directory: &mut Directory, place: Place) {
        let sub = self.sub(directory.user(place));
        directory.remove(place, &sub);
    }

    /// Sets a user's password, by the rules of nobody.
    pub(super) fn set_password(&self, content: &mut Content, place: Place, password: &Password<'_>, lifetime: Lifetime, now: f64) {
        let history = content.config.password_history.min(MAX_HISTORY);
        let user = content.directory.user_mut(place);
        let hash = PasswordHash::of(&self.password_key, &user.username, password);
        user.set_password(hash, lifetime, history, now);
    }

    /// Whether this is the user's password now.
    pub(super) fn is_password(&self, user: &User, password: &Password<'_>) -> bool {
        user.passwords.is_current(PasswordHash::of(&self.password_key, &user.username, password))
    }

    /// Whether the pool's history forbids this password to the user.
    pub(super) fn is_repeated(&self, config: &PoolConfig, user: &User, password: &Password<'_>) -> bool {
        let hash = || PasswordHash::of(&self.password_key, &user.username, password);
        config.password_history > 0 && user.passwords.is_repeated(hash(), config.password_history)
    }

    /// Changes a user's attributes.
    pub(super) fn put_attributes(&self, content: &mut Content, place: Place, given: Vec<Attribute>) -> Result<(), Taken> {
        let sub = self.sub(content.directory.user(place));
        content.directory.put_attributes(place, given, &sub)
    }

    /// The `sub` of a user: the one given, or one that the seed makes of the username.
    pub(super) fn sub(&self, user: &User) -> String {
        user.attribute("sub").map_or_else(|| ids::sub(self.seed, &self.id, &user.username), str::to_owned)
    }

    /// A user's attributes, `sub` first.
    pub(super) fn attributes(&self, user: &User) -> Vec<(String, String)> {
        let given = user.attributes.iter().filter(|(name, _)| *name != "sub");
        let given = given.map(|(name, value)| (name.to_string(), value.to_string()));
        std::iter::once(("sub".to_owned(), self.sub(user))).chain(given).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::attributes::Attributes;
    use super::super::directory::NamingAttribute;
    use super::super::users::Status;
    use super::*;

    fn pool() -> Arc<Pool> {
        let id = PoolId::parse("us-east-1_a").expect("a pool id");
        Pools::new(0, [7; 32]).add(id, PoolConfig { password_history: 2, ..PoolConfig::named("a") }, Naming::default(), 1.0)
    }

    fn user(username: &str) -> User {
        User::new(username, Status::Confirmed, 1.0)
    }

    #[test]
    fn a_password_set_is_the_users_password_and_no_other() {
        let pool = pool();
        pool.add_user(user("ann"), false).expect("a new user");
        let mut content = pool.write();
        let ann = content.directory.find("ann").expect("the user");
        let [first, second, third] = ["Abcdef1!", "Abcdef2!", "Abcdef3!"].map(Password::new);
        pool.set_password(&mut content, ann, &first, Lifetime::Permanent, 2.0);
        pool.set_password(&mut content, ann, &second, Lifetime::Permanent, 3.0);
        let user = content.user("ann").expect("the user");
        assert!(pool.is_password(user, &second) && !pool.is_password(user, &first));
        let repeated = [&first, &second, &third].map(|password| pool.is_repeated(&content.config, user, password));
        assert_eq!(repeated, [true, true, false]);
    }

    #[test]
    fn a_policy_is_never_weaker_than_the_service_allows() {
        let pool = pool();
        pool.set_policy(Policy::default(), 2.0);
        assert_eq!(pool.read().config.policy.minimum_length, 6);
    }

    #[test]
    fn a_pool_added_twice_keeps_its_users() {
        let pools = Pools::new(0, [7; 32]);
        let id = PoolId::parse("us-east-1_a").expect("a pool id");
        pools.get_or_add(&id, 1.0).put_user(user("ann"));
        assert_eq!(pools.add(id, PoolConfig::named("b"), Naming::default(), 2.0).read().directory.len(), 1);
    }

    #[test]
    fn a_user_put_takes_the_place_of_its_namesake_and_of_no_one_who_bears_the_name_as_an_alias() {
        let naming = Naming { aliases: vec![NamingAttribute::PreferredUsername], ..Naming::default() };
        let id = PoolId::parse("us-east-1_a").expect("a pool id");
        let pool = Pools::new(0, [7; 32]).add(id, PoolConfig::named("a"), naming, 1.0);
        let mut ann = user("ann");
        ann.put_attributes(vec![("preferred_username".into(), "bob".into())]);
        pool.put_user(ann);
        pool.put_user(user("bob"));
        pool.put_user(user("bob"));
        let content = pool.read();
        assert_eq!(content.directory.len(), 2);
        assert_eq!(content.user("bob").map(|user| &*user.username), Some("bob"));
    }

    #[test]
    fn a_sub_stays_with_its_user_unless_another_is_given() {
        let pool = pool();
        let ann = user("ann");
        assert_eq!(pool.attributes(&ann), pool.attributes(&ann));
        assert_ne!(pool.attributes(&ann), pool.attributes(&user("bob")));
        let given = User { attributes: Attributes::of(&[("sub".into(), "42".into())]), ..ann };
        assert_eq!(pool.attributes(&given), [("sub".to_owned(), "42".to_owned())]);
        pool.put_user(given);
        assert!(pool.read().user("42").is_some());
    }
}
