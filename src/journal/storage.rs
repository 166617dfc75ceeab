//! What a journal is written to: a file, or in tests a disk that loses what was not brought to it.

use std::fs::File;
use std::io::{self, Write};

/// Takes bytes at its end, and keeps them through a power cut once they are synced.
pub trait Storage: Write {
    /// Brings everything written so far to the disk.
    ///
    /// # Errors
    /// Those of the system. What the disk then holds is not known.
    fn sync(&mut self) -> io::Result<()>;
}

impl Storage for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
