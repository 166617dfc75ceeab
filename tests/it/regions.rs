//! Rows for several Regions go side by side, however the file is sorted, and a Region that is stalled holds up no other.

use std::time::Duration;

use rustix::process::Signal;

use crate::harness::{Project, Report, Row, Sandbox, Witness, csv, eventually, rows};

const POOLS: [&str; 3] = ["us-east-1_Regions00", "eu-west-1_Regions00", "ap-south-1_Regions00"];
/// More than is read ahead of what is sent.
const OF_A_REGION: usize = 4_000;

/// A file in which each Region's rows stand behind those of the one before.
fn sorted() -> Vec<Row> {
    POOLS.iter().flat_map(|pool| rows(pool, OF_A_REGION)).collect()
}

fn attempts(sandbox: &Sandbox, pool: &str) -> usize {
    sandbox.attempts().iter().filter(|call| call.user_pool_id == pool).count()
}

#[test]
fn regions_of_a_sorted_file_go_side_by_side_and_one_that_is_stalled_holds_up_no_other() {
    let (project, rows) = (Project::new(), sorted());
    project.give("users.csv", csv(&rows));
    let plan = format!("{{\"fault\": \"slow\", \"pool\": \"{}\", \"by\": \"6s\"}}\n", POOLS[0]);
    project.give("plan.jsonl", plan);
    let sandbox = project.sandbox(&rows, &["--fault-plan", "plan.jsonl"]);
    let args = ["run", "users.csv", "--yes", "--rate", "50", "--max-concurrency", "4", "--policy", "none", "-o", "results.csv"];
    let running = project.start(project.command(&[&args[..], &["--endpoint-url", &sandbox.url]].concat()));
    eventually("calls of the Regions that are not stalled", || POOLS[1..].iter().all(|pool| attempts(&sandbox, pool) >= 150).then_some(()));
    let stalled = attempts(&sandbox, POOLS[0]);
    assert!((1..=8).contains(&stalled), "{stalled} calls of the Region that is stalled, four at a time");
    running.signal(Signal::INT);
    running.finish_within(Duration::from_secs(21)).exits(130);
    let report = Report::read(&project, "results.csv");
    assert_eq!(report.count("set") + report.count("not_sent"), 3 * OF_A_REGION, "every row is in the report");
    Witness::of(&[&sandbox]).confirms(&report);

    let again = [&args[..], &["--endpoint-url", &sandbox.url, "--resume"]].concat();
    let running = project.start(project.command(&again));
    eventually("calls after the stop", || POOLS[1..].iter().all(|pool| attempts(&sandbox, pool) >= 300).then_some(()));
    running.signal(Signal::INT);
    running.finish_within(Duration::from_secs(21)).exits(130);
    assert_eq!(Witness::of(&[&sandbox]).sent_again(), 0);
}
