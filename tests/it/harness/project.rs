//! A temporary folder to run the program in, with an environment that holds nothing of the machine's.
//!
//! Every password of these tests contains [`MARK`], and everything that a run prints or leaves in the folder is searched for it: each
//! test is a test of secrecy as well.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::{Rc, Weak};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tempfile::TempDir;

use super::process::{Finished, Running};
use super::rows::Row;
use super::sandbox::Sandbox;

/// The executable under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_cognito-passwd");

/// What every password of these tests contains, and nothing else does.
pub const MARK: &str = "Sw0rdfish";

/// The machine's processors, which a test that measures time must not share with the other tests.
static MACHINE: RwLock<()> = RwLock::new(());

/// Leave to use the machine, held for its drop.
#[expect(dead_code, reason = "a guard is there to be dropped")]
enum Turn {
    Shared(RwLockReadGuard<'static, ()>),
    Alone(RwLockWriteGuard<'static, ()>),
}

thread_local! {
    /// What this test's thread holds already: a second project of one test must not wait for its first.
    static TURN: RefCell<Weak<Turn>> = const { RefCell::new(Weak::new()) };
}

/// A folder for one test. It is removed at the end.
pub struct Project {
    _turn: Rc<Turn>,
    folder: TempDir,
    /// The files that the test wrote, which may hold passwords.
    given: Mutex<BTreeSet<PathBuf>>,
}

impl Project {
    /// An empty folder, but for the home directory in it.
    pub fn new() -> Self {
        Self::with(|| Turn::Shared(MACHINE.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// The same, once no other test runs, and none begins before it is dropped. It must be the first of its test.
    pub fn alone() -> Self {
        Self::with(|| Turn::Alone(MACHINE.write().unwrap_or_else(PoisonError::into_inner)))
    }

    fn with(turn: impl FnOnce() -> Turn) -> Self {
        let turn = TURN.with_borrow(Weak::upgrade).unwrap_or_else(|| {
            let turn = Rc::new(turn());
            TURN.set(Rc::downgrade(&turn));
            turn
        });
        let folder = tempfile::Builder::new().prefix("cognito-passwd-it-").tempdir().unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        Self { _turn: turn, folder, given: Mutex::default() }
    }

    /// The path of a file in it.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Whether there is such a file in it.
    pub fn has(&self, name: &str) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// Writes a file that its owner alone can read, as an input should be.
    pub fn give(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(self.path(&name)).unwrap();
        file.write_all(content.as_ref()).unwrap();
        self.may_hold_passwords(name);
    }

    /// Excepts a file from the search for passwords.
    pub fn may_hold_passwords(&self, name: impl AsRef<Path>) {
        self.given.lock().unwrap().insert(self.path(name));
    }

    /// `program`, to be run in the folder, with credentials that mean nothing and without a terminal.
    pub fn command_of(&self, program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        for name in ["PATH", "TMPDIR", "LD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("HOME", self.path("home"))
            .env("LANG", "C.UTF-8")
            .env("AWS_ACCESS_KEY_ID", "testing")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    /// The program with these arguments.
    pub fn command(&self, args: &[&str]) -> Command {
        self.command_of(BINARY, args)
    }

    /// The program with everything switched on that makes Rust programs and AWS clients talk.
    pub fn talkative(&self, args: &[&str]) -> Command {
        let mut command = self.command(args);
        command.args(if args.first() == Some(&"admin-set-user-password") { ["--debug"] } else { ["-vv"] });
        for name in ["RUST_LOG", "AWS_LOG", "SMITHY_LOG", "RUST_LIB_BACKTRACE"] {
            command.env(name, "trace");
        }
        command.envs([("LOG_SENSITIVE_BODIES", "true"), ("RUST_BACKTRACE", "full"), ("TMPDIR", ".")]);
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, args: &[&str]) -> Finished {
        self.start(self.command(args)).finish()
    }

    /// Starts a command.
    pub fn start(&self, command: Command) -> Running<'_> {
        Running::start(self, command)
    }

    /// A sandbox with the users of these rows and no quota, unless `flags` give one.
    pub fn sandbox(&self, users: &[Row], flags: &[&str]) -> Sandbox {
        Sandbox::start(self, users, flags)
    }

    /// The files that the program left in the folder.
    pub fn left_behind(&self) -> Vec<PathBuf> {
        let given = self.given.lock().unwrap();
        let mut found = Vec::new();
        collect(self.folder.path(), &mut found);
        found.retain(|path| !given.contains(path));
        found.sort();
        found
    }

    /// Fails if a password stands in a file that the program left in the folder.
    pub fn assert_no_file_leaks(&self) {
        for path in self.left_behind() {
            if let Some(how) = fs::read(&path).ok().and_then(|bytes| leaks(&bytes)) {
                panic!("{} holds a password, {how}", path.display());
            }
        }
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        // A temporary file may be gone by now.
        let Some((entry, kind)) = entry.ok().and_then(|entry| entry.file_type().ok().map(|kind| (entry, kind))) else { continue };
        if kind.is_dir() {
            collect(&entry.path(), found);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
}

/// How `bytes` give away that they hold a password, if they do.
pub fn leaks(bytes: &[u8]) -> Option<&'static str> {
    let decimal = MARK.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    let hex: String = MARK.bytes().map(|byte| format!("{byte:02x}")).collect();
    let escaped = |form: fn(u8) -> String| MARK.bytes().map(form).collect::<String>();
    let upper_hex = hex.to_uppercase();
    let (url, json) = (escaped(|byte| format!("%{byte:02X}")), escaped(|byte| format!("\\u{byte:04x}")));
    let utf16: Vec<u8> = MARK.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let needles: [(&str, &[u8]); 11] = [
        ("as it is", MARK.as_bytes()),
        ("as a list of bytes", decimal.as_bytes()),
        ("in hexadecimal", hex.as_bytes()),
        ("in hexadecimal", upper_hex.as_bytes()),
        ("escaped for a URL", url.as_bytes()),
        ("escaped for JSON", json.as_bytes()),
        ("in UTF-16", &utf16),
        // "Sw0rdfish" in base64 at each of the three offsets, without the characters that its neighbours decide.
        ("in base64", b"U3cwcmRmaXNo"),
        ("in base64", b"N3MHJkZmlza"),
        ("in base64", b"TdzByZGZpc2"),
        ("reversed", b"hsifdr0wS"),
    ];
    let contains = |needle: &[u8]| memchr::memmem::find(bytes, needle).is_some();
    needles.into_iter().find(|(_, needle)| contains(needle)).map(|(how, _)| how)
}

#[test]
fn a_leak_is_found_however_it_is_written() {
    for leak in [
        "xSw0rdfish!",
        "[83, 119, 48, 114, 100, 102, 105, 115, 104, 33]",
        "U3cwcmRmaXNoIQ==",
        "YVN3MHJkZmlzaCE=",
        "YWFTdzByZGZpc2gh",
        "53773072646669736821",
        "53773072646669736821".to_uppercase().as_str(),
        "5377307264666973680A",
        "%53%77%30%72%64%66%69%73%68",
        r#"{"Password":"\u0053\u0077\u0030\u0072\u0064\u0066\u0069\u0073\u0068!"}"#,
    ] {
        assert!(leaks(leak.as_bytes()).is_some(), "{leak}");
    }
    assert_eq!(leaks(b"swordfish, Sw0rd fish and other fish"), None);
}
