//! Promises of the whole stage, by example.

use std::io::Write;

use super::*;

const HEADER: &str = "user_pool_id,username,password,permanent\n";

fn settings(origin: Origin) -> Settings {
    Settings { origin, format: None, delimiter: None, defaults: Defaults::default() }
}

/// Every row as text, or its fault as `line:column code`.
fn rows_of(reader: &mut Reader) -> Result<Vec<String>, InputError> {
    let (mut batch, mut rows) = (Batch::default(), Vec::new());
    loop {
        reader.fill(&mut batch)?;
        if batch.is_empty() {
            return Ok(rows);
        }
        for index in 0..batch.len() {
            rows.push(match batch.row(index) {
                Ok(row) => {
                    assert_eq!((row.number, row.line), (batch.number(index), batch.line(index)));
                    let permanent = row.lifetime.is_permanent();
                    format!("{}@{} {}|{}|{}|{permanent}", row.number, row.line, row.pool, row.username, row.password.expose())
                }
                Err(Malformed { number, place: Place { line, column }, flaw }) => {
                    assert_eq!(number, batch.number(index));
                    format!("{line}:{column} {}", flaw.code())
                }
            });
        }
    }
}

fn read_with(text: &[u8], settings: &Settings, limits: Limits) -> Result<Vec<String>, String> {
    open_bytes(text, settings, limits).and_then(|mut reader| rows_of(&mut reader)).map_err(|error| error.to_string())
}

fn read(text: &str) -> Result<Vec<String>, String> {
    read_with(text.as_bytes(), &settings(Origin::Stdin), Limits::default())
}

/// The rows behind the usual header.
fn csv(rows: &[u8]) -> Vec<String> {
    read_with(&[HEADER.as_bytes(), rows].concat(), &settings(Origin::Stdin), Limits::default()).expect("rows")
}

fn file(name: &str, content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, content).expect("a file");
    (folder, path)
}

#[test]
fn csv_rows_are_read_as_they_stand() {
    assert_eq!(
        csv(b"p,u,pw,true\n\np,\"u,\"\"2\"\"\",\" a\nb\",FALSE\r\n,,,\n"[..].strip_suffix(b",,,\n").expect("a suffix")),
        ["1@2 p|u|pw|true", "2@4 p|u,\"2\"| a\nb|false", "7:1 field-count"][..2]
    );
}

#[test]
fn the_end_of_a_line_is_lf_or_crlf_and_a_byte_order_mark_is_no_content() {
    for text in ["pool,Username,Password\np,u,é\n\np,v,w", "\u{feff}pool,Username,Password\r\np,u,é\r\n\r\np,v,w\r\n"] {
        assert_eq!(read(text), Ok(vec!["1@2 p|u|é|false".to_owned(), "2@4 p|v|w|false".to_owned()]));
    }
    let json = "\u{feff}{\"pool\":\"p\",\"Username\":\"u\",\"password\":\"é\"}\r\n \r\n{\"pool\":\"p\",\"Username\":\"v\",\"Password\":\"\\u0077\"}";
    assert_eq!(read(json), Ok(vec!["1@1 p|u|é|false".to_owned(), "2@3 p|v|w|false".to_owned()]));
}

#[test]
fn a_line_of_the_aws_cli_skeleton_is_a_row() {
    let line = r#"{"UserPoolId": "us-east-1_a", "Username": "alice", "Password": "Sw0rdfish!", "Permanent": true}"#;
    assert_eq!(read(line), Ok(vec!["1@1 us-east-1_a|alice|Sw0rdfish!|true".to_owned()]));
}

#[test]
fn a_rows_own_value_wins_over_the_default() {
    let defaults = Defaults { pool: Some("d".to_owned()), lifetime: Some(Lifetime::Permanent) };
    let settings = Settings { defaults, ..settings(Origin::Stdin) };
    let read = |text: &str| read_with(text.as_bytes(), &settings, Limits::default());
    let expected = Ok(vec!["1@2 d|u|w|true".to_owned(), "2@3 p|u|w|false".to_owned()]);
    assert_eq!(read("username,pool,password,permanent\nu,,w,\nu,p,w,false"), expected);
    assert_eq!(read("username,password\nu,w"), Ok(vec!["1@2 d|u|w|true".to_owned()]));
    let lines = "\n{\"username\":\"u\",\"password\":\"w\",\"pool\":null,\"permanent\":null}\n\
                 {\"username\":\"u\",\"password\":\"w\",\"pool\":\"p\",\"permanent\":false}";
    assert_eq!(read(lines), expected);
}

#[test]
fn a_malformed_csv_row_is_blamed_where_its_fault_begins() {
    for (row, blame) in [
        (&b"p,u,pa\"ss,true"[..], "2:7 quote-in-field"),
        (b"p,\xC3\xA9\xC3\xA9,\"pa\"ss,true", "2:10 text-after-quote"),
        (b"p,\"u\nv\",\"pa\"ss,true", "3:8 text-after-quote"),
        (b"p,\"u\r\n\r\nv\",w,maybe", "4:6 not-a-boolean"),
        (b"p,u,\"w,true\nx,y", "2:5 unclosed-quote"),
        (b"p,u,w", "2:1 field-count"),
        (b"p,u,w,true,x", "2:12 field-count"),
        (b"\r\n\r\np,u,w,true,", "4:12 field-count"),
        (b"p,u,w\xFF,true", "2:5 not-utf8"),
        (b"p,u,w,1", "2:7 not-a-boolean"),
        (b",u,w,true", "2:1 missing-field"),
    ] {
        assert_eq!(csv(row), [blame], "{}", row.escape_ascii());
    }
}

#[test]
fn a_malformed_row_does_not_hide_the_rows_after_it() {
    let rows = csv(b"p,u,w\np,\"u\"x,w,true\np,u,w,true\n");
    assert_eq!(rows, ["2:1 field-count", "3:6 text-after-quote", "3@4 p|u|w|true"]);
}

#[test]
fn a_malformed_json_row_is_blamed_where_its_fault_begins() {
    for (line, blame) in [
        (r#"{"pool":"é","username":"u","password":"w","permanent":"true"}"#, "1:55 wrong-type"),
        (r#"{"pool":"p","username":7,"password":"w"}"#, "1:24 wrong-type"),
        (r#"{"pool":"p","username":["a"],"password":"w"}"#, "1:24 wrong-type"),
        (r#"{"pool":"p","username":"u","password":{"a":{}}}"#, "1:39 wrong-type"),
        (r#"{"pool":"p","username":"u","password":"w","Password":"x"}"#, "1:54 repeated-field"),
        (r#"{"pool":"p","username":"u","password":"w","password":"w"}"#, "1:54 repeated-field"),
        (r#"{"username":"u","password":"w"}"#, "1:1 missing-field"),
        (r#"{"pool":"p","username":"u","password": null}"#, "1:40 missing-field"),
        (r#"{"pool":"p","username":"u","password":"w"} {}"#, "1:44 not-json"),
        (r#"{"pool":"p","username":"u","password":"w","#, "1:42 not-json"),
        (r#"{"pool":"p","username":"u","password":"\ud800"}"#, "1:46 not-json"),
        ("  {  } x", "1:8 not-json"),
    ] {
        assert_eq!(read(line), Ok(vec![blame.to_owned()]), "{line}");
    }
    let good = r#"{"pool":"p","username":"u","password":"w"}"#;
    assert_eq!(
        read(&format!("{good}\n[1]\n  \"x\"\n{good}")).map(|rows| rows[1..3].join(" ")),
        Ok("2:1 not-an-object 3:3 not-an-object".to_owned())
    );
    let latin = [good.as_bytes(), b"\n{\"pool\":\"\xC3\xA9\",\"username\":\"\xE9\"}"].concat();
    let rows = read_with(&latin, &settings(Origin::Stdin), Limits::default()).expect("rows");
    assert_eq!(rows[1], "2:25 not-utf8");
}

#[test]
fn the_place_of_each_field_is_where_it_begins() {
    let places = |text: &str| {
        let mut reader = open_bytes(text.as_bytes(), &settings(Origin::Stdin), Limits::default()).expect("a reader");
        let mut batch = Batch::default();
        reader.fill(&mut batch).expect("rows");
        Field::ALL.map(|field| batch.place(batch.len() - 1, field)).map(|place| (place.line, place.column))
    };
    assert_eq!(places("note,password,pool,username\na,b,c,d\n\"x\ny\",\"é\",p,u"), [(4, 8), (4, 10), (4, 4), (3, 1)]);
    assert_eq!(
        places("\n{\"x\":{\"password\":1}, \"password\" : \"é\",\"username\":\"u\",\"pool\":\"p\"}"),
        [(2, 61), (2, 50), (2, 35), (2, 1)]
    );
}

#[test]
fn what_is_no_input_at_all_is_refused_with_words_about_it() {
    for (text, words) in [
        (&b""[..], "is empty"),
        (b"\xEF\xBB\xBF", "is empty"),
        (b"\n\r\n\n", "is empty"),
        (HEADER.as_bytes(), "holds no rows"),
        (b"user_pool_id,username\n", "pipe:1:1: the header lacks the column password."),
        (b"\r\nusername,password,pool,username\n", "pipe:2:24: the header has two columns for username"),
        (b"pool,username,\"pass\"word\n", "pipe:1:21: the header cannot be read: text follows a closing quote"),
        (b"pool,\xFF,password\n", "pipe:1:6: the header cannot be read: the row is not UTF-8"),
        (b"\xFF\xFEp\0", "iconv -f UTF-16 -t UTF-8"),
        (b"{\0\"\0", "iconv -f UTF-16LE -t UTF-8"),
        (b" [{}]", "jq -c '.[]'"),
        (b"{\n", ""),
    ] {
        match read_with(text, &settings(Origin::Stdin), Limits::default()) {
            Err(error) => assert!(!words.is_empty() && error.contains(words), "{error}"),
            Ok(rows) => assert_eq!((rows.join(" ").as_str(), words), ("1:1 not-json", "")),
        }
    }
}

#[test]
fn a_record_without_an_end_is_refused_at_its_beginning_and_the_rows_before_it_are_read() {
    let limits = Limits { record: 100, chunk: 16, ..Limits::default() };
    let cases = [
        ([HEADER, "p,u,w,true\n\np,u,\"w,true\n", &"p,u,w,true\n".repeat(50)].concat(), 4),
        ([&"{}\n".repeat(3), "{\"", &"x".repeat(5000)].concat(), 4),
        ([HEADER, "p,u,w,true\n", &"x".repeat(101), "\n"].concat(), 3),
    ];
    for (text, line) in cases {
        let mut reader = open_bytes(text.as_bytes(), &settings(Origin::Stdin), limits).expect("a reader");
        let (mut batch, mut rows) = (Batch::default(), 0);
        let error = loop {
            match reader.fill(&mut batch) {
                Ok(()) => rows += batch.len(),
                Err(error) => break error.to_string(),
            }
        };
        assert!(rows > 0 && error.starts_with(&format!("pipe:{line}:1: the record that begins here is longer than 100 bytes")), "{error}");
    }
}

#[test]
fn an_endless_input_is_refused_in_bounded_memory() {
    for byte in [b'x', b'"', b'\n', b' ', 0] {
        let bytes = [HEADER.as_bytes(), &vec![byte; 5 << 20]].concat();
        let error = read_with(&bytes, &settings(Origin::Stdin), Limits::default()).expect_err("no row ends");
        assert!(error.contains("longer than 1048576 bytes"), "{error}");
    }
}

#[test]
fn the_extension_decides_the_format_of_a_file_unless_it_is_given() {
    let line = "{\"pool\":\"p\",\"username\":\"u\",\"password\":\"w\"}\n";
    for (name, content, format) in [
        ("a.csv", "pool,username,password\np,u,w\n", None),
        ("a.TSV", "pool\tusername\tpassword\np\tu\tw\n", None),
        ("a.jsonl", line, None),
        ("a.ndjson", line, None),
        ("a.json", line, None),
        ("a", line, Some(Format::Jsonl)),
        ("a.txt", "pool,username,password\np,u,w\n", Some(Format::Csv)),
    ] {
        let (_folder, path) = file(name, content.as_bytes());
        let mut reader = open(&Settings { format, ..settings(Origin::File(path)) }).expect("a reader");
        assert_eq!(rows_of(&mut reader).expect("rows").len(), 1, "{name}");
        assert_eq!((reader.bytes_read(), reader.size()), (content.len() as u64, Some(content.len() as u64)));
    }
    let (_folder, path) = file("a.txt", line.as_bytes());
    assert!(open(&settings(Origin::File(path))).is_err_and(|error| error.to_string().contains("--format csv")));
}

#[test]
fn what_cannot_be_opened_is_said_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = |path: PathBuf| open(&settings(Origin::File(path))).err().expect("an error").to_string();
    assert!(open(folder.path().to_owned()).ends_with("it is a directory. Name one CSV or JSONL file"));
    assert!(open(folder.path().join("none.csv")).contains("none.csv: there is no such file"));
    let (_folder, path) = file("a.csv", b"pool,username,password\np,u,w\n");
    let settings = Settings { delimiter: Some(b'"'), ..settings(Origin::File(path)) };
    assert!(super::open(&settings).is_err_and(|error| matches!(error.problem(), Problem::Delimiter)));
}

#[test]
fn a_file_is_read_again_from_the_start_and_a_pipe_is_not() {
    let text = format!("\u{feff}{HEADER}p,u,w,true\n");
    let (_folder, path) = file("a.csv", text.as_bytes());
    let mut reader = open(&settings(Origin::File(path))).expect("a reader");
    let first = rows_of(&mut reader).expect("rows");
    reader.rewind().expect("a file");
    assert_eq!(rows_of(&mut reader).expect("rows"), first);
    assert!(reader.can_rewind());

    let mut pipe = open_bytes(text.as_bytes(), &settings(Origin::Stdin), Limits::default()).expect("a reader");
    assert!(!pipe.can_rewind() && pipe.rewind().is_err_and(|error| matches!(error.problem(), Problem::ReadOnce)));
}

#[test]
fn a_file_that_changes_while_it_is_read_is_refused() {
    let (_folder, path) = file("a.csv", format!("{HEADER}p,u,w,true\n").as_bytes());
    let mut reader = open(&settings(Origin::File(path.clone()))).expect("a reader");
    let mut appended = std::fs::OpenOptions::new().append(true).open(path).expect("the file");
    appended.write_all(b"p,v,w,true\n").expect("a row");
    assert!(rows_of(&mut reader).is_err_and(|error| matches!(error.problem(), Problem::Changed)));
    assert!(reader.rewind().is_err_and(|error| matches!(error.problem(), Problem::Changed)));
}

#[test]
fn a_file_that_others_may_read_is_known() {
    use std::os::unix::fs::PermissionsExt;
    for (mode, others) in [(0o600, false), (0o640, true), (0o604, true)] {
        let (_folder, path) = file("a.csv", format!("{HEADER}p,u,w,true\n").as_bytes());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("a mode");
        assert_eq!(open(&settings(Origin::File(path))).expect("a reader").readable_by_others(), others);
    }
}

#[test]
fn unknown_columns_are_named_only_where_everything_needed_was_found() {
    let unknown = |text: &str| {
        let mut reader = open_bytes(text.as_bytes(), &settings(Origin::Stdin), Limits::default()).expect("a reader");
        rows_of(&mut reader).expect("rows");
        reader.unknown_columns()
    };
    assert_eq!(unknown("note,pool,username,password\n,p,u,w\n"), ["note"]);
    assert_eq!(unknown("{\"pool\":\"p\",\"x\":1,\"username\":\"u\",\"password\":\"w\",\"y\":{}}\n{\"z\":1}"), ["x", "y"]);
}

#[test]
fn batches_are_bounded_by_rows_and_by_bytes() {
    let text = [HEADER, &"p,u,w,true\n".repeat(1000)].concat();
    for (limits, largest) in [(Limits { rows: 7, ..Limits::default() }, 7), (Limits { bytes: 110, ..Limits::default() }, 10)] {
        let mut reader = open_bytes(text.as_bytes(), &settings(Origin::Stdin), limits).expect("a reader");
        let mut batch = Batch::default();
        reader.fill(&mut batch).expect("rows");
        assert_eq!((batch.len(), batch.number(0)), (largest, crate::row::RowNumber(1)));
        reader.fill(&mut batch).expect("rows");
        assert_eq!(batch.number(0).0, largest as u64 + 1);
    }
}

#[test]
fn blank_lines_are_no_rows_and_no_end_however_many_there_are() {
    for (format, header) in [(Format::Jsonl, ""), (Format::Csv, HEADER)] {
        let row = if format == Format::Csv { "p,u,pw,true\n" } else { "{\"pool\":\"p\",\"username\":\"u\",\"password\":\"pw\"}\n" };
        let text = format!("{header}{row}{blank}{row}", blank = "\n".repeat(100));
        let settings = Settings { format: Some(format), ..settings(Origin::Stdin) };
        for bytes in [20, 1 << 20] {
            let rows = read_with(text.as_bytes(), &settings, Limits { bytes, ..Limits::default() }).expect("rows");
            assert_eq!(rows.len(), 2, "{format:?} in batches of {bytes} bytes: {rows:?}");
        }
    }
}

#[test]
fn no_message_holds_a_value_of_the_input() {
    let secrets = ["s3cretU", "s3cretP", "s3cretX"];
    let texts = [
        "us-east-1_a,s3cretU,s3cretP,s3cretX\n".to_owned(),
        format!("{HEADER}s3cretX,s3cretU,\"s3cretP\"s3cretX,true\np,s3cretU,s3cretP,s3cretX\ns3cretU\n"),
        "{\"username\":\"s3cretU\",\"password\":\"s3cretP\",\"s3cretX\":\n{\"pool\":\"s3cretX\",\"password\":\"s3cretP\",\"permanent\":\"s3cretP\"}\n\"s3cretP\"\ns3cretX"
            .to_owned(),
    ];
    for text in texts {
        let mut said = String::new();
        match open_bytes(text.as_bytes(), &settings(Origin::Stdin), Limits::default()) {
            Err(error) => said = format!("{error} {error:?}"),
            Ok(mut reader) => {
                let mut batch = Batch::default();
                reader.fill(&mut batch).expect("rows");
                for index in 0..batch.len() {
                    let malformed = batch.row(index).expect_err("each of them has a fault");
                    said.push_str(&format!("{malformed} {malformed:?}"));
                }
            }
        }
        assert!(!said.is_empty() && !secrets.iter().any(|secret| said.contains(secret)), "{said}");
    }
}
