//! Credentials that end while a run goes on: they are renewed before a call's turn, so that no row fails for it and the cap holds.

use std::os::unix::fs::PermissionsExt;

use crate::harness::{Project, Report, csv, rows, soak};

#[test]
fn a_profile_that_is_not_there_is_named_and_keys_in_the_environment_do_not_stand_in_for_it() {
    let project = Project::new();
    project.give("users.csv", csv(&rows("us-east-1_Rotates000", 1)));
    let args = ["run", "users.csv", "--yes", "--policy", "none", "--endpoint-url", "http://127.0.0.1:9", "--profile", "nobody"];
    project.run(&args).exits(2).says(&["profile nobody"]);
}

#[test]
fn credentials_that_last_a_few_seconds_fail_no_row_and_do_not_break_the_cap() {
    let count = soak(1_200, 120);
    let (project, rows) = (Project::new(), rows("us-east-1_Rotates000", count));
    let sandbox = project.sandbox(&rows, &[]);
    project.give("users.csv", csv(&rows));
    let give = "#!/bin/sh\nsleep 1\nend=$(date -u -d '+4 seconds' +%Y-%m-%dT%H:%M:%SZ)\n\
                echo x >> asked\n\
                echo '{\"Version\": 1, \"AccessKeyId\": \"AKROTATES\", \"SecretAccessKey\": \"s\", \"Expiration\": \"'$end'\"}'\n";
    project.give("give.sh", give);
    std::fs::set_permissions(project.path("give.sh"), std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::create_dir_all(project.path("home/.aws")).unwrap();
    project.give("home/.aws/config", format!("[profile rotates]\ncredential_process = {}\n", project.path("give.sh").display()));
    let args = ["run", "users.csv", "--yes", "--rate", "20", "--policy", "none", "--endpoint-url", &sandbox.url, "-o", "results.csv"];
    project.run(&[&args[..], &["--profile", "rotates"]].concat()).exits(0).says(&["AKROTATES"]);
    Report::read(&project, "results.csv").holds(&[("set", count)]);
    let asked = std::fs::read_to_string(project.path("asked")).unwrap().lines().count();
    // A call may ask anew when less than a margin is left of the four seconds.
    assert!((2..=count / 15).contains(&asked), "the source was asked {asked} times");
    let arrivals: Vec<f64> = sandbox.attempts().iter().map(|call| call.arrived).collect();
    let worst = arrivals.iter().map(|first| arrivals.iter().filter(|at| **at >= *first && **at < first + 1.0).count()).max();
    // Calls that wait for a renewal and leave together would be 40 and more; a busy machine makes a few arrive together.
    assert!(worst <= Some(25), "{worst:?} arrivals in one second");
}
