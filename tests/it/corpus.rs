//! Small files, good and bad, and what `check` finds in each: the rule, the line and the column. `tests/corpus/expected.jsonl` says of
//! every file what it is there to show; files that are read in several ways stand there several times.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cognito_passwd::validate::{Lint, Rule};
use serde::Deserialize;
use serde_json::Value;

use crate::harness::{Project, ROOT};

/// A file and what is found in it.
#[derive(Deserialize)]
struct Expected {
    file: String,
    shows: String,
    flags: Vec<String>,
    findings: Vec<Found>,
}

/// A rule, a line and a column; of the file as a whole without them.
type Found = (String, Option<u64>, Option<u64>);

fn expected() -> Vec<Expected> {
    let text = fs::read_to_string(Path::new(ROOT).join("tests/corpus/expected.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

/// The files of the corpus, copied into a project's folder, but for those that are about it.
fn with_corpus() -> (Project, BTreeSet<String>) {
    let (project, mut names) = (Project::new(), BTreeSet::new());
    let root = Path::new(ROOT).join("tests/corpus");
    for entry in fs::read_dir(&root).unwrap().map(Result::unwrap) {
        if entry.path().is_file() {
            project.give(entry.file_name().to_str().unwrap(), fs::read(entry.path()).unwrap());
            continue;
        }
        fs::create_dir(project.path(entry.file_name().to_str().unwrap())).unwrap();
        for file in fs::read_dir(entry.path()).unwrap().map(Result::unwrap) {
            let name = file.path().strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            project.give(&name, fs::read(file.path()).unwrap());
            names.insert(name);
        }
    }
    (project, names)
}

/// What `check --json` finds, and whether any of it is an error.
fn found(stdout: &str) -> (Vec<Found>, bool) {
    let records: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found = |record: &Value| (record["rule"].as_str().unwrap().to_owned(), record["line"].as_u64(), record["column"].as_u64());
    (records.iter().map(found).collect(), records.iter().any(|record| record["severity"] == "error"))
}

fn sorted(mut findings: Vec<Found>) -> Vec<Found> {
    findings.sort_by(|a, b| (a.1, a.2, &a.0).cmp(&(b.1, b.2, &b.0)));
    findings
}

#[test]
fn each_file_of_the_corpus_has_the_faults_that_it_is_there_to_show_and_no_other() {
    let (project, names) = with_corpus();
    assert!(names.len() >= 120, "{} files", names.len());
    let mut wrong = Vec::new();
    for Expected { file, shows, flags, findings } in expected() {
        let policy: &[&str] = if flags.iter().any(|flag| flag == "--policy") { &[] } else { &["--policy", "none"] };
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        let finished = project.run(&[&["check", "--json", &file], policy, &flags].concat());
        let (seen, is_error) = found(&finished.stdout);
        if sorted(seen.clone()) != sorted(findings.clone()) {
            wrong.push(format!("{file} {flags:?} ({shows}): expected {findings:?}, found {seen:?}"));
        }
        assert_eq!(finished.code(), Some(if is_error { 2 } else { 0 }), "{file}: {finished}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_is_without_a_purpose_and_no_rule_without_a_file() {
    let expected = expected();
    let listed: BTreeSet<_> = expected.iter().map(|expected| expected.file.clone()).collect();
    assert_eq!(listed, with_corpus().1);
    let shown: BTreeSet<_> = expected.iter().flat_map(|expected| &expected.findings).map(|(rule, ..)| rule.as_str()).collect();
    let all = Rule::ERRORS.into_iter().chain(Lint::ALL.map(Lint::code));
    assert_eq!(all.filter(|rule| !shown.contains(rule)).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn the_lines_of_the_readme_make_files_of_auth0s_and_firebases_exports() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let (project, _) = with_corpus();
    for export in ["exports/auth0.jsonl", "exports/firebase.json"] {
        let name = Path::new(export).file_name().unwrap().to_str().unwrap();
        let line = readme.lines().find(|line| line.contains(name) && line.contains("users.csv"));
        let line = line.unwrap_or_else(|| panic!("README.md has no line for {name}")).replace(name, export);
        project.start(project.command_of("bash", &["-euo", "pipefail", "-c", &line])).finish().exits(0);
        assert_eq!(fs::read_to_string(project.path("users.csv")).unwrap().lines().count(), 3, "`{line}`");
        let flags = ["--policy", "strict.json", "--user-pool-id", "us-east-1_Corpus000", "--json"];
        assert_eq!(project.run(&[&["check", "users.csv"][..], &flags].concat()).exits(0).stdout, "");
    }
}
