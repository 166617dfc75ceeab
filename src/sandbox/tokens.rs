//! The tokens of a sign-in, and the session that links a challenge to its answer.
//!
//! Refresh tokens and sessions are sealed, not stored: they carry what they stand for, and a keyed BLAKE3 digest of it. Access and id
//! tokens have the form and the claims of the service's, for a client that wants to read them, but no signature that could be
//! verified: the sandbox publishes no key, and serves no operation that takes them.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a sealed text stands for. One kind is never taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The session of a NEW_PASSWORD_REQUIRED challenge.
    Session,
    RefreshToken,
}

/// What is sealed: to whom it was given, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Grant {
    pub(super) pool: String,
    pub(super) client: String,
    pub(super) username: String,
    /// When the user was created, in milliseconds since 1970: a later user of that name is another one.
    pub(super) user_created: i64,
    /// For a session, when the temporary password was set; for a refresh token, when the user signed in.
    pub(super) since: i64,
    /// When it was issued.
    pub(super) issued: i64,
    /// The user's sign-outs so far.
    pub(super) sign_outs: u32,
}

/// Seals and opens.
pub(super) struct Seal {
    key: [u8; 32],
}

impl Seal {
    /// `secret` is the sandbox's own.
    pub(super) fn new(secret: &[u8; 32]) -> Self {
        Self { key: blake3::derive_key("cognito-passwd sandbox 2026-11-23 sessions and refresh tokens", secret) }
    }

    pub(super) fn close(&self, kind: Kind, grant: &Grant) -> String {
        let content = serde_json::to_vec(grant).expect("a grant has texts and numbers alone");
        format!("{}.{}", hex(&content), self.digest(kind, &content).to_hex())
    }

    /// What was sealed; `None` where it was not sealed here, or as another kind.
    pub(super) fn open(&self, kind: Kind, text: &str) -> Option<Grant> {
        let (content, digest) = text.split_once('.')?;
        let content = unhex(content)?;
        let digest = blake3::Hash::from_hex(digest).ok()?;
        if digest != self.digest(kind, &content) {
            return None;
        }
        serde_json::from_slice(&content).ok()
    }

    fn digest(&self, kind: Kind, content: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&[kind as u8]);
        hasher.update(content);
        hasher.finalize()
    }

    /// A JSON Web Token with these claims, as far as its form goes.
    pub(super) fn web_token(&self, claims: &Value) -> String {
        let header = json!({ "kid": "sandbox", "alg": "RS256" });
        let content = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
        let mark = blake3::keyed_hash(&self.key, content.as_bytes());
        format!("{content}.{}", base64url(mark.as_bytes()))
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes every write");
        text
    })
}

/// The bytes that hexadecimal digits stand for.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let digits = std::str::from_utf8(pair).ok().filter(|digits| digits.len() == 2 && !digits.starts_with('+'))?;
            u8::from_str_radix(digits, 16).ok()
        })
        .collect()
}

/// Base64 for URLs, without padding (RFC 4648, section 5).
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for at in 0..=group.len() {
            text.push(char::from(ALPHABET[(bits >> (18 - 6 * at) & 63) as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> Grant {
        Grant {
            pool: "us-east-1_a".to_owned(),
            client: "c".to_owned(),
            username: "Zoë".to_owned(),
            user_created: 1,
            since: 2,
            issued: 3,
            sign_outs: 4,
        }
    }

    #[test]
    fn what_was_sealed_is_opened_as_its_kind_alone() {
        let seal = Seal::new(&[7; 32]);
        let text = seal.close(Kind::Session, &grant());
        assert_eq!(seal.open(Kind::Session, &text), Some(grant()));
        assert_eq!(seal.open(Kind::RefreshToken, &text), None);
        assert_eq!(Seal::new(&[8; 32]).open(Kind::Session, &text), None);
        for changed in ["", ".", "zz.zz", &text.replacen('7', "8", 1), &text[1..]] {
            assert_eq!(seal.open(Kind::Session, changed), None, "{changed}");
        }
    }

    #[test]
    fn hexadecimal_digits_give_back_their_bytes_and_nothing_else_is_read() {
        for text in ["", "ann", "Zoë@example.com", "😀"] {
            assert_eq!(unhex(&hex(text.as_bytes())).as_deref(), Some(text.as_bytes()));
        }
        for text in ["zz", "abc", "é", "+1"] {
            assert_eq!(unhex(text), None, "{text}");
        }
    }

    #[test]
    fn base64_has_the_standards_vectors() {
        for (bytes, text) in
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64url(bytes.as_bytes()), text);
        }
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn a_web_token_is_three_words_with_readable_claims() {
        let token = Seal::new(&[7; 32]).web_token(&json!({ "sub": "1" }));
        let words: Vec<_> = token.split('.').collect();
        assert_eq!((words.len(), words[1]), (3, base64url(br#"{"sub":"1"}"#).as_str()));
    }
}
