//! What was written is read back, by one process at a time, and never through a link. Damage and power cuts have files of their own.

mod damage;
mod disk;
mod power_cuts;

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::*;
use crate::outcome::{Detail, Fate, Outcome};
use crate::row::{Digest, Identity, Lifetime, RowNumber};

/// The long form of a test where `make soak` asks for it, else the short one.
fn soak(long: u64, short: u64) -> u64 {
    if std::env::var_os("COGNITO_PASSWD_SOAK").is_some() { long } else { short }
}

fn moment(milliseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds)
}

fn start() -> Start {
    let input = InputIdentity { path: Some("users.csv".into()), size: Some(5), modified: Some(7), ..InputIdentity::default() };
    Start {
        run_id: "ab".to_owned(),
        version: "0".to_owned(),
        started_at: 1,
        target: "AWS".to_owned(),
        account: None,
        on_duplicate: "error".to_owned(),
        input,
    }
}

fn set(attempts: u32) -> Fate {
    let detail = Detail { code: String::new(), message: String::new(), request_id: "id-1".to_owned() };
    Fate { outcome: Outcome::Set, detail, attempts }
}

fn ended(digest: Option<Digest>, fate: Fate, at: u64) -> Mark {
    Mark::Ended { digest, fate, at: moment(at) }
}

/// A new journal without a roll.
fn create(path: &Path) -> Result<Writer, JournalError> {
    Draft::begin(path, &start())?.publish()
}

/// Row 1 set, row 2 without a result, row 4 described and rejected.
fn write(path: &Path) {
    let mut draft = Draft::begin(path, &start()).expect("a new journal");
    for digest in [Some(Digest(1)), Some(Digest(2)), Some(Digest(3)), None] {
        draft.enter(digest).expect("it is entered");
    }
    let mut writer = draft.publish().expect("it is written");
    writer.intent(RowNumber(1), Digest(1), 1);
    writer.intent(RowNumber(2), Digest(2), 3);
    writer.row(&Identity {
        row: RowNumber(4),
        line: 9,
        pool: "us-east-1_a".to_owned(),
        username: "zoë".to_owned(),
        lifetime: Some(Lifetime::Permanent),
    });
    writer.result(RowNumber(1), Some(Digest(1)), &set(2), moment(1_500));
    writer.flush().expect("it is written");
    writer.result(RowNumber(4), None, &Fate::unsent(Outcome::Invalid, "x", "no"), moment(2_500));
    writer.flush().expect("it is written");
}

#[test]
fn what_was_written_is_read_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.journal");
    write(&path);
    let mut ledger = Ledger::open(&path).expect("a journal");
    assert_eq!(ledger.start(), &start());
    assert_eq!(ledger.torn_at(), None);
    assert_eq!(ledger.mark(RowNumber(4)).expect("read"), ended(None, Fate::unsent(Outcome::Invalid, "x", "no"), 2_500));
    assert_eq!(ledger.mark(RowNumber(1)).expect("read"), ended(Some(Digest(1)), set(2), 1_500));
    assert!(matches!(ledger.mark(RowNumber(2)).expect("read"), Mark::Open { attempt: 3, .. }));
    assert_eq!(ledger.mark(RowNumber(3)).expect("read"), Mark::None);
    assert_eq!(ledger.mark(RowNumber(99)).expect("read"), Mark::None);
    assert_eq!(ledger.describe(RowNumber(4)).expect("read").map(|row| (row.line, row.username)), Some((9, "zoë".to_owned())));
    assert_eq!(ledger.describe(RowNumber(1)).expect("read"), None);
    let standings = [1, 2, 3, 4].map(|row| ledger.standing(RowNumber(row)));
    assert_eq!(standings, [Some(Outcome::Set), Some(Outcome::Unknown), None, Some(Outcome::Invalid)]);
}

#[test]
fn a_row_is_recognized_by_what_the_roll_says_or_else_by_how_it_was_tried_since() {
    const ROWS: u64 = 10_000;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.journal");
    let mut draft = Draft::begin(&path, &start()).expect("a new journal");
    for row in 1..=ROWS {
        draft.enter((row % 7 != 0).then_some(Digest(row))).expect("it is entered");
        if row % 7 == 0 {
            draft.result(RowNumber(row), &Fate::unsent(Outcome::Invalid, "x", "no"), moment(1)).expect("it is noted");
        }
    }
    assert!(!path.exists(), "it has no name before every row is entered");
    let mut writer = draft.publish().expect("it is written");
    writer.intent(RowNumber(14), Digest(77), 1);
    writer.flush().expect("it is written");
    let mut ledger = writer.reader().expect("a handle").ledger().expect("a journal");
    assert_eq!(ledger.torn_at(), None);
    for row in (1..=ROWS).rev() {
        let expected = if row == 14 { Some(Digest(77)) } else { (row % 7 != 0).then_some(Digest(row)) };
        assert_eq!(ledger.digest(RowNumber(row)).expect("read"), expected, "{row}");
    }
    assert_eq!(ledger.digest(RowNumber(ROWS + 1)).expect("read"), None);
}

#[test]
fn a_journal_that_is_not_published_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut draft = Draft::begin(&folder.path().join("a.journal"), &start()).expect("a new journal");
    draft.enter(Some(Digest(1))).expect("it is entered");
    drop(draft);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn a_journal_cut_anywhere_calls_no_row_set_that_was_not_and_says_where_it_is_torn() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.journal");
    write(&path);
    let whole = std::fs::read(&path).expect("read");
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).expect("cut");
        let Ok(mut ledger) = Ledger::open(&path) else { continue };
        let one = ledger.mark(RowNumber(1)).expect("read");
        assert!(matches!(one, Mark::None | Mark::Open { .. }) || one == ended(Some(Digest(1)), set(2), 1_500));
        assert!(!matches!(ledger.mark(RowNumber(2)).expect("read"), Mark::Ended { .. }));
    }
}

#[test]
fn a_flipped_bit_is_noticed_wherever_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.journal");
    write(&path);
    let whole = std::fs::read(&path).expect("read");
    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &damaged).expect("damage");
        assert!(Ledger::open(&path).map_or(true, |ledger| ledger.torn_at().is_some()), "bit {bit}");
    }
}

#[test]
fn a_journal_is_taken_up_behind_its_last_whole_record_and_by_one_process_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.journal");
    write(&path);
    let whole = std::fs::metadata(&path).expect("it is there").len();
    File::options().append(true).open(&path).and_then(|mut file| file.write_all(&[7; 5])).expect("torn");
    let (mut writer, before) = Writer::resume(&path).expect("it is taken up");
    assert_eq!(before.torn_at(), Some(whole));
    assert!(matches!(Writer::resume(&path), Err(JournalError::Locked { .. })));
    writer.result(RowNumber(2), Some(Digest(2)), &set(4), moment(3_000));
    writer.flush().expect("it is written");
    let mut after = Ledger::open(&path).expect("a journal");
    assert_eq!(after.torn_at(), None);
    assert_eq!(after.mark(RowNumber(2)).expect("read"), ended(Some(Digest(2)), set(4), 3_000));
    assert_eq!(after.mark(RowNumber(1)).expect("read"), ended(Some(Digest(1)), set(2), 1_500));
}

#[test]
fn a_journal_is_never_overwritten_nor_reached_through_a_link_and_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.journal");
    write(&path);
    assert_eq!(std::fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert!(matches!(create(&path), Err(JournalError::Exists(_))));
    let link = folder.path().join("b.journal");
    std::os::unix::fs::symlink(folder.path().join("nowhere"), &link).expect("a link");
    assert!(matches!(create(&link), Err(JournalError::Exists(_))));
}
