//! A run that is plainly going wrong stops, or waits: too many rejected rows, the wrong file altogether, a service that is down.

use std::time::Duration;

use rustix::process::Signal;

use crate::harness::{Project, Report, Sandbox, Witness, csv, eventually, rows};

const POOL: &str = "us-east-1_Budget000";
const CONCURRENCY: usize = 4;

fn args<'a>(url: &'a str, extra: &[&'a str]) -> Vec<&'a str> {
    let args = ["run", "users.csv", "--yes", "--rate", "unlimited", "--max-concurrency", "4", "--endpoint-url", url, "-o", "results.csv"];
    [&args, extra].concat()
}

/// A file of `count` rows, and a sandbox in which every third user is missing.
fn every_third_is_missing(project: &Project, count: usize) -> Sandbox {
    let rows = rows(POOL, count);
    project.give("users.csv", csv(&rows));
    let users: Vec<_> = rows.into_iter().enumerate().filter(|(index, _)| index % 3 != 2).map(|(_, row)| row).collect();
    project.sandbox(&users, &["--latency", "20"])
}

#[test]
fn more_rejected_rows_than_allowed_stop_the_run_and_it_goes_on_when_they_are_mended() {
    let project = Project::new();
    let mut sandbox = every_third_is_missing(&project, 200);
    let says = ["--max-rejected", "--resume", "--retry-rejected", "UserNotFoundException"];
    project.run(&args(&sandbox.url, &["--max-rejected", "5"])).exits(3).says(&says);
    let report = Report::read(&project, "results.csv");
    let rejected = report.count("rejected");
    assert!((6..=6 + CONCURRENCY).contains(&rejected) && report.count("not_sent") > 0, "{:?}", report.outcomes());
    Witness::of(&[&sandbox]).confirms(&report);

    let mended = sandbox.replaced_by(&project, &rows(POOL, 200), &[]);
    project.run(&args(&mended.url, &["--max-rejected", "5", "--resume", "--retry-rejected"])).exits(0);
    let report = Report::read(&project, "results.csv");
    report.holds(&[("set", 200)]);
    Witness::of(&[&sandbox, &mended]).confirms(&report);
}

#[test]
fn a_share_of_rejected_rows_stops_the_run_or_does_not() {
    let project = Project::new();
    let sandbox = every_third_is_missing(&project, 200);
    project.run(&args(&sandbox.url, &["--max-rejected", "20%"])).exits(3).says(&["rejected, more than --max-rejected allows"]);
    let sent = sandbox.attempts().len();
    assert!((100..=100 + 2 * CONCURRENCY).contains(&sent), "{sent} calls");
    let project = Project::new();
    let sandbox = every_third_is_missing(&project, 200);
    project.run(&args(&sandbox.url, &["--max-rejected", "40%"])).exits(1);
    assert_eq!(sandbox.attempts().len(), 200);
}

#[test]
fn the_wrong_file_is_noticed_after_twenty_rows_and_force_sends_it_all_the_same() {
    let project = Project::new();
    let rows = rows(POOL, 100);
    project.give("users.csv", csv(&rows));
    let sandbox = project.sandbox(&[crate::harness::Row::new(POOL, "somebody-else", None)], &["--latency", "20"]);
    project.run(&args(&sandbox.url, &[])).exits(3).says(&["first 20 rows", "UserNotFoundException", "--force", "--resume"]);
    let report = Report::read(&project, "results.csv");
    assert!((20..=20 + CONCURRENCY).contains(&report.count("rejected")), "{:?}", report.outcomes());
    assert_eq!(report.count("rejected") + report.count("not_sent"), 100);
    project.run(&args(&sandbox.url, &["--resume", "--force"])).exits(1);
    Report::read(&project, "results.csv").holds(&[("rejected", 100)]);
    assert_eq!(Witness::of(&[&sandbox]).sent_again(), 0);
}

#[test]
fn a_limit_that_means_nothing_is_refused() {
    let project = Project::new();
    project.give("users.csv", csv(&rows(POOL, 1)));
    for limit in ["many", "-1", "101%", "1.5", "%"] {
        project.run(&["run", "users.csv", "--sandbox", "--yes", &format!("--max-rejected={limit}")]).exits(2).says(&["--max-rejected"]);
    }
}

#[test]
fn while_the_service_is_down_it_is_probed_and_not_flooded_and_the_run_can_be_interrupted() {
    let project = Project::new();
    let rows = rows(POOL, 300);
    project.give("users.csv", csv(&rows));
    let mut down = project.sandbox(&rows, &["--fault-503", "1", "--faults-after", "20", "--latency", "10"]);
    let running = project.start(project.command(&args(&down.url, &[])));
    eventually("a pause", || running.stderr().contains("then one call to probe").then_some(()));
    std::thread::sleep(Duration::from_secs(4));
    let calls = down.attempts().len();
    assert!((20 + 32..20 + 32 + 2 * CONCURRENCY + 4).contains(&calls), "{calls} calls, and 4 s after the pause began");
    running.signal(Signal::INT);
    running.finish_within(Duration::from_secs(3)).exits(130).says(&["--resume"]);
    let report = Report::read(&project, "results.csv");
    assert!(report.count("set") == 20 && report.count("not_sent") > 200, "{:?}", report.outcomes());

    let mended = down.replaced_by(&project, &rows, &[]);
    project.run(&args(&mended.url, &["--resume", "--unknown", "resend"])).exits(0);
    Report::read(&project, "results.csv").holds(&[("set", 300)]);
}
