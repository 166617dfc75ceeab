//! One password, looked for everywhere: every command, every way that a row or a run can end, with all that makes programs talk switched
//! on. The harness searches standard output and standard error, every file that is left (journal, report, summary, log) and, while the
//! program runs, its temporary files, its command line and its environment; in the clear, and in base64, hexadecimal and escaped forms.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use super::strangers::{http, stranger};
use crate::harness::{MARK, Project, Report, Row, api_jsonl, csv, journal_of, jsonl, rows};

const POOL: &str = "us-east-1_Sentinel0";

/// Runs the program, and fails where the password shows.
fn shows_nothing(project: &Project, args: &[&str], exit_code: i32) -> String {
    let finished = project.start(project.talkative(args)).finish_watched().exits(exit_code);
    finished.stdout + &finished.stderr
}

fn run_args<'a>(input: &'a str, url: &'a str, report: &'a str) -> Vec<&'a str> {
    vec!["run", input, "--yes", "--rate", "unlimited", "--policy", "none", "--endpoint-url", url, "-o", report]
}

#[test]
fn a_leak_is_found_in_every_place_where_it_is_looked_for() {
    for (place, script) in [
        ("standard output", "echo $P"),
        ("standard error", "echo $P >&2"),
        ("standard error, in base64", "echo \"$P\" | base64 >&2"),
        ("standard error, in hexadecimal", "printf %s \"$P\" | od -An -tx1 | tr -d ' \\n' >&2"),
        ("a file", "echo $P > report.csv"),
        ("a temporary file", "echo $P > .temporary; sleep 1; rm .temporary"),
        ("the command line", "exec bash -c 'sleep 1; true' \"$P\""),
        ("the environment", "export Q=$P; exec sleep 1"),
    ] {
        let project = Project::new();
        project.give("secret", format!("{MARK}!1"));
        let leaks = AssertUnwindSafe(|| {
            let command = project.command_of("bash", &["-c", &format!("P=$(cat secret); {script}")]);
            project.start(command).finish_watched();
        });
        assert!(catch_unwind(leaks).is_err(), "a leak into {place} is overlooked");
    }
}

#[test]
fn check_shows_no_password_whatever_it_finds() {
    let project = Project::new();
    let sound = rows(POOL, 5);
    let sandbox = project.sandbox(&sound, &[]);
    project.give("sound.csv", csv(&sound));
    project.give("sound.jsonl", api_jsonl(&sound));
    let unsound = [
        rows(POOL, 2),
        rows(POOL, 2),
        vec![Row::new(POOL, "ann", None).with_password(&format!(" {MARK} ")), Row::new("nonsense", "bob", None)],
    ]
    .concat();
    project.give("unsound.csv", csv(&unsound));
    for policy in ["live", "none"] {
        for file in ["sound.csv", "sound.jsonl"] {
            shows_nothing(&project, &["check", file, "--policy", policy, "--endpoint-url", &sandbox.url], 0);
        }
        shows_nothing(&project, &["check", "unsound.csv", "--policy", policy, "--endpoint-url", &sandbox.url], 2);
    }
    shows_nothing(&project, &["check", "missing.csv", "--policy", "none"], 2);
    let mut command = project.talkative(&["check", "-", "--policy", "none"]);
    command.stdin(std::fs::File::open(project.path("unsound.csv")).unwrap());
    project.start(command).finish_watched().exits(2);
}

#[test]
fn run_and_report_show_no_password_whatever_becomes_of_the_rows() {
    let project = Project::new();
    let mut all = rows(POOL, 8);
    all.push(Row::new(POOL, "missing", Some(true)));
    all.push(Row::new(POOL, "ann", Some(true)).with_password(&format!("{MARK} ")));
    all.push(all[0].clone());
    project.give("users.jsonl", jsonl(&all));
    let plan = [json!({"fault": "cut_after", "user": "user00002"}), json!({"fault": "html_ok", "nth": 3, "times": 1})];
    project.give("plan.jsonl", plan.map(|line| format!("{line}\n")).concat());
    let sandbox = project.sandbox(&all[..8], &["--fault-plan", "plan.jsonl"]);
    let args = [
        &run_args("users.jsonl", &sandbox.url, "results.jsonl")[..],
        &["--skip-invalid", "--on-duplicate", "last", "--summary", "summary.json", "--raw-csv", "--log-format", "json"],
    ]
    .concat();
    shows_nothing(&project, &args, 4);
    let report = Report::read(&project, "results.jsonl");
    report.holds(&[("set", 7), ("unknown", 1), ("rejected", 1), ("invalid", 1), ("skipped", 1)]);

    let journal = journal_of("results.jsonl");
    for (name, exit_code) in [("again.csv", 4), ("again.jsonl", 4), ("-", 4)] {
        shows_nothing(&project, &["report", &journal, "-o", name], exit_code);
    }
    shows_nothing(&project, &args, 2);
    shows_nothing(&project, &[&args[..], &["--resume", "--unknown", "resend", "--retry-rejected"]].concat(), 4);
}

#[test]
fn a_run_that_ends_early_shows_no_password() {
    for (faults, exit_code) in [
        (["--fault-access-denied", "1"], 3),
        (["--fault-expired-token", "1"], 3),
        (["--deny", "AdminSetUserPassword"], 3),
        (["--verify-signatures", "--credentials=OTHER:KEY"], 3),
    ] {
        let project = Project::new();
        project.give("users.csv", csv(&rows(POOL, 3)));
        let sandbox = project.sandbox(&rows(POOL, 3), &faults);
        shows_nothing(&project, &run_args("users.csv", &sandbox.url, "results.csv"), exit_code);
    }
    let project = Project::new();
    project.give("users.csv", csv(&rows(POOL, 3)));
    for (args, exit_code) in [
        (run_args("users.csv", "http://127.0.0.1:1", "results.csv"), 3),
        (run_args("users.csv", "http://10.0.0.1:1", "second.csv"), 2),
        (vec!["run", "users.csv", "--policy", "none", "--endpoint-url", "http://127.0.0.1:1", "-o", "third.csv"], 2),
        (vec!["run", "users.csv", "--policy", "nowhere.json", "-o", "third.csv"], 2),
        (vec!["run", "users.csv", "--sandbox", "--yes", "-o", "no-such-folder/third.csv"], 2),
        (vec!["run", "users.csv", "--sandbox", "--yes", "-o", "users.csv"], 2),
    ] {
        shows_nothing(&project, &args, exit_code);
    }
}

/// The password of a request of ours, as it stands in the JSON of its body.
fn password_in(body: &str) -> &str {
    body.split(r#""Password":""#).nth(1).and_then(|rest| rest.split("\",\"").next()).unwrap_or_default().trim_end_matches("\"}")
}

/// A service like Cognito, which says the password back in many forms.
fn echo(body: &str) -> String {
    let password = password_in(body);
    let hex: String = password.bytes().map(|byte| format!("{byte:02x}")).collect();
    let forms = [
        password.to_owned(),
        serde_json::to_string(password).unwrap().trim_matches('"').to_owned(),
        hex.to_uppercase(),
        body.bytes().map(|byte| format!("{byte:02x}")).collect(),
        password.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        body.replace('\\', "\\\\").replace('"', "\\\""),
    ];
    let which = body.split("user0000").nth(1).and_then(|rest| rest[..1].parse::<usize>().ok()).unwrap_or_default();
    let message = format!("Password did not conform with policy: {}", forms[which % forms.len()]);
    http(
        "400 Bad Request\r\nx-amzn-requestid: 11111111-2222-3333-4444-555555555555",
        &format!(r#"{{"__type":"InvalidPasswordException","message":"{message}"}}"#),
    )
}

#[test]
fn what_a_service_says_back_is_withheld_where_it_repeats_the_password() {
    let url = stranger(echo);
    let project = Project::new();
    project.give("users.csv", csv(&rows(POOL, 7)));
    shows_nothing(&project, &run_args("users.csv", &url, "results.jsonl"), 1);
    let report = Report::read(&project, "results.jsonl");
    report.holds(&[("rejected", 7)]);
    assert!(report.0.iter().all(|row| row.message.as_deref().is_some_and(|message| message.contains("withheld"))), "{report:?}");
    shows_nothing(&project, &["report", &journal_of("results.jsonl"), "-o", "again.csv"], 1);

    project.give("password", format!("{MARK}!1"));
    shows_nothing(&project, &one_user(&["--password-file", "password", "--endpoint-url", &url]), 254);
}

fn one_user<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["admin-set-user-password", "--user-pool-id", POOL, "--username", "user00001"], more].concat()
}

#[test]
fn one_user_shows_no_password_however_it_is_given_and_whatever_comes_of_it() {
    let project = Project::new();
    let sandbox = project.sandbox(&rows(POOL, 1), &[]);
    project.give("password", format!("{MARK}!1"));
    project.give("input.json", json!({"Password": format!("{MARK}!2"), "Permanent": true}).to_string());
    project.give("input.yaml", format!("Password: [{MARK}!3]\nPermanent: true\n"));
    project.give("broken.json", format!("{{\"Password\": \"{MARK}!4"));
    let url = ["--endpoint-url", sandbox.url.as_str()];
    for (more, exit_code) in [
        (vec!["--password", "file://password", "--permanent"], 0),
        (vec!["--password-file", "password"], 0),
        (vec!["--cli-input-json", "file://input.json"], 0),
        (vec!["--cli-input-yaml", "file://input.yaml"], 252),
        (vec!["--cli-input-json", "file://broken.json"], 252),
        (vec!["--password-file", "missing"], 252),
        (vec!["--password-file", "password", "--region", "eu-west-1"], 254),
    ] {
        let finished = project.start(project.talkative(&one_user(&[&more[..], &url].concat()))).finish_watched();
        assert_eq!(finished.code(), Some(exit_code), "{more:?}: {finished}");
    }
    let mut command = project.talkative(&one_user(&[&["--password-stdin"][..], &url].concat()));
    command.stdin(std::fs::File::open(project.path("password")).unwrap());
    project.start(command).finish_watched().exits(0);
    shows_nothing(&project, &one_user(&["--password-file", "password", "--endpoint-url", "http://127.0.0.1:1"]), 255);
}

#[test]
fn the_sandbox_keeps_and_logs_no_password() {
    let project = Project::new();
    let users = rows(POOL, 3);
    project.give("users.csv", csv(&users));
    let mut sandbox = project.sandbox(&users, &["--state", "state.json", "-vv"]);
    shows_nothing(&project, &run_args("users.csv", &sandbox.url, "results.csv"), 0);
    sandbox.stop();
    assert!(project.has("state.json"));
    project.assert_no_file_leaks();
}
