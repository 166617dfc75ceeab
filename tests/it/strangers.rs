//! Whoever answers may not be Cognito: a captive portal, a gateway, a proxy. What a stranger says is never taken for Cognito's word, and
//! never repeated. And whoever reads what the program says may be gone.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Project, Report, csv, eventually, rows};

const POOL: &str = "us-east-1_Strangers0";

/// Answers every request with what `answer` makes of its body, and gives its address. It lives as long as the tests do.
pub fn stranger(answer: impl Fn(&str) -> String + Send + Sync + Copy + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || stream.map(|stream| serve(stream, answer)));
        }
    });
    url
}

/// One request, and the end of the connection.
fn serve(mut stream: TcpStream, answer: impl Fn(&str) -> String) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_ok() {
        let _ = stream.write_all(answer(&String::from_utf8_lossy(&body)).as_bytes());
    }
}

pub fn http(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn run_against(url: &str, exit_code: i32) -> Report {
    let project = Project::new();
    project.give("users.csv", csv(&rows(POOL, 2)));
    let args = ["run", "users.csv", "--yes", "--rate", "50", "--policy", "none", "--endpoint-url", url, "-o", "results.jsonl"];
    project.run(&args).exits(exit_code);
    Report::read(&project, "results.jsonl")
}

#[test]
fn a_stranger_who_answers_200_with_json_has_set_nothing() {
    let report = run_against(&stranger(|_| http("200 OK", r#"{"error":"login required"}"#)), 4);
    report.holds(&[("unknown", 2)]);
    assert_eq!(report.0[0].code(), "not_cognito");
}

#[test]
fn a_gateway_that_knows_no_such_path_has_rejected_no_row() {
    let report = run_against(&stranger(|_| http("404 Not Found", r#"{"code":"NotFound"}"#)), 4);
    report.holds(&[("unknown", 2)]);
    assert_eq!(report.0[0].code(), "http_404");
}

#[test]
fn a_proxy_that_lets_nobody_through_ends_the_run_and_nothing_is_unknown() {
    let report = run_against(&stranger(|_| http("403 Forbidden", "<html>no</html>")), 3);
    report.holds(&[("not_sent", 2)]);
}

#[test]
fn a_password_that_comes_back_where_a_code_or_an_id_should_be_is_not_repeated() {
    let echo = |body: &str| {
        let password = body.split(r#""Password":""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let body = format!(r#"{{"__type":"{password}","message":"{password}"}}"#);
        http(&format!("400 Bad Request\r\nx-amzn-requestid: {password}"), &body)
    };
    // The harness searches everything that was said and left for the password.
    run_against(&stranger(echo), 4).holds(&[("unknown", 2)]);
}

#[test]
fn a_run_whose_reader_has_gone_still_hears_ctrl_c_and_leaves_its_report() {
    let (project, rows) = (Project::new(), rows(POOL, 300));
    let sandbox = project.sandbox(&rows, &["--latency", "20"]);
    project.give("users.csv", csv(&rows));
    let args = ["run", "users.csv", "--yes", "--rate", "30", "--policy", "none", "--endpoint-url", &sandbox.url, "-o", "results.csv"];
    let mut child = project.command(&args).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    drop(child.stderr.take());
    eventually("the first calls", || (sandbox.attempts().len() > 10).then_some(()));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let status = eventually("its end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(130));
    let set = sandbox.attempts().len();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(sandbox.attempts().len(), set, "nothing leaves afterwards");
    Report::read(&project, "results.csv").holds(&[("set", set), ("not_sent", rows.len() - set)]);
}
