//! A journal as a file: made whole or not at all, locked by the one process that writes it, and given its room beforehand.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use tempfile::{NamedTempFile, TempPath};

use super::JournalError;

/// How the name of a file begins that has not come to its place.
const PREFIX: &str = ".cognito-passwd-";
/// What the digest, an intent and a result of the usual size take together, in bytes.
const ROOM_FOR_A_ROW: u64 = 120;
/// More than one flush can hold: 1,024 records whose texts are as long as they may be.
const LARGEST_GROUP: u64 = 16 * 1024 * 1024;

/// Makes what is to become the journal at `path`, for its owner alone and locked, under a name of its own beside it. It is gone when the
/// second part is dropped.
pub(super) fn begin(path: &Path) -> Result<(File, TempPath), JournalError> {
    let begun = tempfile::Builder::new().prefix(PREFIX).append(true).tempfile_in(folder_of(path));
    let (file, place) = begun.map_err(|error| JournalError::Io { path: path.to_owned(), source: nameless(error) })?.into_parts();
    lock(&file, path)?;
    Ok((file, place))
}

/// Gives what was begun its name.
pub(super) fn publish(begun: TempPath, path: &Path) -> Result<(), JournalError> {
    let io = |source| JournalError::Io { path: path.to_owned(), source };
    begun.persist_noclobber(path).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => JournalError::Exists(path.to_owned()),
        _ => io(error.error),
    })?;
    sync_folder(path).map_err(io)
}

/// Opens a journal to be appended to, never through a link, and locks it.
pub(super) fn open(path: &Path) -> Result<File, JournalError> {
    let file = without_links().read(true).append(true).open(path).map_err(|source| JournalError::Io { path: path.to_owned(), source })?;
    lock(&file, path)?;
    Ok(file)
}

/// Cuts `file`, the journal at `path`, off at `end`, and brings what is left to the disk. The last group is written once more in its
/// place: where an earlier process saw a flush fail, the system may show bytes that the disk does not have and never will.
pub(super) fn cut_off(file: &File, path: &Path, end: u64) -> io::Result<()> {
    file.set_len(end)?;
    let in_place = without_links().read(true).write(true).open(path)?;
    let from = end.saturating_sub(LARGEST_GROUP);
    let mut tail = vec![0; (end - from) as usize];
    in_place.read_exact_at(&mut tail, from)?;
    in_place.write_all_at(&tail, from)?;
    in_place.sync_all()?;
    sync_folder(path)
}

/// Takes the room that `rows` will need behind `end`, where the system can, so that a disk that is too small is noticed before the first
/// call.
pub(super) fn reserve(file: &File, end: u64, rows: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if rows > 0 {
        use rustix::fs::{FallocateFlags, fallocate};
        use rustix::io::Errno;
        let room = rows.saturating_mul(ROOM_FOR_A_ROW);
        if let Err(error @ (Errno::NOSPC | Errno::DQUOT)) = fallocate(file, FallocateFlags::KEEP_SIZE, end, room) {
            return Err(error.into());
        }
    }
    let _ = (file, end, rows);
    Ok(())
}

/// Fails where another process writes the journal at `path`.
pub(super) fn is_free(path: &Path) -> Result<(), JournalError> {
    // To append: a file system on the network asks for that of whoever locks.
    match without_links().read(true).append(true).open(path) {
        Ok(file) => lock(&file, path),
        // Whoever needs it will see why it cannot be opened.
        Err(_) => Ok(()),
    }
}

/// Options that follow no link, and wait for nobody at the other end of a pipe.
fn without_links() -> std::fs::OpenOptions {
    let mut options = File::options();
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    options.custom_flags(flags.bits().cast_signed());
    options
}

fn lock(file: &File, path: &Path) -> Result<(), JournalError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => JournalError::Locked { path: path.to_owned(), holder: holder(file) },
        TryLockError::Error(source) => JournalError::Io { path: path.to_owned(), source },
    })
}

/// The process that has locked `file`, where Linux tells: `1: FLOCK  ADVISORY  WRITE 4711 fe:00:12345 0 EOF`.
fn holder(file: &File) -> Option<u32> {
    let metadata = file.metadata().ok()?;
    let (major, minor) = (rustix::fs::major(metadata.dev()), rustix::fs::minor(metadata.dev()));
    let file = format!("{major:02x}:{minor:02x}:{}", metadata.ino());
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let lock = locks.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).find(|lock| lock.get(5) == Some(&file.as_str()))?;
    lock.get(4)?.parse().ok()
}

/// Brings the name of the file at `path` to the disk.
///
/// # Errors
/// Those of the system.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// Begins, for its owner alone, what is to stand at `path`: under a name of its own beside it. It is gone when it is dropped.
///
/// # Errors
/// Those of the system.
pub fn begin_beside(path: &Path) -> io::Result<NamedTempFile> {
    NamedTempFile::with_prefix_in(PREFIX, folder_of(path)).map_err(nameless)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The error without the name of a temporary file, which nobody typed.
pub fn nameless(error: io::Error) -> io::Error {
    let root = error.get_ref().and_then(|inner| inner.source()).and_then(|source| source.downcast_ref::<io::Error>());
    root.and_then(io::Error::raw_os_error).or(error.raw_os_error()).map_or(error, io::Error::from_raw_os_error)
}
