//! How fast the sandbox is and how big: AdminSetUserPassword a second and memory with 100,000 users, and moto beside it where `make .venv`
//! has put one.
//!
//! The load comes from one thread of this process, over connections with one request each in flight, from the same cores. The targets
//! stand beside the figures; a missed one is said and fails the bench.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_cognito-passwd");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const POOL: &str = "us-east-1_Bench1234";
const USERS: usize = 100_000;
/// Connections, and so requests in flight.
const CONNECTIONS: usize = 64;
/// Requests a second that the sandbox is to answer at the least.
const TARGET_RATE: f64 = 20_000.0;
/// What 100,000 users may take, in KiB.
const TARGET_MEMORY: u64 = 100 * 1024;
/// moto is asked less: it takes milliseconds for each.
const MOTO_USERS: usize = 100;
const MOTO_CALLS: usize = 400;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let (rate, mut missed) = sandbox(folder.path());
    match moto() {
        Some(moto) => println!(
            "moto, {MOTO_USERS} users: {moto:.0} AdminSetUserPassword a second; the sandbox answers {:.0} times as many",
            rate / moto
        ),
        None => println!("moto: not asked, for there is no .venv (`make .venv`)"),
    }
    missed += verdict("AdminSetUserPassword a second", rate, TARGET_RATE, rate >= TARGET_RATE);
    if missed > 0 {
        println!("{missed} targets missed");
        std::process::exit(1);
    }
}

/// The sandbox's rate, and how many targets its memory missed.
fn sandbox(folder: &Path) -> (f64, usize) {
    let users = folder.join("users.jsonl");
    write_users(&users);
    let started = Instant::now();
    let mut command = Command::new(BINARY);
    command.args(["sandbox", "--quota", "unlimited", "--users"]).arg(&users);
    let (mut child, address) = start(command);
    println!("sandbox: {USERS} users read in {:.2} s", started.elapsed().as_secs_f64());
    let loaded = memory(&child, "VmRSS:");
    let requests: Vec<Vec<u8>> = (0..USERS).map(|n| set_password(&address, POOL, &username(n))).collect();
    let rate = (0..3).map(|_| rate(&address, &requests)).fold(0.0, f64::max);
    let peak = memory(&child, "VmHWM:");
    let left = r#"{"UserPoolId":"us-east-1_Bench1234","Filter":"cognito:user_status = \"FORCE_CHANGE_PASSWORD\""}"#;
    assert_eq!(call(&address, "ListUsers", left), r#"{"Users":[]}"#, "every user has a password");
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    println!("sandbox, {USERS} users: {rate:.0} AdminSetUserPassword a second, {CONNECTIONS} in flight, best of 3");
    println!("sandbox, {USERS} users: {loaded} KiB once they are read, {peak} KiB at most while each got a password three times");
    (rate, verdict("KiB at most", peak as f64, TARGET_MEMORY as f64, peak <= TARGET_MEMORY))
}

/// moto's rate.
fn moto() -> Option<f64> {
    let python = Path::new(ROOT).join(".venv/bin/python");
    if !python.is_file() {
        return None;
    }
    let mut command = Command::new(python);
    // It ends when its standard input does.
    command.arg(Path::new(ROOT).join("tests/it/moto_server.py")).stdin(Stdio::piped()).stderr(Stdio::null());
    let (mut child, address) = start(command);
    let made = call(&address, "CreateUserPool", r#"{"PoolName":"bench"}"#);
    let made: serde_json::Value = serde_json::from_str(&made).expect("a pool");
    let pool = made["UserPool"]["Id"].as_str().expect("its id").to_owned();
    for n in 0..MOTO_USERS {
        call(&address, "AdminCreateUser", &format!(r#"{{"UserPoolId":"{pool}","Username":"{}"}}"#, username(n)));
    }
    let requests: Vec<Vec<u8>> = (0..MOTO_CALLS).map(|n| set_password(&address, &pool, &username(n % MOTO_USERS))).collect();
    // Fewer connections: it takes a thread for each, and has no use for more.
    let rates = [1, 4].map(|connections| rate_over(&address, &requests, connections));
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    Some(rates[0].max(rates[1]))
}

fn username(n: usize) -> String {
    format!("user{n:06}@example.com")
}

/// Users who all wait for a password, so that it can be seen that each got one.
fn write_users(path: &Path) {
    let mut out = BufWriter::new(File::create(path).expect("a file"));
    for n in 0..USERS {
        let name = username(n);
        let user = serde_json::json!({
            "UserPoolId": POOL,
            "Username": name,
            "UserStatus": "FORCE_CHANGE_PASSWORD",
            "Attributes": { "email": name, "email_verified": "true" },
        });
        writeln!(out, "{user}").expect("written");
    }
    out.flush().expect("written");
}

/// Starts a server that prints its address.
fn start(mut command: Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its address");
    let address = line.trim().strip_prefix("http://").expect("an address").to_owned();
    (child, address)
}

/// A request as an SDK sends it; moto reads the Region from the signature, which nobody verifies here.
fn request(address: &str, operation: &str, body: &str) -> Vec<u8> {
    let scope = "Credential=bench/20261123/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=0";
    format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-amz-json-1.1\r\n\
         x-amz-target: AWSCognitoIdentityProviderService.{operation}\r\nauthorization: AWS4-HMAC-SHA256 {scope}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn set_password(address: &str, pool: &str, username: &str) -> Vec<u8> {
    let body = format!(r#"{{"UserPoolId":"{pool}","Username":"{username}","Password":"Correct-Horse-{username}","Permanent":true}}"#);
    request(address, "AdminSetUserPassword", &body)
}

/// The body of the answer to one call.
fn call(address: &str, operation: &str, body: &str) -> String {
    let mut connection = Connection::open(address);
    connection.send(&request(address, operation, body));
    connection.answer()
}

fn rate(address: &str, requests: &[Vec<u8>]) -> f64 {
    rate_over(address, requests, CONNECTIONS)
}

/// How many of these a second are answered with 200: sent to every connection, and then waited for at each.
fn rate_over(address: &str, requests: &[Vec<u8>], connections: usize) -> f64 {
    let mut connections: Vec<Connection> = (0..connections).map(|_| Connection::open(address)).collect();
    let started = Instant::now();
    for round in requests.chunks(connections.len()) {
        for (connection, request) in connections.iter_mut().zip(round) {
            connection.send(request);
        }
        for (connection, _) in connections.iter_mut().zip(round) {
            connection.answer();
        }
    }
    requests.len() as f64 / started.elapsed().as_secs_f64()
}

/// A connection, opened anew where the server closes it after an answer.
struct Connection {
    address: String,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection {
    fn open(address: &str) -> Self {
        Self { address: address.to_owned(), stream: None }
    }

    fn send(&mut self, request: &[u8]) {
        let address = &self.address;
        let stream = self.stream.get_or_insert_with(|| {
            let stream = TcpStream::connect(address).expect("a connection");
            stream.set_nodelay(true).expect("a socket");
            stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
            BufReader::new(stream)
        });
        stream.get_mut().write_all(request).expect("it is sent");
    }

    /// The body of the answer, which is a 200.
    fn answer(&mut self) -> String {
        let stream = self.stream.as_mut().expect("a request was sent");
        let (mut line, mut length, mut closes) = (String::new(), 0, false);
        for n in 0.. {
            line.clear();
            stream.read_line(&mut line).expect("a line of the head");
            let text = line.trim_end();
            if n == 0 {
                assert!(text.split(' ').nth(1) == Some("200"), "{text}");
                closes = text.starts_with("HTTP/1.0");
            } else if text.is_empty() {
                break;
            } else if let Some((name, value)) = text.split_once(": ") {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.parse().expect("a length");
                }
                closes |= name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close");
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).expect("a body");
        if closes {
            self.stream = None;
        }
        String::from_utf8(body).expect("text")
    }
}

/// The memory of a process in KiB, as Linux counts it.
fn memory(child: &Child, line: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("its status");
    let line = text.lines().find_map(|text| text.strip_prefix(line)).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

fn verdict(what: &str, figure: f64, target: f64, is_met: bool) -> usize {
    println!("{what}: {figure:.0}, target {target:.0}: {}", if is_met { "met" } else { "MISSED" });
    usize::from(!is_met)
}
