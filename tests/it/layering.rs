//! The house rule on who may use whom, held to by reading the sources: a room uses only rooms of a lower layer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::ROOT;

/// The rooms, lowest layer first. Rooms of one layer do not use each other.
const LAYERS: [&[&str]; 13] = [
    &["secret", "row"],
    &["outcome", "policy"],
    &["input", "journal", "cognito"],
    &["validate"],
    &["execute"],
    &["report"],
    &["aws_cli", "sandbox"],
    &["preflight"],
    &["run"],
    &["check"],
    &["cli"],
    &["fuzzing"],
    &["lib", "main"],
];

/// Rooms that must not know each other, though their layers would let them.
const STRANGERS: [(&str, &str); 2] = [("report", "execute"), ("report", "cognito")];

fn layer(room: &str) -> usize {
    let layer = LAYERS.iter().position(|rooms| rooms.contains(&room));
    layer.unwrap_or_else(|| panic!("src/ has a room {room:?} that stands in no layer; give it one in tests/it/layering.rs"))
}

/// Every source file, with the room that it belongs to.
fn sources() -> Vec<(String, PathBuf)> {
    let src = Path::new(ROOT).join("src");
    let mut folders = vec![src.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let first = path.strip_prefix(&src).unwrap().components().next().unwrap();
                found.push((first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned(), path));
            }
        }
    }
    found
}

/// The rooms that a source names after `crate::`, one by one or in a group, outside comments.
fn uses(source: &str) -> BTreeSet<String> {
    let code: String = source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let mut rooms = BTreeSet::new();
    for root in ["crate::", "cognito_passwd::"] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            let rest = &code[at + root.len()..];
            match rest.strip_prefix('{') {
                Some(group) => rooms.extend(group_members(group)),
                None => rooms.extend(identifier(rest)),
            }
        }
    }
    rooms
}

fn identifier(text: &str) -> Option<String> {
    let text = text.trim_start();
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// The first names of the members of a `use` group, up to its closing brace.
fn group_members(group: &str) -> Vec<String> {
    let mut members = Vec::new();
    let (mut depth, mut begin) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' => {
                members.extend(identifier(&group[begin..at]));
                break;
            }
            ',' if depth == 0 => {
                members.extend(identifier(&group[begin..at]));
                begin = at + 1;
            }
            _ => {}
        }
    }
    members
}

#[test]
fn a_use_is_seen_however_it_is_written() {
    let source = "use crate::row::User;\n//! [`crate::cli`]\nuse crate::{input::{self, Reader}, journal,\n policy::Policy,\n};\n\
                  fn f() { crate::report::x(); std::hint::black_box($crate::no); othercrate::no() }\n// crate::no\n";
    assert_eq!(uses(source), ["input", "journal", "policy", "report", "row"].map(str::to_owned).into());
}

#[test]
fn a_room_uses_only_rooms_of_a_lower_layer() {
    let mut faults = Vec::new();
    for (room, path) in sources() {
        for used in uses(&fs::read_to_string(&path).unwrap()) {
            let is_room = LAYERS.iter().any(|rooms| rooms.contains(&used.as_str()));
            let of_the_crates_page = room == "main" && !is_room;
            if used != room && !of_the_crates_page && layer(&used) >= layer(&room) {
                faults.push(format!("{}: {room} uses {used}", path.display()));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn strangers_do_not_know_each_other() {
    for (room, path) in sources() {
        for used in uses(&fs::read_to_string(&path).unwrap()) {
            assert!(!STRANGERS.contains(&(&room, &used)), "{}: {room} uses {used}", path.display());
        }
    }
}

#[test]
fn only_the_door_to_aws_names_its_sdk() {
    for (room, path) in sources() {
        let text = fs::read_to_string(&path).unwrap();
        // The sandbox's own tests speak to it as its users do.
        let is_client = path.parent().is_some_and(|folder| folder.ends_with("sandbox/wire_tests"));
        let names_it = !is_client && text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains("aws_sdk_"));
        assert!(!names_it || room == "cognito", "{} names the SDK", path.display());
    }
}

#[test]
fn no_name_says_nothing() {
    const EMPTY: [&str; 10] = ["util", "utils", "common", "helper", "helpers", "types", "errors", "manager", "handler", "misc"];
    for (_, path) in sources() {
        let says_nothing =
            path.components().any(|part| part.as_os_str().to_str().is_some_and(|part| EMPTY.contains(&part.trim_end_matches(".rs"))));
        assert!(!says_nothing, "{}", path.display());
    }
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let without: BTreeMap<_, _> = sources()
        .into_iter()
        .filter(|(_, path)| !path.ends_with("tests.rs") && !fs::read_to_string(path).unwrap().starts_with("//! "))
        .map(|(room, path)| (path, room))
        .collect();
    assert!(without.is_empty(), "{without:?}");
}
