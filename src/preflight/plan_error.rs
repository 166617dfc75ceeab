//! Why there is no plan, or why a run is not the one of its plan. Each text says what to do; nothing was sent.

use std::path::PathBuf;

use crate::report::{AnotherInput, count, rows as rows_of};

/// Why there is no plan, or why it does not hold any more.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A plan is of one file.
    #[error("--plan takes one file, not standard input and not several\nmake a plan of each file by itself")]
    OneFile,
    /// Something stands where the plan is to go.
    #[error("{} exists, and nothing is overwritten\nmove it away, or name another file with --plan", .0.display())]
    Exists(PathBuf),
    /// It cannot be written.
    #[error("cannot write the plan: {0}")]
    Write(#[from] std::io::Error),
    /// It cannot be read.
    #[error("cannot use the plan {}: {reason}\nmake it with: cognito-passwd check FILE --plan PLAN", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A row is not what it was.
    #[error("{name}:{line}:1: this row is not the one that stood here when the plan was made, and nothing was sent\n{}", AGAIN)]
    Row {
        /// The input.
        name: String,
        /// The line.
        line: u64,
    },
    /// There are rows behind the last one that was planned.
    #[error("{name}:{line}:1: this row was not there when the plan was made: there were {}; nothing was sent\n{}", rows_of(*then), AGAIN)]
    Longer {
        /// The input.
        name: String,
        /// The line of the first such row.
        line: u64,
        /// The rows that were planned.
        then: u64,
    },
    /// Rows are gone.
    #[error("{name}: it has {}, and there were {} when the plan was made; nothing was sent\n{}", rows_of(*now), count(*then), AGAIN)]
    Shorter {
        /// The input.
        name: String,
        /// The rows that it has.
        now: u64,
        /// The rows that were planned.
        then: u64,
    },
    /// A pool's policy is not what it was.
    #[error(
        "the password policy of {pool} has changed since the plan was made, and nothing was sent\nthen: {then}\nnow:  {now}\n{}",
        AGAIN
    )]
    Policy {
        /// The pool.
        pool: String,
        /// What it was.
        then: String,
        /// What it is.
        now: String,
    },
    /// The run is another than the one that was planned.
    #[error(
        "the plan was made with {flag} {then}, and this run has {now}: nothing was sent\nrun it as it was planned, or make another plan"
    )]
    Setting {
        /// The flag.
        flag: &'static str,
        /// What it was.
        then: String,
        /// What it is.
        now: String,
    },
    /// The run goes elsewhere.
    #[error("the plan was made against {then}, and this run goes to {now}: nothing was sent")]
    Target {
        /// Where the plan was made.
        then: String,
        /// Where the run goes.
        now: String,
    },
}

impl From<AnotherInput> for PlanError {
    fn from(other: AnotherInput) -> Self {
        match other {
            AnotherInput::Changed { name, line } => Self::Row { name, line },
            AnotherInput::Longer { name, line, then } => Self::Longer { name, line, then },
            AnotherInput::Shorter { name, rows, then } => Self::Shorter { name, now: rows, then },
        }
    }
}

const AGAIN: &str = "look at what changed, and make the plan again with check --plan";
