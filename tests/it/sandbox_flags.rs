//! The sandbox's flags, each seen to do what its help says: by boto3, by `run`, or by what a second start finds.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Call, MARK, Project, Report, Row, Sandbox, aws_cli, boto3, csv, rows};

const POOL: &str = "eu-west-1_SandboxFl";

fn call(operation: &'static str, more: Value) -> Call {
    let mut arguments = json!({ "UserPoolId": POOL, "Username": "ann" });
    arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Call::new(POOL, operation, arguments)
}

fn set(permanent: bool) -> Call {
    call("admin_set_user_password", json!({ "Password": format!("{MARK}!1"), "Permanent": permanent }))
}

fn get() -> Call {
    call("admin_get_user", json!({}))
}

/// The codes that calls are refused with, or nothing.
fn codes(sandbox: &Sandbox, calls: &[Call]) -> Vec<String> {
    boto3(&sandbox.url, calls).into_iter().map(|answer| answer.code()).collect()
}

fn ann() -> [Row; 1] {
    [Row::new(POOL, "ann", None)]
}

#[test]
fn an_action_a_pool_or_both_can_be_denied() {
    let project = Project::new();
    let denied = "AccessDeniedException";
    for (what, set_code, get_code) in [
        ("AdminSetUserPassword", denied, ""),
        (POOL, denied, denied),
        ("AdminGetUser@eu-west-1_SandboxFl", "", denied),
        ("AdminGetUser@eu-west-1_Another00", "", ""),
    ] {
        let sandbox = project.sandbox(&ann(), &["--deny", what]);
        assert_eq!(codes(&sandbox, &[set(true), get()]), [set_code, get_code], "{what}");
    }
    project.run(&["sandbox", "--deny", "Everything"]).exits(2).says(&["--deny", "OPERATION@POOL"]);
}

#[test]
fn a_run_that_is_denied_stops_and_calls_no_row_rejected() {
    let project = Project::new();
    let rows = rows(POOL, 5);
    let sandbox = project.sandbox(&rows, &["--deny", "AdminSetUserPassword"]);
    project.give("users.csv", csv(&rows));
    project.run(&["run", "users.csv", "--yes", "--endpoint-url", &sandbox.url, "-o", "r.csv"]).exits(3).says(&["AccessDeniedException"]);
    Report::read(&project, "r.csv").holds(&[("not_sent", 5)]);
}

#[test]
fn a_category_can_have_a_quota_of_its_own_beside_an_unlimited_one() {
    let project = Project::new();
    let sandbox = project.sandbox(&ann(), &["--quota-of", "UserRead=0.01", "--quota-of", "UserList=0.01"]);
    let seen = codes(&sandbox, &[get(), get(), set(true), set(true)]);
    assert_eq!(seen, ["", "TooManyRequestsException", "", ""]);
    project.run(&["sandbox", "--quota-of", "UserRead"]).exits(2).says(&["CATEGORY=N"]);
}

#[test]
fn an_aligned_window_looks_at_no_burst() {
    let project = Project::new();
    // A bucket of one refuses the second call for half a second.
    let sandbox = project.sandbox(&ann(), &["--quota", "2", "--burst", "1", "--quota-window", "aligned"]);
    assert_eq!(codes(&sandbox, &[set(true), set(true)]), ["", ""]);
    assert_eq!(project.run(&["sandbox", "--quota-window", "sliding"]).code(), Some(2));
}

#[test]
fn the_clock_begins_ahead_or_back() {
    let project = Project::new();
    let created = |clock: &[&str]| {
        let sandbox = project.sandbox(&ann(), clock);
        let user = boto3(&sandbox.url, &[get()]).remove(0).ok();
        // boto3 gives dates as texts here, whose first ten characters are the day.
        humantime::parse_rfc3339_weak(&format!("{} 00:00:00", &user["UserCreateDate"].as_str().unwrap()[..10])).unwrap()
    };
    let (back, today, ahead) = (created(&["--clock", "-10d"]), created(&[]), created(&["--clock", "10d"]));
    let day = Duration::from_secs(86_400);
    for distance in [today.duration_since(back).unwrap(), ahead.duration_since(today).unwrap()] {
        assert!(distance >= 9 * day && distance <= 11 * day, "{distance:?}");
    }
}

#[test]
fn a_saved_state_goes_on_where_it_ended_and_the_file_of_users_does_not_undo_it() {
    let project = Project::new();
    let status = |sandbox: &Sandbox| boto3(&sandbox.url, &[get()]).remove(0).ok()["UserStatus"].as_str().unwrap().to_owned();
    let mut first = project.sandbox(&ann(), &["--state", "state.jsonl"]);
    assert_eq!(status(&first), "CONFIRMED");
    assert_eq!(codes(&first, &[set(false)]), [""]);
    first.stop();
    let second = project.sandbox(&ann(), &["--state", "state.jsonl"]);
    assert_eq!(status(&second), "FORCE_CHANGE_PASSWORD");
    project.give("torn.jsonl", "{");
    project.run(&["sandbox", "--state", "torn.jsonl"]).exits(2).says(&["torn.jsonl", "line 1"]);
}

#[test]
fn a_state_that_could_not_be_saved_is_refused_at_the_start() {
    Project::new().run(&["sandbox", "--port", "0", "--state", "nowhere/state.jsonl"]).exits(2).says(&["nowhere/state.jsonl"]);
}

#[test]
fn a_pool_as_the_aws_cli_describes_it_is_one_to_begin_with() {
    let project = Project::new();
    let policy = json!({ "PasswordPolicy": { "MinimumLength": 17, "RequireSymbols": true, "PasswordHistorySize": 3 } });
    let model = project.sandbox(&[], &[]);
    let made = Call::new("eu-west-1", "create_user_pool", json!({ "PoolName": "model", "Policies": policy, "AliasAttributes": ["email"] }));
    let pool = boto3(&model.url, &[made]).remove(0).ok()["UserPool"]["Id"].as_str().unwrap().to_owned();
    let describe = ["describe-user-pool", "--user-pool-id", &pool, "--region", "eu-west-1"];
    let described = aws_cli(&project, &model.url, &describe).exits(0).stdout;
    let described: Value = serde_json::from_str(&described).unwrap();

    let user = json!({ "UserPoolId": pool, "Username": "ann", "UserStatus": "EXTERNAL_PROVIDER" });
    project.give("pools.jsonl", format!("{}\n{user}\n", described["UserPool"]));
    let copy = project.sandbox(&[], &["--users", "pools.jsonl"]);
    let again: Value = serde_json::from_str(&aws_cli(&project, &copy.url, &describe).exits(0).stdout).unwrap();
    for member in ["Id", "Name", "Policies", "AliasAttributes", "UsernameConfiguration"] {
        assert_eq!(again["UserPool"][member], described["UserPool"][member], "{member}");
    }
    let set = json!({ "UserPoolId": pool, "Username": "ann", "Password": format!("{MARK}!1"), "Permanent": true });
    let set = boto3(&copy.url, &[Call::new(&pool, "admin_set_user_password", set)]).remove(0).exception();
    assert_eq!(set.1, "Password did not conform with policy: Password not long enough");
}

#[test]
fn a_signature_is_verified_with_the_key_that_was_given_or_that_of_the_environment() {
    // boto3 signs with the key `testing` and the secret `testing` here, and so does the environment that the sandbox starts in.
    let project = Project::new();
    for (flags, code) in [
        (&["--verify-signatures", "--credentials", "testing:testing"] as &[&str], ""),
        (&["--verify-signatures", "--credentials", "other:one", "--credentials", "testing:testing"], ""),
        (&["--verify-signatures"], ""),
        (&["--verify-signatures", "--credentials", "testing:tasting"], "InvalidSignatureException"),
        (&["--verify-signatures", "--credentials", "tasting:testing"], "UnrecognizedClientException"),
    ] {
        let sandbox = project.sandbox(&ann(), flags);
        assert_eq!(codes(&sandbox, &[set(true), get()]), [code, code], "{flags:?}");
    }
}

#[test]
fn a_run_signs_so_that_the_signature_can_be_verified_and_stops_where_it_cannot() {
    for (key, code, outcome, said) in
        [("testing:testing", 0, "set", "20 set"), ("testing:tasting", 3, "not_sent", "InvalidSignatureException")]
    {
        let project = Project::new();
        let rows = rows(POOL, 20);
        let sandbox = project.sandbox(&rows, &["--verify-signatures", "--credentials", key]);
        project.give("users.csv", csv(&rows));
        let run = ["run", "users.csv", "--yes", "--rate", "100", "--policy", "none", "--endpoint-url", &sandbox.url, "-o", "r.csv"];
        project.run(&run).exits(code).says(&[said]);
        Report::read(&project, "r.csv").holds(&[(outcome, 20)]);
    }
}

#[test]
fn a_key_that_cannot_be_read_is_not_repeated_and_a_missing_one_is_asked_for() {
    let project = Project::new();
    let finished = project.run(&["sandbox", "--verify-signatures", "--credentials", "ABCDEFGHIJ"]).exits(2).says(&["KEY:SECRET"]);
    assert!(!finished.stderr.contains("ABCDEFGHIJ"), "{finished}");
    let mut without = project.command(&["sandbox", "--verify-signatures"]);
    without.env_remove("AWS_SECRET_ACCESS_KEY");
    project.start(without).finish().exits(2).says(&["--credentials", "AWS_SECRET_ACCESS_KEY"]);
    project.run(&["sandbox", "--credentials", "testing:testing"]).exits(2).says(&["--verify-signatures"]);
}

/// Every address of 127.0.0.0/8 is this machine on Linux, and only one of them is the one that the sandbox prints.
#[cfg(target_os = "linux")]
#[test]
fn it_listens_on_the_loopback_address_alone_unless_told_otherwise() {
    let project = Project::new();
    for (flags, is_open) in [(&[] as &[&str], false), (&["--listen-on-all-interfaces"], true)] {
        let sandbox = project.sandbox(&ann(), flags);
        let port: u16 = sandbox.url.rsplit(':').next().unwrap().parse().unwrap();
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
        assert_eq!(TcpStream::connect(("127.0.0.2", port)).is_ok(), is_open, "{flags:?}");
    }
}
