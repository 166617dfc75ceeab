//! The reading end: where each row's last record stands, in eight bytes a row, and that record on demand.
//!
//! Results stand nearly in the order of the input, so that a reader that asks row by row moves through the file from front to back.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::JournalError;
use super::record::{FRAME, MAGIC, MAX_PAYLOAD, Record, Start, checksum, moment};
use crate::outcome::{Detail, Fate};
use crate::row::{Digest, Identity, RowNumber};

/// Big enough that most seeks stay within it.
const READ_BUFFER: usize = 256 * 1024;
/// No run has more rows: an offset is kept for each, and a row number that no run can reach is damage.
const MAX_ROWS: u64 = u32::MAX as u64;

/// A journal that has been read.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: BufReader<File>,
    position: u64,
    start: Start,
    /// For each row, the offset of its last intent or result; 0 where there is none, for there stands the magic.
    last: Vec<u64>,
    /// For each row of an input that cannot be read again, the offset of its description.
    described: Vec<u64>,
    end: u64,
    torn_at: Option<u64>,
    goes_on_behind: bool,
    payload: Vec<u8>,
}

/// What the journal says of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Nothing: it was never tried.
    None,
    /// A call left, or was about to, and no answer was noted.
    Open {
        /// What the row is recognized by.
        digest: Digest,
        /// The attempt's number.
        attempt: u32,
        /// When it was noted.
        at: SystemTime,
    },
    /// The row ended.
    Ended {
        /// What the row is recognized by; `None` for one that was never to be sent.
        digest: Option<Digest>,
        /// Its end.
        fate: Fate,
        /// When.
        at: SystemTime,
    },
}

impl Mark {
    /// What the row is recognized by, where that was noted.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::None => None,
            Self::Open { digest, .. } => Some(*digest),
            Self::Ended { digest, .. } => *digest,
        }
    }
}

impl Ledger {
    /// Reads the journal at `path` up to its end, or to the first record that is damaged or torn: nothing behind that is trusted.
    ///
    /// # Errors
    /// [`JournalError`] where the file cannot be read or does not begin like a journal.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let io = |source| JournalError::Io { path: path.to_owned(), source };
        let foreign = |reason: &str| JournalError::Foreign { path: path.to_owned(), reason: reason.to_owned() };
        let mut file = BufReader::with_capacity(READ_BUFFER, File::open(path).map_err(io)?);
        let mut magic = [0; MAGIC.len()];
        match file.read_exact(&mut magic) {
            Ok(()) if magic == MAGIC => {}
            Ok(()) => return Err(foreign("it does not begin with `cognito-passwd journal 1`")),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Err(foreign("it is too short")),
            Err(error) => return Err(io(error)),
        }
        let mut payload = Vec::new();
        let mut position = MAGIC.len() as u64;
        let start = match read_frame(&mut file, &mut payload, position).map_err(io)? {
            Frame::Whole(length) => match postcard::from_bytes(&payload) {
                Ok(Record::Start(start)) => {
                    position += length;
                    start
                }
                _ => return Err(foreign("its first record does not describe a run")),
            },
            Frame::End | Frame::Damaged => return Err(foreign("its first record is damaged")),
        };
        let mut ledger = Self {
            path: path.to_owned(),
            file,
            position,
            start,
            last: Vec::new(),
            described: Vec::new(),
            end: 0,
            torn_at: None,
            goes_on_behind: false,
            payload,
        };
        ledger.scan()?;
        Ok(ledger)
    }

    /// What the run was about.
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// Where the first damaged or torn record stands, if there is one, in bytes.
    pub fn torn_at(&self) -> Option<u64> {
        self.torn_at
    }

    /// Whether something was flushed behind the damage, so that this is no torn end: records that were on the disk once are lost.
    pub fn goes_on_behind(&self) -> bool {
        self.goes_on_behind
    }

    /// The highest number of a row that anything was noted of.
    pub fn last_row(&self) -> RowNumber {
        RowNumber(self.last.len().max(self.described.len()) as u64)
    }

    /// Where the last whole record ends, in bytes.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// What is known of a row.
    ///
    /// # Errors
    /// [`JournalError::Io`] where the journal can no longer be read.
    pub fn mark(&mut self, row: RowNumber) -> Result<Mark, JournalError> {
        let Some(offset) = at(&self.last, row) else { return Ok(Mark::None) };
        Ok(match self.record(offset)? {
            Record::Intent { digest, attempt, at, .. } => Mark::Open { digest, attempt, at: moment(at) },
            Record::Result { digest, outcome, code, message, request_id, attempts, at, .. } => {
                let detail = Detail { code: code.to_owned(), message: message.to_owned(), request_id: request_id.to_owned() };
                Mark::Ended { digest, fate: Fate { outcome, detail, attempts }, at: moment(at) }
            }
            Record::Start(_) | Record::Row { .. } | Record::Resumed { .. } | Record::Flushed => Mark::None,
        })
    }

    /// The rows that the journal describes: those of an input that cannot be read again.
    pub fn described_rows(&self) -> u64 {
        self.described.len() as u64
    }

    /// A row as the journal describes it, if it does.
    ///
    /// # Errors
    /// [`JournalError::Io`] where the journal can no longer be read.
    pub fn describe(&mut self, row: RowNumber) -> Result<Option<Identity>, JournalError> {
        let Some(offset) = at(&self.described, row) else { return Ok(None) };
        Ok(match self.record(offset)? {
            Record::Row { row, line, pool, username, lifetime } => {
                Some(Identity { row, line, pool: pool.to_owned(), username: username.to_owned(), lifetime })
            }
            _ => None,
        })
    }

    fn scan(&mut self) -> Result<(), JournalError> {
        loop {
            let frame = read_frame(&mut self.file, &mut self.payload, self.position).map_err(|source| self.io(source))?;
            let length = match frame {
                Frame::End => {
                    self.end = self.position;
                    return self.rewind();
                }
                Frame::Damaged => break,
                Frame::Whole(length) => length,
            };
            let (offsets, row) = match postcard::from_bytes(&self.payload) {
                Ok(Record::Intent { row, .. } | Record::Result { row, .. }) => (&mut self.last, row),
                Ok(Record::Row { row, .. }) => (&mut self.described, row),
                Ok(Record::Resumed { .. } | Record::Flushed) => {
                    self.position += length;
                    continue;
                }
                Ok(Record::Start(_)) | Err(_) => break,
            };
            if row.0 == 0 || row.0 > MAX_ROWS {
                break;
            }
            let index = (row.0 - 1) as usize;
            if offsets.len() <= index {
                offsets.resize(index + 1, 0);
            }
            offsets[index] = self.position;
            self.position += length;
        }
        self.end = self.position;
        self.torn_at = Some(self.position);
        self.goes_on_behind = self.is_flushed_behind(self.position).map_err(|source| self.io(source))?;
        self.rewind()
    }

    /// Whether the record of a flush stands anywhere behind `damage`. Its frame has the same length and payload wherever it stands.
    fn is_flushed_behind(&mut self, damage: u64) -> std::io::Result<bool> {
        let mut frame = Vec::new();
        Record::Flushed.frame(damage, &mut frame);
        let (head, size) = (frame[..4].to_vec(), frame.len());
        let (mut window, mut at) = (Vec::new(), damage);
        self.file.seek(SeekFrom::Start(damage))?;
        loop {
            let read = self.file.by_ref().take(READ_BUFFER as u64).read_to_end(&mut window)?;
            for found in memchr::memmem::find_iter(&window, &head) {
                frame.clear();
                Record::Flushed.frame(at + found as u64, &mut frame);
                if window[found..].starts_with(&frame) {
                    return Ok(true);
                }
            }
            if read == 0 {
                return Ok(false);
            }
            // What a frame across two windows needs of the first is kept.
            let done = window.len().saturating_sub(size - 1);
            window.drain(..done);
            at += done as u64;
        }
    }

    fn rewind(&mut self) -> Result<(), JournalError> {
        self.position = self.file.seek(SeekFrom::Start(0)).map_err(|source| self.io(source))?;
        Ok(())
    }

    fn record(&mut self, offset: u64) -> Result<Record<'_>, JournalError> {
        let step = offset.wrapping_sub(self.position).cast_signed();
        self.file.seek_relative(step).map_err(|source| self.io(source))?;
        self.position = offset;
        let frame = read_frame(&mut self.file, &mut self.payload, offset).map_err(|source| self.io(source))?;
        let Frame::Whole(length) = frame else { return Err(self.io(std::io::Error::other("it changed while it was read"))) };
        self.position += length;
        let path = &self.path;
        postcard::from_bytes(&self.payload)
            .map_err(|error| JournalError::Io { path: path.clone(), source: std::io::Error::other(error.to_string()) })
    }

    fn io(&self, source: std::io::Error) -> JournalError {
        JournalError::Io { path: self.path.clone(), source }
    }
}

fn at(offsets: &[u64], row: RowNumber) -> Option<u64> {
    let index = usize::try_from(row.0.checked_sub(1)?).ok()?;
    offsets.get(index).copied().filter(|offset| *offset != 0)
}

enum Frame {
    /// The payload was read; the frame took this many bytes.
    Whole(u64),
    /// There is nothing more.
    End,
    /// What stands here is no whole frame.
    Damaged,
}

/// Reads the frame at `offset`, where `file` stands, into `payload`.
fn read_frame(file: &mut impl Read, payload: &mut Vec<u8>, offset: u64) -> std::io::Result<Frame> {
    let mut head = [0; FRAME];
    match fill(file, &mut head)? {
        0 => return Ok(Frame::End),
        FRAME => {}
        _ => return Ok(Frame::Damaged),
    }
    let [l0, l1, l2, l3, c0, c1, c2, c3] = head;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    if length > MAX_PAYLOAD {
        return Ok(Frame::Damaged);
    }
    payload.resize(length, 0);
    let whole = fill(file, payload)? == length && checksum(offset, payload) == u32::from_le_bytes([c0, c1, c2, c3]);
    Ok(if whole { Frame::Whole((FRAME + length) as u64) } else { Frame::Damaged })
}

/// Reads until `buffer` is full or the file ends, and gives the bytes read.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::{InputIdentity, Writer};
    use super::*;
    use crate::outcome::Outcome;
    use crate::row::Lifetime;

    fn start() -> Start {
        let input = InputIdentity { path: Some("users.csv".into()), size: Some(5), modified: Some(7), ..InputIdentity::default() };
        Start { run_id: "ab".to_owned(), version: "0".to_owned(), started_at: 1, target: "AWS".to_owned(), account: None, input }
    }

    fn set(attempts: u32) -> Fate {
        let detail = Detail { code: String::new(), message: String::new(), request_id: "id-1".to_owned() };
        Fate { outcome: Outcome::Set, detail, attempts }
    }

    fn ended(digest: Option<Digest>, fate: Fate, at: u64) -> Mark {
        Mark::Ended { digest, fate, at: moment(at) }
    }

    /// Row 1 set, row 2 without a result, row 4 described and rejected.
    fn write(path: &Path) {
        let mut writer = Writer::create(path, &start()).expect("a new journal");
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
        let (mut writer, before) = Writer::resume(&path, 0).expect("it is taken up");
        assert_eq!(before.torn_at(), Some(whole));
        assert!(matches!(Writer::resume(&path, 0), Err(JournalError::Locked { .. })));
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
        assert!(matches!(Writer::create(&path, &start()), Err(JournalError::Exists(_))));
        let link = folder.path().join("b.journal");
        std::os::unix::fs::symlink(folder.path().join("nowhere"), &link).expect("a link");
        assert!(matches!(Writer::create(&link, &start()), Err(JournalError::Exists(_))));
    }
}
