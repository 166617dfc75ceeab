//! `--live`: the rows are held against the users who are there, and what is forecast of a row is what then becomes of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::harness::{Answer, Call, Finished, Project, Report, Row, Sandbox, boto3, csv, rows};

const POOL: &str = "us-east-1_Live00000";
const STATUSES: [&str; 5] = ["UNCONFIRMED", "CONFIRMED", "FORCE_CHANGE_PASSWORD", "RESET_REQUIRED", "EXTERNAL_PROVIDER"];

/// The rules that each line of `users.csv` met, as `check` lists them.
fn met(checked: &Finished) -> BTreeMap<u64, BTreeSet<String>> {
    let mut met = BTreeMap::<u64, BTreeSet<String>>::new();
    for finding in checked.stdout.lines() {
        let parts: Vec<_> = finding.splitn(5, ':').map(str::trim).collect();
        assert_eq!(parts.len(), 5, "not FILE:LINE:COLUMN: rule: message: {finding}");
        met.entry(parts[1].parse().unwrap()).or_default().insert(parts[3].to_owned());
    }
    met
}

/// The rules in the order of their lines, where each line met one.
fn met_in_order(checked: &Finished) -> Vec<(u64, String)> {
    met(checked).into_iter().flat_map(|(line, rules)| rules.into_iter().map(move |rule| (line, rule))).collect()
}

fn user(pool: &str, username: &str, status: &str, enabled: bool, attributes: Value) -> String {
    let user = json!({"UserPoolId": pool, "Username": username, "UserStatus": status, "Enabled": enabled, "Attributes": attributes});
    format!("{user}\n")
}

/// A sandbox with these pools and users.
fn sandbox(project: &Project, lines: &str, flags: &[&str]) -> Sandbox {
    project.give("there.jsonl", lines);
    project.sandbox(&[], &[&["--users", "there.jsonl"], flags].concat())
}

fn check(project: &Project, sandbox: &Sandbox, flags: &[&str]) -> Finished {
    project.run(&[&["check", "users.csv", "--all", "--live", "--endpoint-url", &sandbox.url], flags].concat())
}

fn run(project: &Project, sandbox: &Sandbox, flags: &[&str]) -> Finished {
    let args = ["run", "users.csv", "--yes", "--rate", "unlimited", "--endpoint-url", &sandbox.url, "-o", "results.csv"];
    project.run(&[&args, flags].concat())
}

/// The calls of an operation that a sandbox saw.
fn calls(sandbox: &Sandbox, operation: &str) -> usize {
    sandbox.calls().iter().filter(|call| call.operation == operation).count()
}

/// The status of every user of a pool.
fn statuses(endpoint: &str, pool: &str) -> BTreeMap<String, String> {
    let listed = boto3(endpoint, &[Call::new(pool, "list_users", json!({"UserPoolId": pool}))]).remove(0).ok();
    assert!(listed["PaginationToken"].is_null(), "one page holds them all");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    listed["Users"].as_array().unwrap().iter().map(|user| (text(&user["Username"]), text(&user["UserStatus"]))).collect()
}

/// A user in every status, enabled and not, for a permanent and a temporary password; and two who are not there.
fn every_case() -> (Vec<Row>, String) {
    let (mut rows, mut users) = (Vec::new(), String::new());
    for permanent in [true, false] {
        for status in STATUSES {
            for enabled in [true, false] {
                let name = format!("{}-{permanent}-{enabled}", status.to_lowercase());
                users += &user(POOL, &name, status, enabled, json!({}));
                rows.push(Row::new(POOL, &name, Some(permanent)));
            }
        }
        rows.push(Row::new(POOL, &format!("missing-{permanent}"), Some(permanent)));
    }
    (rows, users)
}

/// What a row of [`every_case`] is to meet, by what its user is.
fn expected(row: &Row) -> BTreeSet<String> {
    let permanent = row.permanent == Some(true);
    let mut rules = BTreeSet::new();
    match row.username.split('-').next().unwrap() {
        "missing" => return ["user-missing".to_owned()].into(),
        "external_provider" => drop(rules.insert("user-federated")),
        "unconfirmed" if permanent => drop(rules.insert("user-unconfirmed")),
        "confirmed" if !permanent => drop(rules.insert("user-demoted")),
        _ => {}
    }
    if row.username.ends_with("false") {
        rules.insert("user-disabled");
    }
    rules.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_status_is_forecast_and_no_row_ends_otherwise() {
    let (project, (rows, users)) = (Project::new(), every_case());
    let sandbox = sandbox(&project, &users, &[]);
    project.give("users.csv", csv(&rows));
    let forecast = check(&project, &sandbox, &["--allow-federated"]).exits(2);
    let met = met(&forecast);
    for (row, line) in rows.iter().zip(2..) {
        assert_eq!(met.get(&line).cloned().unwrap_or_default(), expected(row), "{}: {forecast}", row.username);
    }
    let used: BTreeSet<_> = sandbox.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(used, ["DescribeUserPool", "ListUsers"].map(str::to_owned).into(), "check changes nothing and bills nobody");

    run(&project, &sandbox, &[]).exits(1);
    let after = statuses(&sandbox.url, POOL);
    for ((row, ended), line) in rows.iter().zip(&Report::read(&project, "results.csv").0).zip(2..) {
        let is_missing = met.get(&line).is_some_and(|rules| rules.contains("user-missing"));
        let end = if is_missing { ("rejected", "UserNotFoundException") } else { ("set", "") };
        assert_eq!((ended.outcome.as_str(), ended.code()), end, "{ended:?}");
        let becomes = if row.permanent == Some(true) { "CONFIRMED" } else { "FORCE_CHANGE_PASSWORD" };
        assert_eq!(after.get(&row.username).map(String::as_str), (!is_missing).then_some(becomes), "{}", row.username);
    }
    // 20 users are there; of the ten temporary passwords two are for federated users, of whom nothing is documented.
    forecast.says(&["users     20 to be set", "becomes   10 CONFIRMED, 8 FORCE_CHANGE_PASSWORD, 2 not documented", "2 user-missing"]);
}

#[test]
fn run_refuses_what_would_fail_and_sends_nothing() {
    let (project, (rows, users)) = (Project::new(), every_case());
    let sandbox = sandbox(&project, &users, &[]);
    project.give("users.csv", csv(&rows));
    let refused = run(&project, &sandbox, &["--live"]).exits(2);
    let refused = refused.says(&["6 of 22 rows", "user-missing", "user-federated", "--allow-federated"]);
    assert!(!refused.stderr.contains("user-demoted: "), "a warning is no reason: {refused}");
    assert_eq!(sandbox.attempts().len(), 0);
}

#[test]
fn what_would_fail_is_left_out_where_that_is_asked_for() {
    for (flag, codes) in [("--skip-invalid", ["user-missing", "user-federated"].as_slice()), ("--allow-federated", &["user-missing"])] {
        let (project, (rows, users)) = (Project::new(), every_case());
        let sandbox = sandbox(&project, &users, &[]);
        project.give("users.csv", csv(&rows));
        let flags = if flag == "--skip-invalid" { vec!["--live", flag] } else { vec!["--live", flag, "--skip-invalid"] };
        run(&project, &sandbox, &flags).exits(1);
        let report = Report::read(&project, "results.csv");
        let mut left_out = 0;
        for (row, ended) in rows.iter().zip(&report.0) {
            let code = expected(row).into_iter().find(|code| codes.contains(&code.as_str()));
            let outcome = if code.is_some() { "invalid" } else { "set" };
            assert_eq!((ended.outcome.as_str(), ended.code()), (outcome, code.as_deref().unwrap_or_default()), "{ended:?}");
            left_out += usize::from(code.is_some());
        }
        assert_eq!(sandbox.attempts().len(), rows.len() - left_out, "what is left out is not sent");
    }
}

#[test]
fn a_run_that_was_left_off_goes_on_with_what_is_left() {
    let (project, (rows, users)) = (Project::new(), every_case());
    project.give("plan.jsonl", "{\"fault\": \"expired_token\", \"nth\": 6}\n");
    let sandbox = sandbox(&project, &users, &["--fault-plan", "plan.jsonl"]);
    project.give("users.csv", csv(&rows));
    run(&project, &sandbox, &["--live", "--skip-invalid", "--max-concurrency", "1"]).exits(3);
    run(&project, &sandbox, &["--live", "--skip-invalid", "--resume"]).exits(1);
    Report::read(&project, "results.csv").holds(&[("set", 16), ("invalid", 6)]);
}

/// A pool whose users are named by email and phone number too, once these are verified.
fn pool_with_aliases() -> String {
    let pool = json!({"Id": POOL, "AliasAttributes": ["email", "phone_number"], "UsernameConfiguration": {"CaseSensitive": true}});
    let ann = json!({"sub": "11111111-aaaa-4aaa-8aaa-111111111111", "email": "ann@example.com", "email_verified": "true"});
    let bob = json!({"email": "bob@example.com", "email_verified": "false", "phone_number": "+15550001", "phone_number_verified": "true"});
    format!("{pool}\n{}{}", user(POOL, "ann", "CONFIRMED", true, ann), user(POOL, "bob", "CONFIRMED", true, bob))
}

const NAMES: [&str; 6] =
    ["ann@example.com", "bob", "11111111-aaaa-4aaa-8aaa-111111111111", "bob@example.com", "+15550001", "cat@example.com"];

fn rows_by_name(names: &[&str]) -> Vec<u8> {
    csv(&names.iter().map(|name| Row::new(POOL, name, Some(true))).collect::<Vec<_>>())
}

#[test]
fn two_names_of_one_user_are_two_rows_for_one_user() {
    let project = Project::new();
    let sandbox = sandbox(&project, &pool_with_aliases(), &[]);
    project.give("users.csv", rows_by_name(&NAMES));
    let checked = check(&project, &sandbox, &[]).exits(2);
    let (same, missing) = ("same-user", "user-missing");
    let expected = [(2, same), (3, same), (4, same), (5, missing), (6, same), (7, missing)];
    assert_eq!(met_in_order(&checked), expected.map(|(line, rule)| (line, rule.to_owned())), "{checked}");
    assert!(checked.stdout.contains("row 3 (line 4) leads to the same user"), "{checked}");
    run(&project, &sandbox, &["--live"]).exits(2);
    assert_eq!(sandbox.attempts().len(), 0);
}

#[test]
fn of_two_names_of_one_user_the_first_or_the_last_wins_as_of_two_rows_with_one_name() {
    for (which, winners) in [("first", ["ann@example.com", "bob"]), ("last", [NAMES[2], "+15550001"])] {
        let project = Project::new();
        let sandbox = sandbox(&project, &pool_with_aliases(), &[]);
        project.give("users.csv", rows_by_name(&[NAMES[0], NAMES[1], NAMES[2], NAMES[4]]));
        check(&project, &sandbox, &["--on-duplicate", which]).exits(0).says(&["2 to send", "users     2 to be set"]);
        run(&project, &sandbox, &["--live", "--on-duplicate", which]).exits(1);
        let report = Report::read(&project, "results.csv");
        report.holds(&[("set", 2), ("skipped", 2)]);
        let set: Vec<_> = sandbox.attempts().into_iter().map(|call| call.username).collect();
        assert_eq!(set.iter().map(String::as_str).collect::<BTreeSet<_>>(), winners.into(), "--on-duplicate {which}");
    }
}

#[test]
fn where_an_attribute_is_the_username_it_names_the_user() {
    let project = Project::new();
    let pool = json!({"Id": POOL, "UsernameAttributes": ["email"], "UsernameConfiguration": {"CaseSensitive": false}});
    let ann = user(POOL, "22222222-aaaa-4aaa-8aaa-111111111111", "CONFIRMED", true, json!({"email": "ann@example.com"}));
    let sandbox = sandbox(&project, &format!("{pool}\n{ann}"), &[]);
    project.give("users.csv", rows_by_name(&["Ann@Example.com", "bob@example.com"]));
    let checked = check(&project, &sandbox, &[]).exits(2);
    assert_eq!(met_in_order(&checked), [(3, "user-missing".to_owned())], "{checked}");
    run(&project, &sandbox, &[]).exits(1);
    Report::read(&project, "results.csv").holds(&[("set", 1), ("rejected", 1)]);
}

#[test]
fn the_case_counts_where_the_pool_says_so() {
    for (case_sensitive, rules) in [(true, vec![(2, "user-missing".to_owned())]), (false, Vec::new())] {
        let project = Project::new();
        let pool = json!({"Id": POOL, "UsernameConfiguration": {"CaseSensitive": case_sensitive}});
        let sandbox = sandbox(&project, &format!("{pool}\n{}", user(POOL, "ann", "RESET_REQUIRED", true, json!({}))), &[]);
        project.give("users.csv", rows_by_name(&["ANN"]));
        let checked = check(&project, &sandbox, &[]).exits(if case_sensitive { 2 } else { 0 });
        assert_eq!(met_in_order(&checked), rules, "{checked}");
        run(&project, &sandbox, &[]).exits(i32::from(case_sensitive));
    }
}

/// So many users who are confirmed, in alphabetical order.
fn many(count: usize) -> String {
    rows(POOL, count).iter().map(|row| user(&row.pool, &row.username, "RESET_REQUIRED", true, json!({}))).collect()
}

#[test]
fn users_are_listed_by_the_page_to_the_last_one() {
    for (count, pages) in [(60, 1), (61, 2), (120, 2), (121, 3)] {
        let project = Project::new();
        let sandbox = sandbox(&project, &many(count), &[]);
        let mut there = rows(POOL, count);
        there.push(Row::new(POOL, "nobody", Some(true)));
        project.give("users.csv", csv(&there));
        let checked = check(&project, &sandbox, &[]).exits(2).says(&[&format!("of all users, about {count}, at least 1s at 15/s")]);
        assert_eq!(met_in_order(&checked), [(count as u64 + 2, "user-missing".to_owned())], "{checked}");
        assert_eq!(calls(&sandbox, "ListUsers"), pages);
    }
}

#[test]
fn pages_may_come_short_and_empty_and_be_throttled() {
    let project = Project::new();
    project.give(
        "plan.jsonl",
        "{\"fault\": \"throttle\", \"operation\": \"ListUsers\", \"probability\": 0.3}\n\
                                {\"fault\": \"unavailable\", \"operation\": \"ListUsers\", \"nth\": 4}\n\
                                {\"fault\": \"cut_after\", \"operation\": \"ListUsers\", \"nth\": 7}\n\
                                {\"fault\": \"throttle\", \"operation\": \"DescribeUserPool\", \"nth\": 1}\n",
    );
    let sandbox = sandbox(&project, &many(130), &["--short-pages", "--fault-plan", "plan.jsonl"]);
    let mut there = rows(POOL, 130);
    there.push(Row::new(POOL, "nobody", Some(true)));
    project.give("users.csv", csv(&there));
    let checked = check(&project, &sandbox, &["--live-rate", "30"]).exits(2);
    assert_eq!(met_in_order(&checked), [(132, "user-missing".to_owned())], "{checked}");
    let seen = sandbox.calls();
    let throttled = seen.iter().filter(|call| call.operation == "ListUsers" && call.code == "TooManyRequestsException").count();
    assert!(throttled > 0, "the plan has struck");
    assert!(calls(&sandbox, "ListUsers") >= 14 + throttled, "130 users in pages of 20, each behind an empty one");
}

#[test]
fn a_few_rows_of_a_large_pool_are_searched_for_one_by_one() {
    let project = Project::new();
    let odd = r#"o"br\ien"#;
    let sandbox = sandbox(&project, &format!("{}{}", many(600), user(POOL, odd, "CONFIRMED", true, json!({}))), &[]);
    project.give("users.csv", rows_by_name(&["user00007", "nobody", "user00599", odd]));
    let checked = check(&project, &sandbox, &[]).exits(2).says(&["a search for each of 4 rows, instead of 11 pages"]);
    assert_eq!(met_in_order(&checked), [(3, "user-missing".to_owned())], "{checked}");
    assert_eq!(calls(&sandbox, "ListUsers"), 4);
}

#[test]
fn a_search_finds_whom_a_sweep_finds() {
    let project = Project::new();
    let sandbox = sandbox(&project, &format!("{}{}", pool_with_aliases(), many(600)), &[]);
    project.give("users.csv", rows_by_name(&NAMES));
    let checked = check(&project, &sandbox, &[]).exits(2).says(&["a search for each of 6 rows"]);
    let (same, missing) = ("same-user", "user-missing");
    let expected = [(2, same), (3, same), (4, same), (5, missing), (6, same), (7, missing)];
    assert_eq!(met_in_order(&checked), expected.map(|(line, rule)| (line, rule.to_owned())), "{checked}");
}

#[test]
fn a_search_that_may_overlook_a_spelling_says_so() {
    let project = Project::new();
    let pool = json!({"Id": POOL, "UsernameConfiguration": {"CaseSensitive": false}});
    let sandbox = sandbox(&project, &format!("{pool}\n{}{}", many(600), user(POOL, "McAnn", "CONFIRMED", true, json!({}))), &[]);
    project.give("users.csv", rows_by_name(&["USER00007", "mcann"]));
    let checked = check(&project, &sandbox, &[]).exits(0);
    assert_eq!(met_in_order(&checked), [(3, "user-not-seen".to_owned())], "{checked}");
    run(&project, &sandbox, &["--live"]).exits(0);
    Report::read(&project, "results.csv").holds(&[("set", 2)]);
}

#[test]
fn temporary_passwords_that_expire_too_early_are_named() {
    let project = Project::new();
    let days = |pool: &str, days: u32| json!({"Id": pool, "Policies": {"PasswordPolicy": {"TemporaryPasswordValidityDays": days}}});
    let (short, usual) = (POOL, "us-east-1_Usual0000");
    let users =
        format!("{}{}", user(short, "ann", "RESET_REQUIRED", true, json!({})), user(usual, "ann", "RESET_REQUIRED", true, json!({})));
    let sandbox = sandbox(&project, &format!("{}\n{}\n{users}", days(short, 2), days(usual, 0)), &[]);
    let rows = [Row::new(short, "ann", Some(false)), Row::new(usual, "ann", Some(false))];
    project.give("users.csv", csv(&rows));
    let at = |days: u64| {
        let at = std::time::SystemTime::now() + std::time::Duration::from_secs(days * 86_400);
        humantime::format_rfc3339_seconds(at).to_string()
    };
    for (before, lines) in [(at(1), vec![]), (at(3), vec![2]), (at(6), vec![2]), (at(8), vec![2, 3])] {
        let checked = check(&project, &sandbox, &["--before", &before]).exits(0);
        let expected: Vec<_> = lines.into_iter().map(|line| (line, "temporary-expires".to_owned())).collect();
        assert_eq!(met_in_order(&checked), expected, "before {before}: {checked}");
    }
    project.give("users.csv", csv(&rows.map(|row| Row { permanent: Some(true), ..row })));
    assert_eq!(check(&project, &sandbox, &["--before", &at(300)]).exits(0).stdout, "", "a permanent one does not expire");
}

#[test]
fn only_users_who_are_there_are_billed() {
    let project = Project::new();
    let sandbox = sandbox(&project, &many(90), &[]);
    project.give("users.csv", csv(&rows(POOL, 100)));
    let checked = check(&project, &sandbox, &["--mau-price", "0.02"]).exits(2);
    checked.says(&["90 users count as active users of this month", "1.80"]).says(&[
        "of UserAccountRecovery",
        "2 of UserList",
        "1 of UserPoolRead",
    ]);
    let without = project.run(&["check", "users.csv", "--policy", "none", "--mau-price", "0.5"]).exits(0);
    without.says(&["100 users count as active users of this month", "50.00"]);
}

#[test]
fn what_stands_in_the_way_is_said() {
    let project = Project::new();
    let sandbox = sandbox(&project, &many(3), &["--deny", "ListUsers"]);
    project.give("users.csv", csv(&rows(POOL, 3)));
    check(&project, &sandbox, &[]).exits(2).says(&["AccessDeniedException", "cognito-idp:ListUsers"]);
    run(&project, &sandbox, &["--live"]).exits(2).says(&["AccessDeniedException", "cognito-idp:ListUsers"]);
    assert_eq!(sandbox.attempts().len(), 0);
    project.run(&["check", "-", "--live", "--endpoint-url", &sandbox.url]).exits(2);
    for flags in [["--allow-federated", "-q"], ["--before", "2030-01-01"], ["--live-rate", "5"]] {
        project.run(&[["check", "users.csv"].as_slice(), &flags].concat()).exits(2).says(&["--live"]);
    }
}

#[test]
fn a_rehearsal_has_the_users_of_the_file() {
    let project = Project::new();
    project.give("users.csv", csv(&rows(POOL, 6)));
    let checked = project.run(&["check", "users.csv", "--all", "--live", "--sandbox"]).exits(0);
    assert_eq!(met_in_order(&checked), [(4, "user-demoted".to_owned()), (7, "user-demoted".to_owned())], "{checked}");
    project.run(&["run", "users.csv", "--live", "--sandbox", "--yes", "-o", "results.csv"]).exits(0);
}

#[test]
fn moto_is_forecast_as_it_then_behaves() {
    let project = Project::new();
    let endpoint = crate::harness::moto();
    let pool = boto3(endpoint, &[Call::new("us-east-1", "create_user_pool", json!({"PoolName": "live"}))]).remove(0).ok();
    let pool = pool["UserPool"]["Id"].as_str().unwrap().to_owned();
    let client = json!({"UserPoolId": pool, "ClientName": "live"});
    let client = boto3(endpoint, &[Call::new(&pool, "create_user_pool_client", client)]).remove(0).ok();
    let client = client["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
    let verified = json!([{"Name": "email", "Value": "x@example.com"}, {"Name": "email_verified", "Value": "true"}]);
    let of = |name: &str| json!({"UserPoolId": pool, "Username": name});
    let mut calls = Vec::new();
    let kinds = ["new", "confirmed", "reset", "disabled", "unconfirmed"];
    let mut there = Vec::new();
    for permanent in [true, false] {
        for kind in kinds {
            let name = format!("{kind}-{permanent}");
            there.push(Row::new(&pool, &name, Some(permanent)));
            if kind == "unconfirmed" {
                calls.push(Call::new(&pool, "sign_up", json!({"ClientId": client, "Username": name, "Password": "Aa1!aaaaaaaa"})));
                continue;
            }
            let create = json!({"UserPoolId": pool, "Username": name, "MessageAction": "SUPPRESS", "UserAttributes": verified});
            calls.push(Call::new(&pool, "admin_create_user", create));
            if kind != "new" {
                let set = json!({"UserPoolId": pool, "Username": name, "Password": "Aa1!aaaaaaaa", "Permanent": true});
                calls.push(Call::new(&pool, "admin_set_user_password", set));
            }
            match kind {
                "reset" => calls.push(Call::new(&pool, "admin_reset_user_password", of(&name))),
                "disabled" => calls.push(Call::new(&pool, "admin_disable_user", of(&name))),
                _ => {}
            }
        }
        there.push(Row::new(&pool, &format!("missing-{permanent}"), Some(permanent)));
    }
    boto3(endpoint, &calls).into_iter().map(Answer::ok).for_each(drop);
    project.give("users.csv", csv(&there));

    let forecast = project.run(&["check", "users.csv", "--all", "--live", "--endpoint-url", endpoint]).exits(2);
    let met = met(&forecast);
    project.run(&["run", "users.csv", "--yes", "--rate", "unlimited", "--endpoint-url", endpoint, "-o", "results.csv"]).exits(1);
    let after = statuses(endpoint, &pool);
    for ((row, ended), line) in there.iter().zip(&Report::read(&project, "results.csv").0).zip(2..) {
        let permanent = row.permanent == Some(true);
        let rules: &[&str] = match (row.username.split('-').next().unwrap(), permanent) {
            ("missing", _) => &["user-missing"],
            ("confirmed", false) => &["user-demoted"],
            ("disabled", false) => &["user-demoted", "user-disabled"],
            ("disabled", true) => &["user-disabled"],
            ("unconfirmed", true) => &["user-unconfirmed"],
            _ => &[],
        };
        let expected: BTreeSet<_> = rules.iter().map(|rule| (*rule).to_owned()).collect();
        assert_eq!(met.get(&line).cloned().unwrap_or_default(), expected, "{}: {forecast}", row.username);
        let is_missing = rules == ["user-missing"];
        assert_eq!(ended.outcome, if is_missing { "rejected" } else { "set" }, "{ended:?}");
        let becomes = if permanent { "CONFIRMED" } else { "FORCE_CHANGE_PASSWORD" };
        assert_eq!(after.get(&row.username).map(String::as_str), (!is_missing).then_some(becomes), "{}", row.username);
    }
}
