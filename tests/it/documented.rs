//! The sandbox beside what Cognito documents, row for row, through boto3 and the AWS CLI; and moto beside the rows on which it is right, so that our
//! reading of the documentation is held against someone else's. The rows stand in `documented_rows.py`, and README.md shows them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::harness::{Project, ROOT, moto, python, script};

/// The clients sign with this key, and what is not signed with it is refused.
const VERIFIED: &[&str] = &["--verify-signatures", "--credentials", "testing:testing"];

/// A row of the table.
#[derive(Deserialize)]
struct Row {
    row: String,
    expected: Value,
    seen: Value,
}

/// What `documented.py` prints.
#[track_caller]
fn documented(args: &[&str]) -> String {
    let mut command = Command::new(python());
    let output = command
        .arg(script("documented.py"))
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUTF8", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Asks an endpoint, and gives how many rows there were.
#[track_caller]
fn holds(endpoint: &str, flags: &[&str]) -> usize {
    let output = documented(&[&[endpoint], flags].concat());
    let rows: Vec<Row> = serde_json::from_str(&output).unwrap();
    let broken = rows.iter().filter(|row| row.expected != row.seen);
    let broken: Vec<_> = broken.map(|row| format!("{}: expected {}, saw {}", row.row, row.expected, row.seen)).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    rows.len()
}

#[test]
fn the_sandbox_does_what_cognito_documents() {
    let project = Project::new();
    let sandbox = project.sandbox(&[], VERIFIED);
    let rows = holds(&sandbox.url, &[]);
    assert!(rows >= 40, "{rows} rows");
}

#[test]
fn the_sandbox_does_it_for_the_aws_cli_too() {
    let project = Project::new();
    let sandbox = project.sandbox(&[], VERIFIED);
    let rows = holds(&sandbox.url, &["--aws-cli"]);
    assert!(rows >= 40, "{rows} rows");
}

#[test]
fn moto_agrees_where_it_is_right() {
    let rows = holds(moto(), &["--moto"]);
    assert!(rows >= 20, "{rows} rows");
}

#[test]
fn the_readme_shows_these_rows_and_no_other() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let expected = documented(&["--table"]);
    let header = expected.lines().next().unwrap();
    let shown: Vec<_> = readme.lines().skip_while(|line| *line != header).take_while(|line| line.starts_with('|')).collect();
    let expected: Vec<_> = expected.lines().collect();
    let missing: Vec<_> = expected.iter().filter(|line| !shown.contains(line)).collect();
    let unchecked: Vec<_> = shown.iter().filter(|line| !expected.contains(line)).collect();
    assert!(
        missing.is_empty() && unchecked.is_empty() && shown == expected,
        "the table of README.md is not what `.venv/bin/python tests/it/documented.py --table` prints\n\
         not in README.md: {missing:#?}\nonly in README.md: {unchecked:#?}"
    );
}
