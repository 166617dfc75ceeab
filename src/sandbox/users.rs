//! One user of a pool: status, attributes, passwords, and what the operations do to them. Which names lead to a user is left to
//! `directory`.

use serde::{Deserialize, Serialize};

use super::attributes::{Attribute, Attributes};
use super::passwords::{PasswordHash, Passwords};
use crate::row::Lifetime;

/// `UserStatusType` of the API, without the values that the service no longer uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Status {
    Unconfirmed,
    #[default]
    Confirmed,
    ForceChangePassword,
    ResetRequired,
    ExternalProvider,
}

impl Status {
    /// The name in the API.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unconfirmed => "UNCONFIRMED",
            Self::Confirmed => "CONFIRMED",
            Self::ForceChangePassword => "FORCE_CHANGE_PASSWORD",
            Self::ResetRequired => "RESET_REQUIRED",
            Self::ExternalProvider => "EXTERNAL_PROVIDER",
        }
    }

    /// The status after AdminSetUserPassword. What a temporary password does to a federated user (EXTERNAL_PROVIDER) is not
    /// established; here it is what it does to the others.
    fn after_password(lifetime: Lifetime) -> Self {
        match lifetime {
            Lifetime::Permanent => Self::Confirmed,
            Lifetime::Temporary => Self::ForceChangePassword,
        }
    }
}

/// A user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct User {
    /// The username in the spelling that it was created with.
    pub(super) username: Box<str>,
    pub(super) status: Status,
    /// Whether the user may sign in.
    pub(super) enabled: bool,
    /// The attributes without `sub`, unless one was given.
    pub(super) attributes: Attributes,
    pub(super) passwords: Passwords,
    /// When the current password was set, in seconds since 1970: what the validity of a temporary one is counted from.
    pub(super) password_set: f64,
    /// How often this user's tokens were revoked. A refresh token that was issued at a lower count is revoked.
    pub(super) sign_outs: u32,
    /// Seconds since 1970.
    pub(super) created: f64,
    /// Seconds since 1970.
    pub(super) modified: f64,
}

impl User {
    pub(super) fn new(username: &str, status: Status, now: f64) -> Self {
        Self {
            username: username.into(),
            status,
            enabled: true,
            attributes: Attributes::default(),
            passwords: Passwords::default(),
            password_set: now,
            sign_outs: 0,
            created: now,
            modified: now,
        }
    }

    /// AdminSetUserPassword, and the answer to NEW_PASSWORD_REQUIRED. What it does to a disabled user is not established; here the
    /// user stays disabled. No token is revoked.
    pub(super) fn set_password(&mut self, password: PasswordHash, lifetime: Lifetime, history: usize, now: f64) {
        self.passwords.replace(password, history);
        self.password_set = now;
        self.status = Status::after_password(lifetime);
        self.modified = now;
    }

    /// AdminEnableUser and AdminDisableUser. Disabling revokes the user's tokens.
    pub(super) fn set_enabled(&mut self, enabled: bool, now: f64) {
        self.enabled = enabled;
        self.modified = now;
        if !enabled {
            self.revoke_tokens();
        }
    }

    /// AdminUserGlobalSignOut.
    pub(super) fn revoke_tokens(&mut self) {
        self.sign_outs = self.sign_outs.wrapping_add(1);
    }

    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)
    }

    /// Adds attributes, each in place of one with its name.
    pub(super) fn put_attributes(&mut self, given: Vec<Attribute>) {
        self.attributes.put(given);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Password;

    #[test]
    fn a_password_moves_every_status_where_the_documentation_says() {
        let hash = PasswordHash::of(&[7; 32], "ann", &Password::new("Abcdef1!"));
        for before in [Status::Unconfirmed, Status::Confirmed, Status::ForceChangePassword, Status::ResetRequired, Status::ExternalProvider]
        {
            for (lifetime, after) in [(Lifetime::Permanent, Status::Confirmed), (Lifetime::Temporary, Status::ForceChangePassword)] {
                for enabled in [true, false] {
                    let mut user = User { enabled, ..User::new("ann", before, 1.0) };
                    user.set_password(hash, lifetime, 0, 2.0);
                    assert_eq!((user.status, user.enabled, user.created, user.modified), (after, enabled, 1.0, 2.0), "{before:?}");
                    assert_eq!((user.password_set, user.sign_outs), (2.0, 0));
                }
            }
        }
    }

    #[test]
    fn disabling_revokes_the_tokens_and_enabling_does_not_bring_them_back() {
        let mut user = User::new("ann", Status::Confirmed, 1.0);
        user.set_enabled(false, 2.0);
        user.set_enabled(true, 3.0);
        assert_eq!((user.enabled, user.sign_outs, user.modified), (true, 1, 3.0));
    }
}
