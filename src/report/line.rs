//! One row of the report, and how it is written: as CSV that is safe to open in a spreadsheet, or as JSON Lines without loss.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;

use super::Account;
use crate::journal::Mark;
use crate::outcome::{Detail, Fate, Outcome};
use crate::row::{Identity, Lifetime, RowNumber};

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
    pub(super) fn new(identity: Identity, mark: Mark) -> Self {
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

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values with a header, safe to open in a spreadsheet.
    Csv,
    /// The same without what makes it safe there: every text as it is.
    RawCsv,
    /// A JSON object a line, without loss.
    Jsonl,
}

impl Form {
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
            Self::Csv | Self::RawCsv => b"row,line,user_pool_id,username,permanent,outcome,error_code,message,attempts,request_id,time\n",
            Self::Jsonl => b"",
        }
    }

    /// Writes rows.
    pub(super) fn write(self, rows: &[ReportRow]) -> io::Result<Written> {
        let mut account = Account::default();
        rows.iter().for_each(|row| account.add(row));
        let text = match self {
            Self::Csv | Self::RawCsv => {
                let text: fn(&str) -> Cow<'_, str> = if self == Self::Csv { for_spreadsheets } else { |text| Cow::Borrowed(text) };
                let mut out = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
                for row in rows {
                    out.serialize(Line::new(row, text))?;
                }
                out.into_inner().map_err(csv::IntoInnerError::into_error)?
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Digest;

    fn row(username: &str, mark: Mark) -> ReportRow {
        let pool = "us-east-1_a".to_owned();
        let identity = Identity { row: RowNumber(1), line: 2, pool, username: username.to_owned(), lifetime: Some(Lifetime::Permanent) };
        ReportRow::new(identity, mark)
    }

    fn written(form: Form, row: &ReportRow) -> String {
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
        for username in ["+15551234", "=1+1", "-x", "@a", "\tx"] {
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
