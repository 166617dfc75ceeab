//! What makes the whole input useless: what happened, where, and what to do.
//!
//! As with a row's flaws, no piece of the input can stand in it. The name of the file is foreign, and is escaped by whoever prints it.

use std::fmt;
use std::io;

use super::{Field, Flaw, Place};

/// The input, or the rest of it, cannot be used.
#[derive(Debug)]
pub struct InputError {
    name: String,
    place: Option<Place>,
    problem: Problem,
}

impl InputError {
    pub(super) fn new(name: &str, place: Option<Place>, problem: Problem) -> Self {
        Self { name: name.to_owned(), place, problem }
    }

    /// The name of the file, or `standard input`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where in the input, unless it is about all of it.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// What happened.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(Place { line, column }) => write!(f, "{}:{line}:{column}: {}", self.name, self.problem),
            None => write!(f, "{}: {}", self.name, self.problem),
        }
    }
}

impl std::error::Error for InputError {}

/// What happened to the input. It ends a check: nothing is known about what follows.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No file has this name.
    #[error("there is no such file. Check the name and the folder")]
    NotFound,
    /// The file may not be read.
    #[error("it may not be read. Run as a user who may, or change its mode with `chmod u+r`")]
    PermissionDenied,
    /// It is a directory.
    #[error("it is a directory. Name one CSV or JSONL file")]
    Directory,
    /// The operating system refused to read it.
    #[error("it cannot be read: {0}. Check the disk or whatever writes to the pipe, and run the same command again")]
    Io(io::Error),
    /// Nothing says which format it has.
    #[error(
        "its extension does not say whether it is CSV or JSONL. Rename it to .csv, .tsv, .jsonl, .ndjson or .json, or add --format csv or \
         --format jsonl"
    )]
    UnknownFormat,
    /// The delimiter cannot be one.
    #[error("the delimiter must be one ASCII character, and neither a quote nor a line break")]
    Delimiter,
    /// It holds nothing, or only blank lines where a header is needed.
    #[error("it is empty. Check that the program that wrote it has finished")]
    Empty,
    /// It holds no row.
    #[error("it holds no rows. Check that the program that wrote it has finished")]
    NoRows,
    /// It is in another encoding than UTF-8.
    #[error("it is {encoding}, and UTF-8 is needed. Convert it: iconv -f {encoding} -t UTF-8 FILE > utf8-FILE")]
    Encoding {
        /// The encoding, as `iconv` calls it.
        encoding: &'static str,
    },
    /// JSON, but an array of rows instead of a row a line.
    #[error("it is one JSON array, and one object a line is needed. Convert it: jq -c '.[]' FILE > FILE.jsonl")]
    JsonArray,
    /// The header cannot be decoded.
    #[error("the header cannot be read: {0}")]
    Header(Flaw),
    /// The header lacks columns.
    #[error("{}", missing_columns(.0))]
    MissingColumns(Vec<Field>),
    /// With this delimiter, and not with the one in use, the header would have the columns that are needed.
    #[error("its cells seem to be parted by another character. Add --delimiter '{}'", char::from(*.0).escape_default())]
    OtherDelimiter(u8),
    /// The header names a field twice, be it under two names.
    #[error("the header has two columns for {0}. Remove or rename one")]
    RepeatedColumn(Field),
    /// A record is longer than any row can be.
    #[error(
        "the record that begins here is longer than {limit} bytes. Look for a quote that is never closed in it, or for missing line breaks"
    )]
    RecordTooLong {
        /// The most bytes of a record.
        limit: u64,
    },
    /// More rows than can be numbered.
    #[error("it has more than {} rows. Split it", u32::MAX)]
    TooManyRows,
    /// The file is not the one that was opened any more.
    #[error("it changed while it was read. Let whatever writes to it finish")]
    Changed,
    /// It was read once and cannot be read again.
    #[error("it can be read only once. Save it to a file, and name that")]
    ReadOnce,
}

impl Problem {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "file-not-found",
            Self::PermissionDenied => "file-permission",
            Self::Directory => "file-directory",
            Self::Io(_) => "file-unreadable",
            Self::UnknownFormat => "file-format",
            Self::Delimiter => "file-delimiter",
            Self::Empty => "file-empty",
            Self::NoRows => "file-without-rows",
            Self::Encoding { .. } => "file-encoding",
            Self::JsonArray => "file-json-array",
            Self::Header(_) => "header-unreadable",
            Self::MissingColumns(_) => "header-missing-column",
            Self::OtherDelimiter(_) => "header-delimiter",
            Self::RepeatedColumn(_) => "header-repeated-column",
            Self::RecordTooLong { .. } => "record-too-long",
            Self::TooManyRows => "file-too-many-rows",
            Self::Changed => "file-changed",
            Self::ReadOnce => "file-read-once",
        }
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            io::ErrorKind::IsADirectory => Self::Directory,
            _ => Self::Io(error),
        }
    }
}

fn missing_columns(fields: &[Field]) -> String {
    let names: Vec<_> = fields.iter().map(Field::to_string).collect();
    let noun = if names.len() == 1 { "column" } else { "columns" };
    let remedy = if fields.contains(&Field::Pool) { ". For one pool, --user-pool-id fills the column" } else { "" };
    let example = "The first line must name the columns, for example: user_pool_id,username,password,permanent";
    format!("the header lacks the {noun} {}. {example}{remedy}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_happened_where_and_what_to_do() {
        let place = Some(Place { line: 3, column: 7 });
        assert_eq!(
            InputError::new("users.csv", place, Problem::RepeatedColumn(Field::Pool)).to_string(),
            "users.csv:3:7: the header has two columns for user_pool_id. Remove or rename one"
        );
        let missing = Problem::MissingColumns(vec![Field::Pool, Field::Password]);
        assert_eq!(
            InputError::new("users.csv", None, missing).to_string(),
            "users.csv: the header lacks the columns user_pool_id, password. The first line must name the columns, for example: \
             user_pool_id,username,password,permanent. For one pool, --user-pool-id fills the column"
        );
    }

    #[test]
    fn the_operating_systems_refusals_have_words_of_their_own() {
        for (kind, words) in [
            (io::ErrorKind::NotFound, "no such file"),
            (io::ErrorKind::PermissionDenied, "chmod u+r"),
            (io::ErrorKind::IsADirectory, "is a directory"),
            (io::ErrorKind::BrokenPipe, "cannot be read"),
        ] {
            assert!(Problem::from(io::Error::from(kind)).to_string().contains(words), "{kind}");
        }
    }
}
