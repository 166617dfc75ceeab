//! The reading end: where each row's last record stands and what it came to, in eight bytes a row, and that record on demand.
//!
//! Results stand nearly in the order of the input, so that a reader that asks row by row moves through the file from front to back.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::JournalError;
use super::frames::{Cursor, Frame, read_frame};
use super::last::Last;
use super::record::{DIGEST, MAGIC, ROLL, Record, Start, moment};
use crate::outcome::{Detail, Fate, Outcome};
use crate::row::{Digest, Identity, RowNumber};

/// Big enough that most seeks stay within it.
const READ_BUFFER: usize = 256 * 1024;
/// No run has more rows: an offset is kept for each, and a row number that no run can reach is damage.
const MAX_ROWS: u64 = u32::MAX as u64;

/// A journal that has been read.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: BufReader<Cursor>,
    position: u64,
    start: Start,
    /// For each row, its last intent or result.
    last: Vec<Last>,
    /// For each row of an input that cannot be read again, its description.
    described: Vec<Last>,
    /// For each roll, in order, its offset.
    rolls: Vec<u64>,
    /// The roll that was asked for last, by its place in `rolls`, and its digests.
    roll: Option<(usize, Vec<u8>)>,
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
    /// Nothing that says it was tried. But the journal is damaged before its end, and what was noted behind that is lost.
    Lost,
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
            Self::None | Self::Lost => None,
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
        let file = File::open(path).map_err(|source| JournalError::Io { path: path.to_owned(), source })?;
        Self::read(file, path)
    }

    /// Reads `file`, the journal at `path`.
    pub(super) fn read(file: File, path: &Path) -> Result<Self, JournalError> {
        let io = |source| JournalError::Io { path: path.to_owned(), source };
        let foreign = |reason: &str| JournalError::Foreign { path: path.to_owned(), reason: reason.to_owned() };
        let mut file = BufReader::with_capacity(READ_BUFFER, Cursor::new(file, 0));
        let mut magic = [0; MAGIC.len()];
        match file.read_exact(&mut magic) {
            Ok(()) if magic == MAGIC => {}
            Ok(()) => return Err(foreign(&format!("it does not begin with `{}`", String::from_utf8_lossy(MAGIC).trim_end()))),
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
            rolls: Vec::new(),
            roll: None,
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

    /// Where the last whole record ends, in bytes.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// What is known of a row.
    ///
    /// # Errors
    /// [`JournalError::Io`] where the journal can no longer be read.
    pub fn mark(&mut self, row: RowNumber) -> Result<Mark, JournalError> {
        let records_are_lost = self.goes_on_behind;
        let Some(last) = find(&self.last, row) else { return Ok(if records_are_lost { Mark::Lost } else { Mark::None }) };
        Ok(match self.record(last.offset())? {
            Record::Result { outcome: Outcome::NotSent, .. } if records_are_lost => Mark::Lost,
            Record::Intent { digest, attempt, at, .. } => Mark::Open { digest, attempt, at: moment(at) },
            Record::Result { digest, outcome, code, message, request_id, attempts, at, .. } => {
                let detail = Detail { code: code.to_owned(), message: message.to_owned(), request_id: request_id.to_owned() };
                Mark::Ended { digest, fate: Fate { outcome, detail, attempts }, at: moment(at) }
            }
            _ => Mark::None,
        })
    }

    /// How a row stands, where anything was noted: unknown, where a call left and no answer was noted.
    pub fn standing(&self, row: RowNumber) -> Option<Outcome> {
        find(&self.last, row).map(Last::outcome)
    }

    /// What a row is recognized by: as it stood in the file that was run or, where it was not to be sent then, as it was tried since. `None`
    /// for a row that never was to be sent.
    ///
    /// # Errors
    /// [`JournalError::Io`] where the journal can no longer be read.
    pub fn digest(&mut self, row: RowNumber) -> Result<Option<Digest>, JournalError> {
        match self.enrolled(row)? {
            Some(digest) => Ok(Some(digest)),
            None => Ok(self.mark(row)?.digest()),
        }
    }

    /// The digest that the roll has of a row.
    fn enrolled(&mut self, row: RowNumber) -> Result<Option<Digest>, JournalError> {
        let Some(index) = row.0.checked_sub(1) else { return Ok(None) };
        let (number, within) = ((index / ROLL) as usize, (index % ROLL) as usize * DIGEST);
        let Some(offset) = self.rolls.get(number).copied() else { return Ok(None) };
        if self.roll.as_ref().is_none_or(|(at_hand, _)| *at_hand != number) {
            let digests = self.roll_at(offset).map_err(|source| self.io(source))?;
            self.roll = Some((number, digests));
        }
        let digests = self.roll.as_ref().and_then(|(_, digests)| digests.get(within..within + DIGEST));
        let digest = digests.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes);
        Ok(Some(Digest(digest)).filter(|_| digest != 0))
    }

    /// The digests of the roll at `offset`. It is read on its own, so that whoever reads records from front to back is not led astray.
    fn roll_at(&self, offset: u64) -> std::io::Result<Vec<u8>> {
        let mut payload = Vec::new();
        let mut at = self.file.get_ref().another(offset)?;
        match read_frame(&mut at, &mut payload, offset)? {
            Frame::Whole(_) => {}
            Frame::End | Frame::Damaged => return Err(std::io::Error::other("it changed while it was read")),
        }
        match postcard::from_bytes(&payload) {
            Ok(Record::Roll { digests, .. }) => Ok(digests.to_vec()),
            _ => Err(std::io::Error::other("it changed while it was read")),
        }
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
        let Some(described) = find(&self.described, row) else { return Ok(None) };
        Ok(match self.record(described.offset())? {
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
            let noted = match postcard::from_bytes(&self.payload) {
                Ok(Record::Intent { row, .. }) => set(&mut self.last, row, self.position, Outcome::Unknown),
                Ok(Record::Result { row, outcome, .. }) => set(&mut self.last, row, self.position, outcome),
                Ok(Record::Row { row, .. }) => set(&mut self.described, row, self.position, Outcome::NotSent),
                Ok(Record::Roll { first, .. }) if first.0 == self.rolls.len() as u64 * ROLL + 1 => {
                    self.rolls.push(self.position);
                    Some(())
                }
                Ok(Record::Resumed { .. } | Record::Flushed) => Some(()),
                Ok(Record::Roll { .. } | Record::Start(_)) | Err(_) => None,
            };
            if noted.is_none() {
                break;
            }
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

fn find(rows: &[Last], row: RowNumber) -> Option<Last> {
    let index = usize::try_from(row.0.checked_sub(1)?).ok()?;
    rows.get(index).copied().filter(|last| last.is_any())
}

/// Notes where a row's record stands; `None` where no run has a row of this number. Whatever is noted of a row stands behind the digests or
/// descriptions of those before it, but for the roll that is not full yet: a number that they leave no room for is damage, and must not fill
/// the memory.
fn set(rows: &mut Vec<Last>, row: RowNumber, offset: u64, outcome: Outcome) -> Option<()> {
    let most = MAX_ROWS.min(offset / DIGEST as u64 + ROLL);
    let index = (1..=most).contains(&row.0).then(|| (row.0 - 1) as usize)?;
    if rows.len() <= index {
        rows.resize(index + 1, Last::NONE);
    }
    rows[index] = Last::new(offset, outcome);
    Some(())
}
