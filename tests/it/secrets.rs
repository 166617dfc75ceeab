//! Passwords stay out of everything but the request. The harness searches each run of every test for them, in several encodings; here
//! are the runs that tempt most.

use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;

use crate::harness::{MARK, Project, Report, Row, csv, journal_of, rows};

const POOL: &str = "us-east-1_Secrets00";

/// Runs twelve rows against a sandbox with these faults: one for a user who is missing, one with a password that is too weak.
fn twelve_rows(faults: &[&str]) -> Report {
    let project = Project::new();
    let mut rows = rows(POOL, 12);
    rows[1] = Row::new(POOL, "missing", Some(true));
    rows[2] = Row::new(POOL, "user00003", Some(true)).with_password(&MARK.to_lowercase());
    let users: Vec<_> = rows.iter().filter(|row| row.username != "missing").cloned().collect();
    let sandbox = project.sandbox(&users, faults);
    project.give("users.csv", csv(&rows));
    let args = [
        "run",
        "users.csv",
        "--yes",
        "--policy",
        "none",
        "--rate",
        "unlimited",
        "--endpoint-url",
        &sandbox.url,
        "-o",
        "results.csv",
        "--summary",
        "summary.json",
    ];
    project.start(project.talkative(&args)).finish_watched();
    for name in ["results.csv".to_owned(), journal_of("results.csv"), "summary.json".to_owned()] {
        assert!(project.left_behind().contains(&project.path(&name)), "{name} is among the files that were searched");
    }
    Report::read(&project, "results.csv")
}

#[test]
fn no_password_of_a_row_that_was_set_or_rejected_is_shown_or_kept() {
    twelve_rows(&[]).holds(&[("set", 10), ("rejected", 2)]);
}

#[test]
fn no_password_of_a_row_that_met_faults_is_shown_or_kept() {
    let faults = ["--fault-500", "0.5", "--fault-cut-after", "0.5", "--fault-html-ok", "0.5", "--fault-throttle", "0.1"];
    assert!(twelve_rows(&faults).count("unknown") > 0, "no fault was lasting");
    twelve_rows(&["--fault-expired-token", "1"]).holds(&[("not_sent", 12)]);
}

#[test]
fn no_password_is_shown_when_it_stands_where_it_should_not() {
    for (name, text) in [
        ("users.csv", format!("user_pool_id,username,password\n{MARK}!1,{POOL},ann\n")),
        ("users.csv", format!("user_pool_id,username,password,permanent\n{POOL},ann,x y,{MARK}!1\n")),
        ("users.csv", format!("user_pool_id,username,password\n{POOL},ann,\"{MARK}\"!1\n")),
        ("users.csv", format!("user_pool_id,username,password\n{POOL},ann,{MARK}!1,extra\n")),
        ("users.csv", format!("user_pool_id,username,password\n{POOL},{MARK} !1,ann\n")),
        ("users.csv", format!("{POOL},ann,{MARK}!1\n")),
        ("users.jsonl", format!("{{\"user_pool_id\":\"{POOL}\",\"username\":\"ann\",\"password\":{{\"{MARK}\":1}}}}\n")),
        ("users.jsonl", format!("{{\"user_pool_id\":\"{POOL}\",\"username\":\"ann\",\"permanent\":\"{MARK}!1\",\"password\":\"x\"}}\n")),
        ("users.jsonl", format!("{{\"user_pool_id\":\"{POOL}\",\"username\":\"ann\",\"password\":\"{MARK}!1\n")),
        ("users.jsonl", format!("{MARK}!1\n")),
    ] {
        let project = Project::new();
        project.give(name, &text);
        for args in [["check", name, "--policy", "none"].as_slice(), &["run", name, "--sandbox", "--yes"]] {
            project.start(project.talkative(args)).finish_watched().exits(2);
        }
    }
}

#[test]
fn what_is_written_is_for_its_owner_alone() {
    let project = Project::new();
    let rows = rows(POOL, 2);
    let sandbox = project.sandbox(&rows, &[]);
    project.give("users.csv", csv(&rows));
    project.run(&["run", "users.csv", "--yes", "--endpoint-url", &sandbox.url, "-o", "r.csv", "--summary", "s.json"]).exits(0);
    for name in ["r.csv", "r.csv.journal", "s.json"] {
        assert_eq!(project.path(name).metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn an_input_that_others_can_read_draws_a_warning_with_the_chmod_that_ends_it() {
    let project = Project::new();
    let rows = rows(POOL, 1);
    project.give("users.csv", csv(&rows));
    let run = |report: &str| project.run(&["run", "users.csv", "--sandbox", "--yes", "-o", report]).exits(0);
    assert!(!run("1.csv").stderr.contains("chmod"));
    std::fs::set_permissions(project.path("users.csv"), PermissionsExt::from_mode(0o644)).unwrap();
    run("2.csv").says(&["chmod", "users.csv"]);
}

/// Addresses of this machine: loopback, and the one that it would send from, if it has one. No packet is sent to find out.
fn own_addresses() -> Vec<String> {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let other = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr()).map(|address| address.ip().to_string());
    std::iter::once("127.0.0.1".to_owned()).chain(other.ok()).collect()
}

#[test]
fn plain_http_from_the_environment_or_a_profile_gets_not_even_a_connection() {
    let project = Project::new();
    project.give("users.csv", csv(&rows(POOL, 1)));
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for url in own_addresses().iter().map(|address| format!("http://{address}:{port}")) {
        let services = "[services local]\ncognito_identity_provider =\n  endpoint_url =";
        project
            .give("config", format!("[profile plain]\nendpoint_url = {url}\n[profile by-service]\nservices = local\n{services} {url}\n"));
        for (name, value) in [
            ("AWS_ENDPOINT_URL", url.as_str()),
            ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", &url),
            ("AWS_PROFILE", "plain"),
            ("AWS_PROFILE", "by-service"),
        ] {
            for args in [
                ["run", "users.csv", "--yes", "--policy", "none"].as_slice(),
                &["run", "users.csv", "--yes"],
                &["check", "users.csv"],
                &["check", "users.csv", "--live", "--policy", "none"],
                &["admin-set-user-password", "--user-pool-id", POOL, "--username", "ann", "--password", "Correct-Horse-7"],
            ] {
                let mut command = project.command(args);
                command.env("AWS_CONFIG_FILE", project.path("config")).env(name, value);
                let finished = project.start(command).finish().says(&[&url, "https"]);
                assert!(matches!(finished.code(), Some(2 | 3 | 255)), "{args:?} {finished}");
                assert!(listener.accept().is_err(), "{args:?} connects to {url} of {name}");
            }
        }
    }
}

#[test]
fn a_foreign_name_cannot_move_the_cursor_of_a_terminal() {
    let project = Project::new();
    let name = "us\u{1b}[2Jers\u{202e}\u{200b}.csv";
    project.give(name, format!("user_pool_id,username,password\n{POOL},\"a\u{1b}[31m\u{202e}\",{MARK}!1\n"));
    for args in [["check", name, "--policy", "none"].as_slice(), &["run", name, "--sandbox", "--yes"]] {
        let finished = project.run(args).exits(2);
        let printed = format!("{}{}", finished.stdout, finished.stderr);
        assert!(!printed.contains(['\u{1b}', '\u{202e}', '\u{200b}']), "{printed:?}");
    }
}
