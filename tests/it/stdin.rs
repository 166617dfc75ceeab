//! Standard input: read once, and sent as it comes.

use std::time::Duration;

use rustix::process::Signal;

use crate::harness::{MARK, Project, Report, Row, Running, csv, eventually, journal_of, jsonl, rows};

const POOL: &str = "us-east-1_Stdin0000";

fn args<'a>(url: &'a str, extra: &[&'a str]) -> Vec<&'a str> {
    [&["run", "-", "--yes", "--rate", "unlimited", "--endpoint-url", url], extra].concat()
}

#[test]
fn csv_and_jsonl_are_read_from_a_pipe() {
    let rows = rows(POOL, 50);
    for (extra, input) in [
        (&["--format", "csv"] as &[&str], csv(&rows)),
        (&["--format", "jsonl"], jsonl(&rows).into_bytes()),
        (&[], csv(&rows)),
        (&[], jsonl(&rows).into_bytes()),
    ] {
        let project = Project::new();
        let sandbox = project.sandbox(&rows, &[]);
        let mut running =
            Running::with_pipe(&project, &args(&sandbox.url, &[extra, &["-o", "results.csv", "--summary", "s.json"]].concat()));
        running.write(&input);
        running.finish().exits(0);
        Report::read(&project, "results.csv").holds(&[("set", 50)]).agrees_with(&project, "s.json");
        assert_eq!(sandbox.attempts().len(), 50);
    }
}

#[test]
fn a_row_is_sent_before_the_next_one_is_written() {
    let project = Project::new();
    let rows = rows(POOL, 2);
    let sandbox = project.sandbox(&rows, &[]);
    let mut running = Running::with_pipe(&project, &args(&sandbox.url, &["--format", "jsonl", "-o", "results.csv"]));
    for (sent, row) in rows.iter().enumerate() {
        running.write(jsonl(std::slice::from_ref(row)).as_bytes());
        eventually("the row's call", || (sandbox.attempts().len() > sent).then_some(()));
    }
    running.finish().exits(0);
    Report::read(&project, "results.csv").holds(&[("set", 2)]);
}

#[test]
fn an_invalid_row_in_a_pipe_is_reported_with_its_place_and_the_others_are_set() {
    let project = Project::new();
    let mut rows = rows(POOL, 10);
    rows[4] = Row::new(POOL, "white space", None);
    let sandbox = project.sandbox(&rows, &[]);
    let mut running = Running::with_pipe(&project, &args(&sandbox.url, &["--format", "csv", "--skip-invalid", "-o", "results.jsonl"]));
    running.write(&csv(&rows));
    running.finish().exits(1);
    let report = Report::read(&project, "results.jsonl");
    report.holds(&[("set", 9), ("invalid", 1)]);
    assert_eq!((report.0[4].outcome.as_str(), report.0[4].line), ("invalid", 6));
    assert_eq!(report.0[4].user(), (POOL, "white space"));
}

#[test]
fn the_report_of_a_pipe_can_be_had_again_from_its_journal_alone() {
    let project = Project::new();
    let rows = rows(POOL, 20);
    let sandbox = project.sandbox(&rows[..15], &[]);
    let mut running = Running::with_pipe(&project, &args(&sandbox.url, &["--format", "csv", "-o", "results.csv"]));
    running.write(&csv(&rows));
    running.finish().exits(1);
    let report = Report::read(&project, "results.csv");
    report.holds(&[("set", 15), ("rejected", 5)]);
    project.run(&["report", &journal_of("results.csv"), "-o", "again.csv"]);
    assert_eq!(Report::read(&project, "again.csv"), report);
}

#[test]
fn when_a_run_over_a_pipe_is_interrupted_every_row_that_was_read_is_in_the_report() {
    let (project, rows) = (Project::new(), rows(POOL, 3_000));
    let sandbox = project.sandbox(&rows, &["--latency", "50"]);
    let all = ["run", "-", "--yes", "--rate", "100", "--endpoint-url", &sandbox.url, "--format", "csv", "-o", "results.csv"];
    let mut running = Running::with_pipe(&project, &all);
    running.write(&csv(&rows));
    eventually("the first calls", || (sandbox.attempts().len() > 20).then_some(()));
    running.signal(Signal::INT);
    running.finish_within(Duration::from_secs(21)).exits(130);
    let report = Report::read(&project, "results.csv");
    // What the pipe held was read as one batch, long before its rows' turns.
    assert_eq!(report.count("set") + report.count("not_sent"), report.0.len());
    assert_eq!(report.count("set"), sandbox.attempts().len());
    assert!(report.0.len() > 1_100, "{} rows of what was read are in the report", report.0.len());
    let users = report.0.iter().map(|row| row.user().1.to_owned());
    assert!(users.eq(rows.iter().take(report.0.len()).map(|row| row.username.clone())), "the rows are those that were written first");
}

#[test]
fn a_pipe_cannot_give_consent() {
    let project = Project::new();
    let rows = rows(POOL, 2);
    let sandbox = project.sandbox(&rows, &[]);
    let mut running = Running::with_pipe(&project, &["run", "-", "--format", "csv", "--endpoint-url", &sandbox.url, "-o", "results.csv"]);
    running.write(&csv(&rows));
    running.write(b"y\nyes\n");
    running.finish().exits(2).says(&["--yes"]);
    assert_eq!(sandbox.attempts().len(), 0);
}

#[test]
fn check_reads_a_pipe() {
    let project = Project::new();
    let mut running = Running::with_pipe(&project, &["check", "-", "--format", "csv", "--policy", "none"]);
    running.write(format!("user_pool_id,username,password\n{POOL},ann,{MARK}!1\n{POOL},,{MARK}!2\n").as_bytes());
    let finished = running.finish().exits(2);
    assert!(finished.stdout.contains(":3:"), "{finished}");
}
