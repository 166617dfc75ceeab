//! One moto for the whole test binary. Tests keep apart by making pools of their own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use super::boto3::{python, script};

/// The server ends when the pipe to its standard input does, and that ends with this process, however it ends.
struct Moto {
    _child: Child,
    url: String,
}

/// The address of a moto that answers.
pub fn moto() -> &'static str {
    static MOTO: OnceLock<Moto> = OnceLock::new();
    &MOTO.get_or_init(start).url
}

fn start() -> Moto {
    let mut child = Command::new(python())
        .arg(script("moto_server.py"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("http://127.0.0.1:"), "moto did not start; what it said is above");
    Moto { url: line.trim().to_owned(), _child: child }
}
