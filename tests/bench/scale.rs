//! Whether a long run costs a row more than a short one: the real binary over two files, through the sandbox without latency, and then
//! resumed when all is done.
//!
//! 100,000 rows and a million, or as many as `COGNITO_PASSWD_ROWS` says; `make soak` takes ten million. A missed target fails the bench.

#[path = "loopback.rs"]
mod loopback;
#[path = "measured.rs"]
mod measured;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use self::loopback::sandbox;
use self::measured::{Measured, measured};

const POOL: &str = "us-east-1_Bench1234";
const FEW: u64 = 100_000;
/// The most that a row of the long run may cost, beside one of the short: processor time.
const GROWTH: f64 = 1.1;
/// In how many seconds a run of ten million rows that is done is resumed. A shorter one has a second at the least.
const RESUME_WITHIN: f64 = 10.0;

fn main() {
    let many = std::env::var("COGNITO_PASSWD_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    let few = cost_of_a_row(folder.path(), FEW);
    let many = cost_of_a_row(folder.path(), many);
    let missed = verdict("cost of a row, long run / short run", many.cost / few.cost, GROWTH) + few.missed + many.missed;
    if missed > 0 {
        println!("{missed} targets missed");
        std::process::exit(1);
    }
}

struct Cost {
    /// Processor seconds a row.
    cost: f64,
    missed: usize,
}

fn cost_of_a_row(folder: &Path, rows: u64) -> Cost {
    let file = folder.join(format!("{rows}.csv"));
    write_rows(&file, rows);
    let (mut server, url) = sandbox(&file);
    let ran = run(&file, &url, &[]);
    let resumed = run(&file, &url, &["--resume"]);
    server.kill().expect("it can be killed");
    server.wait().expect("it ends");
    for path in [&file, &file.with_extension("results.csv"), &file.with_extension("results.csv.journal")] {
        std::fs::remove_file(path).expect("it was written");
    }

    let allowed = 64.0 * 1024.0 + 24.0 * rows as f64 / 1024.0;
    let (cost, pace) = (ran.cpu / rows as f64, rows as f64 / ran.seconds);
    println!("{rows} rows: {:.0} s, {pace:.0} rows/s, {:.1} us of processor time a row", ran.seconds, cost * 1e6);
    println!("{rows} rows resumed when done: {:.2} s, {:.2} s of processor time", resumed.seconds, resumed.cpu);
    let within = (RESUME_WITHIN * rows as f64 / 1e7).max(1.0);
    let missed = verdict("  peak memory / 64 MiB and 24 bytes a row", ran.peak as f64 / allowed, 1.0)
        + verdict("  peak memory when resumed / the same", resumed.peak as f64 / allowed, 1.0)
        + verdict("  seconds to resume", resumed.seconds, within);
    Cost { cost, missed }
}

fn write_rows(path: &Path, rows: u64) {
    let mut out = BufWriter::new(File::create(path).expect("a file"));
    writeln!(out, "user_pool_id,username,password,permanent").expect("written");
    for row in 1..=rows {
        writeln!(out, "{POOL},user{row:08}@example.com,Correct-Horse-{row:08}x,true").expect("written");
    }
    out.flush().expect("written");
}

/// Runs the file without a limit.
fn run(file: &Path, url: &str, extra: &[&str]) -> Measured {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cognito-passwd"));
    command.args(["run", "--yes", "--quiet", "--policy", "none", "--rate", "unlimited", "--endpoint-url", url]).args(extra).arg(file);
    command.env("AWS_ACCESS_KEY_ID", "bench").env("AWS_SECRET_ACCESS_KEY", "bench").stderr(Stdio::null());
    let measured = measured(&mut command);
    assert!(measured.status.success(), "every row is set");
    measured
}

fn verdict(what: &str, figure: f64, most: f64) -> usize {
    let word = if figure <= most { "met" } else { "MISSED" };
    println!("{what}: {figure:.2}, at most {most:.2}: {word}");
    usize::from(figure > most)
}
