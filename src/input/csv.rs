//! CSV: cuts the input into records, and decodes one.

use std::borrow::Cow;
use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder};
use memchr::{memchr, memchr_iter};

use super::batch::Failure;
use super::csv_fields::{RawFields, trim_line_breaks};
use super::csv_header::Layout;
use super::csv_records::{FlatRecords, Record};
use super::unknown::Unknown;
use super::window::Window;
use super::{Defaults, Field, Flaw, Limits, Place, Problem, Row};
use crate::row::{Lifetime, RowNumber};
use crate::secret::Password;

/// The records of the input, one after the other.
pub(super) struct Records {
    reader: csv::Reader<Window>,
    /// The last one.
    record: ByteRecord,
    layout: Arc<Layout>,
    limits: Limits,
}

/// The records of a batch. Buffers stay for the next.
#[derive(Default)]
pub(super) struct Rows {
    records: FlatRecords,
    /// The bytes that the records were read from.
    raw: Vec<u8>,
    /// The offset of the first of them in the input.
    start: u64,
    layout: Arc<Layout>,
}

impl Records {
    /// Reads the header.
    pub(super) fn start(window: Window, delimiter: u8, defaults: &Defaults, limits: Limits, unknown: &Unknown) -> Result<Self, Failure> {
        let reader =
            ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).buffer_capacity(limits.chunk).from_reader(window);
        let mut records = Self { reader, record: ByteRecord::new(), layout: Arc::default(), limits };
        if !records.read()? {
            return Err(Failure { place: None, problem: Problem::Empty });
        }
        let end = records.reader.position().byte();
        let mut raw = Vec::new();
        records.reader.get_mut().hand_over(end, &mut raw);
        let (before, raw) = trim_line_breaks(&raw);
        let line = 1 + line_feeds(before);
        let layout = Layout::read(raw, &records.record, delimiter, defaults, unknown)
            .map_err(|(offset, problem)| Failure { place: Some(Place::within(raw, offset, line)), problem })?;
        records.layout = Arc::new(layout);
        Ok(records)
    }

    /// Fills `rows` up to a limit or to the end. After a failure they hold what was read before it.
    pub(super) fn fill(&mut self, rows: &mut Rows) -> Result<(), Failure> {
        rows.layout = Arc::clone(&self.layout);
        rows.start = self.reader.get_ref().start();
        rows.records.clear();
        let mut end = rows.start;
        let result = self.read_all(rows, &mut end);
        self.reader.get_mut().hand_over(end, &mut rows.raw);
        result
    }

    /// Leaves in `end` the offset after the last record: blank lines at the end of the input are no part of it.
    fn read_all(&mut self, rows: &mut Rows, end: &mut u64) -> Result<(), Failure> {
        while rows.len() < self.limits.rows && *end - rows.start < self.limits.bytes {
            if rows.len() > 0 && self.reader.get_ref().is_drained(*end) {
                break;
            }
            if !self.read()? {
                break;
            }
            rows.records.push(&self.record);
            *end = self.reader.position().byte();
        }
        Ok(())
    }

    /// Reads the next record. `false` is the end.
    fn read(&mut self) -> Result<bool, Failure> {
        let start = self.reader.position().byte();
        let limit = self.limits.record;
        self.reader.get_mut().set_limit(start + limit);
        let result = self.reader.read_byte_record(&mut self.record);
        let is_too_long = match result {
            Ok(_) => self.reader.position().byte() - start > limit,
            Err(_) => self.reader.get_ref().is_beyond_limit(),
        };
        if is_too_long {
            let line = self.record.position().map_or(1, csv::Position::line);
            // How much was read beyond the limit is a matter of buffers.
            let read = self.reader.get_ref().since(start);
            let (before, _) = trim_line_breaks(&read[..read.len().min(limit as usize + 1)]);
            let place = Place { line: line + line_feeds(before), column: 1 };
            return Err(Failure { place: Some(place), problem: Problem::RecordTooLong { limit } });
        }
        result.map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => Failure { place: None, problem: error.into() },
            // Unequal lengths are allowed above and nothing is deserialized, so that no other kind is made.
            _ => Failure { place: None, problem: std::io::Error::from(std::io::ErrorKind::InvalidData).into() },
        })
    }

    pub(super) fn window(&self) -> &Window {
        self.reader.get_ref()
    }
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    fn record(&self, index: usize) -> Record<'_> {
        self.records.get(index).expect("the batch has so many rows")
    }

    /// The raw bytes of a record, without line breaks around it, and the line that it begins on.
    fn raw(&self, index: usize) -> (&[u8], u64) {
        let begin = |record: Record<'_>| (record.byte - self.start) as usize;
        let record = self.record(index);
        let raw = &self.raw[begin(record)..self.records.get(index + 1).map_or(self.raw.len(), begin)];
        let (before, raw) = trim_line_breaks(raw);
        (raw, record.line + line_feeds(before))
    }

    pub(super) fn line(&self, index: usize) -> u64 {
        self.raw(index).1
    }

    /// Where `field` begins or, if the row has no column for it, where the row does.
    pub(super) fn place(&self, index: usize, field: Field) -> Place {
        let (raw, line) = self.raw(index);
        let offset = self.layout.column(field).map_or(0, |column| RawFields::of(raw, self.layout.delimiter).beginning_of(column));
        Place::within(raw, offset, line)
    }

    /// Whether the cells of username and password are names of their own columns.
    pub(super) fn repeats_header(&self, index: usize) -> bool {
        let is_name = |field| {
            let cell = self.layout.column(field).and_then(|column| self.record(index).cell(column));
            cell.and_then(|cell| str::from_utf8(cell).ok()).is_some_and(|cell| Field::named(cell.trim()) == Some(field))
        };
        is_name(Field::Username) && is_name(Field::Password)
    }

    /// Decodes a record, which has this number.
    pub(super) fn decode(&self, index: usize, number: RowNumber) -> Result<Row<'_>, (Place, Flaw)> {
        let record = self.record(index);
        let (raw, line) = self.raw(index);
        let all = self.check_shape(record, raw).map_err(|(offset, flaw)| (Place::within(raw, offset, line), flaw))?;
        let text = |field| match self.layout.column(field).and_then(|column| record.range(column)) {
            // None where half a character at the end of the cell makes a whole one with the next cell.
            Some(cell) => all.get(cell),
            None => Some(""),
        };
        let texts = [text(Field::Pool), text(Field::Username), text(Field::Password), text(Field::Permanent)];
        if let Some(half) = texts.iter().position(Option::is_none) {
            return Err((self.place(index, Field::ALL[half]), Flaw::NotUtf8));
        }
        let [pool, username, password, permanent] = texts.map(Option::unwrap_or_default);
        let pool = match (pool, &self.layout.defaults.pool) {
            ("", Some(default)) => default,
            ("", None) => return Err((self.place(index, Field::Pool), Flaw::MissingField(Field::Pool))),
            (own, _) => own,
        };
        let lifetime = match permanent {
            "" => self.layout.defaults.lifetime.unwrap_or_default(),
            own if own.eq_ignore_ascii_case("true") => Lifetime::Permanent,
            own if own.eq_ignore_ascii_case("false") => Lifetime::Temporary,
            _ => return Err((self.place(index, Field::Permanent), Flaw::NotBoolean)),
        };
        Ok(Row { number, line, pool: Cow::Borrowed(pool), username: Cow::Borrowed(username), password: Password::new(password), lifetime })
    }

    /// The text of all cells together, if quotes, the number of fields and the encoding are sound. Cells that nobody asks for count as
    /// well: they tell that the file is in another encoding.
    fn check_shape<'r>(&self, record: Record<'r>, raw: &[u8]) -> Result<&'r str, (usize, Flaw)> {
        let fields = || RawFields::of(raw, self.layout.delimiter);
        if memchr(b'"', raw).is_some()
            && let Some(flaw) = fields().flaw()
        {
            return Err(flaw);
        }
        let (found, expected) = (record.len(), self.layout.width);
        if found != expected {
            let surplus = if found > expected { fields().beginning_of(expected) } else { 0 };
            return Err((surplus, Flaw::FieldCount { found, expected }));
        }
        str::from_utf8(record.text).map_err(|_| {
            let broken = (0..found).position(|column| record.cell(column).is_some_and(|cell| str::from_utf8(cell).is_err()));
            (fields().beginning_of(broken.unwrap_or(0)), Flaw::NotUtf8)
        })
    }
}

fn line_feeds(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64
}
