//! Against moto, a Cognito that others wrote: the passwords are really set, and each user is afterwards what its row said.

use serde_json::json;

use crate::harness::{Answer, Call, MARK, Project, Report, Row, api_jsonl, boto3, csv, moto};

const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

/// Usernames that files hold in the wild.
const UNUSUAL: [&str; 12] = [
    "ann@example.com",
    "ann+tag@example.com",
    "zoë.müller",
    "用户一",
    "Ωμέγα",
    "имя",
    "e\u{301}accented",
    "👩",
    "+15551234567",
    "=1+1",
    "-dash",
    "o'brien,\"jr\"",
];

/// A pool in moto, and a client that users can sign in with.
struct Pool {
    id: String,
    client: String,
}

/// Makes a pool with AWS's default policy in a Region.
fn pool(region: &str) -> Pool {
    let policy =
        json!({"MinimumLength": 8, "RequireUppercase": true, "RequireLowercase": true, "RequireNumbers": true, "RequireSymbols": true});
    let create = json!({"PoolName": "it", "Policies": {"PasswordPolicy": policy}});
    let created = boto3(moto(), &[Call::new(region, "create_user_pool", create)]).remove(0).ok();
    let id = created["UserPool"]["Id"].as_str().unwrap().to_owned();
    let client = json!({"UserPoolId": id, "ClientName": "it", "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]});
    let created = boto3(moto(), &[Call::new(region, "create_user_pool_client", client)]).remove(0).ok();
    Pool { id, client: created["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned() }
}

/// Makes the users of these rows.
fn create_users(rows: &[Row]) {
    let create = |row: &Row| {
        Call::new(&row.pool, "admin_create_user", json!({"UserPoolId": row.pool, "Username": row.username, "MessageAction": "SUPPRESS"}))
    };
    boto3(moto(), &rows.iter().map(create).collect::<Vec<_>>()).into_iter().for_each(|answer| drop(answer.ok()));
}

/// 200 rows over two pools in two Regions: permanent, temporary, and neither (which is temporary).
fn two_hundred_rows(pools: &[Pool]) -> Vec<Row> {
    let username = |n: usize| UNUSUAL.get(n / 2).map_or_else(|| format!("user{n:03}"), |name| (*name).to_owned());
    let row = |n: usize| {
        let permanent = [Some(true), Some(false), None][n % 3];
        Row::new(&pools[n % pools.len()].id, &username(n), permanent).with_password(&format!("{MARK}! é {n}"))
    };
    (0..200).map(row).collect()
}

/// What moto says of each user: the status, and what signing in with the row's password comes to.
fn states(pools: &[Pool], rows: &[Row]) -> Vec<(String, String)> {
    let client = |row: &Row| &pools.iter().find(|pool| pool.id == row.pool).unwrap().client;
    let calls = |row: &Row| {
        let parameters = json!({"USERNAME": row.username, "PASSWORD": row.password});
        let sign_in =
            json!({"UserPoolId": row.pool, "ClientId": client(row), "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": parameters});
        [
            Call::new(&row.pool, "admin_get_user", json!({"UserPoolId": row.pool, "Username": row.username})),
            Call::new(&row.pool, "admin_initiate_auth", sign_in),
        ]
    };
    let answers = boto3(moto(), &rows.iter().flat_map(calls).collect::<Vec<_>>());
    let state = |pair: &[Answer]| {
        let status = pair[0].clone().ok()["UserStatus"].as_str().unwrap().to_owned();
        let sign_in = match &pair[1] {
            Answer::Answer(answer) if answer["AuthenticationResult"]["AccessToken"].is_string() => "signed in".to_owned(),
            Answer::Answer(answer) => answer["ChallengeName"].as_str().unwrap().to_owned(),
            Answer::Exception(class, ..) => class.clone(),
        };
        (status, sign_in)
    };
    answers.chunks(2).map(state).collect()
}

fn sets_two_hundred_users(input: &str, report: &str, file: impl FnOnce(&[Row]) -> Vec<u8>) {
    let project = Project::new();
    let pools = REGIONS.map(pool);
    let rows = two_hundred_rows(&pools);
    create_users(&rows);
    project.give(input, file(&rows));

    let args = ["run", input, "--yes", "--rate", "unlimited", "--endpoint-url", moto(), "--report", report, "--summary", "summary.json"];
    project.run(&args).exits(0);

    let results = Report::read(&project, report);
    results.holds(&[("set", 200)]).agrees_with(&project, "summary.json");
    for (row, result) in rows.iter().zip(&results.0) {
        let guard = if report.ends_with(".csv") && row.username.starts_with(['=', '+', '-']) { "'" } else { "" };
        assert_eq!(result.user(), (row.pool.as_str(), format!("{guard}{}", row.username).as_str()));
        assert_eq!((result.permanent, result.attempts, result.code()), (Some(row.permanent == Some(true)), 1, ""));
        assert!(result.time.is_some());
    }
    for (row, state) in rows.iter().zip(states(&pools, &rows)) {
        let permanent = ("CONFIRMED".to_owned(), "signed in".to_owned());
        let temporary = ("FORCE_CHANGE_PASSWORD".to_owned(), "NEW_PASSWORD_REQUIRED".to_owned());
        assert_eq!(state, if row.permanent == Some(true) { permanent } else { temporary }, "{}", row.username);
    }
}

#[test]
fn every_user_of_a_csv_over_two_regions_has_the_password_and_status_of_its_row() {
    sets_two_hundred_users("users.csv", "results.csv", csv);
}

#[test]
fn every_user_of_a_jsonl_over_two_regions_has_the_password_and_status_of_its_row() {
    sets_two_hundred_users("users.jsonl", "results.jsonl", |rows| api_jsonl(rows).into_bytes());
}

/// Five users who exist, and what a run with `extra` flags makes of them and of `more` rows.
fn five_users_and(more: impl FnOnce(&str) -> Vec<Row>, extra: &[&str], code: i32) -> (Vec<Row>, Option<Report>, [Pool; 1]) {
    let project = Project::new();
    let pools = [pool("us-east-1")];
    let mut rows: Vec<_> = (0..5).map(|n| Row::new(&pools[0].id, &format!("user{n}"), Some(true))).collect();
    create_users(&rows);
    rows.extend(more(&pools[0].id));
    project.give("users.csv", csv(&rows));
    let args = [&["run", "users.csv", "--yes", "--rate", "unlimited", "--endpoint-url", moto(), "-o", "results.csv"], extra].concat();
    project.run(&args).exits(code);
    let report = project.has("results.csv").then(|| Report::read(&project, "results.csv"));
    (rows, report, pools)
}

#[test]
fn a_user_who_does_not_exist_is_rejected_and_the_others_are_set() {
    let missing = |pool: &str| vec![Row::new(pool, "nobody", Some(true)), Row::new(pool, "noone", None)];
    let (_, report, _) = five_users_and(missing, &[], 1);
    let report = report.expect("a report");
    report.holds(&[("set", 5), ("rejected", 2)]);
    for row in &report.0[5..] {
        assert_eq!((row.code(), row.attempts), ("UserNotFoundException", 1));
        assert!(row.message.as_deref().is_some_and(|text| !text.is_empty()));
    }
}

#[test]
fn a_password_against_the_policy_is_rejected_by_the_service_when_we_do_not_look() {
    let weak = |pool: &str| vec![Row::new(pool, "user0", Some(true)).with_password(&MARK.to_lowercase())];
    let (_, report, _) = five_users_and(weak, &["--policy", "none", "--on-duplicate", "last"], 1);
    let report = report.expect("a report");
    report.holds(&[("set", 4), ("skipped", 1), ("rejected", 1)]);
    assert_eq!(report.0[5].code(), "InvalidPasswordException");
}

#[test]
fn a_password_against_the_pools_policy_is_found_before_anything_is_sent() {
    let weak = |pool: &str| vec![Row::new(pool, "weak", Some(true)).with_password(&MARK.to_lowercase())];
    let (rows, _, pools) = five_users_and(weak, &["--policy", "live"], 2);
    for (status, sign_in) in states(&pools, &rows[..5]) {
        assert_eq!((status.as_str(), sign_in.as_str()), ("FORCE_CHANGE_PASSWORD", "NotAuthorizedException"), "nothing was set");
    }
}

#[test]
fn with_skip_invalid_the_other_rows_are_set() {
    let weak = |pool: &str| vec![Row::new(pool, "weak", Some(true)).with_password(&MARK.to_lowercase())];
    let (rows, report, pools) = five_users_and(weak, &["--policy", "live", "--skip-invalid"], 1);
    report.expect("a report").holds(&[("set", 5), ("invalid", 1)]);
    for state in states(&pools, &rows[..5]) {
        assert_eq!(state, ("CONFIRMED".to_owned(), "signed in".to_owned()));
    }
}

#[test]
fn a_pool_that_does_not_exist_stops_the_run_and_no_row_is_called_rejected_for_it() {
    let project = Project::new();
    let rows: Vec<_> = (0..5).map(|n| Row::new("us-east-1_Missing00", &format!("user{n}"), Some(true))).collect();
    project.give("users.csv", csv(&rows));
    let args =
        ["run", "users.csv", "--yes", "--policy", "none", "--endpoint-url", moto(), "-o", "results.csv", "--summary", "summary.json"];
    project.run(&args).exits(3).says(&["ResourceNotFoundException", "us-east-1_Missing00"]);
    let report = Report::read(&project, "results.csv");
    let summary = report.holds(&[("not_sent", 5)]).agrees_with(&project, "summary.json");
    assert!(summary["stopped"].as_str().is_some_and(|text| text.contains("ResourceNotFoundException")), "{summary}");
}

#[test]
fn check_finds_a_pool_that_does_not_exist() {
    let project = Project::new();
    project.give("users.csv", csv(&[Row::new("us-east-1_Missing00", "ann", None)]));
    let checked = project.run(&["check", "users.csv", "--policy", "live", "--endpoint-url", moto()]).exits(2);
    assert!(format!("{}{}", checked.stdout, checked.stderr).contains("us-east-1_Missing00"), "{checked}");
}
