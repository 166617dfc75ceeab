//! A service that fails: whatever a run says of a row afterwards is true, and the sandbox's call log is the witness.

use std::collections::BTreeMap;

use crate::harness::{ATTEMPTS, Logged, Project, Report, Sandbox, csv, rows};

/// Runs `count` rows against a sandbox with these faults. The run ends with 4 if a row is unknown, else with 0.
fn run(project: &Project, count: usize, faults: &[&str]) -> (Report, Sandbox) {
    let rows = rows("us-east-1_Faults000", count);
    let sandbox = project.sandbox(&rows, faults);
    project.give("users.csv", csv(&rows));
    let args =
        ["run", "users.csv", "--yes", "--rate", "200", "--endpoint-url", &sandbox.url, "-o", "results.csv", "--summary", "summary.json"];
    let finished = project.run(&args);
    let report = Report::read(project, "results.csv");
    finished.exits(if report.count("unknown") > 0 { 4 } else { 0 });
    report.agrees_with(project, "summary.json");
    assert_eq!(report.0.len(), count, "every row is in the report");
    (report, sandbox)
}

#[test]
fn with_a_tenth_of_answers_500_and_a_twentieth_of_connections_cut_every_row_is_set_or_unknown() {
    let project = Project::new();
    let faults = ["--fault-500", "0.1", "--fault-cut-before", "0.025", "--fault-cut-after", "0.025", "--seed", "11"];
    let (report, sandbox) = run(&project, 600, &faults);
    report.is_true(&sandbox);
    // A row meets five faults in a row once in 12,000.
    assert!(report.count("unknown") <= 3, "{:?}", report.outcomes());
    assert!(report.0.iter().any(|row| row.attempts > 1), "no fault struck");
}

#[test]
fn when_half_of_the_answers_are_lost_no_row_is_called_set_or_failed_on_a_guess() {
    let project = Project::new();
    let faults = ["--fault-cut-after", "0.2", "--fault-html-ok", "0.2", "--fault-html", "0.1", "--fault-503", "0.1", "--seed", "3"];
    let (report, sandbox) = run(&project, 250, &faults);
    report.is_true(&sandbox);
    assert!(report.count("unknown") > 0 && report.count("set") > 0, "{:?}", report.outcomes());
    for row in report.0.iter().filter(|row| row.outcome == "unknown") {
        assert_eq!(row.attempts, ATTEMPTS, "row {} was given up early", row.row);
    }
}

#[test]
fn html_with_status_200_is_never_called_set() {
    let project = Project::new();
    let (report, sandbox) = run(&project, 6, &["--fault-html-ok", "1"]);
    report.is_true(&sandbox);
    report.holds(&[("unknown", 6)]);
}

#[test]
fn a_throttled_attempt_costs_the_row_nothing() {
    let project = Project::new();
    let (report, sandbox) = run(&project, 40, &["--fault-throttle", "0.5", "--seed", "5"]);
    report.is_true(&sandbox);
    let throttled = sandbox.attempts().iter().filter(|call| call.code == "TooManyRequestsException").count();
    assert!(throttled > 10, "{throttled} calls were throttled");
    assert!(report.0.iter().all(|row| row.outcome == "set" && row.attempts == 1));
}

#[test]
fn above_the_quota_the_run_slows_down_and_sets_every_row() {
    let project = Project::new();
    let (report, sandbox) = run(&project, 300, &["--quota", "30", "--burst", "10"]);
    report.is_true(&sandbox);
    report.holds(&[("set", 300)]);
    let calls = sandbox.attempts().len();
    assert!(calls < 450, "{calls} calls for 300 rows");
}

#[test]
fn a_user_has_at_most_one_call_in_flight() {
    let project = Project::new();
    let mut users = rows("us-east-1_Faults000", 5);
    users.extend(users.clone().into_iter().map(|row| row.clone().with_password(&format!("{}x", row.password))));
    let sandbox = project.sandbox(&users, &["--latency", "200", "--fault-500", "0.3"]);
    project.give("users.csv", csv(&users));
    let args =
        ["run", "users.csv", "--yes", "--rate", "unlimited", "--on-duplicate", "last", "--endpoint-url", &sandbox.url, "-o", "r.csv"];
    project.run(&args);
    Report::read(&project, "r.csv").0[..5].iter().for_each(|row| assert_eq!(row.outcome, "skipped"));
    let mut last = BTreeMap::new();
    for call in sandbox.attempts() {
        if let Some(before) = last.insert(call.username.clone(), call.arrived) {
            assert!(call.arrived - before >= 0.19, "{}: two calls within {} s", call.username, call.arrived - before);
        }
    }
}

#[test]
fn why_a_row_is_unknown_is_said_in_words() {
    let project = Project::new();
    let (report, _sandbox) = run(&project, 6, &["--fault-cut-before", "0.4", "--fault-html", "0.6", "--fault-html-ok", "1"]);
    let summary = report.agrees_with(&project, "summary.json");
    let reasons = summary["reasons"].as_array().unwrap().iter().map(|reason| reason["message"].as_str().unwrap().to_owned());
    for message in report.0.iter().filter_map(|row| row.message.clone()).chain(reasons) {
        let is_dump = message.contains("{ ") || message.contains("DispatchFailure") || message.contains("SdkBody");
        assert!(!is_dump && message.len() < 300, "this is a program's inside: {message}");
    }
}

/// The client waits ten seconds for an answer; these come after twelve.
#[test]
fn with_answers_lost_and_answers_too_late_every_row_is_set_or_unknown_and_no_user_has_two_calls_in_flight() {
    let project = Project::new();
    let faults = ["--fault-cut-after", "0.05", "--fault-slow", "0.05", "--slow-by", "12000", "--seed", "4"];
    let (report, sandbox) = run(&project, 300, &faults);
    report.holds(&[("set", 300)]);
    let mut before: BTreeMap<String, Logged> = BTreeMap::new();
    let mut late = 0;
    for call in sandbox.attempts() {
        let Some(earlier) = before.insert(call.username.clone(), call.clone()) else { continue };
        // A second call leaves when the first was cut off, or was waited for in vain.
        if earlier.status.is_some() {
            assert!(call.arrived - earlier.arrived > 9.5, "{earlier:?}\n{call:?}");
            late += 1;
        }
    }
    assert!(late > 3, "{late} answers came too late");
}
