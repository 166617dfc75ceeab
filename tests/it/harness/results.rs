//! What a run leaves behind, read back: the report in both its forms, and the summary.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;
use serde_json::Value;

use super::project::Project;

/// The columns of a report, in their order.
const COLUMNS: [&str; 11] =
    ["row", "line", "user_pool_id", "username", "permanent", "outcome", "error_code", "message", "attempts", "request_id", "time"];

/// One row of a report. A field that is empty in CSV or null in JSON is `None`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportRow {
    pub row: u64,
    pub line: u64,
    pub user_pool_id: Option<String>,
    pub username: Option<String>,
    pub permanent: Option<bool>,
    pub outcome: String,
    pub error_code: Option<String>,
    pub message: Option<String>,
    pub attempts: u32,
    pub request_id: Option<String>,
    pub time: Option<String>,
}

impl ReportRow {
    /// Pool and username.
    pub fn user(&self) -> (&str, &str) {
        (self.user_pool_id.as_deref().unwrap_or_default(), self.username.as_deref().unwrap_or_default())
    }

    /// The error's code, or nothing.
    pub fn code(&self) -> &str {
        self.error_code.as_deref().unwrap_or_default()
    }
}

/// Rows by outcome; outcomes that did not occur are left out.
pub type Outcomes = BTreeMap<String, usize>;

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report(pub Vec<ReportRow>);

impl Report {
    /// Reads a report in a project's folder, and checks what holds for every one: the columns, and the order of the input.
    #[track_caller]
    pub fn read(project: &Project, name: &str) -> Self {
        let text = fs::read_to_string(project.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        if name.ends_with(".jsonl") { Self::of_jsonl(&text) } else { Self::of_csv(&text) }
    }

    /// Reads a report in CSV.
    #[track_caller]
    pub fn of_csv(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), COLUMNS.as_slice(), "the columns");
        Self::checked(reader.deserialize().map(|row| row.unwrap()).collect())
    }

    /// Reads a report in JSON Lines.
    #[track_caller]
    pub fn of_jsonl(text: &str) -> Self {
        for line in text.lines() {
            let object: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
            assert!(COLUMNS.iter().all(|column| object.contains_key(*column)), "every column is there: {line}");
        }
        Self::checked(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    #[track_caller]
    fn checked(rows: Vec<ReportRow>) -> Self {
        let numbers: Vec<_> = rows.iter().map(|row| row.row).collect();
        assert_eq!(numbers, (1..=rows.len() as u64).collect::<Vec<_>>(), "every row, in the order of the input");
        assert!(rows.is_sorted_by_key(|row| row.line), "the lines rise");
        Self(rows)
    }

    /// Rows by outcome.
    pub fn outcomes(&self) -> Outcomes {
        let mut outcomes = Outcomes::new();
        for row in &self.0 {
            *outcomes.entry(row.outcome.clone()).or_default() += 1;
        }
        outcomes
    }

    /// Rows that ended so.
    pub fn count(&self, outcome: &str) -> usize {
        self.0.iter().filter(|row| row.outcome == outcome).count()
    }

    /// Fails unless the rows ended so, and no others are there.
    #[track_caller]
    pub fn holds(&self, expected: &[(&str, usize)]) -> &Self {
        let expected: Outcomes = expected.iter().map(|(outcome, rows)| ((*outcome).to_owned(), *rows)).collect();
        assert_eq!(self.outcomes(), expected);
        self
    }

    /// Fails unless the JSON summary of this name says the same as the report, and its sum is right.
    #[track_caller]
    pub fn agrees_with(&self, project: &Project, summary: &str) -> Value {
        let text = fs::read_to_string(project.path(summary)).unwrap_or_else(|error| panic!("{summary}: {error}"));
        let summary: Value = serde_json::from_str(&text).unwrap();
        let outcomes: BTreeMap<String, usize> = serde_json::from_value(summary["outcomes"].clone()).unwrap();
        assert_eq!(outcomes.keys().collect::<Vec<_>>(), ["invalid", "not_sent", "rejected", "set", "skipped", "unknown"]);
        assert_eq!(summary["rows"], outcomes.values().sum::<usize>(), "the outcomes sum to the rows");
        assert_eq!(summary["rows"], self.0.len());
        for (outcome, rows) in outcomes {
            assert_eq!(rows, self.count(&outcome), "{outcome}");
        }
        summary
    }
}

/// The journal's name for a report's.
pub fn journal_of(report: &str) -> String {
    format!("{report}.journal")
}
