//! `check`: every finding with its place and its rule on standard output, totals and forecast on standard error.

use crate::harness::{MARK, Project, Row, csv, jsonl, rows};

const POOL: &str = "us-east-1_Check0000";

/// File, line, column and rule of each finding.
fn findings(stdout: &str) -> Vec<(String, u64, u64, String)> {
    let finding = |line: &str| {
        let mut parts = line.splitn(5, ':');
        let mut next = || parts.next().unwrap_or_else(|| panic!("not FILE:LINE:COLUMN: rule: message: {line}")).trim().to_owned();
        let (file, line_number, column, rule) = (next(), next(), next(), next());
        assert!(!next().is_empty(), "no message: {line}");
        assert!(rule.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{rule}");
        (file, line_number.parse().unwrap(), column.parse().unwrap(), rule)
    };
    stdout.lines().map(finding).collect()
}

#[test]
fn every_finding_has_its_place_and_its_rule() {
    let project = Project::new();
    let mut rows = rows(POOL, 8);
    rows[1] = Row::new("nonsense", "ann", Some(true));
    rows[3] = Row::new(POOL, "white space", Some(true));
    rows[5] = Row::new(POOL, "ann", Some(true)).with_password(&format!(" {MARK}!1"));
    rows[7] = rows[0].clone();
    project.give("users.csv", csv(&rows));
    project.give("users.jsonl", jsonl(&rows));
    let finished = project.run(&["check", "users.csv", "users.jsonl", "--policy", "none", "--all"]).exits(2);
    let findings = findings(&finished.stdout);
    let mut places: Vec<_> = findings.iter().map(|(file, line, ..)| (file.as_str(), *line)).collect();
    places.dedup();
    for (file, lines) in [("users.csv", [3, 5, 7, 9]), ("users.jsonl", [2, 4, 6, 8])] {
        for line in lines {
            assert!(places.contains(&(file, line)), "{file}:{line}: {finished}");
        }
    }
    let columns: Vec<_> = findings.iter().filter(|finding| finding.0 == "users.csv").map(|finding| (finding.1, finding.2)).collect();
    assert!(columns.contains(&(3, 1)), "the pool begins its line: {columns:?}");
    assert!(columns.contains(&(5, POOL.len() as u64 + 2)), "the username follows the pool: {columns:?}");
}

#[test]
fn a_password_is_held_to_the_policy_of_a_file() {
    let project = Project::new();
    let policy = r#"{"MinimumLength":12,"RequireUppercase":true,"RequireLowercase":true,"RequireNumbers":true,"RequireSymbols":false}"#;
    project.give("policy.json", policy);
    project.give("described.json", format!(r#"{{"UserPool":{{"Id":"{POOL}","Policies":{{"PasswordPolicy":{policy}}}}}}}"#));
    for file in ["policy.json", "described.json"] {
        project.give("users.csv", csv(&[Row::new(POOL, "ann", None).with_password(&format!("{MARK}12"))]));
        let finished = project.run(&["check", "users.csv", "--policy", file, "--all"]).exits(2);
        assert_eq!(findings(&finished.stdout).len(), 1, "{finished}");
        project.give("users.csv", csv(&[Row::new(POOL, "ann", None).with_password(&format!("{MARK}123"))]));
        project.run(&["check", "users.csv", "--policy", file]).exits(0);
    }
}

#[test]
fn a_password_is_held_to_the_policy_of_its_pool() {
    let project = Project::new();
    let rows = rows(POOL, 3);
    let sandbox = project.sandbox(&rows, &[]);
    project.give("good.csv", csv(&rows));
    project.give("weak.csv", csv(&[rows[0].clone().with_password(&MARK.to_lowercase())]));
    project.run(&["check", "good.csv", "--endpoint-url", &sandbox.url]).exits(0);
    let finished = project.run(&["check", "weak.csv", "--all", "--endpoint-url", &sandbox.url]).exits(2);
    assert!(!findings(&finished.stdout).is_empty());
    assert!(sandbox.calls().iter().all(|call| call.operation == "DescribeUserPool"), "check changes nothing");
}

#[test]
fn the_forecast_says_how_long_the_rows_take() {
    let project = Project::new();
    project.give("users.csv", csv(&rows(POOL, 900)));
    let finished = project.run(&["check", "users.csv", "--policy", "none", "--rate", "15"]).exits(0).says(&["900"]);
    assert!(finished.stderr.contains("1m") || finished.stderr.contains("1 min") || finished.stderr.contains("60s"), "{finished}");
    assert_eq!(finished.stdout, "", "no finding, no line");
}

#[test]
fn the_flags_fill_missing_columns_and_a_rows_own_value_wins() {
    let project = Project::new();
    let users = [Row::new(POOL, "ann", None), Row::new("us-east-1_Other0000", "bob", None)];
    let sandbox = project.sandbox(&users, &[]);
    let text = format!("username,password,user_pool_id,permanent\nann,{MARK}!1,,\nbob,{MARK}!2,us-east-1_Other0000,false\n");
    project.give("users.csv", text);
    let args = ["run", "users.csv", "--yes", "--user-pool-id", POOL, "--permanent", "--endpoint-url", &sandbox.url, "-o", "results.csv"];
    project.run(&args).exits(0);
    let mut calls: Vec<_> = sandbox.attempts().into_iter().map(|call| (call.username, call.user_pool_id, call.permanent)).collect();
    calls.sort();
    let expected = [("ann", POOL, true), ("bob", "us-east-1_Other0000", false)];
    assert_eq!(calls, expected.map(|(user, pool, permanent)| (user.to_owned(), pool.to_owned(), Some(permanent))));
}
