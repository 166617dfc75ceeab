//! AdminSetUserPassword, the operation that this sandbox is for, and the rules that a new password must keep.

use serde::Deserialize;

use super::super::constraints::Constraints;
use super::super::pools::{Content, Pool};
use super::super::protocol::{self, Refusal};
use super::super::users::User;
use super::Service;
use crate::policy::{Policy, PolicyRule};
use crate::row::Lifetime;
use crate::secret::Password;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SetPassword {
    user_pool_id: Option<String>,
    username: Option<String>,
    #[serde(default, deserialize_with = "protocol::password")]
    password: Option<Password<'static>>,
    permanent: Option<bool>,
}

impl Service {
    pub(super) fn admin_set_user_password(&self, region: &str, body: &[u8]) -> Result<(), Refusal> {
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
        let mut content = pool.write();
        let user = content.directory.find(username).ok_or_else(Refusal::user_not_found)?;
        is_acceptable(&pool, &content, content.directory.user(user), &password)?;
        let lifetime = Lifetime::from(input.permanent.unwrap_or(false));
        pool.set_password(&mut content, user, &password, lifetime, self.clock.now());
        Ok(())
    }
}

/// The pool's policy, then its history. Which of the two the service checks first is not established.
pub(super) fn is_acceptable(pool: &Pool, content: &Content, user: &User, password: &Password<'_>) -> Result<(), Refusal> {
    conforms(&content.config.policy, password)?;
    if pool.is_repeated(&content.config, user, password) {
        // The code is the service's, the text is not.
        return Err(Refusal::new("PasswordHistoryPolicyViolationException", "Password has previously been used."));
    }
    Ok(())
}

/// The pool's policy, one reason at a time, in the words of the live service.
pub(super) fn conforms(policy: &Policy, password: &Password<'_>) -> Result<(), Refusal> {
    let Some(rule) = policy.violations(password.expose()).first().copied() else { return Ok(()) };
    let reason = match rule {
        PolicyRule::MinimumLength(_) => "Password not long enough",
        PolicyRule::Uppercase => "Password must have uppercase characters",
        PolicyRule::Lowercase => "Password must have lowercase characters",
        PolicyRule::Numbers => "Password must have numeric characters",
        PolicyRule::Symbols => "Password must have symbol characters",
    };
    Err(Refusal::new("InvalidPasswordException", format!("Password did not conform with policy: {reason}")))
}
