//! The log of `-v` and `-vv`: what it says, to whom, and what it never does.

use std::process::Command;

use crate::harness::{Finished, Project, ROOT, csv, rows};

const POOL: &str = "us-east-1_Logging00";

/// A run of three rows with these flags, where everything in the environment asks for more.
fn logged(project: &Project, flags: &[&str]) -> Finished {
    let users = rows(POOL, 3);
    let sandbox = project.sandbox(&users, &[]);
    project.give("users.csv", csv(&users));
    let mut command = project.command(&[&["run", "users.csv", "--yes", "--endpoint-url", &sandbox.url, "-o", "-"], flags].concat());
    command.envs([("RUST_LOG", "trace"), ("AWS_LOG", "trace"), ("LOG_SENSITIVE_BODIES", "true")]);
    project.start(command).finish_watched().exits(0)
}

/// The lines that begin with a time.
fn lines(finished: &Finished) -> Vec<&str> {
    finished.stderr.lines().filter(|line| line.starts_with("20") && line.contains("T")).collect()
}

#[test]
fn without_v_there_is_no_log_whatever_the_environment_says() {
    let project = Project::new();
    assert_eq!(lines(&logged(&project, &[])), Vec::<&str>::new());
}

#[test]
fn v_logs_the_steps_and_vv_each_answer_and_standard_output_stays_data() {
    let project = Project::new();
    let steps = logged(&project, &["-v"]);
    assert!(lines(&steps).iter().any(|line| line.contains(" INFO ") && line.contains("rows=3")), "{steps}");
    assert!(!steps.stderr.contains("DEBUG"), "{steps}");
    let project = Project::new();
    let answers = logged(&project, &["-vv"]);
    let answered = lines(&answers).iter().filter(|line| line.contains("DEBUG") && line.contains("answered")).count();
    assert_eq!(answered, 3, "{answers}");
    for finished in [steps, answers] {
        assert_eq!(finished.stdout.lines().count(), 4, "{finished}");
    }
}

#[test]
fn no_library_is_heard_below_warn() {
    let project = Project::new();
    for line in lines(&logged(&project, &["-vvvv"])) {
        let own = line.contains("cognito_passwd::");
        assert!(own || line.contains("WARN") || line.contains("ERROR"), "{line}");
        assert!(!line.contains("TRACE"), "{line}");
    }
}

#[test]
fn a_log_in_json_is_an_object_a_line_with_the_same_content() {
    let project = Project::new();
    let finished = logged(&project, &["-vv", "--log-format", "json"]);
    let objects: Vec<serde_json::Value> = finished.stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let answered: Vec<_> = objects.iter().filter(|object| object["message"] == "answered").collect();
    assert_eq!(answered.len(), 3, "{finished}");
    assert!(answered.iter().all(|object| object["pool"] == POOL && object["class"] == "Set" && object["level"] == "DEBUG"), "{finished}");
}

#[test]
fn a_foreign_name_cannot_move_the_cursor_through_the_log() {
    let project = Project::new();
    let name = "us\u{1b}[2Jers\u{202e}\u{200b}.csv";
    project.give(name, csv(&rows(POOL, 1)));
    for form in ["text", "json"] {
        let finished =
            project.run(&["run", name, "--sandbox", "--yes", "-vv", "--log-format", form, "-o", &format!("{form}.csv")]).exits(0);
        assert!(finished.stderr.contains("opened"), "{finished}");
        assert!(!finished.stderr.contains(['\u{1b}', '\u{202e}', '\u{200b}']), "{:?}", finished.stderr);
    }
}

/// The SDK's TRACE lines hold whole bodies. They are compiled out by two features of `tracing`, which Cargo unites over the whole tree.
#[test]
fn the_lines_of_the_sdk_that_hold_bodies_are_compiled_out() {
    let args = ["tree", "--locked", "--offline", "--edges", "normal,features", "--invert", "tracing", "--depth", "1", "--prefix", "none"];
    let tree = Command::new(env!("CARGO")).args(args).current_dir(ROOT).output().unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    for feature in ["max_level_debug", "release_max_level_debug"] {
        assert!(tree.contains(&format!("tracing feature \"{feature}\"")), "{tree}");
    }
    assert_eq!(tree.lines().filter(|line| line.starts_with("tracing v")).count(), 1, "there is one tracing:\n{tree}");
    let heard = [tracing::level_filters::STATIC_MAX_LEVEL, tracing::level_filters::LevelFilter::DEBUG];
    assert_eq!(heard[0], heard[1]);
}
