//! A journal that was whole once and is not any more: cut at any byte, any bit of it flipped. Nothing panics, no row is called set that
//! was not, and damage is told from the torn end of a write.

use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::*;

/// The part that is damaged bit by bit.
const TAIL: usize = 4096;
const ROWS: u64 = 140;

/// A journal in many groups that was closed: odd rows are set, of even ones only the intent was noted.
fn closed(folder: &Path) -> (PathBuf, Vec<u8>) {
    let path = folder.join("a.journal");
    let mut writer = create(&path).expect("a new journal");
    for row in 1..=ROWS {
        writer.intent(RowNumber(row), Digest(row), 1);
        writer.flush().expect("written");
        if row % 2 == 1 {
            writer.result(RowNumber(row), Some(Digest(row)), &set(1), moment(row));
        }
    }
    writer.close().expect("written");
    let whole = std::fs::read(&path).expect("read");
    assert!(whole.len() > TAIL + 1024);
    (path, whole)
}

/// Rows that a journal calls set are odd, and none has an end that was not noted.
fn is_true(ledger: &mut Ledger, told: &str) {
    for row in 1..=ROWS {
        match ledger.mark(RowNumber(row)).expect("read") {
            Mark::None | Mark::Lost | Mark::Open { .. } => {}
            Mark::Ended { fate, at, .. } => assert!(row % 2 == 1 && fate == set(1) && at == moment(row), "{told}: row {row}"),
        }
    }
}

#[test]
fn cut_at_any_byte_it_is_true_as_far_as_it_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, whole) = closed(folder.path());
    let file = File::options().write(true).open(&path).expect("open");
    for length in (0..whole.len() as u64).rev() {
        file.set_len(length).expect("cut");
        match Ledger::open(&path) {
            Ok(mut ledger) => {
                assert!(!ledger.goes_on_behind(), "{length}");
                if length % 16 == 0 {
                    is_true(&mut ledger, &format!("cut at {length}"));
                }
            }
            Err(error) => assert!(matches!(error, JournalError::Foreign { .. }) && length < 256, "cut at {length}: {error}"),
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_is_noticed_and_a_run_is_not_taken_up_over_what_it_hides() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, whole) = closed(folder.path());
    let last_record = whole.len() - 9;
    let file = File::options().write(true).open(&path).expect("open");
    let first = (whole.len() - TAIL) * 8;
    for bit in (first..whole.len() * 8).step_by(soak(1, 7) as usize) {
        let (at, flipped) = (bit / 8, whole[bit / 8] ^ 1 << (bit % 8));
        file.write_all_at(&[flipped], at as u64).expect("damage");
        let told = format!("bit {bit}");
        let mut ledger = Ledger::open(&path).unwrap_or_else(|error| panic!("{told}: {error}"));
        assert!(ledger.torn_at().is_some_and(|torn| torn <= at as u64), "{told} went unnoticed");
        assert_eq!(ledger.goes_on_behind(), at < last_record, "{told}");
        if bit % 16 == 0 {
            is_true(&mut ledger, &told);
        }
        if ledger.goes_on_behind() {
            let torn = ledger.torn_at();
            assert!(matches!(Writer::resume(&path), Err(JournalError::Damaged { at, .. }) if Some(at) == torn), "{told}");
        }
        file.write_all_at(&whole[at..=at], at as u64).expect("mended");
    }
    assert_eq!(std::fs::read(&path).expect("read"), whole, "a damaged journal is not touched");
}
