//! Users that are never touched: a service account, an administrator, whoever must not be locked out by a row that should not be there.
//!
//! A row names its user by a username or an alias, and it is that name that is compared. Who stands behind it is known to Cognito alone.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

/// Names that no row may have, in whatever case.
#[derive(Debug)]
pub struct Protected(Names);

#[derive(Debug)]
enum Names {
    Listed(HashSet<String>),
    Alike(Regex),
}

/// Why it is not known whom to protect.
#[derive(Debug, thiserror::Error)]
pub enum ProtectedError {
    /// The file cannot be read.
    #[error("--protect {}: {source}\na pattern stands between slashes: --protect '/admin.*/'", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds no name.
    #[error("--protect {}: it holds no username, and would protect nobody", .0.display())]
    Empty(PathBuf),
    /// The pattern is none.
    #[error("--protect {pattern}: {source}")]
    Pattern {
        /// As it was given.
        pattern: String,
        /// What is wrong with it.
        source: regex_lite::Error,
    },
}

impl Protected {
    /// Reads a file of usernames, one a line, or takes `/PATTERN/`, a regular expression for the whole of a username.
    ///
    /// # Errors
    /// [`ProtectedError`] where nobody would be protected.
    pub fn read(text: &str) -> Result<Self, ProtectedError> {
        if let Some(pattern) = text.strip_prefix('/').and_then(|text| text.strip_suffix('/')) {
            let whole = Regex::new(&format!("^(?i:{pattern})$"));
            return whole
                .map(|pattern| Self(Names::Alike(pattern)))
                .map_err(|source| ProtectedError::Pattern { pattern: text.to_owned(), source });
        }
        let path = Path::new(text);
        let file = std::fs::read_to_string(path).map_err(|source| ProtectedError::File { path: path.to_owned(), source })?;
        let file = file.trim_start_matches('\u{feff}');
        let names: HashSet<_> = file.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_lowercase).collect();
        if names.is_empty() { Err(ProtectedError::Empty(path.to_owned())) } else { Ok(Self(Names::Listed(names))) }
    }

    /// Whether a row for this user may not be sent.
    pub(super) fn covers(&self, username: &str) -> bool {
        match &self.0 {
            Names::Listed(names) => names.contains(&username.to_lowercase()),
            Names::Alike(pattern) => pattern.is_match(username),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_for_the_whole_name_in_any_case() {
        let protected = Protected::read("/admin|svc-.*/").unwrap();
        let covered = ["admin", "ADMIN", "svc-backup", "myadmin", "admin2", ""].map(|name| protected.covers(name));
        assert_eq!(covered, [true, true, true, false, false, false]);
        assert!(matches!(Protected::read("/(/"), Err(ProtectedError::Pattern { .. })));
    }

    #[test]
    fn a_file_holds_a_name_a_line_and_one_that_protects_nobody_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("protected.txt");
        let read = || Protected::read(path.to_str().unwrap());
        assert!(matches!(read(), Err(ProtectedError::File { .. })));
        std::fs::write(&path, "\n \n").unwrap();
        assert!(matches!(read(), Err(ProtectedError::Empty(_))));
        std::fs::write(&path, "\u{feff}Ann\r\n\nZOË@example.com\n").unwrap();
        let covered = ["ann", "zoë@EXAMPLE.com", "bob"].map(|name| read().unwrap().covers(name));
        assert_eq!(covered, [true, true, false]);
    }
}
