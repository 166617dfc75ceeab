//! One row of the report, and how it is written: as CSV that is safe to open in a spreadsheet, or as JSON Lines without loss.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;

use super::Account;
use super::terminal::plain;
use crate::input::Batch;
use crate::journal::Mark;
use crate::outcome::{Fate, Outcome};
use crate::row::{Digest, Identity, Lifetime, RowNumber};

/// One row of the report.
pub(super) struct ReportRow<'b> {
    row: RowNumber,
    pub(super) line: u64,
    pool: Cow<'b, str>,
    username: Cow<'b, str>,
    lifetime: Option<Lifetime>,
    pub(super) fate: Fate,
    at: Option<SystemTime>,
}

impl<'b> ReportRow<'b> {
    /// A row that the journal describes.
    pub(super) fn described(identity: Identity, mark: Mark) -> Self {
        let Identity { row, line, pool, username, lifetime } = identity;
        let (fate, at) = Self::fate(mark);
        Self { row, line, pool: pool.into(), username: username.into(), lifetime, fate, at }
    }

    /// A row of the input. Of a malformed one only its place is known: any of its fields may hold the password.
    pub(super) fn read(batch: &'b Batch, index: usize, mark: Mark) -> Self {
        let (pool, username, lifetime) = match batch.row(index) {
            Ok(row) => (row.pool, row.username, Some(row.lifetime)),
            Err(_) => (Cow::Borrowed(""), Cow::Borrowed(""), None),
        };
        let (fate, at) = Self::fate(mark);
        Self { row: batch.number(index), line: batch.line(index), pool, username, lifetime, fate, at }
    }

    /// What a changed row is noticed by; `None` where it could not be read.
    pub(super) fn digest(&self) -> Option<Digest> {
        self.lifetime.map(|lifetime| Digest::of(&self.pool, &self.username, lifetime))
    }

    /// What became of a row of which the journal says this, and when.
    pub(super) fn fate(mark: Mark) -> (Fate, Option<SystemTime>) {
        match mark {
            Mark::None => (Fate::unsent(Outcome::NotSent, "run_ended", "the run ended before its turn"), None),
            Mark::Lost => (Fate::unsent(Outcome::Unknown, "journal_damaged", "what was noted of it may be lost with the damage"), None),
            Mark::Ended { fate, at, .. } => (fate, Some(at)),
            Mark::Open { attempt, at, .. } => {
                let fate = Fate::unsent(Outcome::Unknown, "no_answer", "a call was about to leave, and no answer to it was noted");
                (Fate { attempts: attempt, ..fate }, Some(at))
            }
        }
    }
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values with a header, safe to open in a spreadsheet.
    Csv,
    /// The same without what makes it safe there: every text as it is.
    RawCsv,
    /// [`Form::Csv`] for a terminal: a text is on one line, and nothing in it is obeyed or hidden.
    ShownCsv,
    /// [`Form::RawCsv`] for a terminal.
    ShownRawCsv,
    /// A JSON object a line, without loss.
    Jsonl,
}

impl Form {
    /// The same for a terminal. JSON has no line break in a text.
    pub(super) fn shown(self) -> Self {
        match self {
            Self::Csv | Self::ShownCsv => Self::ShownCsv,
            Self::RawCsv | Self::ShownRawCsv => Self::ShownRawCsv,
            Self::Jsonl => Self::Jsonl,
        }
    }

    /// The form that a file's name asks for: JSON Lines for `.jsonl`, `.ndjson` and `.json`, else CSV, raw or safe.
    pub fn of(path: &Path, raw_csv: bool) -> Self {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("jsonl" | "ndjson" | "json") => Self::Jsonl,
            _ if raw_csv => Self::RawCsv,
            _ => Self::Csv,
        }
    }

    /// What stands before the first row.
    pub(super) fn header(self) -> &'static [u8] {
        match self {
            Self::Csv | Self::RawCsv | Self::ShownCsv | Self::ShownRawCsv => {
                b"row,line,user_pool_id,username,permanent,outcome,error_code,message,attempts,request_id,time\n"
            }
            Self::Jsonl => b"",
        }
    }

    /// Writes rows.
    pub(super) fn write(self, rows: &[ReportRow<'_>]) -> io::Result<Written> {
        let mut account = Account::default();
        rows.iter().for_each(|row| account.add(&row.fate));
        let text = match self {
            Self::Csv => as_csv(rows, |text| for_spreadsheets(text.into()))?,
            Self::RawCsv => as_csv(rows, |text| Cow::Borrowed(text))?,
            Self::ShownCsv => as_csv(rows, |text| for_spreadsheets(plain(text)))?,
            Self::ShownRawCsv => as_csv(rows, plain)?,
            Self::Jsonl => {
                let mut out = Vec::new();
                for row in rows {
                    serde_json::to_writer(&mut out, &Line::new(row, Cow::Borrowed))?;
                    out.push(b'\n');
                }
                out
            }
        };
        Ok(Written { text, account })
    }
}

fn as_csv(rows: &[ReportRow<'_>], text: fn(&str) -> Cow<'_, str>) -> io::Result<Vec<u8>> {
    let mut out = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    for row in rows {
        out.serialize(Line::new(row, text))?;
    }
    out.into_inner().map_err(csv::IntoInnerError::into_error)
}

/// Rows as they were written, and counted.
pub(super) struct Written {
    pub(super) text: Vec<u8>,
    pub(super) account: Account,
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
    fn new(row: &'a ReportRow<'_>, text: fn(&'a str) -> Cow<'a, str>) -> Self {
        let ReportRow { fate: Fate { outcome, detail, attempts }, .. } = row;
        let some = |part: &'a str| (!part.is_empty()).then(|| text(part));
        Self {
            row: row.row,
            line: row.line,
            user_pool_id: text(&row.pool),
            username: text(&row.username),
            permanent: row.lifetime.map(Lifetime::is_permanent),
            outcome: outcome.name(),
            error_code: some(&detail.code),
            message: some(&detail.message),
            attempts: *attempts,
            request_id: some(&detail.request_id),
            time: row.at.map(|at| humantime::format_rfc3339_millis(at).to_string()),
        }
    }
}

/// A text that no spreadsheet takes for a formula: an apostrophe before what could begin one, be it in the full width of East Asian
/// fonts. Users called `+1555…` are common.
fn for_spreadsheets(text: Cow<'_, str>) -> Cow<'_, str> {
    const BEGINNINGS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if text.starts_with(BEGINNINGS) { Cow::Owned(format!("'{text}")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(username: &str, mark: Mark) -> ReportRow<'static> {
        let pool = "us-east-1_a".to_owned();
        let identity = Identity { row: RowNumber(1), line: 2, pool, username: username.to_owned(), lifetime: Some(Lifetime::Permanent) };
        ReportRow::described(identity, mark)
    }

    fn written(form: Form, row: &ReportRow<'_>) -> String {
        let text = form.write(std::slice::from_ref(row)).unwrap().text;
        String::from_utf8([form.header(), &text].concat()).unwrap()
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
        for username in ["+15551234", "=1+1", "-x", "@a", "\tx", "＝1"] {
            assert!(written(Form::Csv, &row(username, Mark::None)).contains(&format!("'{username}")), "{username}");
            assert!(written(Form::RawCsv, &row(username, Mark::None)).contains(&format!(",{username}")), "{username}");
            let line: serde_json::Value = serde_json::from_str(&written(Form::Jsonl, &row(username, Mark::None))).unwrap();
            assert_eq!(line["username"], username);
        }
    }

    #[test]
    fn a_row_without_a_record_is_not_sent_and_one_without_a_result_is_unknown() {
        assert_eq!(row("a", Mark::None).fate.outcome, Outcome::NotSent);
        let open = row("a", Mark::Open { digest: Digest(1), attempt: 2, at: SystemTime::UNIX_EPOCH });
        assert_eq!((open.fate.outcome, open.fate.attempts), (Outcome::Unknown, 2));
        assert_eq!(row("a", Mark::Lost).fate.outcome, Outcome::Unknown);
    }

    #[test]
    fn the_form_follows_the_files_name() {
        assert_eq!(Form::of(Path::new("a.csv"), true), Form::RawCsv);
        assert_eq!(Form::of(Path::new("a.jsonl"), true), Form::Jsonl);
        for (name, form) in [("a.csv", Form::Csv), ("a.jsonl", Form::Jsonl), ("a.ndjson", Form::Jsonl), ("-", Form::Csv), ("a", Form::Csv)]
        {
            assert_eq!(Form::of(Path::new(name), false), form, "{name}");
        }
    }
}
