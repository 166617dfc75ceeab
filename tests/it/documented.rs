//! The sandbox beside what Cognito documents, row for row, through boto3; and moto beside the rows on which it is right, so that our
//! reading of the documentation is held against someone else's. The rows stand in `documented.py`.

use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::harness::{Project, moto, python, script};

/// A row of the table.
#[derive(Deserialize)]
struct Row {
    row: String,
    expected: Value,
    seen: Value,
}

/// Asks an endpoint, and gives how many rows there were.
#[track_caller]
fn holds(endpoint: &str, flags: &[&str]) -> usize {
    let output = Command::new(python())
        .arg(script("documented.py"))
        .arg(endpoint)
        .args(flags)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<Row> = serde_json::from_slice(&output.stdout).unwrap();
    let broken = rows.iter().filter(|row| row.expected != row.seen);
    let broken: Vec<_> = broken.map(|row| format!("{}: expected {}, saw {}", row.row, row.expected, row.seen)).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    rows.len()
}

#[test]
fn the_sandbox_does_what_cognito_documents() {
    let project = Project::new();
    let sandbox = project.sandbox(&[], &[]);
    let rows = holds(&sandbox.url, &[]);
    assert!(rows >= 40, "{rows} rows");
}

#[test]
fn moto_agrees_where_it_is_right() {
    let rows = holds(moto(), &["--moto"]);
    assert!(rows >= 20, "{rows} rows");
}
