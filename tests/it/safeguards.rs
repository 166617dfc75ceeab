//! What stands between a mistake and a production pool: the expected account, the most rows, users who are never touched. And what stands
//! between the process and whoever looks at it from outside.

use std::os::unix::fs::{MetadataExt, symlink};

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{BINARY, Project, Report, Row, Running, csv, eventually, moto, rows};

const POOL: &str = "us-east-1_Safeguard0";
/// The account that moto's STS names.
const MOTOS_ACCOUNT: &str = "123456789012";

#[test]
fn nothing_is_sent_unless_sts_names_the_expected_account() {
    for (sts, expected, exit_code, words) in [
        (moto(), MOTOS_ACCOUNT, 0, "3 rows: 3 set"),
        (moto(), "210987654321", 2, MOTOS_ACCOUNT),
        ("http://127.0.0.1:1", MOTOS_ACCOUNT, 2, "not known"),
    ] {
        let project = Project::new();
        let users = rows(POOL, 3);
        let sandbox = project.sandbox(&users, &[]);
        project.give("users.csv", csv(&users));
        let args = ["run", "users.csv", "--yes", "--endpoint-url", &sandbox.url, "--expect-account", expected, "-o", "r.csv"];
        let mut command = project.command(&args);
        command.env("AWS_ENDPOINT_URL_STS", sts);
        project.start(command).finish().exits(exit_code).says(&[words]);
        assert_eq!(sandbox.attempts().len(), if exit_code == 0 { 3 } else { 0 });
    }
}

#[test]
fn a_file_with_more_rows_than_it_may_have_is_refused() {
    let project = Project::new();
    let users = rows(POOL, 3);
    let sandbox = project.sandbox(&users, &[]);
    project.give("users.csv", csv(&users));
    let run = |file: &str, most: &str| {
        project.run(&["run", file, "--yes", "--endpoint-url", &sandbox.url, "--max-rows", most, "-o", &format!("{most}.csv")])
    };
    run("users.csv", "2").exits(2).says(&["3 rows", "--max-rows allows 2"]);
    let mut piped = Running::with_pipe(&project, &["run", "-", "--yes", "--sandbox", "--max-rows", "5", "-o", "5.csv"]);
    piped.write(&csv(&users));
    piped.finish().exits(2).says(&["--max-rows needs a file"]);
    assert_eq!(sandbox.calls().iter().filter(|call| call.operation == "AdminSetUserPassword").count(), 0);
    run("users.csv", "3").exits(0);
}

#[test]
fn a_user_who_is_protected_is_never_touched() {
    let project = Project::new();
    let users = [rows(POOL, 2), vec![Row::new(POOL, "Admin", Some(true)), Row::new(POOL, "svc-backup", Some(true))]].concat();
    let sandbox = project.sandbox(&users, &[]);
    project.give("users.csv", csv(&users));
    project.give("protected.txt", "admin\n");
    let run = |protect: &str, report: &str, more: &[&str]| {
        let args = ["run", "users.csv", "--yes", "--endpoint-url", &sandbox.url, "--protect", protect, "-o", report];
        project.run(&[&args[..], more].concat())
    };
    run("protected.txt", "1.csv", &[]).exits(2).says(&["users.csv:4:", "protected-user"]);
    run("nobody.txt", "1.csv", &[]).exits(2).says(&["nobody.txt", "between slashes"]);
    assert_eq!(sandbox.attempts().len(), 0);
    run("/admin|svc-.*/", "2.csv", &["--skip-invalid"]).exits(1);
    Report::read(&project, "2.csv").holds(&[("set", 2), ("invalid", 2)]);
    assert!(sandbox.attempts().iter().all(|call| call.username.starts_with("user")));
    let found = project.run(&["check", "users.csv", "--policy", "none", "--protect", "/SVC-.*/"]).exits(2).stdout;
    assert_eq!(found.matches("protected-user").count(), 1, "{found}");
}

/// A run whose calls take long.
fn slow_run<'a>(project: &'a Project, script: &str) -> Running<'a> {
    let users = rows(POOL, 20);
    let sandbox = project.sandbox(&users, &["--latency", "20000"]);
    project.give("users.csv", csv(&users));
    let run = "exec \"$0\" run users.csv --yes --policy none --endpoint-url";
    let running = project.start(project.command_of("bash", &["-c", &format!("{script} {run} {}", sandbox.url), BINARY]));
    eventually("the first calls", || (!sandbox.calls().is_empty() || project.has("users.results.csv.journal")).then_some(()));
    std::thread::sleep(std::time::Duration::from_millis(200));
    running
}

#[test]
fn a_rehearsal_asks_nobody_on_the_network() {
    let project = Project::new();
    project.give("users.csv", csv(&rows(POOL, 3)));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut command = project.command(&["run", "users.csv", "--sandbox", "--yes", "-o", "results.csv"]);
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED"] {
        command.env_remove(name);
    }
    command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", format!("http://{}", listener.local_addr().unwrap()));
    project.start(command).finish().exits(0);
    assert!(listener.accept().is_err(), "the instance's metadata service was asked");
}

#[test]
fn a_crash_leaves_no_core() {
    let project = Project::new();
    // What dumps cores here does so: without this the test would show nothing.
    let shell = project.start(project.command_of("bash", &["-c", "ulimit -c unlimited && ulimit -c"])).finish();
    assert_eq!(shell.stdout.trim(), "unlimited", "{shell}");
    let running = slow_run(&project, "ulimit -c unlimited;");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", running.id())).unwrap();
    let core: Vec<_> = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"], "{limits}");
    kill_process(Pid::from_raw(running.id() as i32).unwrap(), Signal::ABORT).unwrap();
    let finished = running.finish();
    assert_eq!(finished.code(), None, "a signal ended it: {finished}");
    assert!(!finished.dumped_core(), "{finished}");
    assert!(project.left_behind().iter().all(|path| !path.to_string_lossy().contains("core")), "{:?}", project.left_behind());
}

/// The system gives the files of a process that may not be dumped to root, and refuses to let others of its user look into it: `gcore`,
/// `gdb -p`, `strace -p`. Root itself may.
#[test]
fn nobody_else_of_the_same_user_may_look_into_the_process() {
    if !std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        let project = Project::new();
        let running = slow_run(&project, "");
        assert!(std::fs::File::open(format!("/proc/{}/mem", running.id())).is_err());
        assert_eq!(std::fs::metadata(format!("/proc/{}/environ", running.id())).unwrap().uid(), 0);
        return;
    }
    // As root, another user is taken for the test. /proc/PID/mem is held to the same rule as ptrace.
    let nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
    let project = Project::new();
    for path in [project.path(""), project.path("home")] {
        std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
    }
    let binary = project.path("program");
    std::fs::copy(BINARY, &binary).unwrap();
    let (binary, sleep) = (binary.to_str().unwrap().to_owned(), "/bin/sleep".to_owned());
    for (program, args, refused) in [(sleep, vec!["60"], false), (binary, vec!["sandbox", "--port", "0"], true)] {
        let started = project.command_of("setpriv", &[&nobody[..], &[program.as_str()], &args].concat());
        let running = project.start(started);
        std::thread::sleep(std::time::Duration::from_millis(700));
        let memory = format!("/proc/{}/mem", running.id());
        let look = project.command_of("setpriv", &[&nobody[..], &["bash", "-c", &format!("exec 3<{memory}")]].concat());
        let looked = project.start(look).finish();
        assert_eq!(looked.code() != Some(0), refused, "{program}: {looked}");
    }
}

#[test]
fn a_link_at_an_output_is_never_followed() {
    let project = Project::new();
    let users = rows(POOL, 1);
    project.give("users.csv", csv(&users));
    project.give("precious", "mine");
    for flag in ["--report", "--summary"] {
        for target in ["precious", "nowhere"] {
            let link = format!("{}-{target}", &flag[2..]);
            symlink(project.path(target), project.path(&link)).unwrap();
            let mut args = vec!["run", "users.csv", "--sandbox", "--yes", flag, &link];
            if flag == "--summary" {
                args.extend(["--report", "other.csv"]);
            }
            project.run(&args).exits(2).says(&[&link, "exists"]);
        }
    }
    symlink(project.path("precious"), project.path("linked.csv.journal")).unwrap();
    project.run(&["run", "users.csv", "--sandbox", "--yes", "--report", "linked.csv"]).exits(2);
    assert_eq!(std::fs::read(project.path("precious")).unwrap(), b"mine");
    assert!(!project.has("nowhere"));
}

#[test]
fn what_comes_to_stand_at_the_place_of_the_report_during_a_run_is_left_alone() {
    let project = Project::new();
    let users = rows(POOL, 10);
    let sandbox = project.sandbox(&users, &["--latency", "100"]);
    project.give("users.csv", csv(&users));
    project.give("precious", "mine");
    let args = ["run", "users.csv", "--yes", "--rate", "10", "--policy", "none", "--endpoint-url", &sandbox.url, "-o", "results.csv"];
    let running = project.start(project.command(&args));
    eventually("the first call", || (!sandbox.attempts().is_empty()).then_some(()));
    symlink(project.path("precious"), project.path("results.csv")).unwrap();
    running.finish().exits(3).says(&["results.csv", "cognito-passwd report"]);
    assert_eq!(std::fs::read(project.path("precious")).unwrap(), b"mine");
    project.run(&["report", "results.csv.journal", "-o", "second.csv"]).exits(0);
    Report::read(&project, "second.csv").holds(&[("set", 10)]);
}
