//! What of a file may be another when its run is resumed, and what may not: a changed file is refused before anything is sent.

use std::fs;

use crate::harness::{Project, Report, Row, Sandbox, Witness, csv, eventually, journal_of, rows};
use crate::resume::{POOL, args, resume};

/// Runs rows until the token expires after `done` calls, which go one by one.
fn ended_after(project: &Project, rows: &[Row], done: usize) -> Sandbox {
    project.give("users.csv", csv(rows));
    let after = done.to_string();
    let sandbox = project.sandbox(rows, &["--fault-expired-token", "1", "--faults-after", &after]);
    project.run(&args(&sandbox.url, &["--max-concurrency", "1"])).exits(3);
    Report::read(project, "results.csv").holds(&[("set", done), ("not_sent", rows.len() - done)]);
    sandbox
}

#[test]
fn a_finished_run_is_resumed_with_the_file_that_was_run_and_no_other() {
    let (project, rows) = (Project::new(), rows(POOL, 10));
    project.give("users.csv", csv(&rows));
    let sandbox = project.sandbox(&rows, &[]);
    project.run(&args(&sandbox.url, &[])).exits(0);
    let report = fs::read(project.path("results.csv")).unwrap();
    let mut other = rows.clone();
    other[6] = Row::new(POOL, "another", Some(true));
    for (file, says) in [(&other[..], "users.csv:8:1"), (&rows[..9], "users.csv: it ends after row 9, and had 10 rows")] {
        project.give("users.csv", csv(file));
        resume(&project, &sandbox.url, &[]).exits(2).says(&[says]);
        assert_eq!(fs::read(project.path("results.csv")).unwrap(), report, "the report stays as it was");
    }
    assert_eq!(sandbox.attempts().len(), 10);
}

#[test]
fn only_passwords_of_rows_that_are_not_done_may_have_changed() {
    let original = rows(POOL, 30);
    let another = Row::new(POOL, "another", Some(true));
    let changed = |change: &dyn Fn(&mut Vec<Row>)| {
        let mut rows = original.clone();
        change(&mut rows);
        rows
    };
    for (file, says) in [
        (changed(&|rows| rows[4].username = "another".to_owned()), "users.csv:6:1"),
        (changed(&|rows| rows[25].username = "another".to_owned()), "users.csv:27:1"),
        (changed(&|rows| rows.swap(20, 21)), "users.csv:22:1"),
        (changed(&|rows| rows[7].permanent = rows[7].permanent.map(|permanent| !permanent)), "users.csv:9:1"),
        (changed(&|rows| rows[2].pool = "us-east-1_Another00".to_owned()), "users.csv:4:1"),
        (changed(&|rows| rows.insert(3, another.clone())), "users.csv:5:1"),
        (changed(&|rows| drop(rows.remove(3))), "users.csv:5:1"),
        (changed(&|rows| rows.push(another.clone())), "users.csv:32:1"),
        (changed(&|rows| rows.truncate(20)), "users.csv: it ends after row 20, and had 30 rows"),
        (changed(&|rows| rows.truncate(5)), "users.csv: it ends after row 5, and had 30 rows"),
    ] {
        let project = Project::new();
        let sandbox = ended_after(&project, &original, 10);
        let (calls, journal) = (sandbox.attempts().len(), fs::read(project.path("results.csv.journal")).unwrap());
        project.give("users.csv", csv(&file));
        resume(&project, &sandbox.url, &["--policy", "none"]).exits(2).says(&[says]);
        assert_eq!(sandbox.attempts().len(), calls, "nothing was sent: {says}");
        let after = fs::read(project.path("results.csv.journal")).unwrap();
        assert!(after.starts_with(&journal), "nothing that was noted is lost: {says}");
    }
}

#[test]
fn a_run_is_resumed_with_the_same_answer_to_two_rows_for_one_user() {
    let (project, mut all) = (Project::new(), rows(POOL, 30));
    all.push(all[0].clone().with_password("another one"));
    project.give("users.csv", csv(&all));
    let sandbox = project.sandbox(&all[..30], &["--fault-expired-token", "1", "--faults-after", "5"]);
    let first = ["--on-duplicate", "first", "--policy", "none"];
    project.run(&args(&sandbox.url, &first)).exits(3);
    let calls = sandbox.attempts().len();
    let last = ["--on-duplicate", "last", "--policy", "none"];
    resume(&project, &sandbox.url, &last).exits(2).says(&["--on-duplicate first", "sent over the one that was"]);
    assert_eq!(sandbox.attempts().len(), calls, "nothing was sent");
}

#[test]
fn an_invalid_row_is_invalid_wherever_the_run_ended_and_may_be_mended_before_it_goes_on() {
    let (project, mut all) = (Project::new(), rows(POOL, 30));
    let sound = all.clone();
    all[2] = Row::new(POOL, "white space", Some(true));
    all[28] = Row::new(POOL, "white space too", Some(true));
    project.give("users.csv", csv(&all));
    let mut sandbox = project.sandbox(&sound, &["--fault-expired-token", "1", "--faults-after", "5"]);
    project.run(&args(&sandbox.url, &["--max-concurrency", "1", "--skip-invalid"])).exits(3);
    Report::read(&project, "results.csv").holds(&[("set", 5), ("invalid", 2), ("not_sent", 23)]);

    all[2] = sound[2].clone();
    project.give("users.csv", csv(&all));
    let mended = sandbox.replaced_by(&project, &sound, &[]);
    resume(&project, &mended.url, &["--skip-invalid"]).exits(1).says(&["24 to send of 30"]);
    let report = Report::read(&project, "results.csv");
    report.holds(&[("set", 29), ("invalid", 1)]);
    assert_eq!(report.0[28].code(), "username-character");

    // What was mended and sent is as fixed as any other row.
    all[2] = Row::new(POOL, "another", Some(true));
    project.give("users.csv", csv(&all));
    resume(&project, &mended.url, &["--skip-invalid"]).exits(2).says(&["users.csv:4:1"]);
    project.run(&["report", &journal_of("results.csv")]).exits(2).says(&["users.csv:4:1"]);
}

#[test]
fn a_file_that_changes_while_it_is_run_stops_the_run_before_a_changed_row_is_sent() {
    // Rows are read in batches of some thousand, so that the change is noticed at the next one.
    let (project, rows) = (Project::new(), rows(POOL, 9_000));
    project.give("users.csv", csv(&rows));
    let sandbox = project.sandbox(&rows, &["--latency", "5"]);
    let running = project.start(project.command(&args(&sandbox.url, &["--policy", "none", "--rate", "1000"])));
    eventually("the first calls", || (sandbox.attempts().len() > 20).then_some(()));
    let another: Vec<_> = rows.iter().map(|row| Row::new(POOL, &row.username.replace("user", "nosy"), Some(true))).collect();
    project.give("users.csv", csv(&another));
    running.finish().exits(3).says(&["changed", "--resume"]);
    assert!(sandbox.attempts().iter().all(|call| call.username.starts_with("user")));
    project.give("users.csv", csv(&rows));
    resume(&project, &sandbox.url, &["--policy", "none"]).exits(0);
    Report::read(&project, "results.csv").holds(&[("set", 9_000)]);
    assert_eq!(Witness::of(&[&sandbox]).sent_again(), 0);
}

#[test]
fn a_row_that_is_not_done_is_sent_with_the_password_that_now_stands_in_the_file() {
    let project = Project::new();
    let mut rows = rows(POOL, 20);
    let mut first = ended_after(&project, &rows, 10);
    rows[15] = rows[15].clone().with_password("weak");
    rows[0] = rows[0].clone().with_password("weak");
    project.give("users.csv", csv(&rows));
    let mended = first.replaced_by(&project, &rows, &[]);
    resume(&project, &mended.url, &["--policy", "none"]).exits(1);
    let report = Report::read(&project, "results.csv");
    report.holds(&[("set", 19), ("rejected", 1)]);
    assert_eq!(report.0[15].code(), "InvalidPasswordException");
    Witness::of(&[&first, &mended]).confirms(&report);
}
