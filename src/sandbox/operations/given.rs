//! Pools and users that a file gives, which need not come about by the rules of an operation.

use super::super::directory::Naming;
use super::super::ids;
use super::super::pools::{Pool, PoolConfig};
use super::super::users::User;
use super::Service;
use super::new_users::form_of;
use crate::row::PoolId;

impl Service {
    /// Adds a user, in place of one with that username. In a pool where an attribute stands in the username's place, a username of
    /// that form becomes the attribute, and the `sub` the username.
    pub(in super::super) fn put_user(&self, pool: &Pool, mut user: User) {
        let form = form_of(&user.username).filter(|form| pool.read().directory.naming().usernames.contains(form));
        if let Some(attribute) = form {
            let name = std::mem::take(&mut user.username);
            user.username = user.attribute("sub").map_or_else(|| ids::sub(self.seed, &pool.id, &name), str::to_owned).into();
            let sub = user.username.clone();
            user.put_attributes(vec![("sub".into(), sub), (attribute.name().into(), name)]);
        }
        pool.put_user(user);
    }

    /// Adds a pool, or changes one that is there; how that one names its users cannot be changed.
    pub(in super::super) fn put_pool(&self, id: PoolId, config: PoolConfig, naming: Naming, now: f64) -> Result<(), &'static str> {
        let pool = self.pools.add(id, config.clone(), naming.clone(), now);
        let mut content = pool.write();
        if *content.directory.naming() != naming {
            return Err("the pool is there already, and names its users in another way: put it before its users");
        }
        content.config = config;
        Ok(())
    }
}
