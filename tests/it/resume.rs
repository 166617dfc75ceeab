//! `--resume`: what is done is not sent again, what was never sent is, and what is unknown is left alone unless it is asked for. The
//! sandbox's call log is the judge.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use crate::harness::{BINARY, Finished, MARK, Project, Report, Row, Sandbox, Witness, csv, eventually, journal_of, rows};

pub(super) const POOL: &str = "us-east-1_Resume000";
const CONCURRENCY: usize = 16;

/// The arguments of a run, of `users.csv` to `results.csv`.
pub(super) fn args<'a>(url: &'a str, extra: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["run", "users.csv", "--yes", "--quiet", "--endpoint-url", url];
    for usual in [["--rate", "unlimited"], ["--max-concurrency", "16"], ["-o", "results.csv"]] {
        if !extra.contains(&usual[0]) {
            args.extend(usual);
        }
    }
    args.extend(extra);
    args
}

pub(super) fn resume(project: &Project, url: &str, extra: &[&str]) -> Finished {
    project.run(&args(url, &[&["--resume"], extra].concat()))
}

#[test]
fn a_finished_run_resumed_sends_nothing_and_says_so() {
    let project = Project::new();
    let rows = rows(POOL, 20);
    project.give("users.csv", csv(&rows));
    let sandbox = project.sandbox(&rows[..15], &[]);
    project.run(&args(&sandbox.url, &[])).exits(1);
    let before = fs::read(project.path("results.csv")).unwrap();
    resume(&project, &sandbox.url, &[]).exits(1).says(&["every row that may be sent is done", "--retry-rejected"]);
    assert_eq!(sandbox.attempts().len(), 20);
    assert_eq!(fs::read(project.path("results.csv")).unwrap(), before);
}

/// Runs 300 rows against a service that breaks after some calls, then against one that is whole.
fn breaks_and_is_mended(rows: &[Row], broken: &mut Sandbox, project: &Project, says: &[&str]) {
    project.give("users.csv", csv(rows));
    let finished = project.run(&args(&broken.url, &["--policy", "none"])).exits(3);
    finished.says(&[&["--resume"], says].concat());
    let report = Report::read(project, "results.csv");
    Witness::of(&[&*broken]).confirms(&report);
    let touched = broken.attempts().iter().filter(|call| !call.confirms()).count();
    assert!(touched <= CONCURRENCY, "{touched} calls left after it broke");
    assert_eq!(report.count("rejected"), 0);
    assert_eq!(report.count("set") + report.count("not_sent") + report.count("unknown"), rows.len());
    assert!(report.count("unknown") <= CONCURRENCY, "{:?}", report.outcomes());

    let mended = broken.replaced_by(project, rows, &[]);
    let unknown = report.count("unknown");
    resume(project, &mended.url, &["--policy", "none"]).exits(if unknown > 0 { 4 } else { 0 });
    let report = Report::read(project, "results.csv");
    assert_eq!((report.count("set"), report.count("unknown")), (rows.len() - unknown, unknown));
    let witness = Witness::of(&[&*broken, &mended]);
    witness.confirms(&report);
    assert_eq!(witness.calls((POOL, "user00001")).iter().filter(|call| call.applied).count(), 1);
}

#[test]
fn a_token_that_expires_touches_at_most_the_calls_in_flight_and_the_run_goes_on_when_it_is_renewed() {
    let (project, rows) = (Project::new(), rows(POOL, 900));
    let mut broken = project.sandbox(&rows, &["--latency", "20", "--fault-expired-token", "1", "--faults-after", "500"]);
    breaks_and_is_mended(&rows, &mut broken, &project, &["ExpiredTokenException", "renew"]);
}

#[test]
fn access_that_is_denied_touches_at_most_the_calls_in_flight_and_the_run_goes_on_when_it_is_granted() {
    let (project, rows) = (Project::new(), rows(POOL, 300));
    let mut broken = project.sandbox(&rows, &["--latency", "20", "--fault-access-denied", "1", "--faults-after", "100"]);
    breaks_and_is_mended(&rows, &mut broken, &project, &["AccessDeniedException", "cognito-idp:AdminSetUserPassword"]);
}

#[test]
fn a_pool_that_is_gone_touches_at_most_the_calls_in_flight_and_the_run_goes_on_when_it_is_there() {
    let (project, mut rows) = (Project::new(), rows(POOL, 60));
    // The pool of the other rows is there, so that some are set.
    for row in &mut rows[..40] {
        row.pool = "us-east-1_There0000".to_owned();
    }
    project.give("users.csv", csv(&rows));
    let mut broken = project.sandbox(&rows[..40], &["--latency", "20"]);
    project.run(&args(&broken.url, &["--policy", "none"])).exits(3).says(&["ResourceNotFoundException", "--resume"]);
    let report = Report::read(&project, "results.csv");
    Witness::of(&[&broken]).confirms(&report);
    assert!(report.count("set") > 0 && report.count("rejected") == 0 && report.count("unknown") == 0, "{:?}", report.outcomes());
    assert!(broken.attempts().iter().filter(|call| call.code == "ResourceNotFoundException").count() <= CONCURRENCY);
    let mended = broken.replaced_by(&project, &rows, &[]);
    resume(&project, &mended.url, &[]).exits(0);
    let report = Report::read(&project, "results.csv");
    report.holds(&[("set", 60)]);
    Witness::of(&[&broken, &mended]).confirms(&report);
}

#[test]
fn an_endpoint_that_goes_down_touches_at_most_the_calls_in_flight_and_the_run_goes_on_when_it_is_up() {
    let (project, rows) = (Project::new(), rows(POOL, 400));
    project.give("users.csv", csv(&rows));
    let mut broken = project.sandbox(&rows, &["--latency", "50"]);
    let running = project.start(project.command(&args(&broken.url, &["--policy", "none", "--outage", "2"])));
    eventually("the first calls", || (broken.attempts().len() > 40).then_some(()));
    broken.goes_down();
    running.finish().exits(3).says(&["not_connected", "--resume"]);
    let report = Report::read(&project, "results.csv");
    Witness::of(&[&broken]).confirms(&report);
    assert_eq!(report.count("rejected"), 0);
    let unknown = report.count("unknown");
    assert!(unknown <= CONCURRENCY, "{:?}", report.outcomes());

    let mended = broken.replaced_by(&project, &rows, &[]);
    resume(&project, &mended.url, &["--unknown", "resend"]).exits(0);
    Report::read(&project, "results.csv").holds(&[("set", rows.len())]);
    assert!(Witness::of(&[&broken, &mended]).sent_again() <= unknown);
}

#[test]
fn an_endpoint_that_is_down_for_a_while_is_waited_for() {
    let (project, rows) = (Project::new(), rows(POOL, 400));
    project.give("users.csv", csv(&rows));
    let mut down = project.sandbox(&rows, &["--latency", "50"]);
    let running = project.start(project.command(&args(&down.url, &["--policy", "none"])));
    eventually("the first calls", || (down.attempts().len() > 40).then_some(()));
    down.goes_down();
    std::thread::sleep(std::time::Duration::from_secs(3));
    let up = down.replaced_by(&project, &rows, &[]);
    running.finish().exits(0);
    let report = Report::read(&project, "results.csv");
    report.holds(&[("set", rows.len())]);
    Witness::of(&[&down, &up]).confirms(&report);
}

#[test]
fn a_second_process_on_the_same_journal_is_refused_and_told_who_holds_it() {
    let (project, rows) = (Project::new(), rows(POOL, 200));
    project.give("users.csv", csv(&rows));
    let sandbox = project.sandbox(&rows, &[]);
    let running = project.start(project.command(&args(&sandbox.url, &["--rate", "20"])));
    let holder = format!("process {}", running.id());
    eventually("the first calls", || (sandbox.attempts().len() > 2).then_some(()));
    for extra in [&[] as &[&str], &["--resume"], &["--resume", "--unknown", "resend"]] {
        project.run(&args(&sandbox.url, extra)).exits(2).says(&["is in use", &holder]);
    }
    project.run(&["report", &journal_of("results.csv"), "-o", "so-far.csv"]).says(&["the run is still going on"]);
    assert_eq!(Report::read(&project, "so-far.csv").0.len(), 200);
    running.signal(Signal::INT);
    running.finish().exits(130);
    resume(&project, &sandbox.url, &[]).exits(0);
    assert_eq!(Witness::of(&[&sandbox]).sent_again(), 0);
}

#[test]
fn of_runs_that_begin_at_once_one_runs_and_the_others_are_told_who_does() {
    let project = Project::new();
    let rows = rows(POOL, 100);
    project.give("users.csv", csv(&rows));
    let sandbox = project.sandbox(&rows, &["--latency", "300"]);
    let runs: Vec<_> = (0..4).map(|_| project.start(project.command(&args(&sandbox.url, &["--rate", "100"])))).collect();
    let ended: Vec<_> = runs.into_iter().map(|run| run.finish()).collect();
    let (ran, refused): (Vec<_>, Vec<_>) = ended.into_iter().partition(|finished| finished.code() == Some(0));
    assert_eq!((ran.len(), sandbox.attempts().len()), (1, 100));
    for finished in refused {
        finished.exits(2).says(&["is in use"]);
    }
}

#[test]
fn a_journal_of_another_file_is_not_offered_to_go_on_with() {
    let (project, rows) = (Project::new(), rows(POOL, 3));
    let sandbox = project.sandbox(&rows, &[]);
    project.give("users.csv", csv(&rows));
    project.give("others.csv", csv(&rows));
    project.run(&args(&sandbox.url, &[])).exits(0);
    let run = ["run", "others.csv", "--yes", "--endpoint-url", &sandbox.url, "-o", "results.csv"];
    let finished = project.run(&run).exits(2).says(&["of a run of users.csv, and this is another file"]);
    assert!(!finished.stderr.contains("--resume"), "{finished}");
    let finished = project.run(&["run", "users.csv", "--yes", "-o", "same", "--summary", "same"]).exits(2);
    finished.says(&["same is named twice"]);
}

#[test]
fn rejected_rows_are_sent_again_when_that_is_asked_for_and_no_others() {
    let (project, mut rows) = (Project::new(), rows(POOL, 12));
    project.give("users.csv", csv(&rows));
    let mut first = project.sandbox(&rows[..9], &[]);
    project.run(&args(&first.url, &[])).exits(1).says(&["run --resume", "--retry-rejected"]);
    Report::read(&project, "results.csv").holds(&[("set", 9), ("rejected", 3)]);
    let mended = first.replaced_by(&project, &rows[..11], &[]);
    resume(&project, &mended.url, &["--retry-rejected"]).exits(1);
    assert_eq!(mended.attempts().len(), 3);
    let report = Report::read(&project, "results.csv");
    report.holds(&[("set", 11), ("rejected", 1)]);
    Witness::of(&[&first, &mended]).confirms(&report);

    // A row that was refused keeps that outcome, though the file now has a password that is never sent.
    rows[11] = rows[11].clone().with_password(" ");
    project.give("users.csv", csv(&rows));
    resume(&project, &mended.url, &["--retry-rejected", "--skip-invalid"]).exits(1);
    Report::read(&project, "results.csv").holds(&[("set", 11), ("rejected", 1)]);
}

#[test]
fn rows_that_are_invalid_are_to_be_mended_before_the_run_goes_on() {
    let (project, rows) = (Project::new(), rows(POOL, 3));
    let sandbox = project.sandbox(&rows, &[]);
    project.give("users.csv", csv(&[&rows[..2], &[rows[2].clone().with_password(" ")]].concat()));
    let finished = project.run(&args(&sandbox.url, &["--skip-invalid"])).exits(1).says(&["mend the invalid rows", "run --resume"]);
    assert!(!finished.stderr.contains("go on where this ended"), "{finished}");
    project.give("users.csv", csv(&rows));
    resume(&project, &sandbox.url, &[]).exits(0);
    Report::read(&project, "results.csv").holds(&[("set", 3)]);
}

/// A run of 40 rows, killed while its calls are under way: what stands in its report, and its sandbox.
fn killed(project: &Project, rows: &[Row], flags: &[&str]) -> (Report, Sandbox) {
    project.give("users.csv", csv(rows));
    let sandbox = project.sandbox(rows, flags);
    let running = project.start(project.command(&args(&sandbox.url, &[])));
    eventually("the first calls", || (sandbox.attempts().len() >= 20).then_some(()));
    running.signal(Signal::KILL);
    running.finish();
    let told = project.run(&["report", &journal_of("results.csv")]);
    (Report::of_csv(&told.stdout), sandbox)
}

#[test]
fn a_user_who_changed_their_password_since_the_kill_keeps_it_with_hold() {
    let (project, rows) = (Project::new(), rows(POOL, 200));
    let (report, sandbox) = killed(&project, &rows, &["--latency", "100"]);
    let unknown: Vec<_> = report.0.iter().filter(|row| row.outcome == "unknown").collect();
    assert!(!unknown.is_empty(), "{:?}", report.outcomes());
    for row in report.0.iter().filter(|row| row.outcome != "not_sent") {
        sets_their_own_password(&sandbox.url, row.user().1);
    }
    let theirs = sandbox.attempts().len();
    resume(&project, &sandbox.url, &[]).exits(4).says(&["--unknown resend"]);
    let sent = sandbox.attempts().split_off(theirs);
    let overwritten = sent.iter().filter(|call| report.0.iter().any(|row| row.user().1 == call.username && row.outcome != "not_sent"));
    assert_eq!(overwritten.count(), 0);
    Report::read(&project, "results.csv").holds(&[("set", 200 - unknown.len()), ("unknown", unknown.len())]);
}

/// What a user does with "forgot password", in one request.
fn sets_their_own_password(url: &str, username: &str) {
    let body = json!({"UserPoolId": POOL, "Username": username, "Password": format!("{MARK}!own"), "Permanent": true}).to_string();
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    let target = "AWSCognitoIdentityProviderService.AdminSetUserPassword";
    let head = format!(
        "POST / HTTP/1.1\r\nhost: {host}\r\nx-amz-target: {target}\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_row_that_was_throttled_when_the_run_was_killed_is_not_unknown() {
    let (project, rows) = (Project::new(), rows(POOL, 200));
    let (report, sandbox) = killed(&project, &rows, &["--fault-throttle", "0.9", "--latency", "10"]);
    Witness::of(&[&sandbox]).confirms(&report);
    assert!(report.count("unknown") <= CONCURRENCY, "{:?}", report.outcomes());
}

#[test]
fn a_row_that_stays_in_doubt_is_never_called_not_sent_or_rejected_for_its_history() {
    let (project, rows) = (Project::new(), rows(POOL, 4));
    project.give("users.csv", csv(&rows));
    let mut silent = project.sandbox(&rows, &["--fault-cut-after", "1"]);
    project.run(&args(&silent.url, &[])).exits(4);
    Report::read(&project, "results.csv").holds(&[("unknown", 4)]);
    let expired = silent.replaced_by(&project, &rows, &["--fault-expired-token", "1"]);
    resume(&project, &expired.url, &["--unknown", "resend"]).exits(3);
    Report::read(&project, "results.csv").holds(&[("unknown", 4)]);
    resume(&project, &expired.url, &[]).exits(4);
    assert!(expired.attempts().len() <= 4, "with hold they are not sent again");
}

#[test]
fn the_cap_holds_across_a_stop() {
    let (project, rows) = (Project::new(), rows(POOL, 150));
    project.give("users.csv", csv(&rows));
    let sandbox = project.sandbox(&rows, &["--latency", "20"]);
    for (calls, signal) in [(40, Signal::KILL), (75, Signal::INT)] {
        let journal = project.has(&journal_of("results.csv"));
        let extra: &[&str] = if journal { &["--rate", "30", "--resume"] } else { &["--rate", "30"] };
        let running = project.start(project.command(&args(&sandbox.url, extra)));
        eventually("calls", || (sandbox.attempts().len() >= calls).then_some(()));
        running.signal(signal);
        running.finish_within(Duration::from_secs(21));
    }
    let finished = resume(&project, &sandbox.url, &["--rate", "30"]);
    assert!(matches!(finished.code(), Some(0 | 4)), "{finished}");
    let mut arrivals: Vec<_> = sandbox.attempts().iter().map(|call| call.arrived).collect();
    arrivals.sort_unstable_by(f64::total_cmp);
    // 30, and one more where a call was held up on its way and the one behind it was not.
    let busiest = (0..arrivals.len()).map(|first| arrivals.partition_point(|at| *at < arrivals[first] + 1.0) - first).max();
    assert!(busiest.is_some_and(|busiest| busiest <= 31), "{busiest:?} arrivals in one second");
}

/// Runs the program where no file may grow beyond so many KiB.
fn with_little_room(project: &Project, kib: &str, args: &[&str]) -> Finished {
    let script = format!("ulimit -f {kib}; trap '' XFSZ; exec \"$0\" \"$@\"");
    project.start(project.command_of("bash", &[&["-c", &script, BINARY], args].concat())).finish()
}

#[test]
fn after_room_is_made_for_the_journal_the_run_goes_on_and_nothing_is_lost() {
    let (project, rows) = (Project::new(), rows(POOL, 600));
    project.give("users.csv", csv(&rows));
    let sandbox = project.sandbox(&rows, &[]);
    let says = ["the journal cannot be written", "--resume", "users.results.csv.journal"];
    with_little_room(&project, "16", &args(&sandbox.url, &["-o", "/dev/null"])).exits(3).says(&says);
    let done = sandbox.attempts().len();
    assert!(done > 0 && done < 600);
    let resumed = project.run(&args(&sandbox.url, &["-o", "-", "--resume"]));
    let report = Report::of_csv(&resumed.stdout);
    assert_eq!(report.count("set") + report.count("unknown"), 600);
    assert!(report.count("unknown") <= CONCURRENCY, "{:?}", report.outcomes());
    let witness = Witness::of(&[&sandbox]);
    witness.confirms(&report);
    assert_eq!(witness.sent_again(), 0);
}

#[test]
fn after_room_is_made_for_the_report_it_is_written_and_nothing_is_sent_again() {
    let (project, rows) = (Project::new(), rows(POOL, 600));
    project.give("users.csv", csv(&rows));
    let sandbox = project.sandbox(&rows, &[]);
    let says = ["results.jsonl.journal", "cognito-passwd report"];
    with_little_room(&project, "100", &args(&sandbox.url, &["-o", "results.jsonl"])).exits(3).says(&says);
    assert_eq!(sandbox.attempts().len(), 600);
    assert!(!project.has("results.jsonl"));
    resume(&project, &sandbox.url, &["-o", "results.jsonl"]).exits(0);
    Report::read(&project, "results.jsonl").holds(&[("set", 600)]);
    assert_eq!(sandbox.attempts().len(), 600);
}

#[test]
fn when_there_is_room_for_neither_journal_nor_report_both_are_said_with_the_command_that_goes_on() {
    let (project, rows) = (Project::new(), rows(POOL, 600));
    project.give("users.csv", csv(&rows));
    let sandbox = project.sandbox(&rows, &[]);
    let finished = with_little_room(&project, "16", &args(&sandbox.url, &["-o", "results.jsonl"])).exits(3);
    finished.says(&["the journal cannot be written", "the report was not written", "run --resume users.csv"]);
    resume(&project, &sandbox.url, &["-o", "results.jsonl", "--unknown", "resend"]).exits(0);
    Report::read(&project, "results.jsonl").holds(&[("set", 600)]);
}
