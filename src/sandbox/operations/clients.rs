//! CreateUserPoolClient. Of a client's settings the sandbox keeps the flows, the validity of tokens and sessions, and whether unknown
//! users are hidden. It makes no client secrets, and refuses a request for one.

use std::sync::atomic::Ordering;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::clients::{Client, Flow};
use super::super::constraints::Constraints;
use super::super::ids;
use super::super::pool_settings::constrain_name;
use super::super::protocol::{self, Refusal};
use super::Service;

const HOUR: u32 = 3_600;
const DAY: u32 = 24 * HOUR;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateClient {
    user_pool_id: Option<String>,
    client_name: Option<String>,
    #[serde(default)]
    generate_secret: bool,
    client_secret: Option<serde::de::IgnoredAny>,
    explicit_auth_flows: Option<Vec<String>>,
    access_token_validity: Option<i64>,
    id_token_validity: Option<i64>,
    refresh_token_validity: Option<i64>,
    #[serde(default)]
    token_validity_units: TokenValidityUnits,
    prevent_user_existence_errors: Option<String>,
    auth_session_validity: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TokenValidityUnits {
    access_token: Option<String>,
    id_token: Option<String>,
    refresh_token: Option<String>,
}

impl Service {
    pub(super) fn create_user_pool_client(&self, region: &str, body: &[u8]) -> Result<Value, Refusal> {
        let input: CreateClient = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let pool_id = constraints.user_pool_id(input.user_pool_id.as_deref());
        let name = input.client_name.as_deref().unwrap_or_default();
        constrain_name(&mut constraints, "clientName", name);
        let units = &input.token_validity_units;
        let access_seconds =
            seconds(&mut constraints, "accessTokenValidity", input.access_token_validity, &units.access_token, HOUR, 86_400);
        let id_seconds = seconds(&mut constraints, "idTokenValidity", input.id_token_validity, &units.id_token, HOUR, 86_400);
        let refresh = input.refresh_token_validity.filter(|validity| *validity != 0);
        let refresh_seconds = seconds(&mut constraints, "refreshTokenValidity", refresh, &units.refresh_token, DAY, 315_360_000);
        let flows = flows(input.explicit_auth_flows.as_deref(), &mut constraints);
        let hidden = input.prevent_user_existence_errors.as_deref();
        if !matches!(hidden, None | Some("LEGACY" | "ENABLED")) {
            constraints.broken("preventUserExistenceErrors", hidden, "satisfy enum value set: [LEGACY, ENABLED]");
        }
        let minutes = input.auth_session_validity.unwrap_or(3);
        constraints.range("authSessionValidity", minutes, 3, 15);
        constraints.check()?;
        let pool = self.pool(region, pool_id)?;
        if input.generate_secret || input.client_secret.is_some() {
            return Err(Refusal::invalid_parameter("The sandbox makes no client secrets: leave GenerateSecret and ClientSecret out"));
        }
        let client = self.clients.put(Client {
            id: ids::client_id(self.seed, self.created.fetch_add(1, Ordering::Relaxed)),
            name: name.to_owned(),
            pool: pool.id.as_str().to_owned(),
            flows,
            hides_users: hidden == Some("ENABLED"),
            access_seconds,
            id_seconds,
            refresh_seconds,
            session_minutes: u8::try_from(minutes).unwrap_or(3),
            created_millis: (self.clock.now() * 1e3) as i64,
        });
        Ok(json!({ "UserPoolClient": described(&client) }))
    }
}

/// The flows asked for; without any, those that the API reference names. A client with the older names may refresh.
fn flows(given: Option<&[String]>, constraints: &mut Constraints) -> Vec<Flow> {
    let Some(given) = given.filter(|given| !given.is_empty()) else { return vec![Flow::RefreshToken, Flow::UserSrp, Flow::Custom] };
    let mut flows = Vec::new();
    for name in given {
        match Flow::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(name)) {
            Ok(flow) => flows.push(flow),
            Err(_) => {
                constraints.broken("explicitAuthFlows", Some(&format!("[{name}]")), "satisfy enum value set of ExplicitAuthFlowsType")
            }
        }
    }
    if given.iter().any(|name| !name.starts_with("ALLOW_")) {
        flows.push(Flow::RefreshToken);
    }
    flows
}

/// A validity in seconds. `unit` is the seconds of the unit that holds where none is named; a validity not given is one hour for
/// access and id tokens, 30 days for refresh tokens.
fn seconds(constraints: &mut Constraints, path: &str, given: Option<i64>, unit_name: &Option<String>, unit: u32, most: i64) -> u32 {
    let Some(given) = given else { return if unit == DAY { 30 * DAY } else { HOUR } };
    constraints.range(path, given, 1, most);
    let unit = match unit_name.as_deref() {
        None => unit,
        Some("seconds") => 1,
        Some("minutes") => 60,
        Some("hours") => HOUR,
        Some("days") => DAY,
        other => {
            constraints.broken("tokenValidityUnits", other, "satisfy enum value set: [seconds, minutes, hours, days]");
            unit
        }
    };
    u32::try_from(given).unwrap_or(u32::MAX).saturating_mul(unit)
}

fn described(client: &Client) -> Value {
    let created = client.created_millis as f64 / 1e3;
    json!({
        "UserPoolId": client.pool,
        "ClientName": client.name,
        "ClientId": client.id,
        "CreationDate": created,
        "LastModifiedDate": created,
        "AccessTokenValidity": client.access_seconds,
        "IdTokenValidity": client.id_seconds,
        "RefreshTokenValidity": client.refresh_seconds,
        "TokenValidityUnits": { "AccessToken": "seconds", "IdToken": "seconds", "RefreshToken": "seconds" },
        "ExplicitAuthFlows": client.flows,
        "PreventUserExistenceErrors": if client.hides_users { "ENABLED" } else { "LEGACY" },
        "EnableTokenRevocation": true,
        "AuthSessionValidity": client.session_minutes,
    })
}
