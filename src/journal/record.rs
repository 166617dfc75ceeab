//! What stands in a journal, and how: a line of text that names it, then framed records.
//!
//! A frame is the payload's length (u32), a CRC-32 (u32), both little-endian, and the payload in postcard's encoding. The checksum
//! covers the frame's offset in the file as well, so that a record copied or left over from elsewhere is not taken for one.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::outcome::{Detail, Fate, Outcome};
use crate::row::{Digest, Identity, Lifetime, RowNumber};

/// The first bytes of every journal. The number is the version of the format.
pub(super) const MAGIC: &[u8] = b"cognito-passwd journal 2\n";
/// Length and checksum.
pub(super) const FRAME: usize = 8;
/// No payload is longer: a service's message is the longest part, and is cut to fit.
pub(super) const MAX_PAYLOAD: usize = 64 * 1024;
/// What of a message is kept, in bytes.
const MAX_TEXT: usize = 4 * 1024;
/// The rows of a roll: their digests fill half of the longest payload.
pub(super) const ROLL: u64 = 4096;
/// What a digest takes in a roll, in bytes.
pub(super) const DIGEST: usize = size_of::<u64>();

/// What a run was about. The first record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// A random number, in hex.
    pub run_id: String,
    /// The program's version.
    pub version: String,
    /// Milliseconds since 1970.
    pub started_at: u64,
    /// What it was run against, in words.
    pub target: String,
    /// The account that it was run in, where that was known.
    pub account: Option<String>,
    /// What two rows for one user meant (`--on-duplicate`).
    pub on_duplicate: String,
    /// The input, as the first look at it found it.
    pub input: InputIdentity,
}

/// What an input is recognized by, and how it was read. Nothing of its content goes in here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputIdentity {
    /// The path as it was typed; `None` for an input that can be read only once.
    #[serde(with = "path_as_bytes")]
    pub path: Option<PathBuf>,
    /// Whether it was read as JSON Lines rather than CSV.
    pub jsonl: bool,
    /// The character between two fields of a CSV, where it was given.
    pub delimiter: Option<u8>,
    /// The pool of rows that name none.
    pub default_pool: Option<String>,
    /// The lifetime of rows that do not say.
    pub default_lifetime: Option<Lifetime>,
    /// In bytes, where it is a file.
    pub size: Option<u64>,
    /// In nanoseconds since 1970, where it is a file.
    pub modified: Option<u64>,
    /// The rows that the first pass read, where there was one.
    pub rows: Option<u64>,
}

/// A path, which need not be UTF-8.
mod path_as_bytes {
    use std::ffi::OsString;
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
        path.as_ref().map(|path| path.as_os_str().as_bytes()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
        let bytes: Option<Vec<u8>> = Option::deserialize(from)?;
        Ok(bytes.map(|bytes| OsString::from_vec(bytes).into()))
    }
}

/// One record.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Record<'a> {
    Start(Start),
    /// The digests of [`ROLL`] rows from `first` on, or of fewer at the end, little-endian; 0 for a row that is not to be sent.
    Roll {
        first: RowNumber,
        digests: &'a [u8],
    },
    /// A row of an input that cannot be read again.
    Row {
        row: RowNumber,
        line: u64,
        pool: &'a str,
        username: &'a str,
        lifetime: Option<Lifetime>,
    },
    /// A call that is about to leave.
    Intent {
        row: RowNumber,
        digest: Digest,
        attempt: u32,
        at: u64,
    },
    /// The end of a row.
    Result {
        row: RowNumber,
        digest: Option<Digest>,
        outcome: Outcome,
        code: &'a str,
        message: &'a str,
        request_id: &'a str,
        attempts: u32,
        at: u64,
    },
    /// The run was taken up again.
    Resumed {
        at: u64,
    },
    /// Everything before this was on the disk when this was written.
    Flushed,
}

impl<'a> Record<'a> {
    pub(super) fn result(row: RowNumber, digest: Option<Digest>, fate: &'a Fate, at: SystemTime) -> Self {
        let Fate { outcome, detail: Detail { code, message, request_id }, attempts } = fate;
        let (code, message, request_id) = (cut(code), cut(message), cut(request_id));
        Self::Result { row, digest, outcome: *outcome, code, message, request_id, attempts: *attempts, at: milliseconds(at) }
    }

    pub(super) fn row(identity: &'a Identity) -> Self {
        let Identity { row, line, pool, username, lifetime } = identity;
        Self::Row { row: *row, line: *line, pool: cut(pool), username: cut(username), lifetime: *lifetime }
    }

    /// Appends the record's frame to `out`, which will be written at `offset`.
    pub(super) fn frame(&self, offset: u64, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; FRAME]);
        let mut framed = postcard::to_extend(self, std::mem::take(out)).expect("a record of texts and numbers can be encoded");
        let payload = &framed[start + FRAME..];
        let length = u32::try_from(payload.len()).expect("texts are cut to fit");
        let crc = checksum(offset + start as u64, payload);
        framed[start..start + 4].copy_from_slice(&length.to_le_bytes());
        framed[start + 4..start + FRAME].copy_from_slice(&crc.to_le_bytes());
        *out = framed;
    }
}

/// The checksum of a payload whose frame stands at `offset`.
pub(super) fn checksum(offset: u64, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&offset.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

/// Milliseconds since 1970.
pub(super) fn milliseconds(at: SystemTime) -> u64 {
    at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// The last second of the year 9999: RFC 3339 has four digits for a year.
const LAST_SECOND: u64 = 253_402_300_799;

/// The moment that many milliseconds after 1970, and no later than a report can say.
pub(super) fn moment(milliseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds.min(LAST_SECOND * 1000))
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}
