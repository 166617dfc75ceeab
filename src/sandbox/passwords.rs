//! Passwords as the sandbox keeps them, and the history that a pool forbids to repeat. When a password may be set is left to
//! `operations`.

use serde::{Deserialize, Serialize};

use crate::secret::Password;

/// The longest history that a pool can ask for, the current password included (service model).
pub(super) const MAX_HISTORY: usize = 24;

/// A password as the sandbox keeps it: the first half of keyed BLAKE3 over username and password.
///
/// This is cheap on purpose, a thousand times cheaper than a store of real passwords may be: the sandbox holds the passwords of a
/// rehearsal, under a key that is drawn anew for each sandbox (and kept in its state file, where there is one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PasswordHash([u8; 16]);

impl PasswordHash {
    pub(super) fn of(key: &[u8; 32], username: &str, password: &Password<'_>) -> Self {
        let mut hasher = blake3::Hasher::new_keyed(key);
        hasher.update(&(username.len() as u64).to_le_bytes());
        hasher.update(username.as_bytes());
        hasher.update(password.expose().as_bytes());
        let mut half = [0; 16];
        hasher.finalize_xof().fill(&mut half);
        Self(half)
    }
}

/// The password of one user and those before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Passwords {
    /// `None` until a password is set.
    current: Option<PasswordHash>,
    /// Newest first; no more than the pool's history asks for. A pool without a history keeps none, so that one that asks for a
    /// history later on begins with the current password; what the service does there is not established.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    previous: Box<[PasswordHash]>,
}

impl Passwords {
    /// Whether this is the password now.
    pub(super) fn is_current(&self, hash: PasswordHash) -> bool {
        self.current == Some(hash)
    }

    /// Whether this is one of the newest `history`, of which the current one is the first.
    pub(super) fn is_repeated(&self, hash: PasswordHash, history: usize) -> bool {
        history > 0 && (self.is_current(hash) || self.previous.iter().take(history - 1).any(|previous| *previous == hash))
    }

    /// Makes this the current one, and keeps what a history of this size needs.
    pub(super) fn replace(&mut self, hash: PasswordHash, history: usize) {
        let replaced = self.current.replace(hash);
        let kept = history.saturating_sub(1);
        if kept > 0 || !self.previous.is_empty() {
            self.previous = replaced.into_iter().chain(self.previous.iter().copied()).take(kept).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn hash(username: &str, password: &str) -> PasswordHash {
        PasswordHash::of(&KEY, username, &Password::new(password.to_owned()))
    }

    #[test]
    fn equal_passwords_of_two_users_have_different_hashes() {
        assert_eq!(hash("ann", "secret"), hash("ann", "secret"));
        assert_ne!(hash("ann", "secret"), hash("bob", "secret"));
        assert_ne!(hash("ann", "bsecret"), hash("annb", "secret"));
        assert_ne!(PasswordHash::of(&[8; 32], "ann", &Password::new("secret")), hash("ann", "secret"));
    }

    #[test]
    fn a_history_counts_the_current_password_as_its_first() {
        for history in 0..=MAX_HISTORY {
            let mut passwords = Passwords::default();
            let all: Vec<_> = (0..30).map(|number| hash("ann", &number.to_string())).collect();
            for hash in &all {
                assert!(!passwords.is_repeated(*hash, history));
                passwords.replace(*hash, history);
            }
            let repeated = all.iter().filter(|hash| passwords.is_repeated(**hash, history)).count();
            assert_eq!(repeated, history);
            assert!(all[30 - history..].iter().all(|hash| passwords.is_repeated(*hash, history)));
        }
    }

    #[test]
    fn a_shortened_history_forgets_and_does_not_remember_again() {
        let mut passwords = Passwords::default();
        for password in ["a", "b", "c"] {
            passwords.replace(hash("ann", password), 3);
        }
        passwords.replace(hash("ann", "d"), 0);
        assert!(!passwords.is_repeated(hash("ann", "c"), 24) && passwords.is_repeated(hash("ann", "d"), 24));
    }
}
