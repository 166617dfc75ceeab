//! What one call costs: `admin-set-user-password` beside the AWS CLI of `.venv`, each as a process of its own, in CPU time and peak memory.
//!
//! `make bench` prints ratios and targets; a missed one is said.

#[path = "loopback.rs"]
mod loopback;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use self::loopback::sandbox;

const BINARY: &str = env!("CARGO_BIN_EXE_cognito-passwd");
const POOL: &str = "us-east-1_Bench1234";
/// Runs each command so often and prints the least CPU seconds and the most memory in KiB that one run took.
const MEASURE: &str = r"
import os, subprocess, sys
times, words = int(sys.argv[1]), sys.argv[2:]
cpu, memory = [], []
for _ in range(times):
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0, status
    cpu.append(usage.ru_utime + usage.ru_stime)
    memory.append(usage.ru_maxrss)
print(min(cpu), max(memory))
";

fn main() {
    let venv = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".venv/bin");
    if !venv.join("aws").exists() {
        println!("start-up: the AWS CLI is not in .venv, `make .venv` puts it there");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let users = folder.path().join("users.csv");
    std::fs::write(&users, format!("user_pool_id,username\n{POOL},ann\n")).expect("written");
    let (mut sandbox, url) = sandbox(&users);
    let skeleton = ["--generate-cli-skeleton"].map(str::to_owned).to_vec();
    let words = ["--user-pool-id", POOL, "--username", "ann", "--password", "Correct-Horse-7", "--permanent", "--region", "us-east-1"];
    let set: Vec<String> = words.into_iter().map(str::to_owned).chain(["--endpoint-url".to_owned(), url]).collect();
    for (what, args) in [("skeleton", &skeleton), ("a set", &set)] {
        let measure = |program: &str| {
            let mut command = Command::new(venv.join("python"));
            command.args(["-c", MEASURE, "10", program, "cognito-idp", "admin-set-user-password"]).args(args);
            command.env("AWS_ACCESS_KEY_ID", "bench").env("AWS_SECRET_ACCESS_KEY", "bench").env("AWS_DEFAULT_REGION", "us-east-1");
            let output = command.stderr(Stdio::inherit()).output().expect("it runs");
            let text = String::from_utf8(output.stdout).expect("numbers");
            let mut numbers = text.split_whitespace().map(|number| number.parse::<f64>().expect("a number"));
            (numbers.next().expect("CPU seconds"), numbers.next().expect("KiB"))
        };
        let (ours, theirs) = (measure(BINARY), measure(&venv.join("aws").to_string_lossy()));
        println!("{what}: {:.1} ms CPU and {:.0} KiB; the AWS CLI {:.1} ms and {:.0} KiB", ours.0 * 1e3, ours.1, theirs.0 * 1e3, theirs.1);
        verdict(&format!("{what}: CPU, times less"), theirs.0 / ours.0, 30.0);
        verdict(&format!("{what}: memory, times less"), theirs.1 / ours.1, 4.0);
    }
    sandbox.kill().expect("it can be killed");
    sandbox.wait().expect("it ends");
}

fn verdict(what: &str, ratio: f64, target: f64) {
    println!("{what}: {ratio:.1}, target {target}: {}", if ratio >= target { "met" } else { "MISSED" });
}
