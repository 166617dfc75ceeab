//! RespondToAuthChallenge and AdminRespondToAuthChallenge, for the one challenge that the sandbox makes: NEW_PASSWORD_REQUIRED.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::super::clients::Client;
use super::super::constraints::Constraints;
use super::super::pools::Pool;
use super::super::protocol::{self, Refusal};
use super::super::tokens::Kind;
use super::super::users::Status;
use super::Service;
use super::set_password::is_acceptable;
use super::sign_in::{millis, missing_parameter, parameter};
use crate::row::Lifetime;
use crate::secret::Password;

/// What stands before an attribute's name among the responses.
const ATTRIBUTE_PREFIX: &str = "userAttributes.";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Respond {
    user_pool_id: Option<String>,
    client_id: Option<String>,
    challenge_name: Option<String>,
    session: Option<String>,
    #[serde(default)]
    challenge_responses: HashMap<String, String>,
}

impl Service {
    pub(super) fn respond_to_auth_challenge(&self, region: &str, body: &[u8]) -> Result<Value, Refusal> {
        let input: Respond = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let client_id = constraints.client_id(input.client_id.as_deref());
        input.constrain(&mut constraints);
        constraints.check()?;
        let (client, pool) = self.client(region, client_id)?;
        self.take_new_password(&client, &pool, input)
    }

    pub(super) fn admin_respond_to_auth_challenge(&self, region: &str, body: &[u8]) -> Result<Value, Refusal> {
        let input: Respond = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let pool_id = constraints.user_pool_id(input.user_pool_id.as_deref());
        let client_id = constraints.client_id(input.client_id.as_deref());
        input.constrain(&mut constraints);
        constraints.check()?;
        let (client, pool) = self.client_of(region, pool_id, client_id)?;
        self.take_new_password(&client, &pool, input)
    }

    /// A session is good until its time is over, the password is set, or another one is: a new password that was refused may be
    /// followed by a better one. How often the service allows that is not established.
    fn take_new_password(&self, client: &Client, pool: &Pool, input: Respond) -> Result<Value, Refusal> {
        if input.challenge_name.as_deref() != Some("NEW_PASSWORD_REQUIRED") {
            return Err(Refusal::invalid_parameter("The sandbox makes one challenge only: NEW_PASSWORD_REQUIRED"));
        }
        let mut responses = input.challenge_responses;
        let password = responses.remove("NEW_PASSWORD").map(Password::new).ok_or_else(|| missing_parameter("NEW_PASSWORD"))?;
        let username = parameter(&responses, "USERNAME")?.to_owned();
        let session = input.session.ok_or_else(|| missing_parameter("Session"))?;
        let invalid = || Refusal::not_authorized("Invalid session for the user.");
        let grant = self.seal.open(Kind::Session, &session).filter(|grant| grant.client == client.id).ok_or_else(invalid)?;
        if self.is_over(grant.issued, i64::from(client.session_minutes) * 60) {
            return Err(Refusal::not_authorized("Invalid session for the user, session is expired."));
        }
        let mut constraints = Constraints::default();
        constraints.password("newPassword", &password);
        constraints.check()?;

        let mut content = pool.write();
        let place = content.directory.find(&username).ok_or_else(Refusal::user_not_found)?;
        let user = content.directory.user(place);
        let is_theirs = *user.username == *grant.username && millis(user.created) == grant.user_created;
        let is_open = user.status == Status::ForceChangePassword && millis(user.password_set) == grant.since;
        if !(is_theirs && is_open) {
            return Err(invalid());
        }
        if !user.enabled {
            return Err(Refusal::not_authorized("User is disabled."));
        }
        is_acceptable(pool, &content, user, &password)?;
        let attributes: Vec<_> =
            responses.into_iter().filter_map(|(name, value)| Some((name.strip_prefix(ATTRIBUTE_PREFIX)?.into(), value.into()))).collect();
        if !attributes.is_empty() {
            pool.put_attributes(&mut content, place, attributes)
                .map_err(|_| Refusal::new("AliasExistsException", "An account with the given alias already exists."))?;
        }
        pool.set_password(&mut content, place, &password, Lifetime::Permanent, self.clock.now());
        Ok(self.signed_in(client, pool, content.directory.user(place)))
    }
}

impl Respond {
    fn constrain(&self, constraints: &mut Constraints) {
        if self.challenge_name.is_none() {
            constraints.missing("challengeName");
        }
        if let Some(session) = &self.session {
            constraints.length("session", session, None, 20, 4096);
        }
    }
}
