//! Https to a Cognito of the test's own: whose certificate is trusted, and what a proxy on the way gets to see.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::harness::{MARK, Project, Report, Sandbox, csv, python, rows, script};

const POOL: &str = "us-east-1_Transport";

/// TLS before a sandbox. It ends with the test.
struct Front {
    process: Child,
    /// Where it is: `https://localhost:PORT`.
    url: String,
}

impl Front {
    /// Writes the certificate of its authority to `ca.pem` in the project.
    fn before(project: &Project, sandbox: &Sandbox) -> Self {
        let port = sandbox.url.rsplit(':').next().unwrap();
        let mut process =
            Command::new(python()).arg(script("tls_front.py")).arg(project.path("")).arg(port).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, url: format!("https://localhost:{}", line.trim()) }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A proxy that lets everybody through by CONNECT. It keeps what was asked of it, and every byte that went by.
struct Proxy {
    url: String,
    heads: Arc<Mutex<Vec<String>>>,
    passed: Arc<Mutex<Vec<u8>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://me:Pr0xyword@{}", listener.local_addr().unwrap());
        let (heads, passed) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<Vec<u8>>>::default());
        let proxy = Self { url, heads: Arc::clone(&heads), passed: Arc::clone(&passed) };
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (heads, passed) = (Arc::clone(&heads), Arc::clone(&passed));
                thread::spawn(move || connect(client, &heads, passed));
            }
        });
        proxy
    }
}

/// One connection: the head of its request, and then bytes both ways.
fn connect(client: TcpStream, heads: &Mutex<Vec<String>>, passed: Arc<Mutex<Vec<u8>>>) {
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    heads.lock().unwrap().push(head);
    let Ok(server) = TcpStream::connect(target) else { return };
    (&client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
    let (back, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let seen = Arc::clone(&passed);
    thread::spawn(move || copy(back, to, &seen));
    copy(reader, server, &passed);
}

fn copy(mut from: impl Read, mut to: TcpStream, seen: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        seen.lock().unwrap().extend_from_slice(&buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    to.shutdown(Shutdown::Both).ok();
}

/// A project with two rows, a sandbox with their users, and TLS before it.
fn two_rows() -> (Project, Sandbox) {
    let project = Project::new();
    let rows = rows(POOL, 2);
    let sandbox = project.sandbox(&rows, &[]);
    project.give("users.csv", csv(&rows));
    (project, sandbox)
}

#[test]
fn the_certificates_of_ca_bundle_are_trusted_and_no_others() {
    let (project, sandbox) = two_rows();
    let front = Front::before(&project, &sandbox);
    let run = ["run", "users.csv", "--yes", "--endpoint-url", &front.url];
    let finished = project.run(&[&run[..], &["--policy", "none", "--outage", "1", "-o", "1.csv"]].concat());
    assert!(matches!(finished.code(), Some(2 | 3)), "{finished}");
    finished.says(&["certificate"]);
    let check = ["check", "users.csv", "--live", "--endpoint-url", &front.url];
    project.run(&check).exits(2).says(&["certificate"]);
    assert_eq!(sandbox.calls().len(), 0, "nothing reached it");

    project.run(&[&check[..], &["--ca-bundle", "ca.pem"]].concat()).exits(0);
    project.run(&[&run[..], &["--ca-bundle", "ca.pem", "-o", "2.csv"]].concat()).exits(0);
    Report::read(&project, "2.csv").holds(&[("set", 2)]);
    assert_eq!(sandbox.attempts().len(), 2);
}

#[test]
fn a_proxy_of_the_environment_is_shown_and_sees_which_host_is_called_and_nothing_else() {
    let (project, sandbox) = two_rows();
    let front = Front::before(&project, &sandbox);
    let proxy = Proxy::start();
    let go = |args: &[&str], no_proxy: &str| {
        let common = ["--endpoint-url", &front.url, "--ca-bundle", "ca.pem"];
        let mut command = project.command(&[args, &common].concat());
        command.env("HTTPS_PROXY", &proxy.url).env("NO_PROXY", no_proxy);
        project.start(command).finish_watched().exits(0)
    };
    go(&["run", "users.csv", "--yes", "-o", "1.csv"], "localhost");
    assert_eq!(proxy.heads.lock().unwrap().len(), 0, "NO_PROXY names the host");

    let shown = proxy.url.replace("me:Pr0xyword@", "");
    let finished = go(&["run", "users.csv", "--yes", "-o", "2.csv"], "").says(&["proxy", &shown]);
    assert!(!finished.stderr.contains("Pr0xyword"), "{finished}");
    Report::read(&project, "2.csv").holds(&[("set", 2)]);
    go(&["check", "users.csv", "--live"], "");
    let heads = proxy.heads.lock().unwrap();
    let host = front.url.trim_start_matches("https://");
    assert!(heads.len() >= 2 && heads.iter().all(|head| head.starts_with(&format!("CONNECT {host} "))), "{heads:?}");
    assert!(heads.iter().all(|head| head.to_lowercase().contains("proxy-authorization: basic ")), "{heads:?}");
    let passed = proxy.passed.lock().unwrap();
    assert!(passed.len() > 2_000, "the calls went by");
    assert!(![MARK, POOL, "user00001"].iter().any(|text| passed.windows(text.len()).any(|part| part == text.as_bytes())));
}

#[test]
fn a_variable_that_names_no_proxy_is_refused_without_being_repeated() {
    let (project, _sandbox) = two_rows();
    for (variable, value) in
        [("HTTPS_PROXY", "socks5://me:Pr0xyword@127.0.0.1:1080"), ("all_proxy", "http://"), ("https_proxy", "ht!tp://Pr0xyword")]
    {
        for command in ["run", "check"] {
            let mut command = project.command(&[command, "users.csv", "--endpoint-url", "https://localhost:1"]);
            command.env(variable, value);
            let finished = project.start(command).finish().exits(2).says(&[variable, "proxy"]);
            assert!(!finished.stderr.contains("Pr0xyword"), "{finished}");
        }
    }
}

#[test]
fn the_endpoint_of_a_profiles_services_is_used_by_every_command_and_shown_in_the_plan() {
    let (project, sandbox) = two_rows();
    let front = Front::before(&project, &sandbox);
    let services = format!("[services local]\ncognito_identity_provider =\n  endpoint_url = {}\n", front.url);
    project.give("config", format!("[profile mine]\nservices = local\nregion = us-east-1\n{services}"));
    let go = |args: &[&str]| {
        let mut command = project.command(&[args, &["--ca-bundle", "ca.pem"]].concat());
        command.env("AWS_CONFIG_FILE", project.path("config")).env("AWS_PROFILE", "mine");
        project.start(command).finish().exits(0)
    };
    go(&["check", "users.csv", "--live"]);
    assert!(!sandbox.calls().is_empty());
    go(&["run", "users.csv", "--yes", "-o", "r.csv"]).says(&[&front.url]);
    Report::read(&project, "r.csv").holds(&[("set", 2)]);
    let password = format!("file://{}", project.path("password").display());
    project.give("password", format!("{MARK}!Aa1"));
    go(&["admin-set-user-password", "--user-pool-id", POOL, "--username", "user00001", "--password", &password]);
    assert_eq!(sandbox.attempts().len(), 3);
}

/// The AWS CLI refuses, and in its words. To go to AWS instead would send production what was meant for somewhere else.
#[test]
fn a_section_of_services_that_is_not_there_is_refused_unless_something_else_names_the_endpoint() {
    let project = Project::new();
    project.give("users.csv", csv(&rows("zz-nowhere-1_Transport", 1)));
    project.give("config", "[profile mine]\nservices = local\n[services local]\n# nothing yet\n");
    project.give("password", format!("{MARK}!Aa1"));
    let password = format!("file://{}", project.path("password").display());
    let one_user = ["admin-set-user-password", "--user-pool-id", "zz-nowhere-1_Transport", "--username", "ann", "--password", &password];
    let run = ["run", "users.csv", "--yes", "--policy", "none", "--profile", "mine"];
    let as_mine = |args: &[&str], (name, value): (&str, &str)| {
        let mut command = project.command(args);
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            command.env_remove(name);
        }
        command.env("AWS_CONFIG_FILE", project.path("config")).env("AWS_PROFILE", "mine").env(name, value);
        project.start(command).finish()
    };
    let nothing = ("AWS_ENDPOINT_URL", "");
    let in_their_words = "The profile is configured to use the services section but the \"local\" services configuration does not exist.";
    assert_eq!(as_mine(&one_user, nothing).exits(255).stderr, format!("\ncognito-passwd: [ERROR]: {in_their_words}\n"));
    as_mine(&run, nothing).exits(2).says(&["services section local", "none of that name"]);
    assert!(!project.path("users.csv.results.csv").exists());
    for variable in [("AWS_ENDPOINT_URL", "http://127.0.0.1:9"), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")] {
        assert!(!as_mine(&one_user, variable).stderr.contains("services"), "{variable:?}");
        assert!(!as_mine(&["check", "users.csv", "--live"], variable).stderr.contains("services"), "{variable:?}");
    }
}

/// The AWS CLI reads that name with underscores, and would go to AWS. So must the plan say, and so it must be.
#[test]
fn a_section_of_services_with_a_misspelt_name_leads_nowhere() {
    let project = Project::new();
    project.give("users.csv", csv(&rows("zz-nowhere-1_Transport", 1)));
    let services = "[services local]\ncognito-identity-provider =\n  endpoint_url = https://localhost:9\n";
    project.give("config", format!("[profile mine]\nservices = local\nregion = zz-nowhere-1\n{services}"));
    project.give("password", format!("{MARK}!Aa1"));
    let password = format!("file://{}", project.path("password").display());
    let one_user = ["admin-set-user-password", "--user-pool-id", "zz-nowhere-1_Transport", "--username", "ann", "--password", &password];
    for args in [["check", "users.csv", "--live", "--policy", "none"].as_slice(), &one_user] {
        let proxy = Proxy::start();
        let mut command = project.command(args);
        command
            .env("AWS_CONFIG_FILE", project.path("config"))
            .env("AWS_PROFILE", "mine")
            .env("AWS_MAX_ATTEMPTS", "1")
            .env("HTTPS_PROXY", &proxy.url);
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            command.env_remove(name);
        }
        project.start(command).finish();
        let heads = proxy.heads.lock().unwrap();
        assert!(!heads.is_empty() && heads.iter().all(|head| head.starts_with("CONNECT cognito-idp.zz-nowhere-1.")), "{args:?} {heads:?}");
    }
}
