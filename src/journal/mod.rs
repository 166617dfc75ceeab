//! The journal: an intent before each call and a result after it, so that whatever happens the truth about every row can be told.
//!
//! It is append-only, readable by its owner alone, and holds no password and nothing made from one. [`Draft`] begins it with a roll of
//! the file's rows, [`Writer`] appends and flushes, [`Ledger`] reads back. What to do about a row without a result is left to whoever resumes.

mod draft;
mod file;
mod frames;
mod last;
mod ledger;
mod record;
mod storage;
#[cfg(test)]
mod tests;
mod writer;

use std::path::{Path, PathBuf};

pub use self::draft::Draft;
pub use self::file::{begin_beside, nameless, sync_folder};
pub use self::ledger::{Ledger, Mark};
pub use self::record::{InputIdentity, Start};
pub use self::storage::Storage;
pub use self::writer::{Handle, Writer};

/// Fails where another process writes the journal at `path`.
///
/// # Errors
/// [`JournalError::Locked`] then.
pub fn is_free(path: &Path) -> Result<(), JournalError> {
    file::is_free(path)
}

/// Why a journal could not be made, written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is one already.
    #[error("{} exists", .0.display())]
    Exists(PathBuf),
    /// Another process is writing it.
    #[error("{} is in use: {} is running this file\nwait until it has ended, or interrupt it", path.display(), name_of(*holder))]
    Locked {
        /// The journal.
        path: PathBuf,
        /// The process, where the system tells.
        holder: Option<u32>,
    },
    /// It was whole on the disk once, and is not any more.
    #[error(
        "{} is damaged at byte {at}, in what was on the disk once: rows noted there may have been sent\n\
         go on with an undamaged copy of it; `report` shows what can still be read",
        path.display()
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Where.
        at: u64,
    },
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The journal.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no journal, or one of another version.
    #[error("{} is not a journal that this version can read: {reason}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

fn name_of(holder: Option<u32>) -> String {
    holder.map_or_else(|| "another process".to_owned(), |id| format!("process {id}"))
}
