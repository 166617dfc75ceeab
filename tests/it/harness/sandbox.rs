//! The program's own sandbox in a process of its own, and its call log: the witness that reports are held against.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;

use serde::Deserialize;
use serde_json::json;

use super::project::Project;
use super::rows::Row;

/// A call as the sandbox logged it.
#[derive(Clone, Debug, Deserialize)]
pub struct Logged {
    /// When it arrived, in seconds since 1970.
    pub arrived: f64,
    /// The API's operation.
    pub operation: String,
    /// The pool, or empty.
    pub user_pool_id: String,
    /// The user, or empty.
    pub username: String,
    /// Whether the password was to last.
    pub permanent: Option<bool>,
    /// The status of the answer; `None` where the connection was cut instead.
    pub status: Option<u16>,
    /// The error's code, or empty.
    pub code: String,
    /// Whether the user was changed.
    pub applied: bool,
    /// The id that the answer carried.
    pub request_id: String,
}

impl Logged {
    /// Whether the service changed the user and said so.
    pub fn confirms(&self) -> bool {
        self.status == Some(200) && self.applied
    }
}

/// A sandbox. It is killed when it is dropped.
pub struct Sandbox {
    child: Child,
    /// Where it answers.
    pub url: String,
    log: PathBuf,
}

impl Sandbox {
    pub(super) fn start(project: &Project, users: &[Row], flags: &[&str]) -> Self {
        let name = (1..).map(|n| format!("sandbox{n}")).find(|name| !project.has(&format!("{name}.log"))).unwrap();
        let (users_file, log) = (format!("{name}.users.jsonl"), format!("{name}.log"));
        let lines: String = users.iter().map(|user| format!("{}\n", json!({"UserPoolId": user.pool, "Username": user.username}))).collect();
        project.give(&users_file, lines);
        let mut command = project.command(&["sandbox", "--port", "0", "--log", &log]);
        if !flags.contains(&"--users") {
            command.args(["--users", &users_file]);
        }
        if !flags.contains(&"--quota") {
            command.args(["--quota", "unlimited"]);
        }
        let mut child = command.args(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let errors = thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        let mut line = String::new();
        let url = loop {
            line.clear();
            if stdout.read_line(&mut line).unwrap() == 0 {
                let _ = child.wait();
                panic!("the sandbox ended before it printed an address. It said:\n{}", errors.join().unwrap());
            }
            if let Some(at) = line.find("http://127.0.0.1:") {
                let end = line[at + 17..].find(|c: char| !c.is_ascii_digit()).map_or(line.len(), |end| at + 17 + end);
                break line[at..end].to_owned();
            }
        };
        thread::spawn(move || stdout.read_to_end(&mut Vec::new()));
        Self { child, url, log: project.path(&log) }
    }

    /// Every call so far, in the order in which they were decided.
    pub fn calls(&self) -> Vec<Logged> {
        let text = fs::read_to_string(&self.log).unwrap();
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        text[..whole].lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    /// The attempts to set a password so far.
    pub fn attempts(&self) -> Vec<Logged> {
        let mut calls = self.calls();
        calls.retain(|call| call.operation == "AdminSetUserPassword");
        calls
    }

    /// Its process.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
