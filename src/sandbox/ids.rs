//! Ids of the forms that the service gives out, derived from the sandbox's seed, so that a rehearsal repeats them.

use crate::row::PoolId;

/// The letters and digits of a pool id's second half.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many characters the service's client ids have. 16 bytes are not quite enough to draw all of them evenly, which no one minds.
const CLIENT_ID_LENGTH: usize = 26;

/// The id of the sandbox's nth request.
pub(super) fn request_id(seed: u64, n: u64) -> String {
    uuid(digest(seed, b"request", &[&n.to_le_bytes()]))
}

/// The `sub` of a user.
pub(super) fn sub(seed: u64, pool: &PoolId, username: &str) -> String {
    uuid(digest(seed, b"sub", &[pool.as_str().as_bytes(), username.as_bytes()]))
}

/// The id of the nth pool created in `region`; `None` where no pool id can begin with that.
pub(super) fn pool_id(seed: u64, region: &str, n: u64) -> Option<PoolId> {
    let digest = digest(seed, b"pool", &[region.as_bytes(), &n.to_le_bytes()]);
    let suffix: String = digest[..9].iter().map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])).collect();
    PoolId::parse(&format!("{region}_{suffix}")).ok()
}

/// The id of the nth client.
pub(super) fn client_id(seed: u64, n: u64) -> String {
    const LETTERS_AND_DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut number = u128::from_le_bytes(digest(seed, b"client", &[&n.to_le_bytes()]));
    let characters = (0..CLIENT_ID_LENGTH).map(|_| {
        let digit = number % 36;
        number /= 36;
        char::from(LETTERS_AND_DIGITS[digit as usize])
    });
    characters.collect()
}

fn digest(seed: u64, purpose: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.update(purpose);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut digest = [0; 16];
    hasher.finalize_xof().fill(&mut digest);
    digest
}

/// A random UUID (version 4, RFC 9562) made of these bytes.
fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let number = u128::from_be_bytes(bytes);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        number >> 96,
        number >> 80 & 0xffff,
        number >> 64 & 0xffff,
        number >> 48 & 0xffff,
        number & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_a_random_uuid_that_a_seed_repeats() {
        let id = request_id(1, 2);
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(id.as_bytes()[14], b'4', "{id}");
        assert_eq!(id, request_id(1, 2));
        assert_ne!(id, request_id(1, 3));
        assert_ne!(id, request_id(2, 2));
    }

    #[test]
    fn a_client_id_is_26_small_letters_and_digits() {
        let id = client_id(1, 2);
        assert!(id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{id}");
        assert_ne!(id, client_id(1, 3));
    }

    #[test]
    fn a_created_pool_belongs_to_the_region_asked() {
        let id = pool_id(0, "eu-central-1", 1).expect("a pool id");
        assert_eq!(id.region(), "eu-central-1");
        assert_eq!(id.as_str().len(), "eu-central-1_".len() + 9);
        assert_eq!(pool_id(0, "nowhere", 1), None);
    }
}
