//! Promises of the whole stage: by example, and over any bytes at all.

use std::ops::ControlFlow;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::input::{self, Defaults, Format, Limits, Origin, Reader, Settings};
use crate::policy::Policy;
use crate::row::PoolId;

const HEADER: &str = "user_pool_id,username,password,permanent\n";
const POOL: &str = "us-east-1_a";

fn settings(origin: Origin, format: Option<Format>) -> Settings {
    Settings { origin, format, delimiter: None, defaults: Defaults::default() }
}

/// A file that is gone when it is dropped.
fn file(content: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), content).expect("room on the disk");
    file
}

fn open(path: &Path, format: Format, limits: Limits) -> Result<Reader, input::InputError> {
    input::open_with(&settings(Origin::File(path.to_owned()), Some(format)), limits)
}

fn no_policy(_: &PoolId) -> Option<Policy> {
    None
}

/// What a checked row came to, in a line.
fn say(checked: Checked<'_>) -> String {
    let codes = |findings: &[Finding]| findings.iter().map(place_and_code).collect::<Vec<_>>().join(" ");
    match checked {
        Checked::Valid(candidate) => {
            let row = candidate.take();
            format!("{}@{} {} {}", row.number(), row.line(), row.user().username, row.lifetime().is_permanent())
        }
        Checked::Invalid { row, findings } => {
            format!("{}@{} {} invalid {}", row.row, row.line, if row.username.is_empty() { "?" } else { &row.username }, codes(&findings))
        }
        Checked::Skipped { row, winner } => {
            format!("{}@{} {} skipped {winner}", row.row, row.line, if row.username.is_empty() { "?" } else { &row.username })
        }
    }
}

fn place_and_code(finding: &Finding) -> String {
    format!("{}:{} {}", finding.line, finding.column, finding.rule.code())
}

fn stream_all(reader: &mut Reader, duplicates: &mut Duplicates) -> Result<Vec<String>, input::InputError> {
    let mut rows = Vec::new();
    let sink = &mut |checked: Checked<'_>| {
        rows.push(say(checked));
        ControlFlow::Continue(())
    };
    stream(reader, &mut Policies::new(no_policy), duplicates, sink)?;
    Ok(rows)
}

/// Both passes over a file: the survey, its findings, and the rows.
fn both(content: &[u8], format: Format, limits: Limits, on_duplicate: OnDuplicate) -> Result<(Survey, Vec<Finding>, Vec<String>), String> {
    let file = file(content);
    let mut findings = Vec::new();
    let mut run = || {
        let mut reader = open(file.path(), format, limits)?;
        let policies = &mut Policies::new(no_policy);
        let mut survey = survey(&mut reader, policies, on_duplicate, &mut |_, _| {}, &mut |finding| findings.push(finding))?;
        let rows = stream_all(&mut reader, &mut survey.duplicates)?;
        Ok((survey, rows))
    };
    let (survey, rows) = run().map_err(|error: input::InputError| format!("{:?} {:?}", error.place(), error.problem()))?;
    Ok((survey, findings, rows))
}

fn both_of_csv(rows: &str, on_duplicate: OnDuplicate) -> (Survey, Vec<Finding>, Vec<String>) {
    both([HEADER, rows].concat().as_bytes(), Format::Csv, Limits::default(), on_duplicate).expect("rows")
}

#[test]
fn every_rule_that_a_row_breaks_is_found_where_it_stands() {
    let policy = Policy { minimum_length: 8, require_numbers: true, ..Policy::default() };
    let file = file(format!("{HEADER}nowhere,a b,x,\n{POOL},ünï,\" ab\",true\n{POOL},u,Sw0rdfish,\n{POOL},,\"\",maybe\n").as_bytes());
    let mut reader = open(file.path(), Format::Csv, Limits::default()).expect("a reader");
    let mut found = Vec::new();
    let findings = &mut |finding: Finding| found.push(place_and_code(&finding));
    let survey =
        survey(&mut reader, &mut Policies::new(|_: &PoolId| Some(policy)), OnDuplicate::Error, &mut |_, _| {}, findings).expect("rows");
    assert_eq!(
        found,
        [
            "2:1 pool-id",
            "2:9 username-character",
            "2:13 password-too-short",
            "3:17 password-leading-space",
            "3:17 policy-minimum-length",
            "3:17 policy-numbers",
            "5:17 not-a-boolean",
        ]
    );
    assert_eq!((survey.rows, survey.valid, survey.invalid, survey.permanent, survey.temporary), (4, 1, 3, 0, 1));
}

#[test]
fn each_pools_policy_is_asked_for_once_and_in_order() {
    let rows: String = (0..500).map(|row| format!("us-east-1_{},u{row},ab,\n", [7, 3, 9][row % 3])).collect();
    let file = file([HEADER, &rows].concat().as_bytes());
    let mut asked = Vec::new();
    let mut policies = Policies::new(|pool: &PoolId| {
        asked.push(pool.to_string());
        None
    });
    let mut reader = open(file.path(), Format::Csv, Limits { rows: 2, ..Limits::default() }).expect("a reader");
    let mut survey = survey(&mut reader, &mut policies, OnDuplicate::Error, &mut |_, _| {}, &mut |_| {}).expect("rows");
    stream(&mut reader, &mut policies, &mut survey.duplicates, &mut |_: Checked<'_>| ControlFlow::Continue(())).expect("rows");
    assert_eq!(policies.known().count(), 3);
    drop(policies);
    assert_eq!(asked, ["us-east-1_7", "us-east-1_3", "us-east-1_9"]);
}

#[test]
fn under_error_every_row_of_a_group_is_invalid_and_names_another() {
    let (survey, findings, rows) = both_of_csv(
        &format!("{POOL},u,ab,true\n\n{POOL},v,ab,\n{POOL},u,\"cd\",\nus-east-1_b,u,ab,\n{POOL},u,x,\n{POOL},u,ef,true\n"),
        OnDuplicate::Error,
    );
    assert_eq!((survey.rows, survey.valid, survey.invalid, survey.skipped), (6, 2, 4, 0));
    assert_eq!((survey.permanent, survey.temporary, survey.pools.len()), (0, 2, 2));
    let found: Vec<_> = findings.iter().map(|finding| format!("{} {}", place_and_code(finding), finding.message)).collect();
    let advice = "is for the same user. Remove one of them, or choose with --on-duplicate";
    assert_eq!(found[0], "7:15 password-too-short the password must have at least 2 characters");
    assert_eq!(
        found[1..],
        [
            format!("2:1 duplicate-user row 3 (line 5) {advice}"),
            format!("5:1 duplicate-user row 1 (line 2) {advice}"),
            format!("8:1 duplicate-user row 1 (line 2) {advice}"),
        ]
    );
    assert_eq!(rows[..2], ["1@2 u invalid 2:1 duplicate-user", "2@4 v false"]);
}

/// Knows of its pools whether they tell upper from lower case, and nothing else.
struct Case(Option<bool>);

impl PolicySource for Case {
    fn policy(&mut self, _: &PoolId) -> Option<Policy> {
        None
    }

    fn case_sensitive(&mut self, _: &PoolId) -> Option<bool> {
        self.0
    }
}

#[test]
fn names_that_differ_in_case_alone_are_one_user_two_or_a_warning_as_the_pool_has_it() {
    let file = file(format!("{HEADER}{POOL},Éva,ab,\n{POOL},bob,ab,\n{POOL},éva,ab,\n").as_bytes());
    let found = |case_sensitive| {
        let mut reader = open(file.path(), Format::Csv, Limits::default()).expect("a reader");
        let mut findings = Vec::new();
        let policies = &mut Policies::new(Case(case_sensitive));
        let hear = &mut |finding: Finding| findings.push((place_and_code(&finding), finding.severity));
        let survey = survey(&mut reader, policies, OnDuplicate::Error, &mut |_, _| {}, hear).expect("rows");
        (survey.valid, findings)
    };
    let both = |code, severity| ["2:1", "4:1"].map(|place| (format!("{place} {code}"), severity)).to_vec();
    assert_eq!(found(Some(false)), (1, both("duplicate-user", Severity::Error)));
    assert_eq!(found(Some(true)), (3, Vec::new()));
    assert_eq!(found(None), (3, both("username-case", Severity::Warning)));
}

#[test]
fn under_first_and_last_one_row_of_a_group_wins_and_the_others_name_it() {
    let text = format!("{POOL},u,ab,true\n{POOL},u,x,\n{POOL},u,cd,\n{POOL},u,ef,\n");
    let (survey, findings, rows) = both_of_csv(&text, OnDuplicate::First);
    assert_eq!((survey.valid, survey.invalid, survey.skipped, survey.permanent, survey.temporary), (1, 1, 2, 1, 0));
    assert_eq!(findings.len(), 1);
    assert_eq!(rows, ["1@2 u true", "2@3 u invalid 3:15 password-too-short", "3@4 u skipped 1", "4@5 u skipped 1"]);
    let (survey, _, rows) = both_of_csv(&text, OnDuplicate::Last);
    assert_eq!((survey.valid, survey.skipped, survey.permanent, survey.temporary), (1, 2, 0, 1));
    assert_eq!([&rows[0], &rows[2], &rows[3]], ["1@2 u skipped 4", "3@4 u skipped 4", "4@5 u false"]);
}

#[test]
fn standard_input_finds_duplicates_as_they_come_and_refuses_to_know_the_last() {
    let text = format!("{HEADER}{POOL},u,ab,\n{POOL},u,x,\n{POOL},u,cd,\n");
    let rows = |on_duplicate| {
        let mut reader = input::open_bytes(text.as_bytes(), &settings(Origin::Stdin, None), Limits::default()).expect("a reader");
        stream_all(&mut reader, &mut Duplicates::of_stream(on_duplicate, Lints::default()).expect("not the last")).expect("rows")
    };
    assert_eq!(rows(OnDuplicate::Error)[2], "3@4 u invalid 4:1 duplicate-user");
    assert_eq!(rows(OnDuplicate::First)[2], "3@4 u skipped 1");
    assert!(Duplicates::of_stream(OnDuplicate::Last, Lints::default()).is_err_and(|error| error.to_string().contains("read once")));
}

#[test]
fn standard_input_cannot_be_surveyed() {
    let mut reader = input::open_bytes(b"{}", &settings(Origin::Stdin, None), Limits::default()).expect("a reader");
    let policies = &mut Policies::new(no_policy);
    let result = survey(&mut reader, policies, OnDuplicate::Error, &mut |_, _| {}, &mut |_| {});
    assert!(result.is_err_and(|error| matches!(error.problem(), input::Problem::ReadOnce)));
}

#[test]
fn a_valid_row_carries_what_is_sent() {
    let text = format!("{HEADER}{POOL},u,\" a\n\",\n\n{POOL},üser,\"p,\"\" w\",TRUE\n");
    let mut reader = input::open_bytes(text.as_bytes(), &settings(Origin::Stdin, None), Limits::default()).expect("a reader");
    let (mut invalid, mut valid) = (Vec::new(), Vec::new());
    let duplicates = &mut Duplicates::of_stream(OnDuplicate::Error, Lints::default()).expect("not the last");
    let sink = &mut |checked: Checked<'_>| {
        match checked {
            Checked::Valid(candidate) => valid.push(candidate.take()),
            Checked::Invalid { row, .. } | Checked::Skipped { row, .. } => invalid.push(row),
        }
        ControlFlow::Continue(())
    };
    stream(&mut reader, &mut Policies::new(no_policy), duplicates, sink).expect("rows");
    let ([row], [valid]) = (&invalid[..], &valid[..]) else { panic!("{invalid:?} {valid:?}") };
    assert_eq!((row.pool.as_str(), row.lifetime), (POOL, Some(Lifetime::Temporary)));
    assert_eq!((valid.number(), valid.line(), valid.password().expose()), (RowNumber(2), 5, "p,\" w"));
    let user = User { pool: PoolId::parse(POOL).expect("a pool id"), username: "üser".into() };
    let expected = ValidRow::for_test(4, user, "another", Lifetime::Permanent);
    assert_eq!((valid.digest(), valid.line()), (expected.digest(), expected.line()));
    assert!(!format!("{valid:?}").contains("p,"));
}

#[test]
fn a_malformed_row_shows_none_of_its_fields() {
    let text = format!("{HEADER}{POOL},u,pass,word,true\n");
    let (_, _, rows) = both(text.as_bytes(), Format::Csv, Limits::default(), OnDuplicate::Error).expect("rows");
    assert_eq!(rows, ["1@2 ? invalid 2:25 field-count"]);
}

#[test]
fn a_sink_that_breaks_off_gets_no_more_rows() {
    let text = [HEADER, &format!("{POOL},u,ab,\n").repeat(100)].concat();
    let mut reader = input::open_bytes(text.as_bytes(), &settings(Origin::Stdin, None), Limits::default()).expect("a reader");
    let mut rows = 0;
    let duplicates = &mut Duplicates::of_stream(OnDuplicate::First, Lints::default()).expect("not the last");
    let sink = &mut |_: Checked<'_>| {
        rows += 1;
        if rows == 7 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    stream(&mut reader, &mut Policies::new(no_policy), duplicates, sink).expect("rows");
    assert_eq!(rows, 7);
}

/// Pieces from which interesting files are made.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "\"", "\"\"", ",", "\n", "\r\n", "\r", "us-east-1_a", "us-west-2_b", "u", "v", "Passw0rd", "true", "FALSE", " ", "é", "😀", ":", "{", "}",
            "null", "[1]", "\\u0041", "\u{feff}",
            "us-east-1_a,u,Passw0rd,true\n", "us-east-1_a,v,\"Pass,\"\"\nw0rd\",\n",
            "{\"user_pool_id\":\"us-east-1_a\",\"username\":\"u\",\"password\":\"Passw0rd\"}\n",
            "{\"UserPoolId\":\"us-east-1_a\",\"username\":\"v\",\"password\":\"\\u0041b\",\"x\":[{}],\"Permanent\":true}\r\n",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..4),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn any_input() -> impl Strategy<Value = (Vec<u8>, Format)> {
    let csv = (prop_oneof![Just(HEADER), Just("\u{feff}password,pool,username\r\n"), Just("")], pieces());
    prop_oneof![
        csv.prop_map(|(header, rows)| ([header.as_bytes(), &rows].concat(), Format::Csv)),
        pieces().prop_map(|lines| (lines, Format::Jsonl)),
    ]
}

/// Lints at levels of any kind.
fn any_lints() -> impl Strategy<Value = Lints> {
    prop::collection::vec(prop::sample::select(vec![Level::Allow, Level::Warn, Level::Deny]), Lint::ALL.len()).prop_map(|levels| {
        let mut lints = Lints::default();
        Lint::ALL.into_iter().zip(levels).for_each(|(lint, level)| lints.set(lint, level));
        lints
    })
}

/// Rows that give cause for lints of every kind, those of rows beside each other among them.
fn suspect_rows() -> impl Strategy<Value = String> {
    let password = prop::sample::select(vec![
        "Passw0rd-1",
        "Passw0rd-1",
        "Passw0rd-1",
        "It\u{2019}s",
        "a\u{200b}b",
        "a\u{a0}b",
        "ab\\n",
        "${A}",
        "NULL",
        "1.23E+10",
        "e\u{301}",
        "\u{c3}\u{a9}",
        "u",
        "x",
        "password",
    ]);
    let user = prop::sample::select(vec!["u", "U", "v", "V", "username", "1-Mar", "a b", ""]);
    let row = (user, 0_u8..9, password).prop_map(|(user, number, password)| {
        format!("{POOL},{user}{},{password},\n", if number < 5 { String::new() } else { number.to_string() })
    });
    prop::collection::vec(row, 0..60).prop_map(|rows| [HEADER, &rows.concat()].concat())
}

proptest! {
    #[test]
    fn bytes_of_no_kind_make_anything_panic(content in prop::collection::vec(any::<u8>(), 0..400), jsonl in any::<bool>(), lints in any_lints()) {
        let format = if jsonl { Format::Jsonl } else { Format::Csv };
        let Ok(mut reader) = input::open_bytes(&content, &settings(Origin::Stdin, Some(format)), Limits::default()) else { return Ok(()) };
        let duplicates = Duplicates::of_stream(OnDuplicate::Error, lints).expect("not the last");
        let policies = &mut Policies::new(no_policy).with_lints(lints);
        let _ = survey_once(&mut reader, policies, duplicates, &mut |_| {});
    }

    #[test]
    fn what_a_survey_counts_is_what_the_second_pass_hands_out_whatever_is_denied(
        content in suspect_rows(),
        lints in any_lints(),
        on_duplicate in prop::sample::select(vec![OnDuplicate::Error, OnDuplicate::First, OnDuplicate::Last]),
    ) {
        let file = file(content.as_bytes());
        let mut reader = open(file.path(), Format::Csv, Limits::default()).expect("a reader");
        let policies = &mut Policies::new(no_policy).with_lints(lints);
        let mut findings = Vec::new();
        let surveyed = survey(&mut reader, policies, on_duplicate, &mut |_, _| {}, &mut |finding| findings.push(finding));
        let Ok(mut survey) = surveyed else { return Ok(()) };
        let (mut valid, mut invalid, mut skipped) = (0, Vec::new(), 0);
        stream(&mut reader, policies, &mut survey.duplicates, &mut |checked: Checked<'_>| {
            match checked {
                Checked::Valid(_) => valid += 1,
                Checked::Invalid { row, .. } => invalid.push(row.row),
                Checked::Skipped { .. } => skipped += 1,
            }
            ControlFlow::Continue(())
        }).expect("rows");
        prop_assert_eq!((survey.valid, survey.invalid, survey.skipped), (valid, invalid.len() as u64, skipped));
        let level = |finding: &Finding| finding.rule.lint().map(|lint| lints.level(lint));
        prop_assert!(findings.iter().all(|finding| match level(finding) {
            None | Some(Level::Deny) => finding.severity == Severity::Error,
            Some(Level::Warn) => finding.severity == Severity::Warning,
            Some(Level::Allow) => false,
        }), "{:?}", findings);
        let mut errors: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Error).map(|finding| finding.row).collect();
        errors.sort();
        errors.dedup();
        prop_assert_eq!(errors, invalid);
    }

    #[test]
    fn any_bytes_are_read_or_refused_and_no_row_is_lost(
        (content, format) in any_input(),
        on_duplicate in prop::sample::select(vec![OnDuplicate::Error, OnDuplicate::First, OnDuplicate::Last]),
    ) {
        let Ok((survey, findings, rows)) = both(&content, format, Limits::default(), on_duplicate) else { return Ok(()) };
        prop_assert_eq!(survey.rows, survey.valid + survey.invalid + survey.skipped);
        prop_assert_eq!(survey.valid, survey.permanent + survey.temporary);
        prop_assert_eq!(survey.rows, rows.len() as u64);
        let count = |word: &str| rows.iter().filter(|row| row.contains(word)).count() as u64;
        prop_assert_eq!((survey.invalid, survey.skipped), (count(" invalid "), count(" skipped ")));
        for (number, row) in rows.iter().enumerate() {
            let begin = format!("{}@", number + 1);
            prop_assert!(row.starts_with(&begin), "{}", row);
        }
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        let mut found: Vec<_> = errors.map(place_and_code).collect();
        let mut streamed: Vec<_> = rows.iter().filter_map(|row| Some(row.split_once(" invalid ")?.1.to_owned())).collect();
        streamed = streamed.iter().flat_map(|codes| codes.split(' ').collect::<Vec<_>>().chunks(2).map(|pair| pair.join(" ")).collect::<Vec<_>>()).collect();
        found.sort();
        streamed.sort();
        prop_assert_eq!(found, streamed);
    }

    #[test]
    fn the_size_of_buffers_and_batches_changes_nothing((content, format) in any_input(), rows in 1_usize..4, chunk in 1_usize..9) {
        let large = both(&content, format, Limits::default(), OnDuplicate::First).map(|(_, findings, rows)| (findings, rows));
        let small = Limits { rows, bytes: 20, chunk, ..Limits::default() };
        let small = both(&content, format, small, OnDuplicate::First).map(|(_, findings, rows)| (findings, rows));
        prop_assert_eq!(large, small);
    }

    #[test]
    fn a_short_limit_refuses_the_same_record_whatever_the_buffers(content in pieces(), chunk in 1_usize..9) {
        let content = [HEADER.as_bytes(), &content].concat();
        let read = |chunk| both(&content, Format::Csv, Limits { record: 60, chunk, ..Limits::default() }, OnDuplicate::First).map(|(_, _, rows)| rows);
        prop_assert_eq!(read(chunk), read(1 << 16));
    }

    #[test]
    fn what_was_written_is_what_is_read(
        rows in prop::collection::vec(("[a-zA-Z0-9é]{1,9}", "[!-~é\",\r\n ]{0,9}", "[a-z,\"\n ]{0,5}"), 1..20),
        crlf in any::<bool>(),
    ) {
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().terminator(terminator).from_writer(Vec::new());
        writer.write_record(["username", "note", "password", "pool"]).expect("memory");
        for (username, password, note) in &rows {
            writer.write_record([username, note, &format!("<{password}>"), POOL]).expect("memory");
        }
        let content = writer.into_inner().expect("memory");
        let mut reader = input::open_bytes(&content, &settings(Origin::Stdin, None), Limits { chunk: 7, ..Limits::default() }).expect("a reader");
        let mut batch = input::Batch::default();
        let mut read = Vec::new();
        loop {
            reader.fill(&mut batch).expect("rows");
            if batch.is_empty() {
                break;
            }
            for index in 0..batch.len() {
                let row = batch.row(index).expect("it was written well");
                read.push((row.username.into_owned(), row.password.expose().to_owned()));
            }
        }
        let written: Vec<_> = rows.into_iter().map(|(username, password, _)| (username, format!("<{password}>"))).collect();
        prop_assert_eq!(read, written);
    }
}
