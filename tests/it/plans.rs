//! The fault plans of `samples/`: `run` meets each of them, ends as is said here, and reports what the sandbox's call log saw.

use serde_json::json;

use crate::harness::{Call, Project, Report, Sandbox, boto3};
use crate::samples::with_samples;

/// Every plan of `samples/`.
pub const SHOWN: [&str; 9] = [
    "plan-access-revoked.jsonl",
    "plan-applied-late.jsonl",
    "plan-lost-answers.jsonl",
    "plan-one-user-unknown.jsonl",
    "plan-outage.jsonl",
    "plan-slow.jsonl",
    "plan-throttled.jsonl",
    "plan-token-expires.jsonl",
    "plan-week-passes.jsonl",
];

/// The rows of `users.csv`.
const ROWS: usize = 26;

/// A sandbox with the sample's users and a plan.
fn sandbox(project: &Project, plan: &str) -> Sandbox {
    project.sandbox(&[], &["--users", "users.csv", "--fault-plan", plan])
}

/// Sets the sample's passwords, and gives a report that the call log bears out.
fn run(project: &Project, sandbox: &Sandbox, flags: &[&str], code: i32) -> Report {
    let args = ["run", "users.csv", "--yes", "--rate", "100", "--endpoint-url", &sandbox.url, "-o", "r.csv", "--summary", "s.json"];
    project.run(&[&args, flags].concat()).exits(code);
    let report = Report::read(project, "r.csv");
    report.agrees_with(project, "s.json");
    assert_eq!(report.0.len(), ROWS);
    report
}

/// Meets a plan in which all ends well, and gives how many calls it struck.
fn ends_well(plan: &str) -> usize {
    let (project, _) = with_samples();
    let mut sandbox = sandbox(&project, plan);
    let report = run(&project, &sandbox, &[], 0);
    // What is still to be applied late is applied when it stops.
    sandbox.stop();
    report.is_true(&sandbox);
    report.holds(&[("set", ROWS)]);
    sandbox.attempts().iter().filter(|call| call.fault.is_some()).count()
}

#[test]
fn throttled_for_a_second_the_run_sets_every_row_afterwards() {
    assert!(ends_well("plan-throttled.jsonl") > 0);
}

#[test]
fn answers_that_are_lost_are_asked_for_again() {
    assert!(ends_well("plan-lost-answers.jsonl") >= 2);
}

#[test]
fn an_outage_is_outlasted() {
    assert!(ends_well("plan-outage.jsonl") >= 3);
}

#[test]
fn slow_answers_are_waited_for() {
    assert!(ends_well("plan-slow.jsonl") > 0);
}

#[test]
fn what_is_applied_late_is_the_same_password() {
    assert_eq!(ends_well("plan-applied-late.jsonl"), 1);
}

#[test]
fn a_user_whose_answers_are_all_lost_is_unknown_and_no_other_is() {
    let (project, _) = with_samples();
    let sandbox = sandbox(&project, "plan-one-user-unknown.jsonl");
    let report = run(&project, &sandbox, &[], 4);
    report.is_true(&sandbox);
    report.holds(&[("set", ROWS - 1), ("unknown", 1)]);
    let unknown = report.0.iter().find(|row| row.outcome == "unknown").unwrap();
    assert_eq!(unknown.user().1, "bruno@example.com");
}

#[test]
fn an_expired_token_stops_the_run_and_resume_sets_the_rest() {
    let (project, _) = with_samples();
    let sandbox = sandbox(&project, "plan-token-expires.jsonl");
    let stopped = run(&project, &sandbox, &["--max-concurrency", "4"], 3);
    stopped.is_true(&sandbox);
    assert!(stopped.count("not_sent") > 0 && stopped.count("set") >= 8, "{:?}", stopped.outcomes());
    run(&project, &sandbox, &["--resume"], 0).holds(&[("set", ROWS)]);
}

#[test]
fn revoked_access_stops_the_run_and_no_row_is_rejected_for_it() {
    let (project, _) = with_samples();
    let sandbox = sandbox(&project, "plan-access-revoked.jsonl");
    let report = run(&project, &sandbox, &["--max-concurrency", "4"], 3);
    report.is_true(&sandbox);
    assert!(report.count("not_sent") > 0 && report.count("rejected") == 0, "{:?}", report.outcomes());
}

#[test]
fn when_a_week_passes_a_temporary_password_that_was_set_no_longer_signs_in() {
    let (project, _) = with_samples();
    let sandbox = sandbox(&project, "plan-week-passes.jsonl");
    let report = run(&project, &sandbox, &[], 0);
    report.is_true(&sandbox);
    let temporary = report.0.iter().find(|row| row.permanent == Some(false)).unwrap();
    let (pool, username) = temporary.user();
    let password = password_of(&project, temporary.line);
    let client = json!({ "UserPoolId": pool, "ClientName": "any", "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"] });
    let client = boto3(&sandbox.url, &[Call::new(pool, "create_user_pool_client", client)]).remove(0).ok();
    let sign_in = json!({
        "ClientId": client["UserPoolClient"]["ClientId"],
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": { "USERNAME": username, "PASSWORD": password },
    });
    let (class, text) = boto3(&sandbox.url, &[Call::new(pool, "initiate_auth", sign_in)]).remove(0).exception();
    assert_eq!(class, "NotAuthorizedException");
    assert_eq!(text, "Temporary password has expired and must be reset by an administrator.");
}

/// The password on a line of `users.csv`.
fn password_of(project: &Project, line: u64) -> String {
    let mut reader = csv::Reader::from_path(project.path("users.csv")).unwrap();
    let at = reader.headers().unwrap().iter().position(|name| name == "password").unwrap();
    let record = reader.records().map(Result::unwrap).find(|record| record.position().unwrap().line() == line).unwrap();
    record[at].to_owned()
}
