//! The results, row by row, in input order: as CSV that is safe to open in a spreadsheet, or as JSON Lines without loss.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;

use super::{Account, Output, OutputError};
use crate::input::{Batch, InputError, Reader};
use crate::journal::{JournalError, Ledger, Mark};
use crate::outcome::{Detail, Fate, Outcome};
use crate::row::{Digest, Identity, Lifetime, RowNumber};

/// Where the rows come from.
pub enum Source<'a> {
    /// The input itself, read once more.
    Input(&'a mut Reader),
    /// The journal, which describes the rows of an input that cannot be read again.
    Journal,
}

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The input cannot be read again.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The input is not the one that the journal is about.
    #[error(
        "{name}:{line}:1: this row is not the one that was run: its pool, username or permanent differ\n\
         the file that was run is needed, in which only the passwords of rows not yet done may have changed"
    )]
    Changed {
        /// The input.
        name: String,
        /// The line that the first such row begins on.
        line: u64,
    },
    /// The report cannot be made where it is wanted.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The report cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// One row of the report.
#[derive(Debug)]
pub struct ReportRow {
    /// Which row, and whom it is about.
    pub identity: Identity,
    /// What became of it.
    pub fate: Fate,
    /// When, where the journal tells.
    pub at: Option<SystemTime>,
}

impl ReportRow {
    fn new(identity: Identity, mark: Mark) -> Self {
        let (fate, at) = match mark {
            Mark::None => (Fate::unsent(Outcome::NotSent, "run_ended", "the run ended before its turn"), None),
            Mark::Ended { fate, at, .. } => (fate, Some(at)),
            Mark::Open { attempt, at, .. } => {
                let detail = Detail {
                    code: "no_answer".to_owned(),
                    message: "a call was about to leave, and no answer to it was noted".to_owned(),
                    request_id: String::new(),
                };
                (Fate { outcome: Outcome::Unknown, detail, attempts: attempt }, Some(at))
            }
        };
        Self { identity, fate, at }
    }
}

/// Writes every row of `source` to `output`, in input order, brings it to its place, and gives the rows counted.
///
/// # Errors
/// [`ReportError`] where input or journal cannot be read, or the report not be written.
pub fn write_all(source: Source<'_>, ledger: &mut Ledger, form: Form, output: Output) -> Result<Account, ReportError> {
    let mut account = Account::default();
    let mut writer = RowWriter::new(form, output);
    each_row(source, ledger, |row| {
        account.add(&row);
        Ok(writer.write(&row)?)
    })?;
    writer.finish()?.finish()?;
    Ok(account)
}

/// Gives every row of `source` with its outcome to `take`, in input order.
///
/// # Errors
/// [`ReportError`] where input or journal cannot be read, or from `take`.
fn each_row(
    source: Source<'_>,
    ledger: &mut Ledger,
    mut take: impl FnMut(ReportRow) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let Source::Input(reader) = source else {
        for row in 1..=ledger.described_rows() {
            if let Some(identity) = ledger.describe(RowNumber(row))? {
                let mark = ledger.mark(identity.row)?;
                take(ReportRow::new(identity, mark))?;
            }
        }
        return Ok(());
    };
    reader.rewind()?;
    let mut batch = Batch::default();
    loop {
        reader.fill(&mut batch)?;
        if batch.is_empty() {
            return Ok(());
        }
        for index in 0..batch.len() {
            let identity = batch.identity(index);
            let mark = ledger.mark(identity.row)?;
            if is_another(&identity, &mark) {
                return Err(ReportError::Changed { name: reader.name().to_owned(), line: identity.line });
            }
            take(ReportRow::new(identity, mark))?;
        }
    }
}

/// Whether the journal knows another row under this number.
fn is_another(identity: &Identity, mark: &Mark) -> bool {
    let now = identity.lifetime.map(|lifetime| Digest::of(&identity.pool, &identity.username, lifetime));
    mark.digest().is_some_and(|then| now != Some(then))
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values with a header, safe to open in a spreadsheet.
    Csv,
    /// A JSON object a line, without loss.
    Jsonl,
}

impl Form {
    /// The form that a file's name asks for: JSON Lines for `.jsonl`, `.ndjson` and `.json`, else CSV.
    pub fn of(path: &Path) -> Self {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("jsonl" | "ndjson" | "json") => Self::Jsonl,
            _ => Self::Csv,
        }
    }
}

/// Writes rows in a [`Form`].
pub enum RowWriter<W: Write> {
    /// As CSV.
    Csv(Box<csv::Writer<W>>),
    /// As JSON Lines.
    Jsonl(W),
}

/// A row as it is written. The names are the columns.
#[derive(Serialize)]
struct Line<'a> {
    row: RowNumber,
    line: u64,
    user_pool_id: Cow<'a, str>,
    username: Cow<'a, str>,
    permanent: Option<bool>,
    outcome: &'a str,
    error_code: Option<Cow<'a, str>>,
    message: Option<Cow<'a, str>>,
    attempts: u32,
    request_id: Option<Cow<'a, str>>,
    time: Option<String>,
}

impl<'a> Line<'a> {
    /// `text` is how a text is written.
    fn new(row: &'a ReportRow, text: fn(&'a str) -> Cow<'a, str>) -> Self {
        let ReportRow { identity, fate: Fate { outcome, detail, attempts }, at } = row;
        let some = |part: &'a str| (!part.is_empty()).then(|| text(part));
        Self {
            row: identity.row,
            line: identity.line,
            user_pool_id: text(&identity.pool),
            username: text(&identity.username),
            permanent: identity.lifetime.map(Lifetime::is_permanent),
            outcome: outcome.name(),
            error_code: some(&detail.code),
            message: some(&detail.message),
            attempts: *attempts,
            request_id: some(&detail.request_id),
            time: at.map(|at| humantime::format_rfc3339_millis(at).to_string()),
        }
    }
}

/// A text that no spreadsheet takes for a formula: an apostrophe before what could begin one. Users called `+1555…` are common.
fn for_spreadsheets(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

impl<W: Write> RowWriter<W> {
    /// A writer of `form` to `out`.
    pub fn new(form: Form, out: W) -> Self {
        match form {
            Form::Csv => Self::Csv(Box::new(csv::Writer::from_writer(out))),
            Form::Jsonl => Self::Jsonl(out),
        }
    }

    /// Writes one row.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write(&mut self, row: &ReportRow) -> io::Result<()> {
        match self {
            Self::Csv(out) => out.serialize(Line::new(row, for_spreadsheets)).map_err(io::Error::from),
            Self::Jsonl(out) => {
                serde_json::to_writer(&mut *out, &Line::new(row, Cow::Borrowed))?;
                out.write_all(b"\n")
            }
        }
    }

    /// Gives the output back, with everything written to it.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Csv(out) => out.into_inner().map_err(|error| io::Error::from(error.error().kind())),
            Self::Jsonl(out) => Ok(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(username: &str, mark: Mark) -> ReportRow {
        let pool = "us-east-1_a".to_owned();
        let identity = Identity { row: RowNumber(1), line: 2, pool, username: username.to_owned(), lifetime: Some(Lifetime::Permanent) };
        ReportRow::new(identity, mark)
    }

    fn written(form: Form, row: &ReportRow) -> String {
        let mut writer = RowWriter::new(form, Vec::new());
        writer.write(row).unwrap();
        String::from_utf8(writer.finish().unwrap()).unwrap()
    }

    #[test]
    fn a_csv_report_has_the_columns_of_the_contract() {
        let text = written(
            Form::Csv,
            &row(
                "zoë",
                Mark::Ended { digest: None, fate: Fate::unsent(Outcome::Invalid, "no-pool", "a, \"b\""), at: SystemTime::UNIX_EPOCH },
            ),
        );
        assert_eq!(
            text,
            "row,line,user_pool_id,username,permanent,outcome,error_code,message,attempts,request_id,time\n\
             1,2,us-east-1_a,zoë,true,invalid,no-pool,\"a, \"\"b\"\"\",0,,1970-01-01T00:00:00.000Z\n"
        );
    }

    #[test]
    fn no_cell_of_a_csv_report_is_a_formula_and_json_lines_lose_nothing() {
        for username in ["+15551234", "=1+1", "-x", "@a", "\tx"] {
            assert!(written(Form::Csv, &row(username, Mark::None)).contains(&format!("'{username}")), "{username}");
            let line: serde_json::Value = serde_json::from_str(&written(Form::Jsonl, &row(username, Mark::None))).unwrap();
            assert_eq!(line["username"], username);
        }
    }

    #[test]
    fn a_row_without_a_record_is_not_sent_and_one_without_a_result_is_unknown() {
        assert_eq!(row("a", Mark::None).fate.outcome, Outcome::NotSent);
        let open = row("a", Mark::Open { digest: Digest(1), attempt: 2, at: SystemTime::UNIX_EPOCH });
        assert_eq!((open.fate.outcome, open.fate.attempts), (Outcome::Unknown, 2));
    }

    #[test]
    fn a_row_is_another_when_pool_username_or_lifetime_differ() {
        let identity = |username: &str| row(username, Mark::None).identity;
        let set = Mark::Ended {
            digest: Some(Digest::of("us-east-1_a", "a", Lifetime::Permanent)),
            fate: Fate::unsent(Outcome::Set, "", ""),
            at: SystemTime::UNIX_EPOCH,
        };
        assert!(!is_another(&identity("a"), &set));
        assert!(is_another(&identity("b"), &set));
        assert!(is_another(&Identity { lifetime: Some(Lifetime::Temporary), ..identity("a") }, &set));
        assert!(is_another(&Identity { lifetime: None, ..identity("a") }, &set));
        assert!(!is_another(&identity("b"), &Mark::None));
    }

    #[test]
    fn the_form_follows_the_files_name() {
        for (name, form) in [("a.csv", Form::Csv), ("a.jsonl", Form::Jsonl), ("a.ndjson", Form::Jsonl), ("-", Form::Csv), ("a", Form::Csv)]
        {
            assert_eq!(Form::of(Path::new(name)), form, "{name}");
        }
    }
}
