//! README.md is true: every command in its ```console blocks is run, in order and in one shell, and every line shown as its output is
//! printed.
//!
//! A line that begins with `$ ` is a command (a following line belongs to it while the line before ends in a backslash), what follows is
//! output, and `...` stands for any number of lines. Numbers, times and addresses may differ. A command that is not followed by
//! `$ echo $?` must end with exit code 0. Commands that need AWS, and those that install or fetch, belong into ```sh blocks, which are
//! not run.

use std::fs;
use std::path::Path;

use crate::harness::{BINARY, Project, ROOT};

/// A command, and the lines that README.md shows as its output.
#[derive(Debug, PartialEq)]
struct Shown {
    command: String,
    output: Vec<String>,
}

/// The commands of the console blocks.
fn commands(text: &str) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    let (mut in_block, mut continues) = (false, false);
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block && line.trim() == "```console";
            continue;
        }
        if !in_block {
            continue;
        }
        if let Some(command) = line.strip_prefix("$ ") {
            shown.push(Shown { command: command.to_owned(), output: Vec::new() });
        } else if continues && let Some(last) = shown.last_mut() {
            last.command = format!("{}\n{line}", last.command);
        } else {
            shown.last_mut().unwrap_or_else(|| panic!("output before a command: {line}")).output.push(line.to_owned());
            continue;
        }
        continues = line.ends_with('\\');
    }
    shown
}

/// A line without what changes from run to run: digits and how much space they need, request ids, the names of temporary folders.
fn essence(line: &str) -> String {
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let mut essence = String::new();
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_of_a_word(c) != is_of_a_word(first)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        if word.starts_with("tmp.") {
            essence.push_str("tmp");
        } else if word.len() == 36 && word.matches('-').count() == 4 && word.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit()) {
            essence.push_str("ID");
        } else {
            for c in word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }) {
                if !(matches!(c, '0' | ' ') && essence.ends_with(c)) {
                    essence.push(c);
                }
            }
        }
    }
    essence
}

/// The first line of `expected` that is not printed in its turn.
fn missing<'a>(expected: &'a [String], printed: &str) -> Option<&'a String> {
    let mut printed = printed.lines().map(essence);
    expected.iter().filter(|line| !line.trim().is_empty() && line.trim() != "...").find(|line| !printed.any(|it| it == essence(line)))
}

/// What runs in the background ends with the shell. make is run in the repository: `make demo` with the program under test; the other
/// targets would test the tests, so they are only looked up.
const PRELUDE: &str = r#"
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
make() {
    case "$*" in
    demo) command make -C "$ROOT" --no-print-directory demo CLI="$COGNITO_PASSWD" ;;
    "" | help) command make -C "$ROOT" --no-print-directory "$@" ;;
    *) command make -C "$ROOT" --no-print-directory -n "$@" >/dev/null ;;
    esac
}
"#;

/// Runs the commands in one shell and gives what each printed and its exit code.
fn run(project: &Project, shown: &[Shown]) -> Vec<(String, i32)> {
    let mut script = PRELUDE.to_owned();
    for (n, Shown { command, .. }) in shown.iter().enumerate() {
        // What goes to the background is given time to say its address.
        let pause = if command.ends_with('&') { "\nsleep 1" } else { "" };
        script.push_str(&format!("(exit ${{code:-0}}); {command}{pause}\ncode=$?; printf '\\n@@ {n} %s\\n' $code\n"));
    }
    project.give("readme.sh", &script);
    // A link, not a function: a job in the background is then the program itself, and `kill %1` ends it.
    fs::create_dir(project.path("bin")).unwrap();
    std::os::unix::fs::symlink(BINARY, project.path("bin/cognito-passwd")).unwrap();
    let path = std::env::join_paths(
        std::iter::once(project.path("bin")).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let mut command = project.command_of("bash", &["-c", "exec bash readme.sh 2>&1"]);
    command.env("COGNITO_PASSWD", BINARY).env("ROOT", ROOT).env("PATH", path.unwrap());
    let finished = project.start(command).finish();
    let mut rest = finished.stdout.as_str();
    (0..shown.len())
        .map(|n| {
            let mark = format!("\n@@ {n} ");
            let (printed, after) = rest.split_once(&mark).unwrap_or_else(|| panic!("`{}` ended the shell: {finished}", shown[n].command));
            let (code, after) = after.split_once('\n').unwrap();
            rest = after;
            (printed.to_owned(), code.parse().unwrap())
        })
        .collect()
}

#[test]
fn commands_and_their_output_are_found_and_numbers_may_differ() {
    let text = "```console\n$ a \\\n  b\nout 1\n\n...\nout 2\n$ c\n```\n```sh\n$ no\n```\n```console\n$ d\n```\n";
    let found = commands(text);
    assert_eq!(found.iter().map(|shown| shown.command.as_str()).collect::<Vec<_>>(), ["a \\\n  b", "c", "d"]);
    assert_eq!(missing(&found[0].output, "noise\nout  17\nmore\n out 4\n"), None);
    assert_eq!(missing(&found[0].output, "out 1\n").map(String::as_str), Some("out 2"));
    let id = |id: &str| essence(&format!("set,{id},/tmp/tmp.{}/a.csv", &id[..4]));
    assert_eq!(id("8999bbda-7e54-4a88-8fde-8e98413a0949"), id("b182fba6-cde3-45d9-a53e-7e8b6e450baa"));
    assert_ne!(essence("12 set"), essence("12 unset"));
}

#[test]
fn every_command_of_the_readme_does_what_is_shown() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).expect("README.md is there");
    let shown = commands(&readme);
    assert!(shown.iter().any(|shown| shown.command.starts_with("cognito-passwd run")), "README.md shows a run");
    let project = Project::new();
    fs::create_dir(project.path("samples")).unwrap();
    for entry in fs::read_dir(Path::new(ROOT).join("samples")).unwrap() {
        let path = entry.unwrap().path();
        project.give(format!("samples/{}", path.file_name().unwrap().to_str().unwrap()), fs::read(&path).unwrap());
    }
    let results = run(&project, &shown);
    for (n, (printed, code)) in results.iter().enumerate() {
        let Shown { command, output } = &shown[n];
        let code_is_asked_for = shown.get(n + 1).is_some_and(|next| next.command == "echo $?");
        assert!(*code == 0 || code_is_asked_for, "`{command}` ended with {code}:\n{printed}");
        if let Some(line) = missing(output, printed) {
            panic!("`{command}` does not print, or not in this order:\n{line}\nIt printed:\n{printed}");
        }
    }
}

#[test]
fn the_targets_of_the_makefile_are_those_that_its_help_lists() {
    let project = Project::new();
    let makefile = fs::read_to_string(Path::new(ROOT).join("Makefile")).unwrap();
    let phony = makefile.lines().find_map(|line| line.strip_prefix(".PHONY:")).expect("a .PHONY line");
    let help = project.start(project.command_of("make", &["-C", ROOT, "help"])).finish().exits(0).stdout;
    for target in phony.split_whitespace() {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("make {target} "))), "make {target} is not in:\n{help}");
    }
}
