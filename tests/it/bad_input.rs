//! Files that cannot be what the user meant: each is refused with a message that says why, exit code 2, and nothing is sent.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::harness::{BINARY, Finished, MARK, Project, Report, Row, Sandbox, csv, journal_of, rows};

const POOL: &str = "us-east-1_BadInput0";

fn sandbox(project: &Project) -> Sandbox {
    project.sandbox(&rows(POOL, 3), &[])
}

/// The arguments of a run that would send, were the input sound.
fn run_args<'a>(input: &'a str, sandbox: &'a Sandbox) -> Vec<&'a str> {
    vec!["run", input, "--yes", "--endpoint-url", &sandbox.url]
}

/// Fails unless the run was refused in these words, sent nothing and left nothing.
#[track_caller]
fn refused(project: &Project, sandbox: &Sandbox, finished: Finished, words: &[&str]) {
    let finished = finished.exits(2).says(words);
    assert_eq!(sandbox.attempts().len(), 0, "something was sent: {finished}");
    assert_eq!(finished.stdout, "", "standard output is for data");
    let left: Vec<_> = project.left_behind().into_iter().filter(|path| path.extension().is_none_or(|end| end != "log")).collect();
    assert_eq!(left, Vec::<std::path::PathBuf>::new(), "a refusal leaves no file behind");
}

/// Runs a file of these bytes, which must be refused in these words.
#[track_caller]
fn bytes_are_refused(name: &str, bytes: impl AsRef<[u8]>, words: &[&str]) {
    let project = Project::new();
    let sandbox = sandbox(&project);
    project.give(name, bytes);
    let finished = project.run(&run_args(name, &sandbox));
    refused(&project, &sandbox, finished, &[&[name], words].concat());
}

/// A sound CSV of three rows, as text.
fn sound() -> String {
    String::from_utf8(csv(&rows(POOL, 3))).unwrap()
}

#[test]
fn an_empty_file_is_refused() {
    bytes_are_refused("users.csv", "", &["is empty"]);
    bytes_are_refused("users.jsonl", "", &["is empty"]);
    bytes_are_refused("users.csv", "\n\r\n\n", &["is empty"]);
    bytes_are_refused("users.csv", "\u{feff}", &["is empty"]);
}

#[test]
fn a_header_without_rows_is_refused() {
    bytes_are_refused("users.csv", "user_pool_id,username,password,permanent\n", &["no rows"]);
}

#[test]
fn a_file_without_a_header_is_refused_without_repeating_its_first_line() {
    let without_header = sound().split_once('\n').unwrap().1.to_owned();
    bytes_are_refused("users.csv", without_header, &["header", "user_pool_id", "username", "password"]);
}

#[test]
fn a_missing_column_is_named() {
    bytes_are_refused("users.csv", format!("user_pool_id,username\n{POOL},ann\n"), &["header", "password"]);
    bytes_are_refused("users.csv", format!("username,password\nann,{MARK}!1\n"), &["user_pool_id", "--user-pool-id"]);
}

#[test]
fn another_delimiter_is_recognised_and_named() {
    let semicolons = format!("user_pool_id;username;password\n{POOL};ann;{MARK}!1\n");
    bytes_are_refused("users.csv", semicolons, &["--delimiter", "';'"]);
}

#[test]
fn a_column_that_is_there_twice_is_refused() {
    let twice = format!("user_pool_id,username,Password,password\n{POOL},ann,{MARK}!1,{MARK}!2\n");
    bytes_are_refused("users.csv", twice, &["users.csv:1:", "two columns", "password"]);
}

#[test]
fn a_row_with_too_few_or_too_many_fields_is_refused_with_its_place() {
    bytes_are_refused("users.csv", format!("{}{POOL},ann\n", sound()), &["users.csv:5:", "2 fields", "4"]);
    bytes_are_refused("users.csv", format!("{}{POOL},ann,{MARK}!1,true,{MARK}\n", sound()), &["users.csv:5:", "5 fields", "4"]);
}

#[test]
fn a_quote_that_never_closes_is_refused_with_its_place() {
    bytes_are_refused("users.csv", format!("{}{POOL},ann,\"{MARK}!1,true\n", sound()), &["users.csv:5:", "quote"]);
}

#[test]
fn bytes_that_are_not_utf_8_are_refused_with_their_place() {
    let mut latin1 = sound().into_bytes();
    latin1.extend_from_slice(format!("{POOL},zo\u{eb},{MARK}!1,true\n").chars().map(|c| c as u8).collect::<Vec<_>>().as_slice());
    bytes_are_refused("users.csv", latin1, &["users.csv:5:", "UTF-8"]);
}

#[test]
fn utf_16_is_recognised_and_named() {
    for mark in ["\u{feff}", ""] {
        let text = format!("{mark}{}", sound());
        bytes_are_refused("users.csv", text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(), &["UTF-16", "iconv"]);
        bytes_are_refused("users.csv", text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>(), &["UTF-16", "iconv"]);
    }
}

#[test]
fn json_that_is_no_row_is_refused_with_its_place() {
    let row = |rest: &str| format!("{{\"user_pool_id\":\"{POOL}\",\"username\":\"ann\",\"password\":\"{MARK}!1\"{rest}}}");
    bytes_are_refused("users.jsonl", format!("{}\n{}\n", row(""), row(",\"Password\":\"x\"")), &["users.jsonl:2:", "password", "twice"]);
    bytes_are_refused("users.jsonl", format!("{}\n", row(",\"permanent\":\"yes\"")), &["users.jsonl:1:", "permanent"]);
    bytes_are_refused("users.jsonl", format!("{}\n{}", row(""), &row("")[..60]), &["users.jsonl:2:", "JSON"]);
    bytes_are_refused("users.jsonl", format!("[{},{}]\n", row(""), row("")), &["array", "jq"]);
    bytes_are_refused("users.jsonl", format!("\"{MARK}!1\"\n"), &["users.jsonl:1:", "object"]);
}

#[test]
fn a_field_of_five_mebibytes_is_refused_and_not_shown() {
    let huge = MARK.repeat(5 * 1024 * 1024 / MARK.len());
    bytes_are_refused("users.csv", format!("{}{POOL},ann,{huge},true\n", sound()), &["users.csv:5:"]);
    bytes_are_refused("users.csv", format!("{}{POOL},\"{huge}\n", sound()), &["users.csv:5:"]);
    bytes_are_refused("users.csv", huge.clone(), &["users.csv"]);
    let line = format!("{{\"user_pool_id\":\"{POOL}\",\"username\":\"ann\",\"password\":\"{huge}\"}}\n");
    bytes_are_refused("users.jsonl", line, &["users.jsonl:1:"]);
}

#[test]
fn a_name_that_does_not_say_the_format_needs_the_flag() {
    bytes_are_refused("users.txt", sound(), &["--format csv"]);
    let project = Project::new();
    let sandbox = sandbox(&project);
    project.give("users.txt", sound());
    let args = [run_args("users.txt", &sandbox), vec!["--format", "csv", "-o", "results.csv"]].concat();
    project.run(&args).exits(0);
    Report::read(&project, "results.csv").holds(&[("set", 3)]);
}

#[test]
fn a_file_that_is_not_there_is_refused() {
    let project = Project::new();
    let sandbox = sandbox(&project);
    let finished = project.run(&run_args("nowhere.csv", &sandbox));
    refused(&project, &sandbox, finished, &["nowhere.csv", "no such file"]);
}

#[test]
fn a_directory_is_refused() {
    let project = Project::new();
    let sandbox = sandbox(&project);
    std::fs::create_dir(project.path("folder.csv")).unwrap();
    let finished = project.run(&run_args("folder.csv", &sandbox));
    refused(&project, &sandbox, finished, &["folder.csv", "is a directory"]);
}

#[test]
fn a_file_that_may_not_be_read_is_refused() {
    let project = Project::new();
    let sandbox = sandbox(&project);
    project.give("users.csv", sound());
    std::fs::set_permissions(project.path("users.csv"), PermissionsExt::from_mode(0o000)).unwrap();
    let args = run_args("users.csv", &sandbox);
    // Permission bits do not bind root, unless the capabilities that lift them are taken away.
    let running = if rustix::process::geteuid().is_root() {
        let without = ["--bounding-set=-dac_override,-dac_read_search", BINARY];
        let works = Command::new("setpriv").args([without[0], "true"]).status().is_ok_and(|status| status.success());
        assert!(works, "as root this test needs setpriv (util-linux) and CAP_SETPCAP; run the tests as another user");
        project.start(project.command_of("setpriv", &[&without, args.as_slice()].concat()))
    } else {
        project.start(project.command(&args))
    };
    refused(&project, &sandbox, running.finish(), &["users.csv", "may not be read"]);
}

#[test]
fn an_existing_report_or_journal_is_refused_and_left_as_it_is() {
    for existing in ["users.results.csv".to_owned(), journal_of("users.results.csv")] {
        let project = Project::new();
        let sandbox = sandbox(&project);
        project.give("users.csv", sound());
        project.give(&existing, "mine");
        let finished = project.run(&run_args("users.csv", &sandbox));
        refused(&project, &sandbox, finished, &[&existing]);
        assert_eq!(std::fs::read_to_string(project.path(&existing)).unwrap(), "mine");
    }
}

#[test]
fn an_existing_summary_is_refused_and_left_as_it_is() {
    let project = Project::new();
    let sandbox = sandbox(&project);
    project.give("users.csv", sound());
    project.give("summary.json", "mine");
    let finished = project.run(&[run_args("users.csv", &sandbox), vec!["--summary", "summary.json"]].concat());
    refused(&project, &sandbox, finished, &["summary.json"]);
    assert_eq!(std::fs::read_to_string(project.path("summary.json")).unwrap(), "mine");
}

#[test]
fn a_link_is_not_followed_to_write_the_report_or_the_journal() {
    for link in ["users.results.csv".to_owned(), journal_of("users.results.csv")] {
        let project = Project::new();
        let sandbox = sandbox(&project);
        project.give("users.csv", sound());
        std::os::unix::fs::symlink(project.path("elsewhere"), project.path(&link)).unwrap();
        let finished = project.run(&run_args("users.csv", &sandbox));
        refused(&project, &sandbox, finished, &[&link]);
    }
}

#[test]
fn a_report_in_a_folder_that_is_not_there_is_refused() {
    let project = Project::new();
    let sandbox = sandbox(&project);
    project.give("users.csv", sound());
    let finished = project.run(&[run_args("users.csv", &sandbox), vec!["-o", "nowhere/results.csv"]].concat());
    refused(&project, &sandbox, finished, &["nowhere/results.csv"]);
}

#[test]
fn two_rows_for_one_user_are_refused_unless_one_wins() {
    let first = Row::new(POOL, "user00001", Some(true));
    let second = first.clone().with_password(&format!("{MARK}!second"));
    let both = csv(&[first, second]);
    bytes_are_refused("users.csv", &both, &["users.csv:3:"]);
    for (wins, outcomes) in [("first", ["set", "skipped"]), ("last", ["skipped", "set"])] {
        let project = Project::new();
        let sandbox = sandbox(&project);
        project.give("users.csv", &both);
        project.run(&[run_args("users.csv", &sandbox), vec!["--on-duplicate", wins, "-o", "results.csv"]].concat());
        let report = Report::read(&project, "results.csv");
        assert_eq!(report.0.iter().map(|row| row.outcome.as_str()).collect::<Vec<_>>(), outcomes);
    }
}

#[test]
fn a_byte_order_mark_crlf_and_columns_in_any_order_are_read() {
    let project = Project::new();
    let sandbox = sandbox(&project);
    let text = format!("\u{feff}Permanent,note,Password,Username,UserPoolId\r\ntrue,\"a\r\nb\",\"{MARK}!\"\"1\",user00001,{POOL}\r\n");
    project.give("users.csv", text);
    project.run(&[run_args("users.csv", &sandbox), vec!["-o", "results.csv"]].concat()).exits(0).says(&["note"]);
    Report::read(&project, "results.csv").holds(&[("set", 1)]);
    assert_eq!(sandbox.attempts()[0].permanent, Some(true));
}
