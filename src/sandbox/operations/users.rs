//! AdminSetUserPassword, AdminCreateUser, AdminGetUser.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::clock;
use super::super::constraints::Constraints;
use super::super::pools::Pool;
use super::super::protocol::{self, Refusal};
use super::super::users::{Status, User};
use super::Service;
use crate::policy::{Policy, PolicyRule};
use crate::row::Lifetime;
use crate::secret::Password;

/// The longest name of an attribute, in characters (service model).
const MAX_ATTRIBUTE_NAME: usize = 32;
/// The longest value of an attribute, in characters (service model).
const MAX_ATTRIBUTE_VALUE: usize = 2048;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SetPassword {
    user_pool_id: Option<String>,
    username: Option<String>,
    #[serde(default, deserialize_with = "protocol::password")]
    password: Option<Password<'static>>,
    permanent: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateUser {
    user_pool_id: Option<String>,
    username: Option<String>,
    user_attributes: Option<Vec<AttributeType>>,
    #[serde(default, deserialize_with = "protocol::password")]
    temporary_password: Option<Password<'static>>,
    message_action: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeType {
    name: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetUser {
    user_pool_id: Option<String>,
    username: Option<String>,
}

impl Service {
    pub(super) fn admin_set_user_password(&self, region: &str, body: &[u8]) -> Result<Bytes, Refusal> {
        let input: SetPassword = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let pool_id = constraints.user_pool_id(input.user_pool_id.as_deref());
        let username = constraints.username(input.username.as_deref());
        match &input.password {
            Some(password) => constraints.password("password", password),
            None => constraints.missing("password"),
        }
        constraints.check()?;
        let pool = self.pool(region, pool_id)?;
        let password = input.password.expect("a missing password is a broken constraint");
        let content = pool.read();
        content.user(username).ok_or_else(Refusal::user_not_found)?;
        conforms(&content.config.policy, &password)?;
        drop(content);
        let lifetime = Lifetime::from(input.permanent.unwrap_or(false));
        if !pool.set_password(username, &password, lifetime) {
            return Err(Refusal::user_not_found());
        }
        Ok(Bytes::from_static(b"{}"))
    }

    pub(super) fn admin_create_user(&self, region: &str, body: &[u8]) -> Result<Value, Refusal> {
        let input: CreateUser = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let pool_id = constraints.user_pool_id(input.user_pool_id.as_deref());
        let username = constraints.username(input.username.as_deref());
        let attributes = input.user_attributes.unwrap_or_default();
        constrain_attributes(&mut constraints, &attributes);
        if let Some(password) = &input.temporary_password {
            constraints.password("temporaryPassword", password);
        }
        let action = input.message_action.as_deref();
        if !matches!(action, None | Some("RESEND" | "SUPPRESS")) {
            constraints.broken("messageAction", action, "satisfy enum value set: [RESEND, SUPPRESS]");
        }
        constraints.check()?;
        let pool = self.pool(region, pool_id)?;
        if let Some(password) = &input.temporary_password {
            conforms(&pool.read().config.policy, password)?;
        }
        if action == Some("RESEND") {
            can_resend(&pool, username)?;
        } else {
            let mut user = User::new(username, Status::ForceChangePassword, clock::now());
            user.attributes = attributes.into_iter().map(AttributeType::into_pair).collect();
            if !pool.add_user(user) {
                return Err(Refusal::new("UsernameExistsException", "User account already exists"));
            }
        }
        if let Some(password) = &input.temporary_password {
            pool.set_password(username, password, Lifetime::Temporary);
        }
        let content = pool.read();
        let user = content.user(username).ok_or_else(Refusal::user_not_found)?;
        Ok(json!({ "User": user_type(user, &pool.attributes(user), "Attributes") }))
    }

    pub(super) fn admin_get_user(&self, region: &str, body: &[u8]) -> Result<Value, Refusal> {
        let input: GetUser = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let pool_id = constraints.user_pool_id(input.user_pool_id.as_deref());
        let username = constraints.username(input.username.as_deref());
        constraints.check()?;
        let pool = self.pool(region, pool_id)?;
        let content = pool.read();
        let user = content.user(username).ok_or_else(Refusal::user_not_found)?;
        Ok(user_type(user, &pool.attributes(user), "UserAttributes"))
    }
}

impl AttributeType {
    fn into_pair(self) -> (Box<str>, Box<str>) {
        (self.name.unwrap_or_default().into(), self.value.unwrap_or_default().into())
    }
}

fn constrain_attributes(constraints: &mut Constraints, attributes: &[AttributeType]) {
    for (at, attribute) in attributes.iter().enumerate().map(|(at, attribute)| (at + 1, attribute)) {
        let path = format!("userAttributes.{at}.member.name");
        match &attribute.name {
            Some(name) => constraints.length(&path, name, Some(name), 1, MAX_ATTRIBUTE_NAME),
            None => constraints.missing(&path),
        }
        let value = attribute.value.as_deref().unwrap_or_default();
        constraints.length(&format!("userAttributes.{at}.member.value"), value, None, 0, MAX_ATTRIBUTE_VALUE);
    }
}

/// RESEND is for a user that exists and has not signed in yet. The text of the second refusal is not the service's.
fn can_resend(pool: &Pool, username: &str) -> Result<(), Refusal> {
    match pool.read().user(username) {
        None => Err(Refusal::user_not_found()),
        Some(user) if user.status == Status::ForceChangePassword => Ok(()),
        Some(user) => {
            let message = format!("The invitation cannot be sent again to a user whose status is {}", user.status.name());
            Err(Refusal::new("UnsupportedUserStateException", message))
        }
    }
}

/// The pool's policy, one reason at a time, in the words of the live service.
fn conforms(policy: &Policy, password: &Password<'_>) -> Result<(), Refusal> {
    let Some(rule) = policy.violations(password.expose()).next() else { return Ok(()) };
    let reason = match rule {
        PolicyRule::MinimumLength(_) => "Password not long enough",
        PolicyRule::Uppercase => "Password must have uppercase characters",
        PolicyRule::Lowercase => "Password must have lowercase characters",
        PolicyRule::Numbers => "Password must have numeric characters",
        PolicyRule::Symbols => "Password must have symbol characters",
    };
    Err(Refusal::new("InvalidPasswordException", format!("Password did not conform with policy: {reason}")))
}

/// A user as the API gives one; its attributes have the name that the operation gives them.
pub(super) fn user_type(user: &User, attributes: &[(String, String)], attributes_member: &str) -> Value {
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
