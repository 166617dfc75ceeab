//! The printable half of a row: where it stands, whose password it sets, and for how long.
//!
//! Nothing here holds a password, so everything here may be logged, journaled and reported. Whether a row may be sent is left to
//! `validate`.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The longest pool id that the service model allows, in characters.
pub const MAX_POOL_ID: usize = 55;

/// A row's number in its input: 1 for the first row after the header. Blank lines are not rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowNumber(pub u64);

impl fmt::Display for RowNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of a user pool, of the form that the service model demands (`[\w-]+_[0-9a-zA-Z]+`, 1 to 55 characters) and with a
/// Region's name before the underscore. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolId(Arc<str>);

/// Why a text is no pool id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolIdError {
    /// It is empty or longer than [`MAX_POOL_ID`].
    #[error("a pool id has 1 to {MAX_POOL_ID} characters")]
    Length,
    /// It has not the form `region_id`.
    #[error("a pool id has the form REGION_ID, for example us-east-1_Ab12Cd34e")]
    Form,
}

impl PoolId {
    /// Checks `text` and takes it.
    ///
    /// # Errors
    /// [`PoolIdError`] where the text breaks the service model's rule or names no Region.
    pub fn parse(text: &str) -> Result<Self, PoolIdError> {
        if text.is_empty() || text.len() > MAX_POOL_ID {
            return Err(PoolIdError::Length);
        }
        let (region, id) = text.rsplit_once('_').ok_or(PoolIdError::Form)?;
        let id_is_sound = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric());
        if id_is_sound && is_region(region) { Ok(Self(text.into())) } else { Err(PoolIdError::Form) }
    }

    /// The Region that the id names: the part before the underscore.
    pub fn region(&self) -> &str {
        self.0.split_once('_').map_or("", |(region, _)| region)
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `text` looks like a Region's name (`us-east-1`, `us-gov-west-1`). It becomes part of a host name, so nothing else may
/// stand in it.
fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    let starts_with_letters = parts.next().is_some_and(|part| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_lowercase()));
    let ends_with_a_number = text.rsplit('-').next().is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let rest_is_sound = parts.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    starts_with_letters && ends_with_a_number && rest_is_sound && text.matches('-').count() >= 2
}

impl fmt::Display for PoolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One user: a pool and a username in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User {
    /// The pool.
    pub pool: PoolId,
    /// The `Username` of the API: a username, or an alias or `sub` that the pool resolves.
    pub username: Box<str>,
}

/// Which row of which input this is, and whom it is about, as far as that could be read: texts as they stood there, sound or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its number.
    pub row: RowNumber,
    /// The line it begins on, from 1.
    pub line: u64,
    /// The pool as it was written; empty where it could not be read.
    pub pool: String,
    /// The username as it was written; empty where it could not be read.
    pub username: String,
    /// Temporary or permanent; `None` where it could not be read.
    pub lifetime: Option<Lifetime>,
}

impl Identity {
    /// What a changed row is noticed by; `None` where the row could not be read.
    pub fn digest(&self) -> Option<Digest> {
        self.lifetime.map(|lifetime| Digest::of(&self.pool, &self.username, lifetime))
    }
}

/// How long a password is to last: `Permanent` of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifetime {
    /// `Permanent=false`: the user must choose a new one at the next sign-in. The AWS CLI's default.
    #[default]
    Temporary,
    /// `Permanent=true`: the user is CONFIRMED and signs in with it.
    Permanent,
}

impl Lifetime {
    /// The API's flag.
    pub fn is_permanent(self) -> bool {
        self == Self::Permanent
    }
}

impl From<bool> for Lifetime {
    fn from(permanent: bool) -> Self {
        if permanent { Self::Permanent } else { Self::Temporary }
    }
}

/// What a changed file is noticed by: the first eight bytes of BLAKE3 over pool, username and lifetime. No password goes into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(pub u64);

impl Digest {
    /// The digest of a row. Each text is preceded by its length, so that no two rows share an encoding.
    pub fn of(pool: &str, username: &str, lifetime: Lifetime) -> Self {
        let mut hasher = blake3::Hasher::new();
        for text in [pool, username] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.update(&[u8::from(lifetime.is_permanent())]);
        let mut first = [0; 8];
        hasher.finalize_xof().fill(&mut first);
        Self(u64::from_le_bytes(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_id_names_its_region() {
        for (id, region) in [("us-east-1_Ab12", "us-east-1"), ("us-gov-west-1_x", "us-gov-west-1"), ("ap-southeast-2_0", "ap-southeast-2")]
        {
            assert_eq!(PoolId::parse(id).map(|pool| pool.region().to_owned()), Ok(region.to_owned()), "{id}");
        }
    }

    #[test]
    fn what_is_no_pool_id_is_refused() {
        let long = format!("us-east-1_{}", "a".repeat(46));
        for (id, why) in [
            ("", PoolIdError::Length),
            (long.as_str(), PoolIdError::Length),
            ("us-east-1", PoolIdError::Form),
            ("us-east-1_", PoolIdError::Form),
            ("us-east-1_a-b", PoolIdError::Form),
            ("_abc", PoolIdError::Form),
            ("useast1_abc", PoolIdError::Form),
            ("us-east-1.evil.example/_abc", PoolIdError::Form),
            ("US-EAST-1_abc", PoolIdError::Form),
        ] {
            assert_eq!(PoolId::parse(id), Err(why), "{id}");
        }
    }

    #[test]
    fn a_digest_tells_rows_apart_that_look_alike_when_joined() {
        let digest = |pool, username, lifetime| Digest::of(pool, username, lifetime);
        let one = digest("us-east-1_a", "bc", Lifetime::Temporary);
        assert_ne!(one, digest("us-east-1_ab", "c", Lifetime::Temporary));
        assert_ne!(one, digest("us-east-1_a", "bc", Lifetime::Permanent));
        assert_eq!(one, digest("us-east-1_a", "bc", Lifetime::Temporary));
    }
}
