//! The writing end: buffered records, appended and flushed to the disk together.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::record::{MAGIC, Record, Start, milliseconds};
use super::storage::Storage;
use super::{JournalError, Ledger, file};
use crate::outcome::Fate;
use crate::row::{Digest, Identity, RowNumber};

/// What is noted before the first call is flushed in pieces of this size, in bytes.
const LARGE: usize = 1 << 20;

/// Appends to one journal. After a failed write or flush it takes nothing more: what the file then holds is not known, and a second
/// flush that succeeds would not mean that the first one's data are on the disk.
pub struct Writer<S: Storage = File> {
    storage: S,
    path: PathBuf,
    buffer: Vec<u8>,
    written: u64,
    failed: bool,
}

/// A journal that is open, and locked for as long as this lives.
pub struct Handle {
    file: File,
    path: PathBuf,
}

impl Handle {
    /// Reads the journal.
    ///
    /// # Errors
    /// [`JournalError`] where it cannot be read.
    pub fn ledger(self) -> Result<Ledger, JournalError> {
        Ledger::read(self.file, &self.path)
    }
}

impl Writer {
    /// Takes up the journal at `path` again, and gives what it held. Whatever stands behind its last whole record, the torn end of a
    /// write, is cut off.
    ///
    /// # Errors
    /// [`JournalError`] where it cannot be opened, locked, read or written, or is damaged in what was on the disk once.
    pub fn resume(path: &Path) -> Result<(Self, Ledger), JournalError> {
        let io = |source| JournalError::Io { path: path.to_owned(), source };
        let file = file::open(path)?;
        let ledger = Ledger::read(file.try_clone().map_err(io)?, path)?;
        if let (Some(at), true) = (ledger.torn_at(), ledger.goes_on_behind()) {
            return Err(JournalError::Damaged { path: path.to_owned(), at });
        }
        file::cut_off(&file, path, ledger.end()).map_err(io)?;
        Ok((Self::go_on(file, path, ledger.end())?, ledger))
    }

    /// Takes the room that so many rows may need, where the system can.
    ///
    /// # Errors
    /// [`JournalError::Io`] where the disk is too small.
    pub fn reserve(&self, rows: u64) -> Result<(), JournalError> {
        file::reserve(&self.storage, self.written, rows).map_err(|source| JournalError::Io { path: self.path.clone(), source })
    }

    /// The way to read it back once it has been closed. It keeps the journal locked, and is of this very file, whatever becomes of its name.
    ///
    /// # Errors
    /// [`JournalError::Io`] where the system has no handle left.
    pub fn reader(&self) -> Result<Handle, JournalError> {
        let file = self.storage.try_clone().map_err(|source| JournalError::Io { path: self.path.clone(), source })?;
        Ok(Handle { file, path: self.path.clone() })
    }

    /// Ends the journal with a record that all of it is on the disk, and gives back the room that was taken and not needed.
    ///
    /// # Errors
    /// [`JournalError::Io`] where that cannot be written; what was flushed before is on the disk all the same.
    pub fn close(mut self) -> Result<(), JournalError> {
        self.flush()?;
        Record::Flushed.frame(self.written, &mut self.buffer);
        self.flush()?;
        self.storage.set_len(self.written).map_err(|source| JournalError::Io { path: self.path, source })
    }
}

impl<S: Storage> Writer<S> {
    /// Writes what the run is about to `storage`, which is empty.
    pub(super) fn begin(storage: S, path: &Path, start: &Start) -> Result<Self, JournalError> {
        let mut writer = Self { storage, path: path.to_owned(), buffer: MAGIC.to_vec(), written: 0, failed: false };
        Record::Start(start.clone()).frame(0, &mut writer.buffer);
        writer.flush()?;
        Ok(writer)
    }

    /// Goes on in `storage`, which holds `written` bytes and all of them on the disk.
    pub(super) fn go_on(storage: S, path: &Path, written: u64) -> Result<Self, JournalError> {
        let mut writer = Self { storage, path: path.to_owned(), buffer: Vec::new(), written, failed: false };
        writer.append(&Record::Resumed { at: milliseconds(SystemTime::now()) });
        writer.flush()?;
        Ok(writer)
    }

    /// Where the journal stands, or will.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Notes the digests of the rows from `first` on.
    pub(super) fn roll(&mut self, first: RowNumber, digests: &[u8]) {
        self.append(&Record::Roll { first, digests });
    }

    /// Notes a row of an input that cannot be read again.
    pub fn row(&mut self, identity: &Identity) {
        self.append(&Record::row(identity));
    }

    /// Notes that an attempt is about to leave.
    pub fn intent(&mut self, row: RowNumber, digest: Digest, attempt: u32) {
        self.append(&Record::Intent { row, digest, attempt, at: milliseconds(SystemTime::now()) });
    }

    /// Notes the end of a row, or that of an attempt which came to nothing for certain.
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
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.storage.write_all(&self.buffer).and_then(|()| self.storage.sync()).map_err(|source| {
            self.failed = true;
            JournalError::Io { path: self.path.clone(), source }
        })?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Flushes once so much has been noted that more would only take memory.
    pub(super) fn flush_if_large(&mut self) -> Result<(), JournalError> {
        if self.buffer.len() < LARGE { Ok(()) } else { self.flush() }
    }

    /// Each group begins with a record which says that all before it is on the disk: were it not, the group would not be written. Damage
    /// before such a record is no torn write.
    fn append(&mut self, record: &Record<'_>) {
        if self.buffer.is_empty() {
            Record::Flushed.frame(self.written, &mut self.buffer);
        }
        record.frame(self.written, &mut self.buffer);
    }
}
