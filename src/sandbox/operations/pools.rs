//! CreateUserPool, DescribeUserPool, UpdateUserPool, DeleteUserPool.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::constraints::Constraints;
use super::super::ids;
use super::super::pool_settings::{PoolSettings, constrain_name, user_pool};
use super::super::pools::Pool;
use super::super::protocol::{self, Refusal};
use super::Service;

/// Where a pool is created when the request does not say, because it is not signed.
const DEFAULT_REGION: &str = "us-east-1";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OnePool {
    user_pool_id: Option<String>,
}

impl Service {
    pub(super) fn create_user_pool(&self, region: &str, body: &[u8]) -> Result<Value, Refusal> {
        let input: PoolSettings = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let name = input.pool_name.as_deref().unwrap_or_default();
        constrain_name(&mut constraints, "poolName", name);
        let config = input.config(name, &mut constraints);
        let naming = input.naming(&mut constraints);
        constraints.check()?;
        if !naming.aliases.is_empty() && !naming.usernames.is_empty() {
            return Err(Refusal::invalid_parameter("Only one of the aliasAttributes or usernameAttributes can be set in a user pool."));
        }
        let region = if region.is_empty() { DEFAULT_REGION } else { region };
        let id = ids::pool_id(self.seed, region, self.created.fetch_add(1, Ordering::Relaxed))
            .ok_or_else(|| Refusal::invalid_parameter(format!("{region} is not a Region")))?;
        let pool = self.pools.add(id, config, naming, self.clock.now());
        let described = user_pool(&pool, &pool.read(), &self.account);
        Ok(json!({ "UserPool": described }))
    }

    pub(super) fn describe_user_pool(&self, region: &str, body: &[u8]) -> Result<Value, Refusal> {
        let pool = self.one_pool(region, body)?;
        let described = user_pool(&pool, &pool.read(), &self.account);
        Ok(json!({ "UserPool": described }))
    }

    /// What the input leaves out goes back to its default (API reference); only the name is kept.
    pub(super) fn update_user_pool(&self, region: &str, body: &[u8]) -> Result<(), Refusal> {
        let input: PoolSettings = protocol::input(body)?;
        let mut constraints = Constraints::default();
        if let Some(name) = &input.pool_name {
            constrain_name(&mut constraints, "poolName", name);
        }
        let mut config = input.config(input.pool_name.as_deref().unwrap_or_default(), &mut constraints);
        constraints.check()?;
        let pool = self.one_pool(region, body)?;
        let mut content = pool.write();
        if input.pool_name.is_none() {
            config.name = std::mem::take(&mut content.config.name);
        }
        content.config = config;
        content.modified = self.clock.now();
        Ok(())
    }

    pub(super) fn delete_user_pool(&self, region: &str, body: &[u8]) -> Result<(), Refusal> {
        let pool = self.one_pool(region, body)?;
        if pool.read().config.deletion_protected {
            return Err(Refusal::invalid_parameter(
                "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.",
            ));
        }
        self.pools.remove(&pool.id);
        self.clients.remove_pool(&pool.id);
        Ok(())
    }

    fn one_pool(&self, region: &str, body: &[u8]) -> Result<Arc<Pool>, Refusal> {
        let input: OnePool = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let pool_id = constraints.user_pool_id(input.user_pool_id.as_deref());
        constraints.check()?;
        self.pool(region, pool_id)
    }
}
