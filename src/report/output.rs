//! A file that is written whole or not at all: owner-only, never through a link, never over another.
//!
//! It is written under a temporary name beside its place and moved there at the end. Standard output (`-`), devices and pipes are
//! written directly, and a terminal gets nothing that it might obey.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use super::early_sync::EarlySync;
use super::on_terminal::OnTerminal;
use crate::journal::{begin_beside, nameless, sync_folder};

/// Why an output cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Something stands there that would be overwritten or followed.
    #[error("{} exists", .0.display())]
    Exists(PathBuf),
    /// The system refused.
    #[error("cannot write {}: {source}\nname another place", path.display())]
    Io {
        /// The output.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// An output that has not been finished.
pub struct Output {
    path: PathBuf,
    place: Place,
}

enum Place {
    Direct { out: Box<dyn Write + Send>, is_terminal: bool },
    Beside { file: BufWriter<EarlySync>, replace: bool },
}

impl Output {
    /// Whether `path` is written directly: `-`, a device or a pipe.
    pub fn is_direct(path: &Path) -> bool {
        path == Path::new("-")
            || path.symlink_metadata().is_ok_and(|there| {
                let kind = there.file_type();
                kind.is_char_device() || kind.is_fifo() || kind.is_socket()
            })
    }

    /// Whether `path` is a named pipe.
    pub fn is_named_pipe(path: &Path) -> bool {
        path.symlink_metadata().is_ok_and(|there| there.file_type().is_fifo())
    }

    /// Whether it goes to a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self.place, Place::Direct { is_terminal: true, .. })
    }

    /// Begins an output.
    ///
    /// # Errors
    /// [`OutputError`] where something stands at `path`, or nothing can be made there.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        Self::begin(path, false)
    }

    /// Begins an output that takes the place of an earlier version of itself, if there is one.
    ///
    /// # Errors
    /// [`OutputError`] where something other than a file stands at `path`, a link say, or nothing can be made there.
    pub fn replace(path: &Path) -> Result<Self, OutputError> {
        Self::begin(path, true)
    }

    fn begin(path: &Path, replace: bool) -> Result<Self, OutputError> {
        let io = |source| OutputError::Io { path: path.to_owned(), source };
        let place = if path == Path::new("-") {
            direct(io::stdout())
        } else if Self::is_direct(path) {
            direct(File::options().write(true).open(path).map_err(io)?)
        } else if path.symlink_metadata().is_ok_and(|there| !(replace && there.is_file())) {
            return Err(OutputError::Exists(path.to_owned()));
        } else {
            let file = begin_beside(path).map_err(io)?;
            Place::Beside { file: BufWriter::new(EarlySync::new(file)), replace }
        };
        Ok(Self { path: path.to_owned(), place })
    }

    /// Brings the whole to the disk and, where it is a file, to its place.
    ///
    /// # Errors
    /// [`OutputError`] where that fails, or where something has come to stand there in the meantime. A file begun is then gone.
    pub fn finish(self) -> Result<(), OutputError> {
        let path = self.path;
        let io = |source| OutputError::Io { path: path.clone(), source };
        match self.place {
            Place::Direct { mut out, .. } => out.flush().map_err(io),
            Place::Beside { file, replace } => {
                let file = file.into_inner().map_err(|error| io(nameless(error.into_error())))?;
                let file = file.finish().map_err(|error| io(nameless(error)))?;
                let moved = if replace { file.persist(&path) } else { file.persist_noclobber(&path) };
                moved.map_err(|error| match error.error.kind() {
                    io::ErrorKind::AlreadyExists => OutputError::Exists(path.clone()),
                    _ => io(error.error),
                })?;
                sync_folder(&path).map_err(io)
            }
        }
    }
}

fn direct(out: impl Write + IsTerminal + Send + 'static) -> Place {
    let is_terminal = out.is_terminal();
    let out = BufWriter::new(out);
    Place::Direct { out: if is_terminal { Box::new(OnTerminal::new(out)) } else { Box::new(out) }, is_terminal }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.place {
            Place::Direct { out, .. } => out.write(bytes),
            Place::Beside { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.place {
            Place::Direct { out, .. } => out.flush(),
            Place::Beside { file, .. } => file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn an_output_appears_whole_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let mut output = Output::create(&path).unwrap();
        output.write_all(b"all of it").unwrap();
        assert!(!path.exists());
        output.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"all of it");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_there_is_neither_overwritten_nor_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("out.csv"), folder.path().join("link.csv"));
        let late = Output::create(&path).unwrap();
        std::fs::write(&path, "mine").unwrap();
        symlink(folder.path().join("elsewhere"), &link).unwrap();
        assert!(matches!(Output::create(&path), Err(OutputError::Exists(_))));
        assert!(matches!(Output::create(&link), Err(OutputError::Exists(_))));
        assert!(matches!(late.finish(), Err(OutputError::Exists(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn an_earlier_version_is_replaced_where_that_is_asked_for_and_a_link_never() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("out.csv"), folder.path().join("link.csv"));
        std::fs::write(&path, "old").unwrap();
        symlink(&path, &link).unwrap();
        let mut output = Output::replace(&path).unwrap();
        output.write_all(b"new").unwrap();
        output.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert!(matches!(Output::replace(&link), Err(OutputError::Exists(_))));
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let mut output = Output::create(Path::new("/dev/full")).unwrap();
        output.write_all(b"x").unwrap();
        assert!(output.finish().is_err());
    }
}
