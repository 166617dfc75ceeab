//! The exit codes of the contract, each by a run that earns it.

use std::net::TcpListener;

use crate::harness::{MARK, Project, Report, Row, Sandbox, csv, rows};

const POOL: &str = "us-east-1_ExitCodes";

fn sandbox(project: &Project, input: &[Row], users: &[Row], flags: &[&str]) -> Sandbox {
    project.give("users.csv", csv(input));
    project.sandbox(users, flags)
}

fn args(url: &str) -> Vec<&str> {
    vec!["run", "users.csv", "--yes", "--endpoint-url", url, "-o", "results.csv", "--summary", "summary.json"]
}

/// Runs three rows, and checks the exit code, the outcomes and what the summary says of both.
#[track_caller]
fn three_rows_end(code: i32, outcomes: &[(&str, usize)], users: usize, flags: &[&str], says: &[&str]) {
    let project = Project::new();
    let rows = rows(POOL, 3);
    let sandbox = sandbox(&project, &rows, &rows[..users], flags);
    project.run(&args(&sandbox.url)).exits(code).says(says);
    let summary = Report::read(&project, "results.csv").holds(outcomes).agrees_with(&project, "summary.json");
    assert_eq!(summary["exit_code"], code);
}

#[test]
fn zero_when_every_row_is_set() {
    three_rows_end(0, &[("set", 3)], 3, &[], &["3 set"]);
}

#[test]
fn one_when_some_rows_are_not_set() {
    three_rows_end(1, &[("set", 2), ("rejected", 1)], 2, &[], &["2 set", "1 rejected", "UserNotFoundException"]);
}

#[test]
fn three_when_the_credentials_expire() {
    let fault = ["--fault-expired-token", "1"];
    three_rows_end(3, &[("not_sent", 3)], 3, &fault, &["ExpiredTokenException"]);
}

#[test]
fn three_when_access_is_denied() {
    three_rows_end(3, &[("not_sent", 3)], 3, &["--fault-access-denied", "1"], &["AccessDeniedException"]);
}

#[test]
fn four_when_no_trustworthy_answer_comes() {
    three_rows_end(4, &[("unknown", 3)], 3, &["--fault-500", "1"], &["3 unknown"]);
}

#[test]
fn unknown_outweighs_rejected() {
    let project = Project::new();
    let rows = rows(POOL, 40);
    // With five attempts a row, a cut in 7 of 10 leaves about 7 of the 40 rows unknown; a missing user is rejected.
    let sandbox = sandbox(&project, &rows, &rows[..20], &["--fault-cut-before", "0.7", "--seed", "2"]);
    project.run(&[args(&sandbox.url), vec!["--rate", "unlimited"]].concat()).exits(4);
    let report = Report::read(&project, "results.csv");
    assert!(report.count("unknown") > 0 && report.count("rejected") > 0, "{:?}", report.outcomes());
}

#[test]
fn three_when_nobody_answers_at_the_endpoint() {
    let project = Project::new();
    project.give("users.csv", csv(&rows(POOL, 3)));
    // A port that was free a moment ago.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let finished = project.run(&[args(&format!("http://{closed}")), vec!["--policy", "none"]].concat()).exits(3);
    Report::read(&project, "results.csv").holds(&[("not_sent", 3)]);
    assert!(finished.stderr.contains(&closed.to_string()), "the endpoint is named: {finished}");
}

#[test]
fn without_credentials_nothing_is_sent() {
    let project = Project::new();
    let rows = rows(POOL, 3);
    let sandbox = sandbox(&project, &rows, &rows, &[]);
    let mut command = project.command(&args(&sandbox.url));
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let finished = project.start(command).finish().says(&["credentials"]);
    assert!(matches!(finished.code(), Some(2 | 3)), "{finished}");
    assert_eq!(sandbox.attempts().len(), 0);
    if project.has("results.csv") {
        Report::read(&project, "results.csv").holds(&[("not_sent", 3)]);
    }
}

#[test]
fn two_for_a_command_line_that_means_nothing() {
    let project = Project::new();
    project.give("users.csv", csv(&rows(POOL, 1)));
    for (args, says) in [
        (&[] as &[&str], "usage"),
        (&["frobnicate"], "frobnicate"),
        (&["run"], "FILE"),
        (&["run", "users.csv", "--frobnicate"], "--frobnicate"),
        (&["run", "users.csv", "--sandbox", "--yes", "--rate", "0"], "--rate"),
        (&["run", "users.csv", "--sandbox", "--yes", "--rate", "many"], "--rate"),
        (&["run", "users.csv", "--sandbox", "--yes", "--max-concurrency", "0"], "--max-concurrency"),
        (&["run", "users.csv", "--sandbox", "--yes", "--on-duplicate", "both"], "--on-duplicate"),
        (&["run", "users.csv", "--sandbox", "--yes", "--policy", "nowhere.json"], "nowhere.json"),
        (&["run", "users.csv", "--sandbox", "--yes", "--delimiter", "::"], "--delimiter"),
        (&["check"], "FILE"),
        (&["report"], "JOURNAL"),
        (&["report", "nowhere.journal"], "nowhere.journal"),
        (&["report", "users.csv"], "users.csv"),
        (&["sandbox", "--fault-500", "2"], "500"),
    ] {
        project.run(args).exits(2).says(&[says]);
        assert_eq!(project.left_behind(), Vec::<std::path::PathBuf>::new(), "{args:?}");
    }
}

#[test]
fn two_without_consent() {
    let project = Project::new();
    let rows = rows(POOL, 3);
    let sandbox = sandbox(&project, &rows, &rows, &[]);
    project.run(&["run", "users.csv", "--endpoint-url", &sandbox.url]).exits(2).says(&["--yes"]);
    assert_eq!(sandbox.attempts().len(), 0);
    assert!(!project.has("users.results.csv"));
}

#[test]
fn two_when_a_row_is_invalid() {
    let project = Project::new();
    let mut input = rows(POOL, 3);
    input[1] = Row::new("nonsense", "ann", None);
    let sandbox = sandbox(&project, &input, &rows(POOL, 3), &[]);
    project.run(&args(&sandbox.url)).exits(2).says(&["users.csv:3:", "--skip-invalid"]);
    assert_eq!(sandbox.attempts().len(), 0);
}

#[test]
fn the_embedded_sandbox_needs_no_credentials_and_no_network() {
    let project = Project::new();
    project.give("users.csv", csv(&[rows(POOL, 3), vec![Row::new("eu-west-1_Other0000", "ann", None)]].concat()));
    let mut command = project.command(&["run", "users.csv", "--sandbox", "--yes", "--summary", "summary.json"]);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"] {
        command.env_remove(name);
    }
    project.start(command).finish().exits(0);
    Report::read(&project, "users.results.csv").holds(&[("set", 4)]).agrees_with(&project, "summary.json");
    assert!(project.has("users.results.csv.journal"));
}

#[test]
fn check_passes_with_zero_and_finds_with_two() {
    let project = Project::new();
    project.give("users.csv", csv(&rows(POOL, 3)));
    project.run(&["check", "users.csv", "--policy", "none"]).exits(0);
    project.give("weak.csv", csv(&[Row::new(POOL, "ann", None).with_password(&MARK.to_lowercase())]));
    project.run(&["check", "weak.csv", "--policy", "none"]).exits(0);
    project.run(&["check", "weak.csv", "--sandbox"]).exits(2);
}
