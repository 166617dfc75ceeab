//! What a run leaves in memory that it has freed. The program is run within this process, whose heap is searched once everything of the
//! run is gone.
//!
//! An allocator is a whole program's, so that this is a program for each: `wiped.rs` has the allocator of the real one and must find
//! nothing, `unwiped.rs` has the system's and must find something, or else the search is blind. Stacks and registers are not promised
//! to be wiped, and are not searched.

use std::env;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::process::{Command, ExitCode};

use clap::Parser;
use cognito_passwd::cli::Cli;

/// What every password begins with, as it is not to be found: each byte one higher, so that this is no hit.
const SENTINEL: &[u8] = b"Tx1segjti.";
/// Few enough for what the rehearsal has saved up of its quota and a second's more.
const ROWS: usize = 60;
/// Set in the process that runs and is searched.
const SEARCHED: &str = "COGNITO_PASSWD_SEARCHED";

/// Runs the program over a file of passwords, within a process of its own, and holds how often they are found to what is `expected`.
pub fn main(expected: impl Fn(usize) -> bool) -> ExitCode {
    if env::var_os(SEARCHED).is_some() {
        return run_and_search();
    }
    if !cfg!(target_os = "linux") {
        println!("not searched: only Linux shows a process its own memory");
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let password: String = SENTINEL.iter().map(|byte| char::from(byte - 1)).collect();
    let rows = (0..ROWS).map(|row| format!("us-east-1_Freed0000,user{row},{password}{row}aA,true\n")).collect::<String>();
    std::fs::write(folder.path().join("users.csv"), format!("user_pool_id,username,password,permanent\n{rows}")).expect("a file");
    let program = env::current_exe().expect("this program");
    let args = ["run", "users.csv", "--sandbox", "--yes", "--quiet", "--rate", "unlimited", "--report", "results.csv"];
    // With one arena all small blocks lie in the heap, and large ones are given back to the system when they are freed.
    let searched = Command::new(program)
        .args(args)
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("MALLOC_ARENA_MAX", "1")
        .env(SEARCHED, "")
        .output()
        .expect("it runs");
    let [said, complaint] = [&searched.stdout, &searched.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(searched.status.success(), "the run failed: {complaint}");
    let report = std::fs::read_to_string(folder.path().join("results.csv")).expect("a report");
    assert_eq!(report.matches(",set,").count(), ROWS, "every row was set");
    let found: usize = said.lines().last().and_then(|line| line.parse().ok()).unwrap_or_else(|| panic!("no number: {said}"));
    println!("{found} passwords of {ROWS} rows stand in freed memory");
    assert!(expected(found), "{found} passwords stand in freed memory");
    ExitCode::SUCCESS
}

fn run_and_search() -> ExitCode {
    let exit = Cli::parse().run().map(|exit| exit.code());
    assert!(matches!(exit, Ok(0)), "it does not end well");
    println!("{}", hits());
    ExitCode::SUCCESS
}

/// How often the sentinel stands in the heap.
fn hits() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("the memory's map");
    let heap = maps.lines().find(|line| line.ends_with("[heap]")).and_then(|line| line.split(' ').next()).expect("a heap");
    let (start, end) = heap.split_once('-').expect("a range");
    let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).expect("an address"));
    // Larger than what the allocator keeps in the heap, so that the copy is none of what is searched.
    let mut copy = vec![0; (end - start) as usize];
    File::open("/proc/self/mem").expect("the memory").read_exact_at(&mut copy, start).expect("the heap");
    let stands = |window: &&[u8]| window.iter().zip(SENTINEL).all(|(byte, sought)| *byte == sought - 1);
    copy.windows(SENTINEL.len()).filter(stands).count()
}
