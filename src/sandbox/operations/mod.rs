//! The operations, each as the service performs it: constraints first, then pool, then user, then the rules of the pool. Quotas and
//! faults are left to `calls`.

mod list_users;
mod pools;
mod users;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;

use super::pools::{Pool, Pools};
use super::protocol::{Operation, Refusal};

/// Cognito itself: the pools of one account.
pub(super) struct Service {
    pub(super) pools: Pools,
    seed: u64,
    account: Box<str>,
    created_pools: AtomicU64,
}

impl Service {
    pub(super) fn new(seed: u64, account: &str) -> Self {
        Self { pools: Pools::new(seed), seed, account: account.into(), created_pools: AtomicU64::new(0) }
    }

    /// Performs `operation` in `region` and gives its output.
    pub(super) fn perform(&self, operation: Operation, region: &str, body: &[u8]) -> Result<Bytes, Refusal> {
        let output = match operation {
            Operation::AdminSetUserPassword => return self.admin_set_user_password(region, body),
            Operation::AdminCreateUser => self.admin_create_user(region, body)?,
            Operation::AdminGetUser => self.admin_get_user(region, body)?,
            Operation::CreateUserPool => self.create_user_pool(region, body)?,
            Operation::DescribeUserPool => self.describe_user_pool(region, body)?,
            Operation::ListUsers => self.list_users(region, body)?,
        };
        Ok(output.to_string().into())
    }

    /// The pool with this id. A Region's endpoint knows the pools of its Region alone.
    fn pool(&self, region: &str, id: &str) -> Result<Arc<Pool>, Refusal> {
        self.pools.get(id).filter(|pool| pool.id.region() == region).ok_or_else(|| Refusal::pool_not_found(id))
    }
}
