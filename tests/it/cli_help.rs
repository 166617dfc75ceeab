//! The help: it names every command and every flag, and an unknown one is answered with a way out.

use crate::harness::Project;

const ROWS: &[&str] = &[
    "--format",
    "--delimiter",
    "--user-pool-id",
    "--permanent",
    "--no-permanent",
    "--policy",
    "--on-duplicate",
    "--deny",
    "--allow",
    "--protect",
];
const AWS: &[&str] = &["--profile", "--region", "--endpoint-url", "--ca-bundle", "--sandbox"];
const LIVE: &[&str] = &["--live", "--live-rate", "--before", "--allow-federated", "--mau-price", "--plan"];
const RUN: &[&str] = &[
    "--skip-invalid",
    "--raw-csv",
    "--max-rows",
    "--expect-account",
    "-v, --verbose",
    "--log-format",
    "--rate",
    "--max-concurrency",
    "--grace",
    "-y, --yes",
    "-o, --report",
    "--summary",
    "-q, --quiet",
    "live",
    "none",
    "error",
    "first",
    "last",
    "csv",
    "jsonl",
    "unlimited",
];
const SANDBOX: &[&str] = &[
    "--port",
    "--users",
    "--quota",
    "--burst",
    "--latency",
    "--log",
    "--seed",
    "--fault-throttle",
    "--fault-500",
    "--fault-503",
    "--fault-html",
    "--fault-html-ok",
    "--fault-cut-before",
    "--fault-cut-after",
    "--fault-slow",
    "--slow-by",
    "--fault-expired-token",
    "--fault-access-denied",
    "--faults-after",
    "--fault-plan",
    "--state",
    "--clock",
    "--quota-window",
    "bucket",
    "aligned",
    "--quota-of",
    "--deny",
    "--verify-signatures",
    "--credentials",
    "--listen-on-all-interfaces",
    "--short-pages",
];

#[test]
fn the_help_of_each_command_names_all_its_flags() {
    let project = Project::new();
    for (command, flags) in [
        ("run", [ROWS, AWS, RUN, LIVE].concat()),
        ("check", [ROWS, AWS, LIVE, &["--rate", "--all", "--json", "--fix-report"]].concat()),
        ("report", vec!["JOURNAL", "--input", "-o", "--raw-csv", "-v, --verbose"]),
        ("sandbox", SANDBOX.to_vec()),
    ] {
        for help in ["--help", "-h"] {
            let text = project.run(&[command, help]).exits(0).stdout;
            for flag in &flags {
                assert!(text.contains(flag), "{flag} is not in `{command} {help}`:\n{text}");
            }
        }
    }
}

#[test]
fn the_help_names_the_commands_and_shows_examples() {
    let project = Project::new();
    for args in [["--help"], ["-h"], ["help"]] {
        let text = project.run(&args).exits(0).stdout;
        for word in ["run", "check", "report", "sandbox", "Examples:", "Exit codes:"] {
            assert!(text.contains(word), "{word} is not in the help:\n{text}");
        }
    }
}

#[test]
fn the_help_fits_a_terminal() {
    let project = Project::new();
    for args in [["--help", ""].as_slice(), &["run", "--help"], &["check", "--help"], &["report", "--help"], &["sandbox", "--help"]] {
        let args: Vec<_> = args.iter().copied().filter(|arg| !arg.is_empty()).collect();
        let text = project.run(&args).exits(0).stdout;
        for line in text.lines() {
            assert!(line.chars().count() <= 140, "{args:?}: {line}");
        }
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let project = Project::new();
    for args in [["--version"], ["-V"]] {
        assert_eq!(project.run(&args).exits(0).stdout, concat!("cognito-passwd ", env!("CARGO_PKG_VERSION"), "\n"));
    }
}

#[test]
fn a_misspelt_flag_is_answered_with_the_right_one() {
    let project = Project::new();
    project.run(&["run", "users.csv", "--user-pool", "x"]).exits(2).says(&["--user-pool-id"]);
    project.run(&["chekc"]).exits(2).says(&["check"]);
}

#[test]
fn a_value_that_is_none_is_refused_with_what_one_would_be() {
    let project = Project::new();
    for (flag, values, says) in [
        ("--rate", ["-1", "1/h"], "a rate is a number of requests a second"),
        ("--grace", ["abc", "-0.5"], "a number of seconds (20, 0.5)"),
        ("--outage", ["5m", "1e300"], "a number of seconds (20, 0.5)"),
        ("--max-concurrency", ["0", "-4"], "a number of calls, 1 or more"),
    ] {
        for value in values {
            project.run(&["run", "users.csv", flag, value]).exits(2).says(&[flag, value, says]);
        }
    }
}
