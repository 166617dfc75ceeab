//! Whatever bytes the file holds: they parse or are refused, nothing panics, and the outcomes sum to the rows.

use proptest::prelude::*;

use crate::harness::{MARK, Project, Report, journal_of};

const POOL: &str = "us-east-1_Property0";

/// Pieces that files are made of, sound and broken.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(format!("{POOL},ann,{MARK}!1,true\n").into_bytes()),
        4 => "[a-z]{1,6}".prop_map(|name| format!("{POOL},{name},{MARK}!1,\n").into_bytes()),
        3 => "[a-z]{1,6}".prop_map(|name| format!("{{\"UserPoolId\":\"{POOL}\",\"Username\":\"{name}\",\"Password\":\"{MARK}!1\"}}\n").into_bytes()),
        1 => prop::sample::select(vec!["\"", "\n", "\r\n", ",", ",,,,", "{", "}", "[", "null\n", "\u{feff}", "\u{0}", "\\", "\"\"", "true", "é"])
            .prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// A file of pieces, mostly behind a header.
fn file() -> impl Strategy<Value = Vec<u8>> {
    let header = prop_oneof![
        3 => Just(&b"user_pool_id,username,password,permanent\n"[..]),
        1 => Just(&b"\xef\xbb\xbfUsername,Password\r\n"[..]),
        2 => Just(&b""[..]),
    ];
    (header, pieces()).prop_map(|(header, pieces)| [header, &pieces].concat())
}

fn parses_or_is_refused(name: &str, bytes: &[u8]) -> Result<(), TestCaseError> {
    let project = Project::new();
    project.give(name, bytes);
    let checked = project.run(&["check", name, "--policy", "none"]);
    prop_assert!(matches!(checked.code(), Some(0 | 2)), "{}", checked);

    let args =
        ["run", name, "--sandbox", "--yes", "--skip-invalid", "--rate", "unlimited", "-o", "results.csv", "--summary", "summary.json"];
    let ran = project.run(&args);
    prop_assert!(matches!(ran.code(), Some(0..=2)), "{}", ran);
    if ran.code() == Some(2) {
        prop_assert!(!project.has("results.csv") && !project.has(&journal_of("results.csv")), "{}", ran);
        return Ok(());
    }
    let report = Report::read(&project, "results.csv");
    report.agrees_with(&project, "summary.json");
    prop_assert_eq!(ran.code() == Some(0), report.count("set") == report.0.len());
    // The sandbox is made of the valid rows, so that none of them can be refused.
    prop_assert_eq!(report.count("unknown") + report.count("not_sent"), 0);
    if checked.code() == Some(0) {
        prop_assert_eq!(report.count("invalid"), 0, "check passed, and run found: {}", ran);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_as_csv_parse_or_are_refused_and_the_outcomes_sum_to_the_rows(bytes in file()) {
        parses_or_is_refused("users.csv", &bytes)?;
    }

    #[test]
    fn any_bytes_as_jsonl_parse_or_are_refused_and_the_outcomes_sum_to_the_rows(bytes in file()) {
        parses_or_is_refused("users.jsonl", &bytes)?;
    }
}
