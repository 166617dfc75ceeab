//! What is wrong with the rows of a file that is to be run: the first errors as they come, a line each with the place that an editor can
//! jump to, and then the lints in a line.

use super::LiveFinding;
use crate::report::{count, plain};
use crate::validate::{Finding, Severity};

/// How many errors are shown. They are why the file is refused; `check` shows all there is.
const FIRST: u64 = 20;

/// Shows the findings of one input on standard error.
pub struct Findings {
    name: String,
    errors: u64,
    /// How often each lint struck, in the order of their first appearance.
    warnings: Vec<(&'static str, u64)>,
}

impl Findings {
    /// For the input of this name.
    pub fn new(name: &str) -> Self {
        Self { name: plain(name).into_owned(), errors: 0, warnings: Vec::new() }
    }

    /// Shows one, or counts it.
    pub fn take(&mut self, finding: &Finding) {
        let Finding { line, column, rule, severity, message, .. } = finding;
        self.note((*line, *column), (rule.code(), *severity), message);
    }

    /// The same for what a row meets in the live pool.
    pub fn take_live(&mut self, LiveFinding { line, column, rule, .. }: &LiveFinding) {
        self.note((*line, *column), (rule.code(), rule.severity()), &rule.to_string());
    }

    fn note(&mut self, (line, column): (u64, u64), (code, severity): (&'static str, Severity), message: &str) {
        if severity == Severity::Error {
            self.errors += 1;
            if self.errors <= FIRST {
                say!("{}:{line}:{column}: {code}: {}", self.name, plain(message));
            }
        } else {
            match self.warnings.iter_mut().find(|(known, _)| *known == code) {
                Some((_, seen)) => *seen += 1,
                None => self.warnings.push((code, 1)),
            }
        }
    }

    /// Says what was not shown.
    pub fn finish(self) {
        if self.errors > FIRST {
            say!(
                "... and {} more: `cognito-passwd check --all`, with this file and the flags that say how to read it, lists them",
                count(self.errors - FIRST)
            );
        }
        if !self.warnings.is_empty() {
            let counts: Vec<_> = self.warnings.iter().map(|(code, seen)| format!("{code} ({})", count(*seen))).collect();
            say!("warning: {}: what looks wrong and may be sent: {}", self.name, counts.join(", "));
            say!("         `cognito-passwd check` says where; --deny RULE refuses such rows, --allow RULE is silent");
        }
    }
}
