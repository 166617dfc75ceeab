//! The operations, each as the service performs it: constraints first, then pool, then user, then the rules of the pool. Quotas,
//! permissions and faults are left to `calls`.

mod accounts;
mod challenge;
mod clients;
mod given;
mod limits;
mod list_users;
mod new_users;
mod pools;
mod set_password;
mod sign_in;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::clients::{Client, Clients};
use super::clock::Clock;
use super::constraints::Constraints;
use super::pools::{Pool, Pools};
use super::protocol::{self, Operation, Refusal};
use super::quota::Rates;
use super::settings::Settings;
use super::tokens::Seal;
use super::users::User;

/// Cognito itself: the pools of one account.
pub(super) struct Service {
    pub(super) pools: Pools,
    pub(super) clients: Clients,
    pub(super) clock: Clock,
    /// How many pools and clients were ever created: what the next id is drawn from.
    pub(super) created: AtomicU64,
    /// What passwords, tokens and sessions are hashed and sealed under.
    pub(super) secret: [u8; 32],
    pub(super) account: Box<str>,
    seal: Seal,
    rates: Rates,
    seed: u64,
    short_pages: bool,
}

/// The input of an operation that needs to know a user and nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OneUser {
    user_pool_id: Option<String>,
    username: Option<String>,
}

impl Service {
    pub(super) fn new(settings: &Settings, secret: [u8; 32]) -> Self {
        Self {
            pools: Pools::new(settings.seed, secret),
            clients: Clients::default(),
            clock: Clock::new(settings.clock),
            created: AtomicU64::new(0),
            secret,
            account: settings.account.as_str().into(),
            seal: Seal::new(&secret),
            rates: Rates::new(settings),
            seed: settings.seed,
            short_pages: settings.short_pages,
        }
    }

    /// Performs `operation` in `region` and gives its output.
    pub(super) fn perform(&self, operation: Operation, region: &str, body: &[u8]) -> Result<Bytes, Refusal> {
        let output = match operation {
            // The operations that change one thing and say nothing.
            Operation::AdminSetUserPassword => return self.admin_set_user_password(region, body).map(|()| EMPTY_OBJECT),
            Operation::AdminConfirmSignUp => return self.admin_confirm_sign_up(region, body).map(|()| EMPTY_OBJECT),
            Operation::AdminDisableUser => return self.set_enabled(region, body, false).map(|()| EMPTY_OBJECT),
            Operation::AdminEnableUser => return self.set_enabled(region, body, true).map(|()| EMPTY_OBJECT),
            Operation::AdminResetUserPassword => return self.admin_reset_user_password(region, body).map(|()| EMPTY_OBJECT),
            Operation::AdminUserGlobalSignOut => return self.admin_user_global_sign_out(region, body).map(|()| EMPTY_OBJECT),
            Operation::UpdateUserPool => return self.update_user_pool(region, body).map(|()| EMPTY_OBJECT),
            // These two have no output in the service model: their answer's body is empty.
            Operation::AdminDeleteUser => return self.admin_delete_user(region, body).map(|()| Bytes::new()),
            Operation::DeleteUserPool => return self.delete_user_pool(region, body).map(|()| Bytes::new()),
            Operation::AdminCreateUser => self.admin_create_user(region, body)?,
            Operation::AdminGetUser => self.admin_get_user(region, body)?,
            Operation::AdminInitiateAuth => self.admin_initiate_auth(region, body)?,
            Operation::AdminRespondToAuthChallenge => self.admin_respond_to_auth_challenge(region, body)?,
            Operation::CreateUserPool => self.create_user_pool(region, body)?,
            Operation::CreateUserPoolClient => self.create_user_pool_client(region, body)?,
            Operation::DescribeUserPool => self.describe_user_pool(region, body)?,
            Operation::GetProvisionedLimit => self.get_provisioned_limit(body)?,
            Operation::InitiateAuth => self.initiate_auth(region, body)?,
            Operation::ListUsers => self.list_users(region, body)?,
            Operation::RespondToAuthChallenge => self.respond_to_auth_challenge(region, body)?,
            Operation::SignUp => self.sign_up(region, body)?,
        };
        Ok(output.to_string().into())
    }

    /// The pool with this id. A Region's endpoint knows the pools of its Region alone.
    fn pool(&self, region: &str, id: &str) -> Result<Arc<Pool>, Refusal> {
        self.pools.get(id).filter(|pool| pool.id.region() == region).ok_or_else(|| Refusal::pool_not_found(id))
    }

    /// The client with this id, and its pool. A call that was not signed names no Region.
    fn client(&self, region: &str, id: &str) -> Result<(Arc<Client>, Arc<Pool>), Refusal> {
        let client = self.clients.get(id).ok_or_else(|| Refusal::client_not_found(id))?;
        let pool = self.pools.get(&client.pool).filter(|pool| region.is_empty() || pool.id.region() == region);
        let pool = pool.ok_or_else(|| Refusal::client_not_found(id))?;
        Ok((client, pool))
    }

    /// The pool and the username of an input that holds these two alone.
    fn one_user(&self, region: &str, body: &[u8]) -> Result<(Arc<Pool>, String), Refusal> {
        let input: OneUser = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let pool_id = constraints.user_pool_id(input.user_pool_id.as_deref());
        constraints.username(input.username.as_deref());
        constraints.check()?;
        let pool = self.pool(region, pool_id)?;
        Ok((pool, input.username.expect("a missing username is a broken constraint")))
    }

    /// Changes the user of an input that holds pool and username alone.
    fn change(&self, region: &str, body: &[u8], change: impl FnOnce(&mut User, f64) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let (pool, username) = self.one_user(region, body)?;
        let mut content = pool.write();
        let user = content.user_mut(&username).ok_or_else(Refusal::user_not_found)?;
        change(user, self.clock.now())
    }
}

/// The output of an operation that has nothing to say.
const EMPTY_OBJECT: Bytes = Bytes::from_static(b"{}");

/// A user as the API gives one; its attributes have the name that the operation gives them.
fn user_type(user: &User, attributes: &[(String, String)], attributes_member: &str) -> Value {
    let attributes: Vec<Value> = attributes.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    json!({
        "Username": user.username,
        attributes_member: attributes,
        "UserCreateDate": user.created,
        "UserLastModifiedDate": user.modified,
        "Enabled": user.enabled,
        "UserStatus": user.status.name(),
    })
}
