//! Bytes → rows: opens the input once, chooses its format, and hands out rows in batches.
//!
//! Reading is sequential and does as little as it can: it finds where each row begins and ends. Decoding a row is left to whoever
//! holds the batch ([`Batch::row`]), so that it can be done on all cores. A row that cannot be decoded is a value ([`Malformed`]),
//! and the rows after it are read as if it were not there; only what makes the whole input useless is an error ([`InputError`]).
//! Neither ever holds a piece of the input. Whether a row may be sent is left to `validate`.
//!
//! # The format
//! CSV follows RFC 4180: a header is required, its columns stand in any order, and their names are matched exactly once white space
//! around them is cut off. JSONL has one object a line. Each field answers to several names ([`Field::NAMES`]). Blank lines are no
//! rows. The bytes are UTF-8, with or without a byte order mark; lines end with LF or CRLF.
//!
//! | field | CSV | JSONL | where it is missing |
//! |---|---|---|---|
//! | pool | as it stands; an empty cell is missing | a string; `null` is missing | [`Defaults::pool`], or the row is malformed |
//! | username | as it stands | a string | the row is malformed |
//! | password | as it stands | a string | the row is malformed |
//! | permanent | `true` or `false` in any case; an empty cell is missing | a boolean; `null` is missing | [`Defaults::lifetime`], or temporary |
//!
//! Values are never trimmed: a space belongs to a password as much as any other character.

mod batch;
mod csv;
mod csv_fields;
mod csv_header;
mod csv_records;
mod field;
mod flaw;
mod json_object;
mod jsonl;
mod problem;
mod reader;
mod sniff;
mod source;
mod unknown;
mod window;

use std::path::PathBuf;

pub use batch::{Batch, Row};
pub use field::Field;
pub use flaw::{Flaw, Malformed, Place};
pub use problem::{InputError, Problem};
pub use reader::Reader;
pub use source::FileIdentity;

use self::source::Source;
use crate::row::Lifetime;

/// Where the bytes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file. One that is no regular file, such as a named pipe, is read once, as standard input is.
    File(PathBuf),
    /// Standard input. It is read once.
    Stdin,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with a header.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// What fills a field that a row leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// The pool id. It is checked where it is used, as a row's own would be.
    pub pool: Option<String>,
    /// How long passwords are to last. Without it they are temporary.
    pub lifetime: Option<Lifetime>,
}

/// What to read, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the bytes come from.
    pub origin: Origin,
    /// The format. Without it a file's extension decides: `.csv`, `.tsv`, `.jsonl`, `.ndjson`, `.json`. What comes through a pipe
    /// without such a name is JSONL if its first byte that is no white space is `{` or `[`, and CSV otherwise.
    pub format: Option<Format>,
    /// The byte between the cells of CSV: an ASCII character other than a quote or a line break. Without it a tab in a file whose
    /// extension is `.tsv`, and a comma elsewhere.
    pub delimiter: Option<u8>,
    /// What fills missing fields.
    pub defaults: Defaults,
}

/// Opens the input, chooses its format and, for CSV, reads its header.
///
/// # Errors
/// [`InputError`] where it cannot be read, is empty, is not UTF-8 by its first bytes, has a header that lacks a column, or where
/// nothing says which format it has.
pub fn open(settings: &Settings) -> Result<Reader, InputError> {
    Reader::open(Source::open(&settings.origin)?, settings, Limits::default())
}

/// The bounds that keep memory flat.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The most rows of a batch.
    pub rows: usize,
    /// A batch that has this many bytes is full.
    pub bytes: u64,
    /// The longest record, in bytes, with the blank lines before it.
    pub record: u64,
    /// How many bytes are asked of the operating system at once.
    pub chunk: usize,
}

impl Default for Limits {
    /// Large enough that handing over a batch costs nothing beside reading it, small enough that two of them stay in the cache.
    fn default() -> Self {
        Self { rows: 4096, bytes: 1 << 20, record: 1 << 20, chunk: 1 << 16 }
    }
}

/// Reads `bytes` as if they came through a pipe.
#[cfg(any(test, fuzzing))]
pub(crate) fn open_bytes(bytes: &[u8], settings: &Settings, limits: Limits) -> Result<Reader, InputError> {
    Reader::open(Source::pipe("pipe", Box::new(std::io::Cursor::new(bytes.to_vec()))), settings, limits)
}

/// Opens a file with other bounds.
#[cfg(test)]
pub(crate) fn open_with(settings: &Settings, limits: Limits) -> Result<Reader, InputError> {
    Reader::open(Source::open(&settings.origin)?, settings, limits)
}

#[cfg(test)]
mod tests;
