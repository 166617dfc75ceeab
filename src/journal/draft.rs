//! A journal before it has its name: the rows of the file are entered in its roll while nobody can see it yet. So a journal either knows
//! every row of its file, or is not there.

use std::path::Path;
use std::time::SystemTime;

use tempfile::TempPath;

use super::record::{DIGEST, ROLL, Start};
use super::{JournalError, Writer, file};
use crate::outcome::Fate;
use crate::row::{Digest, RowNumber};

/// A journal that is begun. A process that dies before [`Draft::publish`], or drops it, leaves none.
pub struct Draft {
    writer: Writer,
    place: TempPath,
    /// The rows that were entered and written.
    entered: u64,
    /// The digests of those that come next.
    roll: Vec<u8>,
}

impl Draft {
    /// Begins the journal that is to stand at `path`: for its owner alone, locked, with the room that the rows will need, and with what the
    /// run is about.
    ///
    /// # Errors
    /// [`JournalError`] where it cannot be made, locked or written.
    pub fn begin(path: &Path, start: &Start) -> Result<Self, JournalError> {
        let (file, place) = file::begin(path)?;
        let io = |source| JournalError::Io { path: path.to_owned(), source };
        file::reserve(&file, 0, start.input.rows.unwrap_or(0)).map_err(io)?;
        Ok(Self { writer: Writer::begin(file, path, start)?, place, entered: 0, roll: Vec::with_capacity(ROLL as usize * DIGEST) })
    }

    /// Enters the row that comes next, with what it is recognized by; `None` for one that is not to be sent.
    ///
    /// # Errors
    /// [`JournalError::Io`] where the disk takes no more.
    pub fn enter(&mut self, digest: Option<Digest>) -> Result<(), JournalError> {
        self.roll.extend_from_slice(&digest.map_or(0, |Digest(digest)| digest).to_le_bytes());
        if self.roll.len() == self.roll.capacity() { self.close_roll() } else { Ok(()) }
    }

    /// Notes the end of a row that is not to be sent.
    ///
    /// # Errors
    /// [`JournalError::Io`] where the disk takes no more.
    pub fn result(&mut self, row: RowNumber, fate: &Fate, at: SystemTime) -> Result<(), JournalError> {
        self.writer.result(row, None, fate, at);
        self.writer.flush_if_large()
    }

    /// Brings all of it to the disk, and gives it its name.
    ///
    /// # Errors
    /// [`JournalError`] where something stands there (a link too), another process's journal since a moment ago say, or where it cannot be
    /// written.
    pub fn publish(mut self) -> Result<Writer, JournalError> {
        self.close_roll()?;
        self.writer.flush()?;
        file::publish(self.place, self.writer.path()).map_err(|error| match error {
            JournalError::Exists(path) => file::is_free(&path).err().unwrap_or(JournalError::Exists(path)),
            error => error,
        })?;
        Ok(self.writer)
    }

    fn close_roll(&mut self) -> Result<(), JournalError> {
        if self.roll.is_empty() {
            return Ok(());
        }
        self.writer.roll(RowNumber(self.entered + 1), &self.roll);
        self.entered += (self.roll.len() / DIGEST) as u64;
        self.roll.clear();
        self.writer.flush_if_large()
    }
}
