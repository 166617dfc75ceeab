//! Input that was made to hurt: too long, too wide, too deep, or without an end. Memory stays bounded, the error says what it is, and
//! nothing is sent.

use std::process::Stdio;
use std::time::Duration;

use crate::harness::{BINARY, Finished, Project, soak};

/// The most address space that the program is given, in KiB. It maps more than it touches, so that this is no measure of its memory, but a
/// line of a gigabyte does not fit into it.
const SPACE: usize = 700_000;

/// Runs `check` over what a shell command writes, with bounded memory.
fn checked(project: &Project, format: &str, source: &str) -> Finished {
    let script = format!("{source} | (ulimit -v {SPACE}; exec \"$0\" check - --all --policy none --format {format})");
    let mut command = project.command_of("bash", &["-c", &script, BINARY]);
    command.stdin(Stdio::null());
    project.start(command).finish()
}

#[test]
fn one_line_without_an_end_is_refused_in_bounded_memory() {
    for (format, begin) in [("csv", "user_pool_id,username,password\\nus-east-1_Hostile00,ann,"), ("jsonl", "{\\\"Username\\\":\\\"")] {
        let project = Project::new();
        let source = format!("(printf \"{begin}\"; yes | tr -d '\\n' | head -c {})", 3 << 30);
        checked(&project, format, &source).exits(2).says(&["longer than"]);
        let project = Project::new();
        checked(&project, format, &format!("(yes | tr -d '\\n' | head -c {})", 3 << 30)).exits(2).says(&["longer than"]);
    }
}

#[test]
fn ten_million_columns_are_refused_in_bounded_memory() {
    let project = Project::new();
    let columns = "(printf user_pool_id,username,password; yes ,a | head -n 10000000 | tr -d '\\n'; echo)";
    checked(&project, "csv", columns).exits(2).says(&["longer than"]);
    let project = Project::new();
    let columns = "(printf 'user_pool_id,username,password\\nus-east-1_Hostile00,ann,x'; yes , | head -n 10000000 | tr -d '\\n'; echo)";
    checked(&project, "csv", columns).exits(2).says(&["longer than"]);
    let project = Project::new();
    let columns = "(printf 'user_pool_id,username,password\\nus-east-1_Hostile00,ann,x'; yes , | head -n 500000 | tr -d '\\n'; echo)";
    let finished = checked(&project, "csv", columns).exits(2);
    assert!(finished.stdout.contains("500003 fields"), "{finished}");
}

#[test]
fn deeply_nested_json_is_an_invalid_row() {
    for opening in ["[", "{\\\"a\\\":"] {
        let project = Project::new();
        let deep = format!("(printf '{{\"Password\":'; for i in $(seq 100000); do printf \"{opening}\"; done; echo)");
        let finished = checked(&project, "jsonl", &deep).exits(2);
        assert!(finished.stdout.lines().count() == 1 && finished.stderr.contains("1 row, 1 invalid"), "{finished}");
    }
}

/// 10 GiB in the long form.
#[test]
fn a_pipe_that_goes_on_and_on_is_read_in_bounded_memory() {
    let project = Project::new();
    let (bytes, time) = (soak(10 << 30, 64 << 20), Duration::from_secs(soak(3_600, 120) as u64));
    let source = format!("(echo user_pool_id,username,password; yes \"$(printf %04000d 0)\" | head -c {bytes})");
    let check = "\"$0\" check - --all --policy none --format csv";
    let script = format!("set -o pipefail; {source} | (ulimit -v {SPACE}; exec {check}) | grep -c '1 field'");
    let finished = project.start(project.command_of("bash", &["-c", &script, BINARY])).finish_within(time).exits(2);
    assert!(finished.stdout.trim().parse::<usize>().is_ok_and(|rows| rows >= bytes / 4_001), "{finished}");
}

#[test]
fn zero_bytes_and_bytes_that_are_no_text_are_named() {
    for (source, words) in [("head -c 1000000 /dev/zero", "header"), ("head -c 1000000 /dev/urandom", "")] {
        let project = Project::new();
        for format in ["csv", "jsonl"] {
            checked(&project, format, source).exits(2).says(&[if format == "csv" { words } else { "" }]);
        }
    }
}
