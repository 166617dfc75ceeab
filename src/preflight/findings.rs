//! Findings, shown as they come: a line each, with the place that an editor can jump to.

use std::io::Write;

use super::{LiveFinding, Severity};
use crate::report::{count, plain};
use crate::validate::Finding;

/// How many findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// All, on standard output: they are what was asked for.
    All,
    /// The first twenty, on standard error: they are why something else was refused.
    First,
}

const FIRST: u64 = 20;

/// Shows the findings of one input.
pub struct Findings {
    name: String,
    listed: Listed,
    seen: u64,
}

impl Findings {
    /// For the input of this name.
    pub fn new(name: &str, listed: Listed) -> Self {
        Self { name: plain(name).into_owned(), listed, seen: 0 }
    }

    /// Shows one, or counts it.
    pub fn take(&mut self, finding: &Finding) {
        let Finding { line, column, rule, message, .. } = finding;
        self.show((*line, *column), rule.code(), message);
    }

    /// The same for what a row meets in the live pool. A warning says that it is one.
    pub fn take_live(&mut self, LiveFinding { line, column, rule, .. }: &LiveFinding) {
        let message = match rule.severity() {
            Severity::Error => rule.to_string(),
            Severity::Warning => format!("warning: {rule}"),
        };
        self.show((*line, *column), rule.code(), &message);
    }

    fn show(&mut self, (line, column): (u64, u64), code: &str, message: &str) {
        self.seen += 1;
        let text = format!("{}:{line}:{column}: {code}: {}\n", self.name, plain(message));
        match self.listed {
            Listed::All => {
                // A reader that has seen enough, `head` say, closes the pipe: the exit code still tells.
                let _ = std::io::stdout().lock().write_all(text.as_bytes());
            }
            Listed::First if self.seen <= FIRST => say_on!("{text}"),
            Listed::First => {}
        }
    }

    /// Says how many were not shown.
    pub fn finish(self) {
        if self.listed == Listed::First && self.seen > FIRST {
            say!("... and {} more; `cognito-passwd check {}` lists them all", count(self.seen - FIRST), self.name);
        }
    }
}
