//! How fast and how big: the real binary beside the least that could do the same work, in one run on one machine.
//!
//! `make bench` prints ratios, since times alone say more about the machine than about the program. The targets stand beside them; a
//! missed one is said and fails the bench.

#[path = "loopback.rs"]
mod loopback;
#[path = "measured.rs"]
mod measured;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use aws_sdk_cognitoidentityprovider as sdk;

use self::loopback::sandbox;
use self::measured::{Measured, measured};

const BINARY: &str = env!("CARGO_BIN_EXE_cognito-passwd");
const POOL: &str = "us-east-1_Bench1234";
const CONCURRENCY: usize = 32;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut missed = 0;
    for (rows, name) in [(10_000, "10k.csv"), (20_000, "20k.csv"), (1_000_000, "1m.csv")] {
        write_rows(&folder.path().join(name), rows);
    }
    missed += check_speed(&folder.path().join("1m.csv"));
    missed += check_memory(folder.path());
    missed += run_speed(&folder.path().join("20k.csv"));
    if missed > 0 {
        println!("{missed} targets missed");
        std::process::exit(1);
    }
}

fn write_rows(path: &Path, rows: usize) {
    let mut out = BufWriter::new(File::create(path).expect("a file"));
    writeln!(out, "user_pool_id,username,password,permanent").expect("written");
    for row in 0..rows {
        writeln!(out, "{POOL},user{row:08}@example.com,Correct-Horse-{row:08}x,{}", row % 2 == 0).expect("written");
    }
    out.flush().expect("written");
}

/// `check` with constraints, policy and duplicates on, beside a bare scan of the same file with the csv crate.
fn check_speed(file: &Path) -> usize {
    let scan = best_of(3, || {
        let mut reader = csv::Reader::from_path(file).expect("a file");
        let (mut record, mut rows) = (csv::ByteRecord::new(), 0);
        while reader.read_byte_record(&mut record).expect("a record") {
            rows += 1;
        }
        assert_eq!(rows, 1_000_000);
    });
    let check = best_of(3, || {
        let status = check_command(file).status().expect("it runs");
        assert!(status.success());
    });
    println!("check, 1,000,000 rows: {check:.3} s; bare csv scan {scan:.3} s");
    verdict("check / bare csv scan (rows a second)", scan / check, 0.3)
}

/// The contract: at most 64 MiB plus 24 bytes a row.
fn check_memory(folder: &Path) -> usize {
    let mut missed = 0;
    for (name, rows) in [("10k.csv", 10_000u64), ("1m.csv", 1_000_000)] {
        let Measured { status, seconds, cpu, peak } = measured(&mut check_command(&folder.join(name)));
        assert!(status.success());
        let allowed = 64 * 1024 + 24 * rows / 1024;
        println!("check, {rows} rows: {seconds:.2} s, {cpu:.2} s of processor time, peak memory {peak} KiB of {allowed} KiB allowed");
        missed += usize::from(peak > allowed);
    }
    missed
}

/// `run` without a rate limit beside a bare loop over the SDK with the same concurrency, both against the sandbox.
fn run_speed(file: &Path) -> usize {
    let users = file.with_extension("users.csv");
    std::fs::copy(file, &users).expect("a copy");
    let (mut sandbox, url) = sandbox(&users);
    let bare = best_of(3, || bare_loop(&url, 20_000));
    let report = file.with_extension("results.csv");
    let journal = file.with_extension("results.csv.journal");
    let ours = best_of(3, || {
        let _ = (std::fs::remove_file(&report), std::fs::remove_file(&journal));
        let status = Command::new(BINARY)
            .args(["run", "--yes", "--quiet", "--policy", "none", "--rate", "unlimited", "--endpoint-url", &url])
            .args(["--max-concurrency", &CONCURRENCY.to_string()])
            .arg(file)
            .env("AWS_ACCESS_KEY_ID", "bench")
            .env("AWS_SECRET_ACCESS_KEY", "bench")
            .stderr(Stdio::null())
            .status()
            .expect("it runs");
        assert!(status.success());
    });
    sandbox.kill().expect("it can be killed");
    sandbox.wait().expect("it ends");
    println!("run, 20,000 rows: {ours:.3} s with both passes, journal and report; bare SDK loop {bare:.3} s ({CONCURRENCY} in flight)");
    verdict("run / bare SDK loop (rows a second)", bare / ours, 0.8)
}

fn check_command(file: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command.args(["check", "--quiet", "--policy", concat!(env!("CARGO_MANIFEST_DIR"), "/samples/policy.json")]).arg(file);
    command
}

/// As many workers as calls in flight, each of which sets the next password until there are none.
fn bare_loop(url: &str, rows: usize) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let config = sdk::Config::builder()
            .behavior_version(sdk::config::BehaviorVersion::latest())
            .region(sdk::config::Region::new("us-east-1"))
            .credentials_provider(sdk::config::Credentials::new("bench", "bench", None, None, "bench"))
            .retry_config(sdk::config::retry::RetryConfig::disabled())
            .endpoint_url(url)
            .build();
        let client = sdk::Client::from_conf(config);
        let next = Arc::new(AtomicUsize::new(0));
        let workers: Vec<_> = (0..CONCURRENCY)
            .map(|_| {
                let (client, next) = (client.clone(), Arc::clone(&next));
                tokio::spawn(async move {
                    loop {
                        let row = next.fetch_add(1, Ordering::Relaxed);
                        if row >= rows {
                            return;
                        }
                        let call = client.admin_set_user_password().user_pool_id(POOL).permanent(row % 2 == 0);
                        let call = call.username(format!("user{row:08}@example.com")).password(format!("Correct-Horse-{row:08}x"));
                        call.send().await.expect("it is set");
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.await.expect("it ends");
        }
    });
}

/// The shortest of `times` runs, in seconds: the one that the machine disturbed least.
fn best_of(times: usize, mut work: impl FnMut()) -> f64 {
    let mut one = || {
        let started = Instant::now();
        work();
        started.elapsed().as_secs_f64()
    };
    (0..times).map(|_| one()).fold(f64::INFINITY, f64::min)
}

fn verdict(what: &str, ratio: f64, target: f64) -> usize {
    let word = if ratio >= target { "met" } else { "MISSED" };
    println!("{what}: {ratio:.2}, target {target}: {word}");
    usize::from(ratio < target)
}
