//! Why nothing was sent. Each text has a second line that says what to do.

use std::io;
use std::path::PathBuf;

use super::PlanError;
use crate::cognito::ConnectError;
use crate::input::InputError;
use crate::journal::JournalError;
use crate::report::{OutputError, ReportError, count};
use crate::sandbox::{AccessKeyError, SandboxError};
use crate::validate::{LastNeedsAFile, ProtectedError};

/// A command that ended before anything was sent, exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The input cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Rows are invalid.
    #[error("{} of {} rows are invalid, and nothing was sent\nmend them, or leave them out with --skip-invalid", count(*invalid), count(*rows))]
    Invalid {
        /// The invalid rows.
        invalid: u64,
        /// All rows.
        rows: u64,
    },
    /// A pool does not exist.
    #[error("the pool {pool} does not exist: {message}\ncheck the pool's id, the account and the profile; nothing was sent")]
    NoPool {
        /// Its id.
        pool: String,
        /// The service's words.
        message: String,
    },
    /// The file cannot be held against a live pool.
    #[error("{what}: {message}\n--live needs the network and the permission {needs} on the pool; nothing was sent")]
    NotLive {
        /// What was tried.
        what: String,
        /// Why it failed, in the service's words.
        message: String,
        /// The permission that it takes.
        needs: &'static str,
    },
    /// What is read once cannot be held against a live pool.
    #[error("--live reads its input more than once, which standard input does not allow\nsave it to a file and name that")]
    LiveNeedsAFile,
    /// There is no plan, or it does not hold any more.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The file has more rows than it may.
    #[error("it has {} rows, and --max-rows allows {}: is it the right file? Nothing was sent", count(*rows), count(*most))]
    TooManyRows {
        /// The rows that it has.
        rows: u64,
        /// The rows that it may have.
        most: u64,
    },
    /// A limit on rows needs them to be counted before the first is sent.
    #[error("--max-rows needs a file: standard input is sent as it comes, and not counted before")]
    MaxRowsNeedsAFile,
    /// The credentials are another account's, or it is not known whose they are.
    #[error("--expect-account {expected}: {found}; nothing was sent\nname the right profile with --profile")]
    OtherAccount {
        /// The account that is expected.
        expected: String,
        /// What was found.
        found: String,
    },
    /// It is not known whom to protect.
    #[error(transparent)]
    Protected(#[from] ProtectedError),
    /// There are no credentials.
    #[error("there are no AWS credentials: {0}\nsign in (`aws sso login`), name a profile with --profile, or rehearse with --sandbox")]
    NoCredentials(String),
    /// No row may be sent.
    #[error("no row is valid, and nothing was sent")]
    NothingToSend,
    /// There is an unfinished or finished run to go on with.
    #[error(
        "{} exists: this file was run before, against {target}, and nothing is overwritten\n\
         go on with that run:  {resume}\nor begin another beside it: --report FILE",
        journal.display()
    )]
    RunBefore {
        /// The journal.
        journal: PathBuf,
        /// What it was run against.
        target: String,
        /// The command that resumes.
        resume: String,
    },
    /// A run whose input can be read only once was written to this journal.
    #[error(
        "{} exists, of a run whose input could be read only once: it cannot be resumed, and nothing is overwritten\n\
         begin another beside it: --report FILE",
        .0.display()
    )]
    RunOnce(PathBuf),
    /// The journal is of another file.
    #[error(
        "{} exists, of a run of {}, and this is another file\nbegin a run of its own beside it: --report FILE",
        journal.display(),
        input.display()
    )]
    RunOfAnother {
        /// The journal.
        journal: PathBuf,
        /// The file that was run.
        input: PathBuf,
    },
    /// Two of input, report, journal and summary are one file.
    #[error("{} is named twice: input, report, journal and summary are files of their own\nname another file", .0.display())]
    NamedTwice(PathBuf),
    /// The run that is resumed was against another service.
    #[error(
        "{} is of a run against {then}, and this is {now}: what was set there is not set here, and nothing was sent\n\
         resume it with the flags that it began with, or begin a run of its own with --report FILE",
        journal.display()
    )]
    AnotherTarget {
        /// The journal.
        journal: PathBuf,
        /// What it was run against.
        then: String,
        /// What it would be resumed against.
        now: String,
    },
    /// The run that is resumed had another answer to two rows for one user.
    #[error(
        "{} is of a run with --on-duplicate {then}, and this is one with {now}: another row would win, and be sent over the one that was\n\
         resume it with the flags that it began with",
        journal.display()
    )]
    OtherDuplicates {
        /// The journal.
        journal: PathBuf,
        /// What it was run with.
        then: String,
        /// What it would be resumed with.
        now: &'static str,
    },
    /// There is nothing to resume.
    #[error("there is no journal {} to resume from\nrun without --resume to begin", .0.display())]
    NoJournal(PathBuf),
    /// What was read once cannot be resumed.
    #[error(
        "a run over standard input cannot be resumed, for it is not known to be the same\nput the rows that are left into a file, and run that"
    )]
    ResumeNeedsAFile,
    /// There is nobody to ask.
    #[error("consent is needed, and there is no terminal to ask on\nread the plan above, then say --yes")]
    NobodyToAsk,
    /// The answer was no.
    #[error("you did not say yes: nothing was sent")]
    NoConsent,
    /// An output is already there.
    #[error("{} exists, and nothing is overwritten\nmove it away, or name another file", .0.display())]
    Exists(PathBuf),
    /// A rule is to be denied and to be allowed.
    #[error("--deny {0} and --allow {0} contradict each other\nkeep one of them")]
    DeniedAndAllowed(&'static str),
    /// A policy file cannot be used.
    #[error("cannot use the policy file {}: {reason}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The AWS configuration cannot be used.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The sandbox did not start.
    #[error("the sandbox did not start: {0}")]
    Sandbox(#[from] SandboxError),
    /// A key to verify signatures by is none.
    #[error("--credentials: {0}")]
    AccessKey(#[from] AccessKeyError),
    /// Signatures are to be verified, and there is no key to do it by.
    #[error(
        "there is no key to verify signatures by\ngive one with --credentials KEY:SECRET, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )]
    NoAccessKey,
    /// The journal cannot be made or read.
    #[error(transparent)]
    Journal(JournalError),
    /// An output cannot be made.
    #[error(transparent)]
    Output(OutputError),
    /// A report cannot be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// What was asked for needs a file.
    #[error(transparent)]
    LastNeedsAFile(#[from] LastNeedsAFile),
    /// The system refused.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why not.
        source: io::Error,
    },
}

impl From<JournalError> for Refusal {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Exists(path) => Self::Exists(path),
            error => Self::Journal(error),
        }
    }
}

impl From<OutputError> for Refusal {
    fn from(error: OutputError) -> Self {
        match error {
            OutputError::Exists(path) => Self::Exists(path),
            error => Self::Output(error),
        }
    }
}
