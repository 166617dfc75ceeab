//! The report is a function of input and journal: it can be had again, in either form, and is safe to open.

use crate::harness::{Finished, Project, Report, Row, csv, journal_of, rows};

const POOL: &str = "us-east-1_Report000";

/// A run, and the rows that it read.
struct Ran {
    rows: Vec<Row>,
    finished: Finished,
}

/// A run with rows of every kind: set, rejected, invalid, skipped.
fn a_mixed_run(project: &Project, report: &str) -> Ran {
    let mut rows = rows(POOL, 20);
    let users = rows.clone();
    rows[3] = Row::new(POOL, "=cmd|' /C calc'!A0".replace(' ', "").as_str(), Some(true));
    rows[4] = Row::new(POOL, "+15551234567", None);
    rows[5] = Row::new(POOL, "white space", Some(true));
    rows[6] = Row::new(POOL, "o\"brien,jr\"", Some(true));
    rows.push(rows[0].clone());
    let sandbox = project.sandbox(&users, &[]);
    project.give("users.csv", csv(&rows));
    let args = [
        "run",
        "users.csv",
        "--yes",
        "--rate",
        "unlimited",
        "--skip-invalid",
        "--on-duplicate",
        "first",
        "--endpoint-url",
        &sandbox.url,
        "-o",
        report,
        "--summary",
        "summary.json",
    ];
    let finished = project.run(&args).exits(1);
    Ran { rows, finished }
}

#[test]
fn the_report_can_be_had_again_byte_for_byte() {
    for report in ["results.csv", "results.jsonl"] {
        let project = Project::new();
        a_mixed_run(&project, report);
        let again = format!("again.{}", report.split_once('.').unwrap().1);
        project.run(&["report", &journal_of(report), "-o", &again]).exits(1);
        assert_eq!(std::fs::read(project.path(report)).unwrap(), std::fs::read(project.path(&again)).unwrap());
        let printed = project.run(&["report", &journal_of(report), "--input", "users.csv"]).exits(1);
        assert_eq!(Report::of_csv(&printed.stdout).outcomes(), Report::read(&project, report).outcomes());
    }
}

#[test]
fn nothing_of_another_file_is_printed_as_a_result() {
    let project = Project::new();
    let mut rows = a_mixed_run(&project, "results.csv").rows;
    rows[9].username = "another".to_owned();
    project.give("other.csv", csv(&rows));
    let finished = project.run(&["report", &journal_of("results.csv"), "--input", "other.csv"]).exits(2).says(&["other.csv:11:1"]);
    assert_eq!(finished.stdout.lines().count(), 1, "the header alone: {finished}");
}

/// Where something that was on the disk is lost, a row without a record may have been sent, and to send it again may overwrite what its
/// user has chosen since.
#[test]
fn no_row_is_called_not_sent_once_records_are_lost_from_the_middle_of_the_journal() {
    let (project, rows) = (Project::new(), rows(POOL, 60));
    let sandbox = project.sandbox(&rows, &[]);
    project.give("users.csv", csv(&rows));
    let one_by_one = ["run", "users.csv", "--yes", "--rate", "unlimited", "--max-concurrency", "1", "-o", "results.csv"];
    project.run(&[&one_by_one[..], &["--endpoint-url", &sandbox.url]].concat()).exits(0);
    let journal = project.path(journal_of("results.csv"));
    let mut bytes = std::fs::read(&journal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&journal, bytes).unwrap();
    let finished = project.run(&["report", &journal_of("results.csv"), "-o", "again.jsonl"]).exits(4);
    finished.says(&["is damaged at byte", "are called unknown"]);
    let report = Report::read(&project, "again.jsonl");
    let unknown = report.0.iter().filter(|row| row.outcome == "unknown").count();
    report.holds(&[("set", 60 - unknown), ("unknown", unknown)]);
    assert!(unknown > 0 && std::fs::read_to_string(project.path("again.jsonl")).unwrap().contains("journal_damaged"));
}

#[test]
fn a_file_whose_name_is_no_text_is_run_and_reported_like_any_other() {
    use std::os::unix::ffi::OsStringExt;
    let (project, rows) = (Project::new(), rows(POOL, 3));
    let sandbox = project.sandbox(&rows, &[]);
    let name = std::ffi::OsString::from_vec(b"us\xff.csv".to_vec());
    project.give(&name, csv(&rows));
    let mut command = project.command(&["run", "--yes", "--endpoint-url", &sandbox.url, "-o", "results.csv"]);
    command.arg(&name);
    project.start(command).finish().exits(0);
    let printed = project.run(&["report", &journal_of("results.csv")]).exits(0);
    Report::of_csv(&printed.stdout).holds(&[("set", 3)]);
}

#[test]
fn every_row_is_in_the_report_in_the_order_of_the_input() {
    let project = Project::new();
    let rows = a_mixed_run(&project, "results.jsonl").rows;
    let report = Report::read(&project, "results.jsonl");
    report.holds(&[("set", 16), ("rejected", 3), ("invalid", 1), ("skipped", 1)]).agrees_with(&project, "summary.json");
    for (row, result) in rows.iter().zip(&report.0) {
        assert_eq!(result.user(), (row.pool.as_str(), row.username.as_str()));
        assert_eq!(result.permanent, Some(row.permanent == Some(true)));
        assert_eq!(result.line, result.row + 1);
    }
    for row in &report.0 {
        assert_eq!(row.attempts > 0, matches!(row.outcome.as_str(), "set" | "rejected"), "{row:?}");
        assert_eq!(row.code().is_empty(), row.outcome == "set", "{row:?}");
    }
}

#[test]
fn no_cell_of_the_csv_is_a_formula() {
    let project = Project::new();
    a_mixed_run(&project, "results.csv");
    let report = Report::read(&project, "results.csv");
    assert_eq!(report.0[3].user().1, "'=cmd|'/Ccalc'!A0");
    assert_eq!(report.0[4].user().1, "'+15551234567");
    let mut reader = csv_reader(&project);
    for record in reader.records() {
        for cell in &record.unwrap() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{cell}");
        }
    }
}

fn csv_reader(project: &Project) -> csv::Reader<std::fs::File> {
    csv::Reader::from_path(project.path("results.csv")).unwrap()
}

#[test]
fn the_report_can_go_to_standard_output() {
    let project = Project::new();
    let rows = rows(POOL, 5);
    let sandbox = project.sandbox(&rows, &[]);
    project.give("users.csv", csv(&rows));
    let finished = project.run(&["run", "users.csv", "--yes", "--endpoint-url", &sandbox.url, "-o", "-"]).exits(0);
    Report::of_csv(&finished.stdout).holds(&[("set", 5)]);
    assert!(project.has("users.results.csv.journal"));
}

#[test]
fn without_a_terminal_a_plain_line_comes_now_and_then_and_quiet_leaves_it_out() {
    let project = Project::new();
    let rows = rows(POOL, 24);
    let sandbox = project.sandbox(&rows, &[]);
    project.give("users.csv", csv(&rows));
    let start = |extra: &[&str]| {
        let args = [&["run", "users.csv", "--yes", "--rate", "2", "--endpoint-url", &sandbox.url], extra].concat();
        project.start(project.command(&args))
    };
    let (loud, quiet) = (start(&["-o", "1.csv"]), start(&["-o", "2.csv", "--quiet"]));
    let (loud, quiet) = (loud.finish().exits(0), quiet.finish().exits(0));
    let lines = |finished: &Finished| finished.stderr.lines().count();
    assert!(lines(&loud) > lines(&quiet), "{loud}\n{quiet}");
    for finished in [loud, quiet] {
        assert!(!finished.stderr.contains(['\u{1b}', '\r']), "no control characters without a terminal: {finished}");
        assert_eq!(finished.stdout, "");
        finished.says(&["24 rows", "24 set"]);
    }
}

#[test]
fn a_finished_run_says_how_it_went_and_where_the_results_are() {
    let project = Project::new();
    a_mixed_run(&project, "results.csv").finished.says(&[
        "21 rows",
        "16 set",
        "3 rejected",
        "1 invalid",
        "1 skipped",
        "UserNotFoundException",
        "results.csv",
        "results.csv.journal",
    ]);
}

#[test]
fn the_plan_says_what_is_about_to_happen() {
    let project = Project::new();
    let mut rows = rows(POOL, 4);
    rows.push(Row::new("eu-west-1_Report000", "ann", Some(true)));
    let sandbox = project.sandbox(&rows, &[]);
    project.give("users.csv", csv(&rows));
    let args = ["run", "users.csv", "--yes", "--rate", "12", "--endpoint-url", &sandbox.url, "-o", "results.csv"];
    project.run(&args).exits(0).says(&[&sandbox.url, POOL, "eu-west-1_Report000", "5 rows", "4 permanent", "1 temporary", "12/s"]);
}
