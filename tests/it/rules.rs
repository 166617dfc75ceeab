//! The rules: README.md lists them all, warnings leave the exit code alone, and `--deny` and `--allow` mean the same to `check` and to `run`.

use std::fs;
use std::path::Path;

use cognito_passwd::validate::{Lint, Rule};
use serde_json::{Value, json};

use crate::harness::{MARK, Project, ROOT, Report, Row, csv};

const POOL: &str = "us-east-1_Rules0000";

/// A sound row, and one whose password ends in a non-breaking space.
fn with_a_lint(project: &Project) -> Vec<Row> {
    let rows = vec![Row::new(POOL, "ann", Some(true)), Row::new(POOL, "bob", Some(true)).with_password(&format!("{MARK}!1\u{a0}"))];
    project.give("users.csv", csv(&rows));
    rows
}

#[test]
fn the_readme_lists_every_rule_with_its_severity_and_no_other() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let table = readme.lines().skip_while(|line| *line != "| rule | severity | cause | remedy |").skip(2);
    let rows = table.take_while(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert!(cells.len() == 4 && cells.iter().all(|cell| !cell.is_empty()), "{line}");
        (cells[0].trim_matches('`').to_owned(), cells[1].to_owned())
    });
    let errors = Rule::ERRORS.map(|code| (code.to_owned(), "error".to_owned()));
    let warnings = Lint::ALL.map(|lint| (lint.code().to_owned(), "warning".to_owned()));
    assert_eq!(rows.collect::<Vec<_>>(), errors.into_iter().chain(warnings).collect::<Vec<_>>());
}

#[test]
fn a_lint_is_a_warning_that_deny_makes_an_error_and_allow_silences() {
    let project = Project::new();
    with_a_lint(&project);
    let check = |flags: &[&str]| project.run(&[&["check", "users.csv", "--policy", "none"], flags].concat());
    let shown = check(&[]).exits(0).says(&["2 rows, 0 invalid, 1 warning"]).stdout;
    assert!(shown.starts_with("password-odd-space: 1 warning\n  users.csv:3:"), "{shown}");
    let denied = check(&["--deny", "password-odd-space"]).exits(2).says(&["1 invalid"]).stdout;
    assert!(denied.starts_with("password-odd-space: 1 error\n"), "{denied}");
    assert_eq!(check(&["--allow", "password-odd-space"]).exits(0).stdout, "");
}

#[test]
fn run_counts_what_looks_wrong_and_goes_on_unless_it_is_denied() {
    for (flags, code, sent) in [(&[][..], 0, 2), (&["--allow", "password-odd-space"], 0, 2), (&["--deny", "password-odd-space"], 2, 0)] {
        let project = Project::new();
        let rows = with_a_lint(&project);
        let sandbox = project.sandbox(&rows, &[]);
        let args = ["run", "users.csv", "--yes", "--policy", "none", "--endpoint-url", &sandbox.url, "-o", "results.csv"];
        let finished = project.run(&[&args, flags].concat()).exits(code);
        assert_eq!(sandbox.attempts().len(), sent, "{finished}");
        assert_eq!(finished.stderr.contains("password-odd-space (1)"), flags.is_empty(), "{finished}");
        assert_eq!(finished.stderr.contains("users.csv:3:"), sent == 0, "{finished}");
    }
}

#[test]
fn run_leaves_out_the_rows_of_a_denied_rule_with_skip_invalid() {
    let project = Project::new();
    // Ten users share a password, one has her own, and one is there under two spellings.
    let shared = (0..10).map(|n| Row::new(POOL, &format!("user{n}"), None).with_password(&format!("{MARK}!shared")));
    let own = [("eva", 1), ("Bob", 2), ("bob", 3)].map(|(name, n)| Row::new(POOL, name, None).with_password(&format!("{MARK}!{n}")));
    let rows: Vec<_> = shared.chain(own).collect();
    project.give("users.csv", csv(&rows));
    let sandbox = project.sandbox(&rows, &[]);
    let args = ["run", "users.csv", "--yes", "--skip-invalid", "--policy", "none", "--endpoint-url", &sandbox.url, "-o", "results.csv"];
    let flags = ["--deny", "password-shared", "--deny", "username-case"];
    project.run(&[&args[..], &flags].concat()).exits(1).says(&["users.csv:2:1: password-shared", "users.csv:11:1: password-shared"]);
    Report::read(&project, "results.csv").holds(&[("set", 1), ("invalid", 12)]);
    assert_eq!(sandbox.attempts()[0].username, "eva");
}

#[test]
fn standard_input_is_held_to_the_same_rules() {
    let project = Project::new();
    let rows: Vec<_> = (0..12).map(|n| Row::new(POOL, &format!("user{n}"), None).with_password(&format!("{MARK}!shared"))).collect();
    let spellings = ["Eva", "eva"].map(|name| Row::new(POOL, name, None).with_password(&format!("{MARK}!{name}")));
    project.give("users.csv", csv(&[rows, spellings.to_vec()].concat()));
    let check = |flags: &str| {
        let line = format!("{} check - --policy none --all --quiet {flags} < users.csv", crate::harness::BINARY);
        project.start(project.command_of("bash", &["-c", &line])).finish()
    };
    let lines = |stdout: &str| stdout.lines().map(|line| line.split(':').skip(1).take(3).collect::<Vec<_>>().join(":")).collect::<Vec<_>>();
    assert_eq!(lines(&check("").exits(0).stdout), ["11:1: password-shared", "15:1: username-case"]);
    let denied = check("--deny password-shared --deny username-case").exits(2).stdout;
    assert_eq!(lines(&denied), ["11:1: password-shared", "12:1: password-shared", "13:1: password-shared", "15:1: username-case"]);
}

#[test]
fn a_rule_that_is_no_lint_is_refused_with_a_way_out() {
    let project = Project::new();
    with_a_lint(&project);
    for command in ["check", "run"] {
        let with = |flags: &[&str]| project.run(&[&[command, "users.csv"], flags].concat()).exits(2);
        with(&["--deny", "pasword-shard"]).says(&["no such rule", "did you mean password-shared"]);
        with(&["--allow", "policy-symbols"]).says(&["is an error", "Cognito would refuse"]);
        with(&["--deny", "pool-id"]).says(&["is an error", "already"]);
        with(&["--deny", "password-hash", "--allow", "password-hash"]).says(&["contradict"]);
    }
}

#[test]
fn findings_are_grouped_with_their_count_and_first_places() {
    let project = Project::new();
    let rows: Vec<_> = (0..7).map(|n| Row::new("nonsense", &format!("user{n}"), None).with_password(&format!("{MARK}!{n}"))).collect();
    project.give("users.csv", csv(&rows));
    let stdout = project.run(&["check", "users.csv", "--policy", "none"]).exits(2).stdout;
    let lines: Vec<_> = stdout.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[6]), (7, "pool-id: 7 errors", "  ... and 2 more; --all lists them"));
    assert!(lines[1].starts_with("  users.csv:2:1: ") && lines[5].starts_with("  users.csv:6:1: "), "{stdout}");
}

#[test]
fn programs_get_every_finding_and_the_fix_report_holds_the_same() {
    let project = Project::new();
    project.give("users.csv", format!("user_pool_id,username,password\n{POOL},a b,{MARK}!1\n{POOL},ann,\u{201c}{MARK}\u{201d}\nx,bob\n"));
    let finished = project.run(&["check", "users.csv", "--policy", "none", "--json", "--fix-report", "mend.csv"]).exits(2);
    let records: Vec<Value> = finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let without_message = |record: &Value| {
        let mut record = record.clone();
        assert!(record.as_object_mut().unwrap().remove("message").is_some_and(|message| message.as_str().unwrap().len() > 20));
        record
    };
    let expected = [
        (2, POOL.len() + 2, 1, "username-character", "error", json!("username")),
        (3, POOL.len() + 6, 2, "password-smart-punctuation", "warning", json!("password")),
        (4, 1, 3, "field-count", "error", Value::Null),
    ]
    .map(|(line, column, row, rule, severity, field)| {
        json!({"file": "users.csv", "line": line, "column": column, "row": row, "rule": rule, "severity": severity, "field": field})
    });
    assert_eq!(records.iter().map(without_message).collect::<Vec<_>>(), expected);
    let text = fs::read_to_string(project.path("mend.csv")).unwrap();
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    for (row, record) in reader.records().zip(&records) {
        for (name, cell) in header.iter().zip(&row.unwrap()) {
            assert_eq!(cell, record[name].as_str().map_or_else(|| record[name].to_string().replace("null", ""), str::to_owned), "{name}");
        }
    }
    assert_eq!(text.lines().count(), 4);
    project.run(&["check", "users.csv", "--policy", "none", "--fix-report", "mend.csv"]).exits(2).says(&["mend.csv", "exists"]);
}

#[test]
fn an_input_that_cannot_be_read_is_a_record_too() {
    let project = Project::new();
    project.give("users.csv", "username;password\nann;x\n");
    let finished = project.run(&["check", "users.csv", "--policy", "none", "--json", "--user-pool-id", POOL, "--fix-report", "mend.csv"]);
    let record: Value = serde_json::from_str(finished.exits(2).stdout.trim()).unwrap();
    assert_eq!((&record["rule"], &record["line"], &record["row"]), (&json!("header-delimiter"), &json!(1), &Value::Null));
    assert!(fs::read_to_string(project.path("mend.csv")).unwrap().contains("header-delimiter"));
}
