//! One user of a pool: status, attributes and the hash of the password, and what AdminSetUserPassword does to them.

use serde::Deserialize;

use crate::row::Lifetime;
use crate::secret::Password;

/// `UserStatusType` of the API, without the values that the service no longer uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
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

/// A password as the sandbox keeps it: keyed BLAKE3 over username and password.
///
/// This is cheap on purpose, a thousand times cheaper than a store of real passwords may be: the sandbox holds the passwords of a
/// rehearsal, in memory, under a key that is drawn anew for each sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PasswordHash(blake3::Hash);

impl PasswordHash {
    pub(super) fn of(key: &[u8; 32], username: &str, password: &Password<'_>) -> Self {
        let mut hasher = blake3::Hasher::new_keyed(key);
        hasher.update(&(username.len() as u64).to_le_bytes());
        hasher.update(username.as_bytes());
        hasher.update(password.expose().as_bytes());
        Self(hasher.finalize())
    }
}

/// An attribute's name and value.
pub(super) type Attribute = (Box<str>, Box<str>);

/// A user.
#[derive(Clone, Debug)]
pub(super) struct User {
    /// The username in the spelling that it was created with.
    pub(super) username: Box<str>,
    pub(super) status: Status,
    /// Whether the user may sign in.
    pub(super) enabled: bool,
    /// The attributes without `sub`, unless one was given.
    pub(super) attributes: Box<[Attribute]>,
    /// `None` until a password is set.
    pub(super) password: Option<PasswordHash>,
    /// Seconds since 1970.
    pub(super) created: f64,
    /// Seconds since 1970.
    pub(super) modified: f64,
}

impl User {
    pub(super) fn new(username: &str, status: Status, now: f64) -> Self {
        Self { username: username.into(), status, enabled: true, attributes: Box::default(), password: None, created: now, modified: now }
    }

    /// AdminSetUserPassword. What it does to a disabled user is not established; here the user stays disabled.
    pub(super) fn set_password(&mut self, password: PasswordHash, lifetime: Lifetime, now: f64) {
        self.password = Some(password);
        self.status = Status::after_password(lifetime);
        self.modified = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    #[test]
    fn a_password_moves_every_status_where_the_documentation_says() {
        for before in [Status::Unconfirmed, Status::Confirmed, Status::ForceChangePassword, Status::ResetRequired, Status::ExternalProvider]
        {
            for (lifetime, after) in [(Lifetime::Permanent, Status::Confirmed), (Lifetime::Temporary, Status::ForceChangePassword)] {
                let mut user = User::new("ann", before, 1.0);
                user.set_password(PasswordHash::of(&KEY, "ann", &Password::new("Abcdef1!")), lifetime, 2.0);
                assert_eq!((user.status, user.enabled, user.created, user.modified), (after, true, 1.0, 2.0), "{before:?} {lifetime:?}");
            }
        }
    }

    #[test]
    fn equal_passwords_of_two_users_have_different_hashes() {
        let hash = |username, password| PasswordHash::of(&KEY, username, &Password::new(password));
        assert_eq!(hash("ann", "secret"), hash("ann", "secret"));
        assert_ne!(hash("ann", "secret"), hash("bob", "secret"));
        assert_ne!(hash("ann", "bsecret"), hash("annb", "secret"));
        assert_ne!(PasswordHash::of(&[8; 32], "ann", &Password::new("secret")), hash("ann", "secret"));
    }
}
