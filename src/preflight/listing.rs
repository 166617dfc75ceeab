//! What `check` finds, for people and for programs: grouped by rule, a line each, or JSON Lines; and beside that a file of places to
//! mend. All of it has places and rules, and no value of a row.

use std::io::{self, BufWriter, Stdout, Write};
use std::path::Path;

use serde::Serialize;

use super::{LiveFinding, Refusal};
use crate::input::{Field, InputError};
use crate::report::{Output, count, counted, plain};
use crate::row::RowNumber;
use crate::validate::{Finding, Severity};

/// How findings are shown on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Grouped by rule once a file has been read, with how many there are and the first of them.
    Grouped,
    /// A line each, as they come: `FILE:LINE:COLUMN: rule: message`.
    All,
    /// A JSON object each, as they come.
    Json,
}

/// How many findings of a rule are shown in a group.
const FIRST: usize = 5;

/// Shows the findings of one input after the other.
pub struct Listing {
    listed: Listed,
    out: BufWriter<Stdout>,
    to_mend: Option<csv::Writer<Output>>,
    /// The input under way.
    name: String,
    groups: Vec<Group>,
    warnings: u64,
    /// Why nothing can be written any more.
    failed: Option<io::Error>,
}

/// The findings of one rule.
struct Group {
    code: &'static str,
    severity: Severity,
    seen: u64,
    /// The line, the column and the message of the first.
    first: Vec<(u64, u64, String)>,
}

/// A finding as programs get it. An input that cannot be read to its end has one without a row.
#[derive(Serialize)]
struct Record<'a> {
    file: &'a str,
    line: Option<u64>,
    column: Option<u64>,
    row: Option<u64>,
    rule: &'a str,
    severity: &'a str,
    field: Option<String>,
    message: &'a str,
}

impl Listing {
    /// Begins. What is to be mended goes to `to_mend` as CSV.
    ///
    /// # Errors
    /// [`Refusal`] where a file stands there, or none can be made.
    pub fn new(listed: Listed, to_mend: Option<&Path>) -> Result<Self, Refusal> {
        let to_mend = to_mend.map(Output::create).transpose()?.map(csv::Writer::from_writer);
        Ok(Self { listed, out: BufWriter::new(io::stdout()), to_mend, name: String::new(), groups: Vec::new(), warnings: 0, failed: None })
    }

    /// Begins with the input of this name.
    pub fn begin(&mut self, name: &str) {
        name.clone_into(&mut self.name);
        self.warnings = 0;
    }

    /// Shows a finding, or keeps it for its group.
    pub fn take(&mut self, finding: Finding) {
        let Finding { row, line, column, rule, severity, message } = finding;
        self.show((row, line, column), (rule.code(), severity, rule.field()), message);
    }

    /// The same for what a row meets in the live pool.
    pub fn take_live(&mut self, LiveFinding { row, line, column, rule }: &LiveFinding) {
        self.show((*row, *line, *column), (rule.code(), rule.severity(), Some(Field::Username)), rule.to_string());
    }

    fn show(
        &mut self,
        (row, line, column): (RowNumber, u64, u64),
        (code, severity, field): (&'static str, Severity, Option<Field>),
        message: String,
    ) {
        let record = Record {
            file: &self.name,
            line: Some(line),
            column: Some(column),
            row: Some(row.0),
            rule: code,
            severity: severity.name(),
            field: field.map(|field| field.to_string()),
            message: &message,
        };
        let written = write(self.to_mend.as_mut(), &mut self.out, self.listed, &record);
        self.note(written);
        self.warnings += u64::from(severity == Severity::Warning);
        if self.listed == Listed::Grouped {
            self.group(code, severity, (line, column, message));
        }
    }

    /// Tells programs of an input that cannot be read any further. People are told on standard error, as of every refusal.
    pub fn broke_off(&mut self, error: &InputError) {
        let (place, message) = (error.place(), error.problem().to_string());
        let record = Record {
            file: error.name(),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            row: None,
            rule: error.problem().code(),
            severity: Severity::Error.name(),
            field: None,
            message: &message,
        };
        let listed = if self.listed == Listed::Json { Listed::Json } else { Listed::Grouped };
        let written = write(self.to_mend.as_mut(), &mut self.out, listed, &record);
        self.note(written);
        self.end();
    }

    /// Ends with an input: shows its groups, errors first, and says how many warnings there were.
    pub fn end(&mut self) -> u64 {
        let mut groups = std::mem::take(&mut self.groups);
        groups.sort_by_key(|group| group.severity);
        let written = groups.iter().try_for_each(|group| group.write(&self.name, &mut self.out)).and_then(|()| self.out.flush());
        self.note(written);
        self.warnings
    }

    /// Brings everything to its place.
    ///
    /// # Errors
    /// [`Refusal`] where that fails. A reader that has seen enough, `head` say, closes the pipe, and that is no failure: the exit code
    /// still tells.
    pub fn finish(self) -> Result<(), Refusal> {
        let refusal = |source| Refusal::Io { what: "cannot write the findings".to_owned(), source };
        match self.failed {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(refusal(error)),
            _ => {}
        }
        if let Some(to_mend) = self.to_mend {
            to_mend.into_inner().map_err(|error| refusal(error.into_error()))?.finish()?;
        }
        Ok(())
    }

    fn group(&mut self, code: &'static str, severity: Severity, finding: (u64, u64, String)) {
        let known = self.groups.iter().position(|group| group.code == code && group.severity == severity);
        let at = known.unwrap_or_else(|| {
            self.groups.push(Group { code, severity, seen: 0, first: Vec::with_capacity(FIRST) });
            self.groups.len() - 1
        });
        let group = &mut self.groups[at];
        group.seen += 1;
        if group.first.len() < FIRST {
            group.first.push(finding);
        }
    }

    fn note(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
    }
}

/// Writes a finding to the file of what is to be mended and, unless it is grouped, to standard output.
fn write(to_mend: Option<&mut csv::Writer<Output>>, out: &mut impl Write, listed: Listed, record: &Record<'_>) -> io::Result<()> {
    if let Some(to_mend) = to_mend {
        to_mend.serialize(record).map_err(io::Error::from)?;
    }
    match listed {
        Listed::Grouped => Ok(()),
        Listed::All => {
            let Record { file, line, column, rule, message, .. } = record;
            writeln!(out, "{}:{}:{}: {rule}: {}", plain(file), line.unwrap_or(1), column.unwrap_or(1), plain(message))
        }
        Listed::Json => {
            serde_json::to_writer(&mut *out, record).map_err(io::Error::from)?;
            out.write_all(b"\n")
        }
    }
}

impl Group {
    fn write(&self, name: &str, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}: {}", self.code, counted(self.seen, self.severity.name()))?;
        for (line, column, message) in &self.first {
            writeln!(out, "  {}:{line}:{column}: {}", plain(name), plain(message))?;
        }
        match self.seen - self.first.len() as u64 {
            0 => Ok(()),
            left => writeln!(out, "  ... and {} more; --all lists them", count(left)),
        }
    }
}
