//! `check --plan` and `run --plan`: what was checked is what is sent, or nothing is.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::harness::{Call, Finished, Project, Report, Row, Sandbox, boto3, csv, jsonl, rows};

const POOL: &str = "us-east-1_Plan00000";
const COUNT: usize = 150;

/// A file of rows that was checked against a sandbox, and the plan of it.
fn planned() -> (Project, Sandbox, Vec<Row>) {
    let (project, rows) = (Project::new(), rows(POOL, COUNT));
    let sandbox = project.sandbox(&rows, &[]);
    project.give("users.csv", csv(&rows));
    check(&project, &sandbox, &[]).exits(0);
    (project, sandbox, rows)
}

fn check(project: &Project, sandbox: &Sandbox, flags: &[&str]) -> Finished {
    project.run(&[&["check", "users.csv", "--plan", "plan.json", "--endpoint-url", &sandbox.url, "--rate", "500"], flags].concat())
}

fn run(project: &Project, sandbox: &Sandbox, flags: &[&str]) -> Finished {
    let mut args = vec!["run", "users.csv", "--yes", "--endpoint-url", &sandbox.url, "-o", "results.csv"];
    for (flag, value) in [("--plan", "plan.json"), ("--rate", "500")] {
        if !flags.contains(&flag) {
            args.extend([flag, value]);
        }
    }
    project.run(&[&args, flags].concat())
}

/// Fails unless the run was refused in these words and sent nothing.
#[track_caller]
fn refused(project: &Project, sandbox: &Sandbox, flags: &[&str], words: &[&str]) {
    run(project, sandbox, flags).exits(2).says(words).says(&["nothing was sent"]);
    assert_eq!(sandbox.attempts().len(), 0);
    assert!(!project.has("results.csv") && !project.has("results.csv.journal"), "a refusal leaves no file behind");
}

#[test]
fn what_was_planned_is_sent() {
    let (project, sandbox, _) = planned();
    run(&project, &sandbox, &[]).exits(0).says(&["plan      plan.json of ", "same rows"]);
    Report::read(&project, "results.csv").holds(&[("set", COUNT)]);
    run(&project, &sandbox, &["--resume"]).exits(0);
}

#[test]
fn a_plan_says_what_was_seen_to_its_owner_alone() {
    let (project, sandbox, _) = planned();
    let path = project.path("plan.json");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let plan: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(plan["rows"], json!({"read": 150, "to_send": 150, "skipped": 0, "permanent": 100, "temporary": 50}));
    assert_eq!((&plan["pools"][0]["id"], &plan["pools"][0]["rows"]), (&json!(POOL), &json!(150)));
    assert_eq!(plan["pools"][0]["policy"]["MinimumLength"], 8);
    assert_eq!((&plan["flags"]["rate"], &plan["target"]), (&json!("500/s"), &json!(sandbox.url)));
    let digests: usize = plan["digests"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().len()).sum();
    assert_eq!(digests, 16 * COUNT);
}

#[test]
fn a_row_that_changed_is_named_by_its_line() {
    type Change = fn(&mut Vec<Row>);
    let changes: [(Change, &str, &str); 8] = [
        (|rows| rows[99].username.push('x'), "users.csv:101:1", "this row is not the one"),
        (|rows| rows[0].permanent = Some(false), "users.csv:2:1", "this row is not the one"),
        (|rows| rows[149].pool = "us-east-1_Other0000".to_owned(), "users.csv:151:1", "this row is not the one"),
        (|rows| rows.swap(10, 11), "users.csv:12:1", "this row is not the one"),
        (|rows| drop(rows.remove(70)), "users.csv:72:1", "this row is not the one"),
        (|rows| rows.insert(5, Row::new(POOL, "new", Some(true))), "users.csv:7:1", "this row is not the one"),
        (|rows| rows.push(Row::new(POOL, "new", Some(true))), "users.csv:152:1", "there were 150 rows"),
        (|rows| drop(rows.pop()), "users.csv", "it has 149 rows, and there were 150"),
    ];
    let (project, sandbox, rows) = planned();
    for (change, place, words) in changes {
        let mut changed = rows.clone();
        change(&mut changed);
        project.give("users.csv", csv(&changed));
        refused(&project, &sandbox, &[], &[place, words]);
    }
    project.give("users.csv", csv(&rows));
    run(&project, &sandbox, &[]).exits(0);
}

#[test]
fn a_default_that_changes_a_row_is_a_change_and_another_form_of_the_same_rows_is_none() {
    let (project, sandbox, mut rows) = planned();
    for row in rows.iter_mut().filter(|row| row.permanent == Some(false)) {
        row.permanent = None;
    }
    project.give("users.csv", csv(&rows));
    refused(&project, &sandbox, &["--permanent"], &["users.csv:4:1"]);
    project.give("users.csv", jsonl(&rows));
    run(&project, &sandbox, &["--format", "jsonl"]).exits(0);
}

#[test]
fn a_changed_password_is_not_noticed_for_a_plan_knows_none() {
    let (project, sandbox, mut rows) = planned();
    rows[3].password.push('x');
    project.give("users.csv", csv(&rows));
    run(&project, &sandbox, &[]).exits(0);
}

#[test]
fn a_policy_that_changed_names_its_pool() {
    let (project, sandbox, _) = planned();
    let policy = json!({"PasswordPolicy": {"MinimumLength": 14, "RequireSymbols": true}});
    boto3(&sandbox.url, &[Call::new(POOL, "update_user_pool", json!({"UserPoolId": POOL, "Policies": policy}))]).remove(0).ok();
    refused(&project, &sandbox, &[], &["the password policy of us-east-1_Plan00000", "\"MinimumLength\":8", "\"MinimumLength\":14"]);
}

#[test]
fn another_run_than_the_planned_one_is_refused() {
    let (project, sandbox, rows) = planned();
    refused(&project, &sandbox, &["--rate", "30"], &["--rate 500/s", "30/s"]);
    refused(&project, &sandbox, &["--policy", "none"], &["--policy live", "none"]);
    refused(&project, &sandbox, &["--on-duplicate", "last"], &["--on-duplicate error", "last"]);
    let other = project.sandbox(&rows, &[]);
    refused(&project, &other, &[], &["the plan was made against", &other.url]);
    run(&project, &sandbox, &[]).exits(0);
}

#[test]
fn what_is_no_plan_is_refused() {
    let (project, sandbox, _) = planned();
    let sound = fs::read_to_string(project.path("plan.json")).unwrap();
    let cases = [
        "",
        "{}",
        "[]",
        &sound[..sound.len() / 2],
        &sound.replace("\"version\": 1", "\"version\": 2"),
        &sound.replace("\"read\": 150", "\"read\": 151"),
    ];
    for text in cases {
        project.give("plan.json", text);
        run(&project, &sandbox, &[]).exits(2).says(&["cannot use the plan plan.json", "check FILE --plan"]);
    }
    run(&project, &sandbox, &["--plan", "none.json"]).exits(2).says(&["cannot use the plan none.json"]);
    assert_eq!(sandbox.attempts().len(), 0);
}

#[test]
fn there_is_no_plan_of_a_file_with_errors_nor_over_another_file() {
    let (project, rows) = (Project::new(), rows(POOL, 3));
    let sandbox = project.sandbox(&rows[..2], &[]);
    project.give("users.csv", csv(&rows));
    check(&project, &sandbox, &["--live"]).exits(2).says(&["no plan was written"]);
    assert!(!project.has("plan.json"));
    project.give("plan.json", "mine");
    check(&project, &sandbox, &[]).exits(2).says(&["plan.json exists"]);
    assert_eq!(fs::read(project.path("plan.json")).unwrap(), b"mine");
    for files in [["-", "-"], ["users.csv", "users.csv"]] {
        project.run(&["check", files[0], files[1], "--plan", "other.json", "--policy", "none"]).exits(2).says(&["--plan takes one file"]);
    }
}

#[test]
fn a_plan_made_with_a_look_at_the_live_pool_knows_what_was_met() {
    let (project, rows) = (Project::new(), rows(POOL, 3));
    let sandbox = project.sandbox(&rows, &[]);
    project.give("users.csv", csv(&rows));
    check(&project, &sandbox, &["--live"]).exits(0);
    let plan: Value = serde_json::from_slice(&fs::read(project.path("plan.json")).unwrap()).unwrap();
    assert_eq!(plan["live"], json!({"user-demoted": 1}));
    run(&project, &sandbox, &["--live"]).exits(0);
}
