//! The sandbox of the program under measurement, in a process of its own and without a quota: what the benches send to.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Starts it with the users of a file that `run` takes, and gives its address. The caller ends it.
pub fn sandbox(users: &Path) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cognito-passwd"))
        .args(["sandbox", "--quota", "unlimited", "--users"])
        .arg(users)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut url = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut url).expect("its address");
    (child, url.trim().to_owned())
}
