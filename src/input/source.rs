//! Where the bytes come from: a regular file, opened once and read as often as needed, or a pipe, read once.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use super::{InputError, Origin, Problem};

/// What standard input is called in messages.
const STDIN: &str = "standard input";

/// What a file is recognised by, so that a change between two passes is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileIdentity {
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written to, where the file system says so.
    pub modified: Option<SystemTime>,
}

impl FileIdentity {
    fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// The input as the operating system sees it.
pub(super) struct Source {
    name: String,
    extension: Option<String>,
    kind: Kind,
}

enum Kind {
    /// Kept open from first to last, so that another file of the same name can never slip in between two passes.
    Regular { file: Arc<File>, identity: FileIdentity, mode: u32 },
    /// `None` once it was handed out.
    Pipe(Option<Box<dyn Read + Send>>),
}

impl Source {
    pub(super) fn open(origin: &Origin) -> Result<Self, InputError> {
        match origin {
            Origin::Stdin => Ok(Self::pipe(STDIN, Box::new(io::stdin()))),
            Origin::File(path) => {
                let name = path.display().to_string();
                let kind = open_file(path).map_err(|problem| InputError::new(&name, None, problem))?;
                let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
                Ok(Self { name, extension, kind })
            }
        }
    }

    /// A pipe, whatever is behind it.
    pub(super) fn pipe(name: &str, stream: Box<dyn Read + Send>) -> Self {
        Self { name: name.to_owned(), extension: None, kind: Kind::Pipe(Some(stream)) }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The extension in lower case.
    pub(super) fn extension(&self) -> Option<&str> {
        self.extension.as_deref()
    }

    pub(super) fn identity(&self) -> Option<FileIdentity> {
        match &self.kind {
            Kind::Regular { identity, .. } => Some(*identity),
            Kind::Pipe(_) => None,
        }
    }

    /// Whether the mode of a regular file lets its group or everyone read it.
    pub(super) fn readable_by_others(&self) -> bool {
        matches!(self.kind, Kind::Regular { mode, .. } if mode & 0o044 != 0)
    }

    /// The bytes from the first one on. A pipe has them once.
    pub(super) fn stream(&mut self) -> Result<Box<dyn Read + Send>, Problem> {
        match &mut self.kind {
            Kind::Regular { file, .. } => Ok(Box::new(FromItsStart { file: Arc::clone(file), at: 0 })),
            Kind::Pipe(stream) => stream.take().ok_or(Problem::ReadOnce),
        }
    }

    /// The same open file once more, for another reader. A pipe has only one.
    pub(super) fn another(&self) -> Result<Self, Problem> {
        let Kind::Regular { file, identity, mode } = &self.kind else { return Err(Problem::ReadOnce) };
        let kind = Kind::Regular { file: Arc::clone(file), identity: *identity, mode: *mode };
        Ok(Self { name: self.name.clone(), extension: self.extension.clone(), kind })
    }

    /// That a regular file is still what it was when it was opened.
    pub(super) fn check_unchanged(&self) -> Result<(), Problem> {
        match &self.kind {
            Kind::Regular { file, identity, .. } if FileIdentity::of(&file.metadata()?) != *identity => Err(Problem::Changed),
            _ => Ok(()),
        }
    }
}

/// The bytes of a file that others read as well, each from where it stands.
struct FromItsStart {
    file: Arc<File>,
    at: u64,
}

impl Read for FromItsStart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

fn open_file(path: &Path) -> Result<Kind, Problem> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        Err(Problem::Directory)
    } else if metadata.is_file() {
        let mode = metadata.permissions().mode();
        Ok(Kind::Regular { file: Arc::new(file), identity: FileIdentity::of(&metadata), mode })
    } else {
        Ok(Kind::Pipe(Some(Box::new(file))))
    }
}
