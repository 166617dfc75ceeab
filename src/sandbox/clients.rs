//! The app clients, through which users sign up and sign in. A client's id is unique in the sandbox and names its pool. Clients have
//! no secrets here.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use serde::{Deserialize, Serialize};

use crate::row::PoolId;

/// An authentication flow that a client can allow. The older names without `ALLOW_` mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Flow {
    #[serde(rename = "ALLOW_ADMIN_USER_PASSWORD_AUTH", alias = "ADMIN_NO_SRP_AUTH")]
    AdminUserPassword,
    #[serde(rename = "ALLOW_USER_PASSWORD_AUTH", alias = "USER_PASSWORD_AUTH")]
    UserPassword,
    #[serde(rename = "ALLOW_REFRESH_TOKEN_AUTH")]
    RefreshToken,
    #[serde(rename = "ALLOW_USER_SRP_AUTH")]
    UserSrp,
    #[serde(rename = "ALLOW_CUSTOM_AUTH", alias = "CUSTOM_AUTH_FLOW_ONLY")]
    Custom,
    #[serde(rename = "ALLOW_USER_AUTH")]
    UserAuth,
}

/// An app client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) name: String,
    /// The id of its pool.
    pub(super) pool: String,
    pub(super) flows: Vec<Flow>,
    /// Whether an unknown user is answered like a wrong password.
    pub(super) hides_users: bool,
    /// Seconds that an access token is valid.
    pub(super) access_seconds: u32,
    /// Seconds that an id token is valid.
    pub(super) id_seconds: u32,
    /// Seconds that a refresh token is valid.
    pub(super) refresh_seconds: u32,
    /// Minutes that the session of a challenge is valid.
    pub(super) session_minutes: u8,
    /// Milliseconds since 1970.
    pub(super) created_millis: i64,
}

impl Client {
    pub(super) fn allows(&self, flow: Flow) -> bool {
        self.flows.contains(&flow)
    }
}

/// All clients of the sandbox.
#[derive(Default)]
pub(super) struct Clients(RwLock<HashMap<String, Arc<Client>>>);

impl Clients {
    /// The client with this id.
    pub(super) fn get(&self, id: &str) -> Option<Arc<Client>> {
        self.0.read().expect("the map of clients is never left half changed").get(id).cloned()
    }

    /// All clients, in the order of their ids.
    pub(super) fn all(&self) -> Vec<Arc<Client>> {
        let mut clients: Vec<_> = self.0.read().expect("the map of clients is never left half changed").values().cloned().collect();
        clients.sort_by(|one, other| one.id.cmp(&other.id));
        clients
    }

    /// Adds a client, in place of one with its id.
    pub(super) fn put(&self, client: Client) -> Arc<Client> {
        let client = Arc::new(client);
        self.0.write().expect("the map of clients is never left half changed").insert(client.id.clone(), Arc::clone(&client));
        client
    }

    /// Takes the clients of a pool out.
    pub(super) fn remove_pool(&self, pool: &PoolId) {
        self.0.write().expect("the map of clients is never left half changed").retain(|_, client| client.pool != pool.as_str());
    }
}
