//! The journal: an intent before each call and a result after it, so that whatever happens the truth about every row can be told.
//!
//! It is append-only, readable by its owner alone, and holds no password and nothing made from one. [`Writer`] appends and flushes,
//! [`Ledger`] reads back. What to do about a row without a result is left to whoever resumes.

mod ledger;
mod record;
mod writer;

use std::path::PathBuf;

pub use self::ledger::{Ledger, Mark};
pub use self::record::{InputIdentity, Start};
pub use self::writer::Writer;

/// Why a journal could not be made, written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is one already.
    #[error("{} exists", .0.display())]
    Exists(PathBuf),
    /// Another process is writing it.
    #[error("{} is in use by another process", .0.display())]
    Locked(PathBuf),
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
