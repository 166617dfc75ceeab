//! How long it takes to take up a long run again: a journal of a finished run is read back, and the real binary resumes it.
//!
//! A million rows, or as many as `COGNITO_PASSWD_ROWS` says; `make soak` takes ten million. A missed target fails the bench.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use cognito_passwd::journal::{Draft, InputIdentity, Ledger, Mark, Start};
use cognito_passwd::outcome::{Detail, Fate, Outcome};
use cognito_passwd::row::{Digest, Lifetime, RowNumber};

const BINARY: &str = env!("CARGO_BIN_EXE_cognito-passwd");
const POOL: &str = "us-east-1_Bench1234";
/// Where nobody answers, and nobody is asked.
const PLACE: &str = "http://127.0.0.1:9";
/// Seconds for ten million rows.
const RESUME_WITHIN: f64 = 10.0;
/// Rows whose results are flushed together.
const GROUP: u64 = 1_000;

fn main() {
    let rows = std::env::var("COGNITO_PASSWD_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    let (file, journal) = (folder.path().join("users.csv"), folder.path().join("users.results.csv.journal"));
    write_rows(&file, rows);
    write_journal(&file, &journal, rows);
    let size = journal.metadata().expect("the journal").len();
    println!("journal of {rows} rows: {} MiB, {:.0} bytes a row", size >> 20, size as f64 / rows as f64);

    let started = Instant::now();
    let mut ledger = Ledger::open(&journal).expect("a journal");
    let opened = started.elapsed().as_secs_f64();
    for row in 1..=rows {
        assert!(matches!(ledger.mark(RowNumber(row)), Ok(Mark::Ended { .. })));
    }
    println!("read back: {opened:.2} s to find every row's last record, {:.2} s with each of them read", started.elapsed().as_secs_f64());
    drop(ledger);

    let (took, peak) = resume(&file);
    let (target, allowed) = (RESUME_WITHIN * rows as f64 / 1e7, 64 * 1024 + 24 * rows / 1024);
    println!("run --resume of the finished run, report included: {took:.2} s, peak memory {peak} KiB of {allowed} KiB allowed");
    let missed = [took > target.max(1.0), peak > allowed];
    println!("within {:.1} s: {}; memory: {}", target.max(1.0), word(missed[0]), word(missed[1]));
}

fn word(missed: bool) -> &'static str {
    if missed { "MISSED" } else { "met" }
}

fn username(row: u64) -> String {
    format!("user{row:08}@example.com")
}

fn write_rows(path: &Path, rows: u64) {
    let mut out = BufWriter::new(File::create(path).expect("a file"));
    writeln!(out, "user_pool_id,username,password,permanent").expect("written");
    for row in 1..=rows {
        writeln!(out, "{POOL},{},Correct-Horse-{row:08}x,true", username(row)).expect("written");
    }
    out.flush().expect("written");
}

/// The journal of a run in which every row was set at its first attempt, many calls in flight.
fn write_journal(file: &Path, journal: &Path, rows: u64) {
    let input = InputIdentity { path: Some(file.to_owned()), rows: Some(rows), ..InputIdentity::default() };
    let target = PLACE.to_owned();
    let start = Start {
        run_id: "bench".to_owned(),
        version: "0".to_owned(),
        started_at: 0,
        target,
        account: None,
        on_duplicate: "error".to_owned(),
        input,
    };
    let digest = |row| Digest::of(POOL, &username(row), Lifetime::Permanent);
    let mut draft = Draft::begin(journal, &start).expect("a journal");
    for row in 1..=rows {
        draft.enter(Some(digest(row))).expect("it is entered");
    }
    let mut writer = draft.publish().expect("a journal");
    let request_id = "84c9774c-ea66-427d-a220-1ca47883d594".to_owned();
    let detail = Detail { code: String::new(), message: String::new(), request_id };
    let fate = Fate { outcome: Outcome::Set, detail, attempts: 1 };
    for first in (1..=rows).step_by(GROUP as usize) {
        let group = first..(first + GROUP).min(rows + 1);
        for row in group.clone() {
            writer.intent(RowNumber(row), digest(row), 1);
        }
        for row in group {
            writer.result(RowNumber(row), Some(digest(row)), &fate, SystemTime::now());
        }
        writer.flush().expect("written");
    }
    writer.close().expect("written");
}

/// Resumes the run, and gives the seconds that it took and the most memory that it held, in KiB.
fn resume(file: &Path) -> (f64, u64) {
    let started = Instant::now();
    let mut child = Command::new(BINARY)
        .args(["run", "--yes", "--quiet", "--resume", "--policy", "none", "--endpoint-url", PLACE])
        .arg(file)
        .env("AWS_ACCESS_KEY_ID", "bench")
        .env("AWS_SECRET_ACCESS_KEY", "bench")
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let peak = peak_memory(&mut child);
    assert!(child.wait().expect("it ends").success(), "every row is set");
    (started.elapsed().as_secs_f64(), peak)
}

/// The most memory that a process ever held, in KiB, as Linux counts it.
fn peak_memory(child: &mut Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("it can be waited for").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = peak.max(line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    peak
}
