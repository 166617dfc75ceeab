//! The laws of reading a file: how much is read at once changes nothing, every record is a row or has a fault with a place in the file,
//! and what a row says is what the file says.

use crate::input::{self, Batch, Defaults, Field, Format, InputError, Limits, Origin, Settings};
use crate::policy;
use crate::row::PoolId;

/// The longest record here, in bytes, so that a short input can be too long.
const RECORD: u64 = 200;

/// CSV. The first byte chooses the delimiter and the size of buffers.
pub fn csv(bytes: &[u8]) {
    let (choice, text) = bytes.split_first().unwrap_or((&0, bytes));
    let delimiter = [b',', b';', b'\t', b'|'][usize::from(choice & 3)];
    let (whole, small) = both_ways(text, Format::Csv, Some(delimiter), *choice);
    assert_eq!(whole, small, "the size of buffers changes what is read");
}

/// JSON Lines. The first byte chooses the size of buffers.
pub fn jsonl(bytes: &[u8]) {
    let (choice, text) = bytes.split_first().unwrap_or((&0, bytes));
    let (whole, small) = both_ways(text, Format::Jsonl, None, *choice);
    assert_eq!(whole, small, "the size of buffers changes what is read");
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    for row in whole.rows.iter().filter_map(|read| read.row.as_ref().map(|row| (read.line, row))) {
        let (line, [_, username, password]) = row;
        let line = lines[line as usize - 1];
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let json: serde_json::Value = serde_json::from_slice(line).expect("a line that was read as a row is JSON");
        for (field, value) in [(Field::Username, username), (Field::Password, password)] {
            let said = Field::NAMES[field as usize].iter().filter_map(|name| json.get(name)?.as_str());
            assert!(said.into_iter().any(|said| said == value), "a row says what its line does not");
        }
    }
}

/// What became of an input.
#[derive(Debug, PartialEq)]
struct Outcome {
    rows: Vec<Read>,
    /// The message of what made the whole input useless.
    error: Option<String>,
}

/// One record.
#[derive(Debug, PartialEq)]
struct Read {
    line: u64,
    /// Pool, username and password, where it is a row.
    row: Option<[String; 3]>,
    /// Where its fault is, and what it is.
    fault: Option<(u64, u64, String)>,
}

fn both_ways(text: &[u8], format: Format, delimiter: Option<u8>, choice: u8) -> (Outcome, Outcome) {
    let defaults = Defaults { pool: (choice & 4 != 0).then(|| "us-east-1_Default00".to_owned()), lifetime: None };
    let settings = Settings { origin: Origin::Stdin, format: Some(format), delimiter, defaults };
    let large = Limits { record: RECORD, ..Limits::default() };
    let small = Limits { rows: 1 + usize::from(choice >> 6), bytes: 20, record: RECORD, chunk: 1 + usize::from(choice >> 4 & 3) };
    (read(text, &settings, large), read(text, &settings, small))
}

fn read(text: &[u8], settings: &Settings, limits: Limits) -> Outcome {
    let mut rows = Vec::new();
    let error = read_rows(text, settings, limits, &mut rows).err();
    if let Some(InputError { .. }) = &error {
        assert!(error.as_ref().is_some_and(|error| !error.to_string().is_empty()));
    }
    let lines = 1 + text.iter().filter(|byte| **byte == b'\n').count() as u64;
    for (line, column) in rows.iter().flat_map(|read| [Some((read.line, 1)), read.fault.as_ref().map(|fault| (fault.0, fault.1))]).flatten()
    {
        assert!((1..=lines).contains(&line) && (1..=1 + text.len() as u64).contains(&column), "{line}:{column} is not in the file");
    }
    Outcome { rows, error: error.map(|error| error.to_string()) }
}

fn read_rows(text: &[u8], settings: &Settings, limits: Limits, rows: &mut Vec<Read>) -> Result<(), InputError> {
    let mut reader = input::open_bytes(text, settings, limits)?;
    let mut batch = Batch::default();
    loop {
        reader.fill(&mut batch)?;
        if batch.is_empty() {
            return Ok(());
        }
        for index in 0..batch.len() {
            assert_eq!(batch.number(index).0, rows.len() as u64 + 1, "records are numbered one by one");
            rows.push(one(&batch, index));
        }
    }
}

fn one(batch: &Batch, index: usize) -> Read {
    let line = batch.line(index);
    match batch.row(index) {
        Ok(row) => {
            let texts = [row.pool.clone().into_owned(), row.username.clone().into_owned(), row.password.expose().to_owned()];
            let identity = batch.identity(index);
            assert_eq!((row.line, &identity.pool, &identity.username), (line, &texts[0], &texts[1]));
            // What looks at the fields of a row is parsing, too.
            let _ = PoolId::parse(&texts[0]);
            assert_eq!(policy::api_violations(&texts[2]).first().copied(), policy::api_violation(&texts[2]));
            Read { line, row: Some(texts), fault: None }
        }
        Err(malformed) => {
            let place = malformed.place;
            assert!(batch.identity(index).username.is_empty(), "nothing of a malformed row is shown");
            Read { line, row: None, fault: Some((place.line, place.column, malformed.flaw.to_string())) }
        }
    }
}
