//! AdminCreateUser, SignUp, AdminConfirmSignUp: how users come to be. No message is sent, and a temporary password that the service
//! would make up and send is not set at all.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::attributes::Attribute;
use super::super::constraints::Constraints;
use super::super::directory::{NamingAttribute, Taken};
use super::super::ids;
use super::super::pools::Pool;
use super::super::protocol::{self, Refusal};
use super::super::users::{Status, User};
use super::set_password::{conforms, is_acceptable};
use super::{Service, user_type};
use crate::row::Lifetime;
use crate::secret::Password;

/// The longest name of an attribute, in characters (service model).
const MAX_ATTRIBUTE_NAME: usize = 32;
/// The longest value of an attribute, in characters (service model).
const MAX_ATTRIBUTE_VALUE: usize = 2048;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateUser {
    user_pool_id: Option<String>,
    username: Option<String>,
    user_attributes: Option<Vec<AttributeType>>,
    #[serde(default, deserialize_with = "protocol::password")]
    temporary_password: Option<Password<'static>>,
    message_action: Option<String>,
    force_alias_creation: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SignUp {
    client_id: Option<String>,
    username: Option<String>,
    user_attributes: Option<Vec<AttributeType>>,
    #[serde(default, deserialize_with = "protocol::password")]
    password: Option<Password<'static>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeType {
    name: Option<String>,
    value: Option<String>,
}

impl Service {
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
        let is_new = action != Some("RESEND");
        let name = if is_new {
            let attributes = attributes.into_iter().map(AttributeType::into_pair).collect();
            let user = new_user(&pool, self.seed, username, attributes, Status::ForceChangePassword, self.clock.now())?;
            let name = user.username.to_string();
            pool.add_user(user, input.force_alias_creation.unwrap_or(false)).map_err(taken)?;
            name
        } else {
            username.to_owned()
        };
        let mut content = pool.write();
        let place = content.directory.find(&name).ok_or_else(Refusal::user_not_found)?;
        if !is_new {
            can_be_invited_again(content.directory.user(place))?;
        }
        if let Some(password) = &input.temporary_password {
            is_acceptable(&pool, &content, content.directory.user(place), password)?;
            pool.set_password(&mut content, place, password, Lifetime::Temporary, self.clock.now());
        }
        let user = content.directory.user_mut(place);
        user.password_set = self.clock.now();
        Ok(json!({ "User": user_type(user, &pool.attributes(user), "Attributes") }))
    }

    pub(super) fn sign_up(&self, region: &str, body: &[u8]) -> Result<Value, Refusal> {
        let input: SignUp = protocol::input(body)?;
        let mut constraints = Constraints::default();
        let client_id = constraints.client_id(input.client_id.as_deref());
        let username = constraints.username(input.username.as_deref());
        let attributes = input.user_attributes.unwrap_or_default();
        constrain_attributes(&mut constraints, &attributes);
        match &input.password {
            Some(password) => constraints.password("password", password),
            // Only a pool with passwordless sign-in, which the sandbox has not, takes a sign-up without one.
            None => constraints.missing("password"),
        }
        constraints.check()?;
        let (_, pool) = self.client(region, client_id)?;
        if pool.read().config.admin_creates_only {
            return Err(Refusal::not_authorized("SignUp is not permitted for this user pool"));
        }
        let password = input.password.expect("a missing password is a broken constraint");
        conforms(&pool.read().config.policy, &password)?;
        let attributes = attributes.into_iter().map(AttributeType::into_pair).collect();
        let user = new_user(&pool, self.seed, username, attributes, Status::Unconfirmed, self.clock.now())?;
        let (name, sub) = (user.username.to_string(), pool.sub(&user));
        pool.add_user(user, false).map_err(taken)?;
        let mut content = pool.write();
        let place = content.directory.find(&name).ok_or_else(Refusal::user_not_found)?;
        pool.set_password(&mut content, place, &password, Lifetime::Permanent, self.clock.now());
        content.directory.user_mut(place).status = Status::Unconfirmed;
        Ok(json!({ "UserConfirmed": false, "UserSub": sub }))
    }

    pub(super) fn admin_confirm_sign_up(&self, region: &str, body: &[u8]) -> Result<(), Refusal> {
        self.change(region, body, |user, now| {
            if user.status != Status::Unconfirmed {
                let status = user.status.name();
                return Err(Refusal::not_authorized(format!("User cannot be confirmed. Current status is {status}")));
            }
            user.status = Status::Confirmed;
            user.modified = now;
            Ok(())
        })
    }
}

/// RESEND is for a user that exists and has not signed in yet; the validity of the password begins again. The text of the refusal is
/// not the service's.
fn can_be_invited_again(user: &User) -> Result<(), Refusal> {
    if user.status == Status::ForceChangePassword {
        return Ok(());
    }
    let message = format!("The invitation cannot be sent again to a user whose status is {}", user.status.name());
    Err(Refusal::new("UnsupportedUserStateException", message))
}

/// A user by the pool's way of naming users. Where an attribute stands in the username's place, the username is the `sub`.
fn new_user(pool: &Pool, seed: u64, name: &str, attributes: Vec<Attribute>, status: Status, now: f64) -> Result<User, Refusal> {
    let content = pool.read();
    let naming = content.directory.naming();
    let form = form_of(name);
    if naming.usernames.is_empty() {
        if let Some(attribute) = form.filter(|attribute| naming.aliases.contains(attribute)) {
            let words = if attribute == NamingAttribute::Email { "email" } else { "phone number" };
            let message = format!("Username cannot be of {words} format, since user pool is configured for {words} alias.");
            return Err(Refusal::invalid_parameter(message));
        }
        let mut user = User::new(name, status, now);
        user.put_attributes(attributes);
        return Ok(user);
    }
    let Some(attribute) = form.filter(|attribute| naming.usernames.contains(attribute)) else {
        return Err(Refusal::invalid_parameter(match naming.usernames[..] {
            [NamingAttribute::Email] => "Username should be an email.",
            [NamingAttribute::PhoneNumber] => "Username should be a phone number.",
            _ => "Username should be either an email or a phone number.",
        }));
    };
    let sub = ids::sub(seed, &pool.id, name);
    let mut user = User::new(&sub, status, now);
    user.put_attributes(attributes);
    user.put_attributes(vec![("sub".into(), sub.into()), (attribute.name().into(), name.into())]);
    Ok(user)
}

/// The attribute that a username looks like.
pub(super) fn form_of(name: &str) -> Option<NamingAttribute> {
    let is_phone_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if name.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.')) {
        return Some(NamingAttribute::Email);
    }
    name.strip_prefix('+').is_some_and(is_phone_number).then_some(NamingAttribute::PhoneNumber)
}

fn taken(taken: Taken) -> Refusal {
    match taken {
        Taken::Username => Refusal::new("UsernameExistsException", "User account already exists"),
        Taken::Alias(attribute) => {
            Refusal::new("AliasExistsException", format!("An account with the given {} already exists.", attribute.name()))
        }
    }
}

impl AttributeType {
    fn into_pair(self) -> Attribute {
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
