//! The call log: a line of JSON for every call, in a file of its own. What is compared with a report afterwards, so each line is with
//! the operating system before its answer is sent.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Mutex;

use serde::Serialize;

/// One call.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    /// When its head arrived, in seconds since 1970. Lines stand in the order in which calls were decided.
    pub(super) arrived: f64,
    /// The name behind the prefix of `X-Amz-Target`, known or not.
    pub(super) operation: &'a str,
    pub(super) region: &'a str,
    /// Empty where the call has none.
    pub(super) user_pool_id: &'a str,
    /// Empty where the call has none.
    pub(super) username: &'a str,
    pub(super) permanent: Option<bool>,
    /// The HTTP status of the answer; `None` where the connection was cut instead.
    pub(super) status: Option<u16>,
    /// The error's code, or empty.
    pub(super) code: &'a str,
    /// Whether the call changed a pool or a user.
    pub(super) applied: bool,
    /// The fault that struck it.
    pub(super) fault: Option<&'a str>,
    pub(super) request_id: &'a str,
    /// Only where the log was asked to hold passwords.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<&'a str>,
}

/// The open log.
pub(super) struct CallLog(Mutex<File>);

impl CallLog {
    /// Makes the file, readable by its owner alone.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
        Ok(Self(Mutex::new(file)))
    }

    /// A log in a file that is open already.
    #[cfg(test)]
    pub(super) fn on(file: File) -> Self {
        Self(Mutex::new(file))
    }

    /// Writes one line, whole, in one write.
    pub(super) fn write(&self, line: &Line<'_>) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.0.lock().expect("no write panics while it holds the lock").write_all(&text)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const LINE: Line<'_> = Line {
        arrived: 1.5,
        operation: "AdminSetUserPassword",
        region: "us-east-1",
        user_pool_id: "us-east-1_a",
        username: "ann",
        permanent: Some(true),
        status: None,
        code: "",
        applied: true,
        fault: Some("cut_after"),
        request_id: "id",
        password: None,
    };

    #[test]
    fn a_line_is_in_the_file_as_soon_as_it_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("calls.jsonl");
        let log = CallLog::create(&path).expect("a log");
        log.write(&LINE).expect("a line");
        assert_eq!(
            std::fs::read_to_string(&path).expect("the log"),
            "{\"arrived\":1.5,\"operation\":\"AdminSetUserPassword\",\"region\":\"us-east-1\",\"user_pool_id\":\"us-east-1_a\",\
             \"username\":\"ann\",\"permanent\":true,\"status\":null,\"code\":\"\",\"applied\":true,\"fault\":\"cut_after\",\
             \"request_id\":\"id\"}\n"
        );
        assert_eq!(path.metadata().expect("its metadata").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn an_existing_file_is_not_overwritten() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert!(CallLog::create(file.path()).is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists));
    }
}
