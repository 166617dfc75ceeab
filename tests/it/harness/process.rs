//! A process under test, from its start to what it printed and its exit code.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::project::{Project, leaks};

/// Longer than any test's run takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `condition` gives something.
pub fn eventually<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        sleep(Duration::from_millis(10));
    }
}

/// A process that was started. It is killed when it is dropped before its end.
pub struct Running<'a> {
    project: &'a Project,
    child: Child,
    stdout: File,
    stderr: File,
    shown: String,
}

impl<'a> Running<'a> {
    pub(super) fn start(project: &'a Project, mut command: Command) -> Self {
        let (stdout, stderr) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        command.stdout(stdout.try_clone().unwrap()).stderr(stderr.try_clone().unwrap());
        let shown = format!("{command:?}").rsplit_once("cognito-passwd\"").map_or_else(String::new, |(_, args)| args.to_owned());
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { project, child, stdout, stderr, shown }
    }

    /// Starts the program with a pipe as its standard input.
    pub fn with_pipe(project: &'a Project, args: &[&str]) -> Self {
        let mut command = project.command(args);
        command.stdin(Stdio::piped());
        Self::start(project, command)
    }

    /// Writes to the pipe. A program that has stopped reading is left alone.
    pub fn write(&mut self, bytes: &[u8]) {
        let pipe = self.child.stdin.as_mut().expect("a pipe");
        let _ = pipe.write_all(bytes).and_then(|()| pipe.flush());
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// What it has printed so far on standard output.
    pub fn stdout(&self) -> String {
        text(&self.stdout)
    }

    /// What it has printed so far on standard error.
    pub fn stderr(&self) -> String {
        text(&self.stderr)
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end, however long a test may take.
    pub fn finish(self) -> Finished {
        self.finish_within(PATIENCE)
    }

    /// Waits for its end, and meanwhile searches its command line, its environment and every file in the folder as well.
    pub fn finish_watched(mut self) -> Finished {
        self.child.stdin = None;
        while !self.has_ended() {
            for what in ["cmdline", "environ"] {
                // Another user's may not be read, and neither may those of a process that is going.
                let shown = std::fs::read(format!("/proc/{}/{what}", self.id())).unwrap_or_default();
                if let Some(how) = leaks(&shown) {
                    panic!("a password stands in the {what} of {}, {how}", self.shown);
                }
            }
            self.project.assert_no_file_leaks();
            sleep(Duration::from_millis(2));
        }
        self.finish()
    }

    /// Waits for its end, which must come in time, and searches everything that it said and left for passwords.
    pub fn finish_within(mut self, time: Duration) -> Finished {
        self.child.stdin = None;
        let deadline = Instant::now() + time;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "{}: still running after {time:?}. It said:\n{}", self.shown, self.stderr());
            sleep(Duration::from_millis(5));
        };
        let finished = Finished { status, stdout: self.stdout(), stderr: self.stderr(), shown: std::mem::take(&mut self.shown) };
        for (name, printed) in [("standard output", &finished.stdout), ("standard error", &finished.stderr)] {
            if let Some(how) = leaks(printed.as_bytes()) {
                panic!("a password stands in {name} of {}, {how}", finished.shown);
            }
        }
        self.project.assert_no_file_leaks();
        finished
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(file: &File) -> String {
    let mut bytes = vec![0; file.metadata().unwrap().len() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A process that has ended.
#[derive(Debug)]
pub struct Finished {
    status: ExitStatus,
    /// What it printed on standard output.
    pub stdout: String,
    /// What it printed on standard error.
    pub stderr: String,
    shown: String,
}

impl Finished {
    /// Its exit code, unless a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Whether the system wrote a core of it.
    pub fn dumped_core(&self) -> bool {
        std::os::unix::process::ExitStatusExt::core_dumped(&self.status)
    }

    /// Fails unless it ended with this exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "the exit code of {self}");
        self
    }

    /// Fails unless each of these texts stands on its standard error, be it in other case.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        let stderr = self.stderr.to_lowercase();
        for text in texts {
            assert!(stderr.contains(&text.to_lowercase()), "{text:?} is not on the standard error of {self}");
        }
        self
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})\n--- stdout\n{}--- stderr\n{}---", self.shown, self.status, self.stdout, self.stderr)
    }
}
