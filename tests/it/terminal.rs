//! Before a person: the bar of `check`; `admin-set-user-password` with its hidden question, the questions of `--cli-auto-prompt`, Ctrl-C
//! and Ctrl-D.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::harness::{BINARY, MARK, Project, Row, Sandbox, csv, jsonl, python, rows, script};

const POOL: &str = "eu-west-1_Terminal0";

/// What the terminal showed at the end, the exit code, and whether it echoes.
struct Played {
    shown: String,
    code: i64,
    echoes: bool,
}

/// Runs the program on a terminal against a sandbox, each step a text to wait for and what is typed then.
fn play(project: &Project, sandbox: &Sandbox, args: &[&str], steps: &Value) -> Played {
    on_terminal(project, &[args, &["--endpoint-url", &sandbox.url, "--region", "eu-west-1"]].concat(), steps)
}

fn on_terminal(project: &Project, args: &[&str], steps: &Value) -> Played {
    let mut command = project.command_of(python(), &[]);
    command.arg(script("terminal.py")).arg(BINARY).args(args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(steps.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let played: Value = serde_json::from_slice(&output.stdout).expect("terminal.py printed what happened");
    let shown = played["shown"].as_str().unwrap().to_owned();
    assert!(!shown.contains(MARK), "the password is on the terminal: {shown}");
    Played { shown, code: played["code"].as_i64().unwrap(), echoes: played["echoes"].as_bool().unwrap() }
}

fn sandbox(project: &Project) -> Sandbox {
    project.sandbox(&[Row::new(POOL, "ann", None)], &[])
}

const ANN: [&str; 5] = ["admin-set-user-password", "--user-pool-id", POOL, "--username", "ann"];

#[test]
fn check_shows_how_far_it_has_come_in_bytes() {
    let project = Project::new();
    let sandbox = sandbox(&project);
    project.give("users.csv", csv(&rows(POOL, 100_000)));
    let steps = json!([["%  ", ""], [" MiB, ", ""], [" rows, ", ""]]);
    let played = play(&project, &sandbox, &["check", "users.csv", "--policy", "none"], &steps);
    assert_eq!(played.code, 0, "{}", played.shown);
    assert!(played.shown.contains("users.csv: 100,000 rows, 0 invalid"), "{}", played.shown);
}

#[test]
fn a_password_that_is_not_given_is_asked_for_hidden_and_twice() {
    let project = Project::new();
    let sandbox = sandbox(&project);
    let typed = format!("{MARK}! 1\r");
    let other = format!("{MARK}! 2\r");
    let steps = json!([
        ["New password for ann: ", typed],
        ["The same again: ", other],
        ["The two are not the same", ""],
        ["New password for ann: ", typed],
        ["The same again: ", typed],
    ]);
    let played = play(&project, &sandbox, &ANN, &steps);
    assert_eq!((played.code, played.echoes), (0, true), "{}", played.shown);
    assert_eq!(sandbox.attempts().iter().map(|call| call.confirms()).collect::<Vec<_>>(), [true]);
}

#[test]
fn a_password_that_an_input_file_leaves_out_is_asked_for_too() {
    let project = Project::new();
    let sandbox = sandbox(&project);
    let typed = format!("{MARK}! 1\r");
    let input = json!({"UserPoolId": POOL, "Username": "ann", "Permanent": true}).to_string();
    let args = ["admin-set-user-password", "--cli-input-json", &input];
    let played = play(&project, &sandbox, &args, &json!([["New password for ann: ", typed], ["The same again: ", typed]]));
    assert_eq!(played.code, 0, "{}", played.shown);
    assert_eq!(sandbox.attempts()[0].permanent, Some(true));
}

#[test]
fn ctrl_c_ends_every_question_with_130_and_ctrl_d_with_252_and_the_terminal_echoes_again() {
    let project = Project::new();
    let sandbox = sandbox(&project);
    let prompt: [&str; 2] = ["--cli-auto-prompt", "admin-set-user-password"];
    for (args, question, deed, code) in [
        (ANN.as_slice(), "New password for ann: ", json!("\u{3}"), 130),
        (&ANN, "New password for ann: ", json!({"signal": "SIGINT"}), 130),
        (&ANN, "New password for ann: ", json!("\u{4}"), 252),
        (&prompt, "User pool id: ", json!("\u{3}"), 130),
        (&prompt, "User pool id: ", json!("\u{4}"), 252),
    ] {
        let played = play(&project, &sandbox, args, &json!([[question, deed]]));
        assert_eq!((played.code, played.echoes), (code, true), "{deed} at {question:?}: {}", played.shown);
    }
    assert!(sandbox.attempts().is_empty());
}

#[test]
fn the_auto_prompt_asks_for_what_is_missing_shows_the_command_and_asks_before_it_runs() {
    let project = Project::new();
    let sandbox = sandbox(&project);
    let typed = format!("{MARK}! 1\r");
    let questions = |consent: &str| {
        json!([
            ["User pool id: ", format!("{POOL}\r")],
            ["Username: ", "ann\r"],
            ["New password for the user: ", typed],
            ["The same again: ", typed],
            ["Permanent?", "y\r"],
            ["Run it?", consent],
        ])
    };
    let args = ["admin-set-user-password", "--cli-auto-prompt"];
    let declined = play(&project, &sandbox, &args, &questions("n\r"));
    assert_eq!((declined.code, sandbox.attempts().len()), (252, 0), "{}", declined.shown);
    let run = play(&project, &sandbox, &args, &questions("y\r"));
    assert_eq!(run.code, 0, "{}", run.shown);
    assert!(run.shown.contains("--username=ann"), "the command is shown: {}", run.shown);
    assert_eq!(sandbox.attempts()[0].permanent, Some(true));
}

#[test]
fn an_option_that_is_missing_besides_the_password_is_the_usual_error_on_a_terminal_too() {
    let project = Project::new();
    let played = play(&project, &sandbox(&project), &["admin-set-user-password", "--username", "ann"], &json!([]));
    assert_eq!(played.code, 252);
    assert!(played.shown.contains("the following arguments are required: --user-pool-id, --password"), "{}", played.shown);
}

/// What terminals obey and readers do not see: a title set, a screen cleared, text turned around, letters that show nothing.
const TRICKS: [&str; 8] = ["\u{1b}]0;pwned\u{7}", "\u{1b}[2J", "\u{9b}31m", "\u{202e}", "\u{200b}", "\u{3164}", "\u{34f}", "\u{fe0f}"];

#[test]
fn no_command_obeys_or_hides_what_stands_in_a_username() {
    let project = Project::new();
    let users: Vec<_> =
        TRICKS.iter().map(|trick| format!("a{trick}b")).chain(["a\rb", "a\nb", "=1+1", "@x", "ann"].map(str::to_owned)).collect();
    let rows: Vec<_> = users.iter().map(|user| Row::new(POOL, user, Some(true))).collect();
    let sandbox = sandbox(&project);
    for name in ["users.jsonl", "again.jsonl", "once-more.jsonl"] {
        project.give(name, jsonl(&rows));
    }
    let run = |name, rest: &[&'static str]| [["run", name, "--skip-invalid", "--yes", "-vv", "--policy", "none"].as_slice(), rest].concat();
    let commands = [
        ["check", "users.jsonl", "--all"].as_slice(),
        &["check", "users.jsonl", "--json"],
        &["check", "users.jsonl", "--live", "--policy", "none"],
        &run("users.jsonl", &["-o", "kept.jsonl"]),
        &run("again.jsonl", &["-o", "-"]),
        &run("once-more.jsonl", &["-o", "/dev/tty", "--summary", "-", "--log-format", "json"]),
    ];
    let mut shown: Vec<_> = commands.iter().map(|args| play(&project, &sandbox, args, &json!([])).shown).collect();
    shown.push(on_terminal(&project, &["report", "kept.jsonl.journal"], &json!([])).shown);
    for user in &users {
        let args = ["admin-set-user-password", "--user-pool-id", POOL, "--username", user, "--password", "file://none"];
        shown.push(play(&project, &sandbox, &args, &json!([])).shown);
    }
    for (shown, trick) in shown.iter().flat_map(|shown| TRICKS.map(|trick| (shown, trick))) {
        assert!(!shown.contains(trick), "{trick:?} in {shown:?}");
    }
    for user in ["a\\u{202e}b", "a\\nb", "a\\rb", "'=1+1"] {
        assert!(shown[4].contains(user) && shown[6].contains(user), "{} {}", shown[4], shown[6]);
    }
    let kept = std::fs::read_to_string(project.path("kept.jsonl")).unwrap();
    let kept: Vec<Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(kept.iter().map(|row| row["username"].as_str().unwrap()).collect::<Vec<_>>(), users, "a file holds what was given");
}
