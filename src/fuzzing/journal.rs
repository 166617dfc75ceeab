//! The laws of reading a journal back: any file is read or refused, reading it twice gives the same, and a journal that was damaged
//! calls no row ended that had not ended so.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use crate::journal::{Draft, InputIdentity, Ledger, Mark, Start};
use crate::outcome::{Detail, Fate, Outcome};
use crate::row::{Digest, RowNumber};

const ROWS: u64 = 8;

/// An even first byte: the rest is a journal. An odd one: the rest damages a sound journal; three bytes are a place and what is put
/// there, and two bytes at the end are where it is cut.
pub fn journal(bytes: &[u8]) {
    let (choice, rest) = bytes.split_first().unwrap_or((&0, bytes));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.journal");
    if choice % 2 == 0 {
        fs::write(&path, rest).expect("a file");
        assert_eq!(marks(&path), marks(&path), "a journal is read differently the second time");
    } else {
        fs::write(&path, damaged(&SOUND, rest)).expect("a file");
        for (row, mark) in (1..).zip(marks(&path).unwrap_or_default()) {
            let is_true = match mark {
                Mark::Ended { fate, .. } => row % 2 == 1 && fate == ended(),
                Mark::Open { digest, .. } => digest == Digest(row),
                Mark::None | Mark::Lost => true,
            };
            assert!(is_true, "row {row} is told as it never stood");
        }
    }
}

/// A journal in which odd rows are set, and of even ones only the intent was noted.
static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.journal");
    let start = Start {
        run_id: "0123456789abcdef".to_owned(),
        version: "1".to_owned(),
        started_at: 1,
        target: "AWS".to_owned(),
        account: None,
        on_duplicate: "error".to_owned(),
        input: InputIdentity { rows: Some(ROWS), ..InputIdentity::default() },
    };
    let mut draft = Draft::begin(&path, &start).expect("a new journal");
    for row in 1..=ROWS {
        draft.enter(Some(Digest(row))).expect("it is entered");
    }
    let mut writer = draft.publish().expect("it is written");
    for row in 1..=ROWS {
        writer.intent(RowNumber(row), Digest(row), 1);
        writer.flush().expect("it is written");
        if row % 2 == 1 {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(row);
            writer.result(RowNumber(row), Some(Digest(row)), &ended(), at);
        }
    }
    writer.close().expect("it is written");
    fs::read(&path).expect("a journal")
});

fn ended() -> Fate {
    let detail = Detail { code: String::new(), message: String::new(), request_id: "id-1".to_owned() };
    Fate { outcome: Outcome::Set, detail, attempts: 1 }
}

fn damaged(sound: &[u8], damage: &[u8]) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    let place = |low: u8, high: u8| usize::from(u16::from_le_bytes([low, high])) % (sound.len() + 1);
    let (patches, cut) = damage.as_chunks::<3>();
    for [low, high, put] in patches {
        if let Some(byte) = bytes.get_mut(place(*low, *high)) {
            *byte = *put;
        }
    }
    if let [low, high] = cut {
        bytes.truncate(place(*low, *high));
    }
    bytes
}

/// How the first rows stand, and every other thing that a journal can be asked; nothing where it is refused.
fn marks(path: &Path) -> Option<Vec<Mark>> {
    let mut ledger = match Ledger::open(path) {
        Ok(ledger) => ledger,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    assert!(!ledger.goes_on_behind() || ledger.torn_at().is_some());
    let mut marks = Vec::new();
    for row in (1..=ROWS).chain([u64::from(u32::MAX)]).map(RowNumber) {
        let mark = ledger.mark(row).expect("the file is there");
        let standing = ledger.standing(row);
        assert!(standing.is_some() || matches!(mark, Mark::None | Mark::Lost), "row {row} stands, and nothing was noted of it");
        assert!(standing.is_none() || mark != Mark::None, "something was noted of row {row}, and it does not stand");
        ledger.digest(row).expect("the file is there");
        ledger.describe(row).expect("the file is there");
        marks.push(mark);
    }
    Some(marks)
}
