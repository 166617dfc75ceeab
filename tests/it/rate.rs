//! The cap, as the service sees it: what the sandbox's own log says of when calls arrived.

use rustix::process::Signal;

use crate::harness::{Project, Report, Running, Sandbox, csv, eventually, journal_of, rows};

/// The most arrivals in any one second.
fn busiest_second(arrivals: &[f64]) -> usize {
    let until = |start: f64| arrivals.partition_point(|arrived| *arrived < start + 1.0);
    (0..arrivals.len()).map(|first| until(arrivals[first]) - first).max().unwrap_or(0)
}

#[test]
fn a_second_is_counted_wherever_it_begins() {
    assert_eq!(busiest_second(&[]), 0);
    assert_eq!(busiest_second(&[0.0, 0.5, 0.99, 1.0, 1.2, 1.3, 1.4, 1.5]), 6);
}

/// A run of 690 rows at 30 a second.
fn start<'a>(project: &'a Project, faults: &[&str]) -> (Running<'a>, Sandbox) {
    let rows = rows("us-east-1_Rate00000", 690);
    let sandbox = project.sandbox(&rows, &[&["--latency", "40"], faults].concat());
    project.give("users.csv", csv(&rows));
    let args = ["run", "users.csv", "--yes", "--rate", "30", "--endpoint-url", &sandbox.url, "-o", "results.csv"];
    (project.start(project.command(&args)), sandbox)
}

/// Checks every second of the run, and the mean of its first 20 s.
fn held_thirty_a_second(project: &Project, run: Running<'_>, sandbox: &Sandbox) {
    let run = run.finish();
    assert!(matches!(run.code(), Some(0 | 4)), "{run}");
    let attempts: usize = Report::read(project, "results.csv").0.iter().map(|row| row.attempts as usize).sum();

    let mut arrivals: Vec<_> = sandbox.attempts().iter().map(|call| call.arrived).collect();
    arrivals.sort_unstable_by(f64::total_cmp);
    assert_eq!(arrivals.len(), attempts, "every attempt arrived, and no other call");
    // 30, and one more where a call was held up on its way and the one behind it was not.
    assert!(busiest_second(&arrivals) <= 31, "{} arrivals in one second", busiest_second(&arrivals));
    let in_twenty_seconds = arrivals.partition_point(|arrived| *arrived < arrivals[0] + 20.0);
    assert!(in_twenty_seconds >= 29 * 20, "{in_twenty_seconds} arrivals in the first 20 s");
}

#[test]
fn no_second_sees_more_than_the_cap_and_the_mean_comes_near_it_be_there_retries_or_not() {
    let (plain, faulty) = (Project::alone(), Project::new());
    let (plain_run, plain_sandbox) = start(&plain, &[]);
    let (faulty_run, faulty_sandbox) = start(&faulty, &["--fault-500", "0.1", "--seed", "7"]);
    held_thirty_a_second(&plain, plain_run, &plain_sandbox);
    held_thirty_a_second(&faulty, faulty_run, &faulty_sandbox);
    assert!(faulty_sandbox.attempts().len() > 690, "there were retries");
}

#[test]
fn each_region_has_a_cap_of_its_own() {
    let project = Project::alone();
    let rows: Vec<_> = [rows("us-east-1_Rate00000", 60), rows("eu-west-1_Rate00000", 60)].concat();
    let sandbox = project.sandbox(&rows, &[]);
    project.give("users.csv", csv(&rows));
    project.run(&["run", "users.csv", "--yes", "--rate", "20", "--endpoint-url", &sandbox.url, "-o", "results.csv"]).exits(0);
    for region in ["us-east-1", "eu-west-1"] {
        let calls = sandbox.attempts();
        let mut arrivals: Vec<_> = calls.iter().filter(|call| call.user_pool_id.starts_with(region)).map(|call| call.arrived).collect();
        arrivals.sort_unstable_by(f64::total_cmp);
        assert_eq!(arrivals.len(), 60);
        assert!(busiest_second(&arrivals) <= 21, "{region}: {}", busiest_second(&arrivals));
    }
}

#[test]
fn a_run_without_a_cap_that_is_throttled_says_so_and_leaves_few_rows_in_doubt_when_it_is_killed() {
    let (project, rows) = (Project::new(), rows("us-east-1_Rate00000", 600));
    let sandbox = project.sandbox(&rows, &["--latency", "40", "--quota", "30", "--burst", "30"]);
    project.give("users.csv", csv(&rows));
    let run = ["run", "users.csv", "--yes", "--rate", "unlimited", "--endpoint-url", &sandbox.url, "-o", "results.csv"];
    let running = project.start(project.command(&run));
    eventually("a rate that is held", || (sandbox.attempts().len() >= 280).then_some(()));
    running.signal(Signal::KILL);
    running.finish();
    project.run(&["report", &journal_of("results.csv"), "-o", "killed.csv"]);
    let unknown = Report::read(&project, "killed.csv").count("unknown");
    // 64 calls may be in flight. At 30 a second one or two are, and two rows wait for their moment; more on a busy machine.
    assert!(unknown <= 32, "{unknown} rows are unknown");
    let before = sandbox.attempts().len();
    let again = ["--resume", "--unknown", "resend", "--summary", "summary.json"];
    project.run(&[&run[..], &again].concat()).exits(0);
    let summary = Report::read(&project, "results.csv").agrees_with(&project, "summary.json");
    assert_eq!(summary["limits"]["us-east-1"], "throttling");
    let answers = sandbox.attempts().split_off(before).iter().filter(|call| !call.confirms()).count() as u64;
    assert_eq!(summary["throttled_calls"], answers);
    let allowed = summary["service_allowed_per_second"]["us-east-1"].as_f64().expect("a rate");
    assert!((15.0..=45.0).contains(&allowed), "{allowed}");
}
