//! The input as one stream of batches, whatever its format and wherever it comes from.

use std::io::{Cursor, Read};

use super::batch::{Failure, Rows};
use super::source::Source;
use super::unknown::Unknown;
use super::window::Window;
use super::{Batch, FileIdentity, Format, InputError, Limits, Place, Problem, Settings, csv, jsonl, sniff};

/// An open input.
pub struct Reader {
    source: Source,
    settings: Settings,
    limits: Limits,
    stream: Stream,
    unknown: Unknown,
    /// The length of the byte order mark, which no window sees.
    mark: u64,
    /// The rows handed out since the start.
    rows: u64,
    /// What went wrong behind the rows of the last batch.
    failed: Option<InputError>,
}

enum Stream {
    Csv(csv::Records),
    Jsonl(jsonl::Lines),
}

impl Reader {
    pub(super) fn open(mut source: Source, settings: &Settings, limits: Limits) -> Result<Self, InputError> {
        let unknown = Unknown::default();
        let (stream, mark) = start(&mut source, settings, limits, &unknown)?;
        Ok(Self { source, settings: settings.clone(), limits, stream, unknown, mark, rows: 0, failed: None })
    }

    /// Fills `batch` with the rows that come next. A batch that stays empty is the end. A pipe that has nothing more to give for now
    /// is not waited for once a row is there.
    ///
    /// # Errors
    /// [`InputError`] where reading fails, a record is too long, a file changed since it was opened, or there is no row at all. The rows
    /// before the fault are handed out first, but none that was read after a change. After an error the rest of the input is lost, and only [`Reader::rewind`] makes sense.
    pub fn fill(&mut self, batch: &mut Batch) -> Result<(), InputError> {
        if let Some(error) = self.failed.take() {
            *batch = Batch::default();
            return Err(error);
        }
        match self.read(batch) {
            Err(error) if !batch.is_empty() => {
                self.failed = Some(error);
                Ok(())
            }
            result => result,
        }
    }

    fn read(&mut self, batch: &mut Batch) -> Result<(), InputError> {
        batch.first = self.rows + 1;
        let result = match &mut self.stream {
            Stream::Csv(records) => records.fill(batch.csv()),
            Stream::Jsonl(lines) => lines.fill(batch.jsonl()),
        };
        self.rows += batch.len() as u64;
        result.map_err(|failure| named(&self.source, failure))?;
        if self.rows > u64::from(u32::MAX) {
            *batch = Batch::default();
            return Err(self.error(Problem::TooManyRows));
        }
        if let Err(problem) = self.source.check_unchanged() {
            *batch = Batch::default();
            return Err(self.error(problem));
        }
        if self.rows == 0 { Err(self.error(Problem::NoRows)) } else { Ok(()) }
    }

    /// Starts again with the first row of the same open file.
    ///
    /// # Errors
    /// [`InputError`] where the input can be read only once, or where the file is not what it was when it was opened.
    pub fn rewind(&mut self) -> Result<(), InputError> {
        self.source.check_unchanged().map_err(|problem| self.error(problem))?;
        (self.stream, self.mark) = start(&mut self.source, &self.settings, self.limits, &self.unknown)?;
        self.rows = 0;
        self.failed = None;
        Ok(())
    }

    /// Another reader of the same open file, at its first row.
    ///
    /// # Errors
    /// [`InputError`] where the input can be read only once, or where the file is not what it was when it was opened.
    pub fn another(&self) -> Result<Self, InputError> {
        let source = self.source.another().map_err(|problem| self.error(problem))?;
        source.check_unchanged().map_err(|problem| self.error(problem))?;
        Self::open(source, &self.settings, self.limits)
    }

    /// Whether it can be read more than once: whether it is a regular file.
    pub fn can_rewind(&self) -> bool {
        self.identity().is_some()
    }

    /// How many bytes were read since the start. It runs ahead of the rows by what is buffered.
    pub fn bytes_read(&self) -> u64 {
        let window = match &self.stream {
            Stream::Csv(records) => records.window(),
            Stream::Jsonl(lines) => lines.window(),
        };
        self.mark + window.end()
    }

    /// How many bytes a regular file has.
    pub fn size(&self) -> Option<u64> {
        self.identity().map(|identity| identity.size)
    }

    /// What a regular file is recognised by, as of when it was opened.
    pub fn identity(&self) -> Option<FileIdentity> {
        self.source.identity()
    }

    /// The format that was chosen.
    pub fn format(&self) -> Format {
        match self.stream {
            Stream::Csv(_) => Format::Csv,
            Stream::Jsonl(_) => Format::Jsonl,
        }
    }

    /// The names of columns that are ignored: of CSV all of them once it is open, of JSONL those of the rows decoded so far that were
    /// sound. The first 16 that are at most 64 bytes long. They are foreign, and are escaped by whoever prints them.
    pub fn unknown_columns(&self) -> Vec<String> {
        self.unknown.names()
    }

    /// What it is called in messages. It is foreign, and is escaped by whoever prints it.
    pub fn name(&self) -> &str {
        self.source.name()
    }

    /// Whether it is a regular file that its group or everyone may read.
    pub fn readable_by_others(&self) -> bool {
        self.source.readable_by_others()
    }

    fn error(&self, problem: Problem) -> InputError {
        InputError::new(self.source.name(), None, problem)
    }
}

/// Reads the first bytes, settles encoding and format, and gets ready for the first row.
fn start(source: &mut Source, settings: &Settings, limits: Limits, unknown: &Unknown) -> Result<(Stream, u64), InputError> {
    let failure = |source: &Source, problem| InputError::new(source.name(), None, problem);
    let by_extension = settings.format.map(Ok).or_else(|| format_by_extension(source));
    let mut bytes = source.stream().map_err(|problem| failure(source, problem))?;
    let head = sniff::head(&mut bytes).map_err(|error| failure(source, error.into()))?;
    if head.is_empty() {
        return Err(failure(source, Problem::Empty));
    }
    if let Some(encoding) = sniff::foreign_encoding(&head) {
        return Err(failure(source, Problem::Encoding { encoding }));
    }
    let format = by_extension.unwrap_or_else(|| Ok(sniff::format(&head))).map_err(|problem| failure(source, problem))?;
    let mark = sniff::mark(&head);
    let is_json_array = sniff::is_json_array(&head);
    let mut head = Cursor::new(head);
    head.set_position(mark as u64);
    let window = Window::new(Box::new(head.chain(bytes)));
    let stream = match format {
        Format::Jsonl if is_json_array => {
            return Err(InputError::new(source.name(), Some(Place { line: 1, column: 1 }), Problem::JsonArray));
        }
        Format::Jsonl => Stream::Jsonl(jsonl::Lines::start(window, &settings.defaults, limits, unknown)),
        Format::Csv => {
            let delimiter = delimiter(source, settings).map_err(|problem| failure(source, problem))?;
            let records = csv::Records::start(window, delimiter, &settings.defaults, limits, unknown);
            Stream::Csv(records.map_err(|failure| named(source, failure))?)
        }
    };
    Ok((stream, mark as u64))
}

/// The format that a file's name speaks for. A pipe's name need not speak.
fn format_by_extension(source: &Source) -> Option<Result<Format, Problem>> {
    match source.extension() {
        Some("csv" | "tsv") => Some(Ok(Format::Csv)),
        Some("jsonl" | "ndjson" | "json") => Some(Ok(Format::Jsonl)),
        _ => source.identity().map(|_| Err(Problem::UnknownFormat)),
    }
}

fn delimiter(source: &Source, settings: &Settings) -> Result<u8, Problem> {
    let by_extension = if source.extension() == Some("tsv") { b'\t' } else { b',' };
    match settings.delimiter.unwrap_or(by_extension) {
        b'"' | b'\r' | b'\n' | 0x80.. => Err(Problem::Delimiter),
        delimiter => Ok(delimiter),
    }
}

fn named(source: &Source, Failure { place, problem }: Failure) -> InputError {
    InputError::new(source.name(), place, problem)
}

impl Batch {
    /// The rows of this batch as CSV's, whatever they were before.
    fn csv(&mut self) -> &mut csv::Rows {
        if let Rows::Jsonl(_) = self.rows {
            self.rows = Rows::Csv(csv::Rows::default());
        }
        match &mut self.rows {
            Rows::Csv(rows) => rows,
            Rows::Jsonl(_) => unreachable!("they were just replaced"),
        }
    }

    /// The same for JSONL.
    fn jsonl(&mut self) -> &mut jsonl::Rows {
        if let Rows::Csv(_) = self.rows {
            self.rows = Rows::Jsonl(jsonl::Rows::default());
        }
        match &mut self.rows {
            Rows::Jsonl(rows) => rows,
            Rows::Csv(_) => unreachable!("they were just replaced"),
        }
    }
}
