//! Every file in `samples/` does what it is there to show.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Answer, Call, MARK, Project, ROOT, Report, boto3};
use crate::plans;

/// The samples, copied into a project's folder.
pub fn with_samples() -> (Project, Vec<String>) {
    let project = Project::new();
    let mut names = Vec::new();
    for entry in fs::read_dir(Path::new(ROOT).join("samples")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        project.give(&name, fs::read(&path).unwrap());
        names.push(name);
    }
    names.sort();
    (project, names)
}

#[test]
fn every_sample_is_shown_by_a_test_of_this_file() {
    let mut shown = vec!["iam-policy-check.json", "iam-policy.json", "one-pool.csv", "policy.json", "sandbox-users.jsonl"];
    shown.extend(["users.csv", "users.jsonl", "with-mistakes.csv"]);
    shown.extend(plans::SHOWN);
    shown.sort_unstable();
    assert_eq!(with_samples().1, shown);
}

#[test]
fn the_users_can_be_checked_and_set_against_the_embedded_sandbox() {
    for (name, extra) in [
        ("users.csv", &[] as &[&str]),
        ("users.jsonl", &[]),
        ("one-pool.csv", &["--delimiter", ";", "--user-pool-id", "us-east-1_Demo12345"]),
    ] {
        let (project, _) = with_samples();
        let rows = project.run(&[&["check", name, "--sandbox"], extra].concat()).exits(0);
        assert_eq!(rows.stdout, "");
        project.run(&[&["run", name, "--sandbox", "--yes", "-o", "results.csv", "--summary", "summary.json"], extra].concat()).exits(0);
        let report = Report::read(&project, "results.csv");
        report.holds(&[("set", report.0.len())]).agrees_with(&project, "summary.json");
    }
}

#[test]
fn the_mistakes_are_all_found_and_no_other() {
    let (project, _) = with_samples();
    let finished = project.run(&["check", "with-mistakes.csv", "--sandbox", "--all"]).exits(2);
    let mut lines: Vec<u64> = finished.stdout.lines().map(|line| line.split(':').nth(1).unwrap().parse().unwrap()).collect();
    lines.dedup();
    // A short password, white space in a username, a pool that is none, a user who is there twice, a stray quote, a space at the end.
    assert!([3, 4, 5, 7, 8].iter().all(|line| lines.contains(line)), "{finished}");
    assert!(lines.contains(&6) || lines.contains(&2), "the duplicate: {finished}");
    for secret in ["Correct-Horse", "Battery-Staple", "short,", "Right-1"] {
        assert!(!finished.stdout.contains(secret) && !finished.stderr.contains(secret), "{finished}");
    }
}

#[test]
fn the_policy_is_one_that_check_takes() {
    let (project, _) = with_samples();
    project.run(&["check", "users.csv", "--policy", "policy.json"]).exits(0);
    project.run(&["check", "with-mistakes.csv", "--policy", "policy.json"]).exits(2);
}

#[test]
fn the_sandboxs_users_are_there_with_their_statuses() {
    let (project, _) = with_samples();
    let sandbox = project.sandbox(&[], &["--users", "sandbox-users.jsonl"]);
    let pool = "us-east-1_Demo12345";
    let listed = boto3(&sandbox.url, &[Call::new(pool, "list_users", serde_json::json!({"UserPoolId": pool}))]);
    let users: Vec<Value> = listed.into_iter().map(Answer::ok).flat_map(|page| page["Users"].as_array().unwrap().clone()).collect();
    let text = fs::read_to_string(project.path("sandbox-users.jsonl")).unwrap();
    assert_eq!(users.len(), text.lines().count());
    for line in text.lines() {
        let user: Value = serde_json::from_str(line).unwrap();
        assert!(users.iter().any(|listed| listed["Username"] == user["Username"] && listed["UserStatus"] == user["UserStatus"]), "{user}");
    }
}

#[test]
fn the_iam_policies_allow_what_is_called_and_nothing_else_on_one_pool_until_a_date_from_one_place() {
    let (project, _) = with_samples();
    for (name, actions) in [
        ("iam-policy.json", ["cognito-idp:AdminSetUserPassword", "cognito-idp:DescribeUserPool"]),
        ("iam-policy-check.json", ["cognito-idp:DescribeUserPool", "cognito-idp:ListUsers"]),
    ] {
        let policy: Value = serde_json::from_str(&fs::read_to_string(project.path(name)).unwrap()).unwrap();
        let [statement] = policy["Statement"].as_array().unwrap().as_slice() else { panic!("{name} has one statement") };
        assert_eq!(statement["Effect"], "Allow");
        assert_eq!(statement["Action"], json!(actions));
        let resource = statement["Resource"].as_str().unwrap();
        assert!(resource.starts_with("arn:aws:cognito-idp:") && !resource.contains('*'), "{resource}");
        assert!(statement["Condition"]["DateLessThan"]["aws:CurrentTime"].is_string());
        assert!(statement["Condition"]["IpAddress"]["aws:SourceIp"].is_string());
    }
}

#[test]
fn no_sample_holds_what_the_tests_search_for() {
    let (project, names) = with_samples();
    for name in names {
        assert!(!fs::read_to_string(project.path(&name)).unwrap().contains(MARK), "{name}");
    }
}
