//! A disk that fills up: before the first call nothing is sent, after it the run stops, and what it says is true.

use crate::harness::{BINARY, Project, Report, Sandbox, csv, journal_of, rows};

const POOL: &str = "us-east-1_FullDisk0";

fn sandbox(project: &Project, count: usize) -> Sandbox {
    let rows = rows(POOL, count);
    project.give("users.csv", csv(&rows));
    project.sandbox(&rows, &[])
}

#[test]
fn a_report_that_cannot_be_written_can_be_had_from_the_journal() {
    let project = Project::new();
    let sandbox = sandbox(&project, 3);
    let journal = journal_of("users.results.csv");
    let args = ["run", "users.csv", "--yes", "--endpoint-url", &sandbox.url, "--report", "/dev/full"];
    let finished = project.run(&[&args[..], &["--summary", "summary.json"]].concat()).exits(3);
    let finished = finished.says(&["/dev/full", "cognito-passwd report", &journal, "3 rows: 3 set"]);
    assert!(!finished.stderr.contains("\\n"), "lines are lines: {finished}");
    let summary: serde_json::Value = serde_json::from_slice(&std::fs::read(project.path("summary.json")).unwrap()).unwrap();
    assert_eq!((&summary["outcomes"]["set"], &summary["report"], &summary["exit_code"]), (&3.into(), &().into(), &3.into()));
    assert_eq!(sandbox.attempts().len(), 3);
    project.run(&["report", &journal, "-o", "results.csv"]).exits(0);
    Report::read(&project, "results.csv").holds(&[("set", 3)]);
}

#[test]
fn findings_that_cannot_be_written_are_no_pass() {
    let project = Project::new();
    project.give("users.csv", "user_pool_id,username,password\nnonsense,ann,x\n");
    let mut command = project.command(&[]);
    command = {
        let mut shell = project.command_of("bash", &["-c", "exec \"$0\" check users.csv --policy none > /dev/full", BINARY]);
        shell.env_remove("RUST_LOG");
        drop(command);
        shell
    };
    let finished = project.start(command).finish();
    assert!(!matches!(finished.code(), Some(0 | 101) | None), "{finished}");
}

/// No file may grow beyond 64 KiB here: the roll of 2,000 rows takes 16, and the journal reaches the rest in the middle of the run.
#[test]
fn when_the_journal_cannot_grow_the_run_stops_and_no_row_is_called_set_that_was_not() {
    let project = Project::new();
    let sandbox = sandbox(&project, 2_000);
    let script = "ulimit -f 64; trap '' XFSZ; exec \"$0\" \"$@\"";
    let args = ["-c", script, BINARY, "run", "users.csv", "--yes", "--rate", "unlimited", "--endpoint-url", &sandbox.url, "-o", "-"];
    project.start(project.command_of("bash", &args)).finish().exits(3).says(&[&journal_of("users.results.csv")]);

    let attempts = sandbox.attempts();
    assert!(!attempts.is_empty() && attempts.len() < 2_000, "{} calls", attempts.len());
    let journal = journal_of("users.results.csv");
    project.run(&["report", &journal, "-o", "results.csv"]);
    let report = Report::read(&project, "results.csv");
    assert_eq!(report.0.len(), 2_000);
    for row in &report.0 {
        let confirmed = attempts.iter().any(|call| call.username == row.user().1 && call.confirms());
        match row.outcome.as_str() {
            "set" => assert!(confirmed, "{row:?}"),
            "not_sent" => assert!(!confirmed, "{row:?}"),
            other => assert_eq!(other, "unknown", "{row:?}"),
        }
    }
    assert!(report.count("unknown") <= 64, "at most the calls in flight are unknown: {:?}", report.outcomes());
}
