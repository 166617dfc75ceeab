//! The writing end: buffered records, appended and flushed to the disk together.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::record::{MAGIC, Record, Start, milliseconds};
use super::{JournalError, Ledger};
use crate::outcome::Fate;
use crate::row::{Digest, Identity, RowNumber};

/// Appends to one journal. After a failed write or flush it takes nothing more: what the file then holds is not known, and a second
/// flush that succeeds would not mean that the first one's data are on the disk.
pub struct Writer {
    file: File,
    path: PathBuf,
    buffer: Vec<u8>,
    written: u64,
    failed: bool,
}

impl Writer {
    /// Makes a journal that did not exist, for its owner alone, locks it, and writes what the run is about.
    ///
    /// # Errors
    /// [`JournalError`] where something stands at `path` (a link too), or where it cannot be made, locked or written.
    pub fn create(path: &Path, start: &Start) -> Result<Self, JournalError> {
        let file = File::options().append(true).create_new(true).mode(0o600).open(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => JournalError::Exists(path.to_owned()),
            _ => JournalError::Io { path: path.to_owned(), source },
        })?;
        lock(&file, path)?;
        let mut writer = Self { file, path: path.to_owned(), buffer: MAGIC.to_vec(), written: 0, failed: false };
        writer.append(&Record::Start(start.clone()));
        writer.flush()?;
        Ok(writer)
    }

    /// Takes up the journal at `path` again, and gives what it held. Whatever stands behind its last whole record, the torn end of a
    /// write, is cut off.
    ///
    /// # Errors
    /// [`JournalError`] where it cannot be opened, locked, read or written.
    pub fn resume(path: &Path) -> Result<(Self, Ledger), JournalError> {
        let io = |source| JournalError::Io { path: path.to_owned(), source };
        let file = File::options().append(true).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()).open(path).map_err(io)?;
        lock(&file, path)?;
        let ledger = Ledger::open(path)?;
        file.set_len(ledger.end()).map_err(io)?;
        let mut writer = Self { file, path: path.to_owned(), buffer: Vec::new(), written: ledger.end(), failed: false };
        writer.append(&Record::Resumed { at: milliseconds(SystemTime::now()) });
        writer.flush()?;
        Ok((writer, ledger))
    }

    /// Notes a row of an input that cannot be read again.
    pub fn row(&mut self, identity: &Identity) {
        self.append(&Record::row(identity));
    }

    /// Notes that an attempt is about to leave.
    pub fn intent(&mut self, row: RowNumber, digest: Digest, attempt: u32) {
        self.append(&Record::Intent { row, digest, attempt, at: milliseconds(SystemTime::now()) });
    }

    /// Notes the end of a row.
    pub fn result(&mut self, row: RowNumber, digest: Option<Digest>, fate: &Fate, at: SystemTime) {
        self.append(&Record::result(row, digest, fate, at));
    }

    /// Brings everything noted so far to the disk.
    ///
    /// # Errors
    /// [`JournalError::Io`], now and for ever after.
    pub fn flush(&mut self) -> Result<(), JournalError> {
        if self.failed {
            let source = std::io::Error::other("an earlier write failed");
            return Err(JournalError::Io { path: self.path.clone(), source });
        }
        self.file.write_all(&self.buffer).and_then(|()| self.file.sync_data()).map_err(|source| {
            self.failed = true;
            JournalError::Io { path: self.path.clone(), source }
        })?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn append(&mut self, record: &Record<'_>) {
        record.frame(self.written, &mut self.buffer);
    }
}

fn lock(file: &File, path: &Path) -> Result<(), JournalError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => JournalError::Locked(path.to_owned()),
        TryLockError::Error(source) => JournalError::Io { path: path.to_owned(), source },
    })
}
