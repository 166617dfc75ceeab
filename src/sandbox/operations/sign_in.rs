//! InitiateAuth and AdminInitiateAuth: signing in by password, and with a refresh token. Other flows are refused in words of the
//! sandbox's own, and so is a lock-out after failed attempts: there is none.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::clients::{Client, Flow};
use super::super::constraints::Constraints;
use super::super::pools::Pool;
use super::super::protocol::{self, Refusal};
use super::super::tokens::{Grant, Kind};
use super::super::users::{Status, User};
use super::Service;
use crate::secret::Password;

const DAY_SECONDS: f64 = 86_400.0;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Initiate {
    user_pool_id: Option<String>,
    client_id: Option<String>,
    auth_flow: Option<String>,
    #[serde(default)]
    auth_parameters: HashMap<String, String>,
}

impl Service {
    pub(super) fn initiate_auth(&self, region: &str, body: &[u8]) -> Result<Value, Refusal> {
        let input: Initiate = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let client_id = constraints.client_id(input.client_id.as_deref());
        let flow = auth_flow(&mut constraints, input.auth_flow.as_deref());
        constraints.check()?;
        let (client, pool) = self.client(region, client_id)?;
        match flow {
            "USER_PASSWORD_AUTH" => {
                if !client.allows(Flow::UserPassword) {
                    return Err(Refusal::invalid_parameter("USER_PASSWORD_AUTH flow not enabled for this client"));
                }
                self.by_password(&client, &pool, input.auth_parameters)
            }
            "REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN" => self.by_refresh_token(&client, &pool, &input.auth_parameters),
            "ADMIN_NO_SRP_AUTH" | "ADMIN_USER_PASSWORD_AUTH" => Err(Refusal::invalid_parameter("Initiate Auth method not supported.")),
            _ => Err(other_flow()),
        }
    }

    pub(super) fn admin_initiate_auth(&self, region: &str, body: &[u8]) -> Result<Value, Refusal> {
        let input: Initiate = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let pool_id = constraints.user_pool_id(input.user_pool_id.as_deref());
        let client_id = constraints.client_id(input.client_id.as_deref());
        let flow = auth_flow(&mut constraints, input.auth_flow.as_deref());
        constraints.check()?;
        let (client, pool) = self.client_of(region, pool_id, client_id)?;
        let allowed = match flow {
            "ADMIN_NO_SRP_AUTH" | "ADMIN_USER_PASSWORD_AUTH" => Flow::AdminUserPassword,
            "USER_PASSWORD_AUTH" => Flow::UserPassword,
            "REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN" => return self.by_refresh_token(&client, &pool, &input.auth_parameters),
            _ => return Err(other_flow()),
        };
        if !client.allows(allowed) {
            return Err(Refusal::invalid_parameter("Auth flow not enabled for this client"));
        }
        self.by_password(&client, &pool, input.auth_parameters)
    }

    /// The client of this pool.
    pub(super) fn client_of(&self, region: &str, pool_id: &str, client_id: &str) -> Result<(Arc<Client>, Arc<Pool>), Refusal> {
        let pool = self.pool(region, pool_id)?;
        let client = self.clients.get(client_id).filter(|client| client.pool == pool.id.as_str());
        Ok((client.ok_or_else(|| Refusal::client_not_found(client_id))?, pool))
    }

    fn by_password(&self, client: &Client, pool: &Pool, mut parameters: HashMap<String, String>) -> Result<Value, Refusal> {
        let password = parameters.remove("PASSWORD").map(Password::new);
        let username = parameter(&parameters, "USERNAME")?;
        let password = password.ok_or_else(|| missing_parameter("PASSWORD"))?;
        let content = pool.read();
        let wrong = || Refusal::not_authorized("Incorrect username or password.");
        let user = content.user(username).ok_or_else(|| if client.hides_users { wrong() } else { Refusal::user_not_found() })?;
        // In which order the service looks at these is not established. Here a wrong password learns nothing of the user's state.
        if !pool.is_password(user, &password) {
            return Err(wrong());
        }
        if !user.enabled {
            return Err(Refusal::not_authorized("User is disabled."));
        }
        match user.status {
            Status::Confirmed => Ok(self.signed_in(client, pool, user)),
            Status::Unconfirmed => Err(Refusal::new("UserNotConfirmedException", "User is not confirmed.")),
            Status::ResetRequired => Err(Refusal::new("PasswordResetRequiredException", "Password reset required for the user")),
            Status::ExternalProvider => Err(wrong()),
            Status::ForceChangePassword => {
                // The validity is the pool's now, not its at the time when the password was set; the service's way is not established.
                let expires = user.password_set + f64::from(content.config.temporary_validity_days) * DAY_SECONDS;
                if self.clock.now() >= expires {
                    let message = "Temporary password has expired and must be reset by an administrator.";
                    return Err(Refusal::not_authorized(message));
                }
                Ok(self.new_password_required(client, pool, user))
            }
        }
    }

    fn new_password_required(&self, client: &Client, pool: &Pool, user: &User) -> Value {
        let session = self.seal.close(Kind::Session, &self.grant(client, pool, user, millis(user.password_set)));
        let attributes: Map<_, _> =
            pool.attributes(user).into_iter().filter(|(name, _)| name != "sub").map(|(name, value)| (name, Value::String(value))).collect();
        json!({
            "ChallengeName": "NEW_PASSWORD_REQUIRED",
            "Session": session,
            "ChallengeParameters": {
                "USER_ID_FOR_SRP": user.username,
                "requiredAttributes": "[]",
                "userAttributes": Value::Object(attributes).to_string(),
            },
        })
    }

    fn by_refresh_token(&self, client: &Client, pool: &Pool, parameters: &HashMap<String, String>) -> Result<Value, Refusal> {
        if !client.allows(Flow::RefreshToken) {
            return Err(Refusal::invalid_parameter("Auth flow not enabled for this client"));
        }
        let invalid = || Refusal::not_authorized("Invalid Refresh Token");
        let token = parameter(parameters, "REFRESH_TOKEN")?;
        let grant = self.seal.open(Kind::RefreshToken, token).filter(|grant| grant.client == client.id).ok_or_else(invalid)?;
        if self.is_over(grant.issued, i64::from(client.refresh_seconds)) {
            return Err(Refusal::not_authorized("Refresh Token has expired"));
        }
        let content = pool.read();
        let user = content.user(&grant.username).filter(|user| millis(user.created) == grant.user_created).ok_or_else(invalid)?;
        if user.sign_outs != grant.sign_outs {
            return Err(Refusal::not_authorized("Refresh Token has been revoked"));
        }
        if !user.enabled {
            return Err(Refusal::not_authorized("User is disabled."));
        }
        Ok(json!({ "ChallengeParameters": {}, "AuthenticationResult": self.tokens(client, pool, user, grant.since) }))
    }

    /// The answer to a sign-in that succeeded, with a refresh token.
    pub(super) fn signed_in(&self, client: &Client, pool: &Pool, user: &User) -> Value {
        let now = millis(self.clock.now());
        let mut tokens = self.tokens(client, pool, user, now);
        tokens["RefreshToken"] = self.seal.close(Kind::RefreshToken, &self.grant(client, pool, user, now)).into();
        json!({ "ChallengeParameters": {}, "AuthenticationResult": tokens })
    }

    fn grant(&self, client: &Client, pool: &Pool, user: &User, since: i64) -> Grant {
        Grant {
            pool: pool.id.as_str().to_owned(),
            client: client.id.clone(),
            username: user.username.to_string(),
            user_created: millis(user.created),
            since,
            issued: millis(self.clock.now()),
            sign_outs: user.sign_outs,
        }
    }

    /// Whether `seconds` have gone by since `issued`.
    pub(super) fn is_over(&self, issued: i64, seconds: i64) -> bool {
        millis(self.clock.now()) >= issued.saturating_add(seconds.saturating_mul(1000))
    }

    fn tokens(&self, client: &Client, pool: &Pool, user: &User, signed_in: i64) -> Value {
        let now = millis(self.clock.now()) / 1000;
        let issuer = format!("https://cognito-idp.{}.amazonaws.com/{}", pool.id.region(), pool.id);
        let sub = pool.sub(user);
        let access = json!({
            "sub": sub, "iss": issuer, "client_id": client.id, "token_use": "access", "scope": "aws.cognito.signin.user.admin",
            "auth_time": signed_in / 1000, "iat": now, "exp": now + i64::from(client.access_seconds), "username": user.username,
        });
        let id = json!({
            "sub": sub, "iss": issuer, "aud": client.id, "token_use": "id", "auth_time": signed_in / 1000, "iat": now,
            "exp": now + i64::from(client.id_seconds), "cognito:username": user.username,
        });
        json!({
            "AccessToken": self.seal.web_token(&access),
            "IdToken": self.seal.web_token(&id),
            "ExpiresIn": client.access_seconds,
            "TokenType": "Bearer",
        })
    }
}

/// Milliseconds since 1970.
pub(super) fn millis(seconds: f64) -> i64 {
    (seconds * 1e3).round() as i64
}

/// A member of AuthParameters or ChallengeResponses that must be there.
pub(super) fn parameter<'a>(parameters: &'a HashMap<String, String>, name: &str) -> Result<&'a str, Refusal> {
    parameters.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or_else(|| missing_parameter(name))
}

pub(super) fn missing_parameter(name: &str) -> Refusal {
    Refusal::invalid_parameter(format!("Missing required parameter {name}"))
}

fn other_flow() -> Refusal {
    Refusal::invalid_parameter("The sandbox signs users in by password and with refresh tokens only")
}

fn auth_flow<'a>(constraints: &mut Constraints, flow: Option<&'a str>) -> &'a str {
    const FLOWS: [&str; 8] = [
        "USER_SRP_AUTH",
        "REFRESH_TOKEN_AUTH",
        "REFRESH_TOKEN",
        "CUSTOM_AUTH",
        "ADMIN_NO_SRP_AUTH",
        "USER_PASSWORD_AUTH",
        "ADMIN_USER_PASSWORD_AUTH",
        "USER_AUTH",
    ];
    match flow {
        None => constraints.missing("authFlow"),
        Some(name) if FLOWS.contains(&name) => {}
        Some(name) => constraints.broken("authFlow", Some(name), &format!("satisfy enum value set: [{}]", FLOWS.join(", "))),
    }
    flow.unwrap_or_default()
}
