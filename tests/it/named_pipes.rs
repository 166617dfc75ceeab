//! Named pipes, and what a shell makes of `<(…)`: an input that is read once, and outputs that somebody reads meanwhile.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::{JoinHandle, spawn};

use crate::harness::{Project, Report, csv, rows};

const POOL: &str = "us-east-1_Pipes0000";

fn named_pipe(project: &Project, name: &str) -> PathBuf {
    let path = project.path(name);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

/// Reads what comes through a pipe to its end, once.
fn reader(path: &Path) -> JoinHandle<String> {
    let path = path.to_owned();
    spawn(move || std::fs::read_to_string(path).unwrap())
}

#[test]
fn report_and_summary_go_through_named_pipes_whole() {
    let (project, rows) = (Project::new(), rows(POOL, 5));
    let sandbox = project.sandbox(&rows, &[]);
    project.give("users.csv", csv(&rows));
    let (report, summary) = (reader(&named_pipe(&project, "report")), reader(&named_pipe(&project, "summary")));
    let args = ["run", "users.csv", "--yes", "--endpoint-url", &sandbox.url, "-o", "report", "--summary", "summary"];
    project.run(&args).exits(0);
    Report::of_csv(&report.join().unwrap()).holds(&[("set", 5)]);
    let summary: serde_json::Value = serde_json::from_str(&summary.join().unwrap()).unwrap();
    assert_eq!(summary["outcomes"]["set"], 5);
}

#[test]
fn a_named_pipe_as_the_input_is_never_said_to_be_resumable() {
    let (project, rows) = (Project::new(), rows(POOL, 5));
    let sandbox = project.sandbox(&rows, &["--fault-expired-token", "1", "--faults-after", "2"]);
    let (input, text) = (named_pipe(&project, "users"), csv(&rows));
    let writer = spawn(move || std::fs::write(input, text).unwrap());
    let usual = ["--yes", "--rate", "unlimited", "--max-concurrency", "1", "--endpoint-url", &sandbox.url, "-o", "results.csv"];
    let finished = project.run(&[&["run", "users", "--format", "csv"], &usual[..]].concat()).exits(3);
    writer.join().unwrap();
    assert!(!finished.stderr.contains("--resume"), "{finished}");

    // Nor can a file take its place: nobody knows whether it has the same rows.
    project.give("users.csv", csv(&rows));
    let calls = sandbox.attempts().len();
    let finished = project.run(&[&["run", "users.csv", "--resume"], &usual[..]].concat()).exits(2);
    assert!(finished.stderr.contains("cannot be resumed") && sandbox.attempts().len() == calls, "{finished}");
    project.run(&[&["run", "users.csv"], &usual[..]].concat()).exits(2).says(&["cannot be resumed"]);
}
