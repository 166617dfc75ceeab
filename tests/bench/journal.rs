//! How long a journal is, and how long it takes to read it back: that of a run whose rows were all set.
//!
//! A million rows, or as many as `COGNITO_PASSWD_ROWS` says; `make soak` takes ten million.

use std::path::Path;
use std::time::{Instant, SystemTime};

use cognito_passwd::journal::{Draft, InputIdentity, Ledger, Mark, Start};
use cognito_passwd::outcome::{Detail, Fate, Outcome};
use cognito_passwd::row::{Digest, Lifetime, RowNumber};

const POOL: &str = "us-east-1_Bench1234";
/// Rows whose results are flushed together.
const GROUP: u64 = 1_000;

fn main() {
    let rows = std::env::var("COGNITO_PASSWD_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("users.results.csv.journal");
    write_journal(&journal, rows);
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
}

fn username(row: u64) -> String {
    format!("user{row:08}@example.com")
}

/// The journal of a run in which every row was set at its first attempt, many calls in flight.
fn write_journal(journal: &Path, rows: u64) {
    let input = InputIdentity { rows: Some(rows), ..InputIdentity::default() };
    let target = "AWS".to_owned();
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
