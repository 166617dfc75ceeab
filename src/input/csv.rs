//! CSV: cuts the input into records, and decodes one.

use std::borrow::Cow;
use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder};
use memchr::{memchr, memchr_iter};

use super::batch::{DecodedRow, Failure};
use super::csv_fields::{RawFields, trim_line_breaks};
use super::csv_header::Layout;
use super::unknown::Unknown;
use super::window::Window;
use super::{Defaults, Field, Flaw, Limits, Place, Problem};
use crate::row::Lifetime;
use crate::secret::Password;

/// A record that has grown beyond this many bytes is not used again: one long row in each place would otherwise keep gigabytes.
const KEPT_RECORD: usize = 1024;

/// The records of the input, one after the other.
pub(super) struct Records {
    reader: csv::Reader<Window>,
    layout: Arc<Layout>,
    limits: Limits,
}

/// The records of a batch. Buffers stay for the next.
#[derive(Default)]
pub(super) struct Rows {
    records: Vec<ByteRecord>,
    /// How many of `records` belong to this batch.
    count: usize,
    /// Which of them are larger than [`KEPT_RECORD`].
    large: Vec<usize>,
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
        let mut records = Self { reader, layout: Arc::default(), limits };
        let mut header = ByteRecord::new();
        if !records.read(&mut header)? {
            return Err(Failure { place: None, problem: Problem::Empty });
        }
        let end = records.reader.position().byte();
        let mut raw = Vec::new();
        records.reader.get_mut().hand_over(end, &mut raw);
        let (before, raw) = trim_line_breaks(&raw);
        let line = 1 + line_feeds(before);
        let layout = Layout::read(raw, &header, delimiter, defaults, unknown)
            .map_err(|(offset, problem)| Failure { place: Some(Place::within(raw, offset, line)), problem })?;
        records.layout = Arc::new(layout);
        Ok(records)
    }

    /// Fills `rows` up to a limit or to the end. After a failure they hold what was read before it.
    pub(super) fn fill(&mut self, rows: &mut Rows) -> Result<(), Failure> {
        rows.layout = Arc::clone(&self.layout);
        rows.start = self.reader.get_ref().start();
        rows.count = 0;
        for index in rows.large.drain(..) {
            rows.records[index] = ByteRecord::new();
        }
        let mut end = rows.start;
        let result = self.read_all(rows, &mut end);
        self.reader.get_mut().hand_over(end, &mut rows.raw);
        result
    }

    /// Leaves in `end` the offset after the last record: blank lines at the end of the input are no part of it.
    fn read_all(&mut self, rows: &mut Rows, end: &mut u64) -> Result<(), Failure> {
        while rows.count < self.limits.rows && *end - rows.start < self.limits.bytes {
            if rows.count > 0 && self.reader.get_ref().is_drained(*end) {
                break;
            }
            if rows.count == rows.records.len() {
                rows.records.push(ByteRecord::new());
            }
            let record = &mut rows.records[rows.count];
            if !self.read(record)? {
                break;
            }
            if record.as_slice().len() + record.len() * size_of::<usize>() > KEPT_RECORD {
                rows.large.push(rows.count);
            }
            rows.count += 1;
            *end = self.reader.position().byte();
        }
        Ok(())
    }

    /// Reads one record. `false` is the end.
    fn read(&mut self, record: &mut ByteRecord) -> Result<bool, Failure> {
        let start = self.reader.position().byte();
        let limit = self.limits.record;
        self.reader.get_mut().set_limit(start + limit);
        let result = self.reader.read_byte_record(record);
        let is_too_long = match result {
            Ok(_) => self.reader.position().byte() - start > limit,
            Err(_) => self.reader.get_ref().is_beyond_limit(),
        };
        if is_too_long {
            let line = record.position().map_or(1, csv::Position::line);
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
        self.count
    }

    /// The raw bytes of a record, without line breaks around it, and the line that it begins on.
    fn raw(&self, index: usize) -> (&[u8], u64) {
        let begin = |index: usize| Some((self.records[..self.count].get(index)?.position()?.byte() - self.start) as usize);
        let raw = &self.raw[begin(index).unwrap_or(0)..begin(index + 1).unwrap_or(self.raw.len())];
        let (before, record) = trim_line_breaks(raw);
        let line = self.records[index].position().map_or(1, csv::Position::line);
        (record, line + line_feeds(before))
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
            let cell = self.layout.column(field).and_then(|column| self.records[index].get(column));
            cell.and_then(|cell| str::from_utf8(cell).ok()).is_some_and(|cell| Field::named(cell.trim()) == Some(field))
        };
        is_name(Field::Username) && is_name(Field::Password)
    }

    /// Decodes a record.
    pub(super) fn decode(&self, index: usize) -> Result<DecodedRow<'_>, (Place, Flaw)> {
        let record = &self.records[index];
        let (raw, line) = self.raw(index);
        let all = self.check_shape(record, raw).map_err(|(offset, flaw)| (Place::within(raw, offset, line), flaw))?;
        let text = |field| match self.layout.column(field).and_then(|column| record.range(column)) {
            // No slice where half a character at the end of the cell makes a whole one with the next cell.
            Some(cell) => all.get(cell).ok_or_else(|| (self.place(index, field), Flaw::NotUtf8)),
            None => Ok(""),
        };
        let pool = match (text(Field::Pool)?, &self.layout.defaults.pool) {
            ("", Some(default)) => default,
            ("", None) => return Err((self.place(index, Field::Pool), Flaw::MissingField(Field::Pool))),
            (own, _) => own,
        };
        let lifetime = match text(Field::Permanent)? {
            "" => self.layout.defaults.lifetime.unwrap_or_default(),
            own if own.eq_ignore_ascii_case("true") => Lifetime::Permanent,
            own if own.eq_ignore_ascii_case("false") => Lifetime::Temporary,
            _ => return Err((self.place(index, Field::Permanent), Flaw::NotBoolean)),
        };
        let username = Cow::Borrowed(text(Field::Username)?);
        Ok(DecodedRow { line, pool: Cow::Borrowed(pool), username, password: Password::new(text(Field::Password)?), lifetime })
    }

    /// The text of all cells together, if quotes, the number of fields and the encoding are sound. Cells that nobody asks for count as
    /// well: they tell that the file is in another encoding.
    fn check_shape<'r>(&self, record: &'r ByteRecord, raw: &[u8]) -> Result<&'r str, (usize, Flaw)> {
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
        str::from_utf8(record.as_slice()).map_err(|_| {
            let broken = record.iter().position(|cell| str::from_utf8(cell).is_err());
            (fields().beginning_of(broken.unwrap_or(0)), Flaw::NotUtf8)
        })
    }
}

fn line_feeds(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64
}
