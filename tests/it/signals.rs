//! Ctrl-C and `kill`: the run stops sending, waits for its answers, and leaves a true report.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::{BINARY, Project, Report, Running, Sandbox, csv, eventually, journal_of, rows};

const ROWS: usize = 400;

/// A run of 400 rows at 40 a second, against a service that takes `latency` milliseconds, after it has sent `calls` of them.
fn run_and_wait<'a>(project: &'a Project, latency: &str, calls: usize, extra: &[&str]) -> (Running<'a>, Sandbox) {
    let rows = rows("us-east-1_Signals00", ROWS);
    let sandbox = project.sandbox(&rows, &["--latency", latency]);
    project.give("users.csv", csv(&rows));
    let args = [
        &["run", "users.csv", "--yes", "--rate", "40", "--endpoint-url", &sandbox.url, "-o", "results.csv", "--summary", "summary.json"],
        extra,
    ]
    .concat();
    let mut running = project.start(project.command(&args));
    eventually("the first calls", || {
        assert!(!running.has_ended(), "it ended early: {}", running.stderr());
        (sandbox.attempts().len() >= calls).then_some(())
    });
    (running, sandbox)
}

/// Every row is `set` if the service confirmed it, else what `others` allows.
fn is_true(report: &Report, sandbox: &Sandbox, others: &[&str]) {
    let calls = sandbox.attempts();
    assert_eq!(report.0.len(), ROWS);
    for row in &report.0 {
        let confirmed = calls.iter().any(|call| call.username == row.user().1 && call.confirms());
        match row.outcome.as_str() {
            "set" => assert!(confirmed, "{row:?}"),
            "not_sent" => assert!(!calls.iter().any(|call| call.username == row.user().1), "it was sent: {row:?}"),
            outcome => assert!(others.contains(&outcome), "{row:?}"),
        }
    }
}

fn drains(signal: Signal, code: i32) {
    let project = Project::new();
    let (running, sandbox) = run_and_wait(&project, "300", 20, &[]);
    running.signal(signal);
    running.finish_within(Duration::from_secs(25)).exits(code);
    let report = Report::read(&project, "results.csv");
    let summary = report.agrees_with(&project, "summary.json");
    assert_eq!(summary["exit_code"], code);
    assert!(summary["stopped"].is_string(), "{summary}");
    is_true(&report, &sandbox, &[]);
    assert!(report.count("set") >= 20 && report.count("not_sent") > 0, "{:?}", report.outcomes());
    assert_eq!(report.count("set"), sandbox.attempts().len(), "every call that was made is in the report");
}

#[test]
fn sigint_drains_the_calls_in_flight_and_leaves_a_true_report() {
    drains(Signal::INT, 130);
}

#[test]
fn sigterm_drains_the_calls_in_flight_and_leaves_a_true_report() {
    drains(Signal::TERM, 143);
}

#[test]
fn a_terminal_that_goes_drains_the_calls_in_flight_too() {
    drains(Signal::HUP, 129);
}

#[test]
fn under_nohup_a_run_outlives_its_terminal() {
    let (project, rows) = (Project::new(), rows("us-east-1_Signals00", 20));
    let sandbox = project.sandbox(&rows, &["--latency", "100"]);
    project.give("users.csv", csv(&rows));
    let args = ["run", "users.csv", "--yes", "--rate", "20", "--endpoint-url", &sandbox.url, "-o", "results.csv"];
    let running = project.start(project.command_of("nohup", &[&[BINARY], &args[..]].concat()));
    eventually("the first calls", || (sandbox.attempts().len() >= 5).then_some(()));
    running.signal(Signal::HUP);
    running.finish().exits(0);
    Report::read(&project, "results.csv").holds(&[("set", 20)]);
}

#[test]
fn after_the_grace_the_calls_that_never_answered_are_unknown() {
    let project = Project::new();
    let (running, sandbox) = run_and_wait(&project, "4000", 11, &["--grace", "1", "--max-concurrency", "10"]);
    let signalled = Instant::now();
    running.signal(Signal::TERM);
    running.finish_within(Duration::from_secs(3)).exits(143);
    assert!(signalled.elapsed() >= Duration::from_millis(900), "the grace was not given");
    let report = Report::read(&project, "results.csv");
    report.agrees_with(&project, "summary.json");
    is_true(&report, &sandbox, &["unknown"]);
    // The first call goes alone.
    report.holds(&[("set", 1), ("unknown", 10), ("not_sent", ROWS - 11)]);
}

#[test]
fn a_second_signal_ends_the_run_at_once_and_the_journal_tells_the_truth() {
    let project = Project::new();
    let (mut running, sandbox) = run_and_wait(&project, "4000", 11, &["--grace", "60", "--max-concurrency", "10"]);
    running.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!running.has_ended(), "it did not wait for its answers");
    running.signal(Signal::INT);
    running.finish_within(Duration::from_secs(2)).exits(130).says(&["ending at once", "run --resume "]);
    project.run(&["report", &journal_of("results.csv"), "-o", "again.csv"]);
    let report = Report::read(&project, "again.csv");
    is_true(&report, &sandbox, &["unknown"]);
    // The first call goes alone.
    report.holds(&[("set", 1), ("unknown", 10), ("not_sent", ROWS - 11)]);
}

#[test]
fn after_kill_9_the_journal_tells_the_truth() {
    let project = Project::new();
    let (running, sandbox) = run_and_wait(&project, "100", 20, &[]);
    running.signal(Signal::KILL);
    assert_eq!(running.finish().code(), None);
    project.run(&["report", &journal_of("results.csv"), "-o", "again.csv"]);
    let report = Report::read(&project, "again.csv");
    is_true(&report, &sandbox, &["unknown"]);
    assert!(report.count("set") > 0 && report.count("not_sent") > 0, "{:?}", report.outcomes());
}

#[test]
fn the_sandbox_ends_on_a_signal() {
    for signal in [Signal::INT, Signal::TERM] {
        let project = Project::new();
        let mut sandbox = project.sandbox(&rows("us-east-1_Signals00", 1), &[]);
        rustix::process::kill_process(rustix::process::Pid::from_child(sandbox.child()), signal).unwrap();
        eventually("the sandbox's end", || sandbox.child().try_wait().unwrap());
    }
}
