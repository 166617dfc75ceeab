//! The flags that say how rows are read and judged: `run` and `check` share them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::input::{Defaults, Format, Origin, Settings};
use crate::preflight::{PolicyChoice, Refusal};
use crate::row::Lifetime;
use crate::validate::{Level, Lint, Lints, OnDuplicate, Protected, Rule};

/// How rows are read and judged.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rows")]
pub(super) struct InputArgs {
    /// Read FILE as this format, whatever its name ends in
    #[arg(long, value_enum)]
    format: Option<FormatArg>,
    /// The character between two fields of a CSV file [default: comma; tab for .tsv]
    #[arg(long, value_name = "C", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// The pool of rows that name none
    #[arg(long, value_name = "ID")]
    user_pool_id: Option<String>,
    /// Rows that do not say are permanent: the user signs in with the new password
    #[arg(long, overrides_with = "no_permanent")]
    permanent: bool,
    /// Rows that do not say are temporary: the user must choose another at the next sign-in [default]
    #[arg(long, overrides_with = "permanent")]
    no_permanent: bool,
    /// Check passwords against the pool's own policy (`live`), against the API's rules alone (`none`), or against the policy in FILE (the
    /// output of `aws cognito-idp describe-user-pool`)
    #[arg(long, value_name = "live|none|FILE", default_value = "live")]
    policy: String,
    /// What two rows for one user mean: both are invalid, the first wins, or the last wins
    #[arg(long, value_enum, default_value = "error")]
    on_duplicate: DuplicateArg,
    /// Take rows that look wrong by this rule for invalid
    #[arg(long, value_name = "RULE", value_parser = lint_to_deny)]
    deny: Vec<Lint>,
    /// Say nothing of rows that look wrong by this rule
    #[arg(long, value_name = "RULE", value_parser = lint_to_allow)]
    allow: Vec<Lint>,
    /// Users who are never touched, in any case: a file with a username a line, or a pattern for the whole username between slashes
    #[arg(long, value_name = "FILE|/REGEX/")]
    protect: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatArg {
    Csv,
    Jsonl,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DuplicateArg {
    Error,
    First,
    Last,
}

impl InputArgs {
    /// How `file` is to be read; `-` is standard input.
    pub(super) fn settings(&self, file: &Path) -> Settings {
        Settings {
            origin: if file == Path::new("-") { Origin::Stdin } else { Origin::File(file.to_owned()) },
            format: self.format.map(|format| match format {
                FormatArg::Csv => Format::Csv,
                FormatArg::Jsonl => Format::Jsonl,
            }),
            delimiter: self.delimiter,
            defaults: Defaults { pool: self.user_pool_id.clone(), lifetime: self.lifetime() },
        }
    }

    pub(super) fn policy(&self) -> Result<PolicyChoice, Refusal> {
        PolicyChoice::read(&self.policy)
    }

    /// The users who are never touched.
    ///
    /// # Errors
    /// [`Refusal::Protected`] where it is not known who they are.
    pub(super) fn protected(&self) -> Result<Option<Arc<Protected>>, Refusal> {
        Ok(self.protect.as_deref().map(Protected::read).transpose()?.map(Arc::new))
    }

    pub(super) fn on_duplicate(&self) -> OnDuplicate {
        match self.on_duplicate {
            DuplicateArg::Error => OnDuplicate::Error,
            DuplicateArg::First => OnDuplicate::First,
            DuplicateArg::Last => OnDuplicate::Last,
        }
    }

    /// What becomes of each lint.
    ///
    /// # Errors
    /// [`Refusal::DeniedAndAllowed`] where one is to be both.
    pub(super) fn lints(&self) -> Result<Lints, Refusal> {
        if let Some(lint) = self.deny.iter().find(|lint| self.allow.contains(lint)) {
            return Err(Refusal::DeniedAndAllowed(lint.code()));
        }
        let mut lints = Lints::default();
        self.deny.iter().for_each(|lint| lints.set(*lint, Level::Deny));
        self.allow.iter().for_each(|lint| lints.set(*lint, Level::Allow));
        Ok(lints)
    }

    fn lifetime(&self) -> Option<Lifetime> {
        match (self.permanent, self.no_permanent) {
            (true, _) => Some(Lifetime::Permanent),
            (_, true) => Some(Lifetime::Temporary),
            _ => None,
        }
    }
}

/// The file that stands beside `input` and says what it is for: `users.csv` → `users.results.csv`. Beside a pipe nothing can stand, so
/// that its results go into the current folder.
pub(super) fn results_beside(input: &Path, what: &str) -> PathBuf {
    if input == Path::new("-") || input.starts_with("/dev") || input.starts_with("/proc") {
        return PathBuf::from(format!("stdin.{what}.csv"));
    }
    let ending = input.extension().and_then(|ending| ending.to_str());
    let ending = ending.filter(|ending| ["jsonl", "ndjson", "json"].contains(ending)).unwrap_or("csv");
    input.with_extension(format!("{what}.{ending}"))
}

fn lint_to_deny(text: &str) -> Result<Lint, String> {
    lint(text, "its rows are invalid already")
}

fn lint_to_allow(text: &str) -> Result<Lint, String> {
    lint(text, "Cognito would refuse such rows, or they cannot be read. Mend them, or leave them out with `run --skip-invalid`")
}

/// The lint of this name. Of a rule that is none it is said why.
fn lint(text: &str, of_an_error: &str) -> Result<Lint, String> {
    if let Some(lint) = Lint::ALL.into_iter().find(|lint| lint.code() == text) {
        return Ok(lint);
    }
    if Rule::ERRORS.contains(&text) {
        return Err(format!("this rule is an error: {of_an_error}"));
    }
    let names = Lint::ALL.map(Lint::code);
    let nearest = names.iter().max_by(|a, b| strsim::jaro(a, text).total_cmp(&strsim::jaro(b, text)));
    let nearest = nearest.expect("there are lints");
    Err(format!("there is no such rule; did you mean {nearest}? There are {}", names.join(", ")))
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "tab" | "\\t" => Ok(b'\t'),
        _ => match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => Ok(*byte),
            _ => Err("a delimiter is one ASCII character, or `tab`".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_beside_the_input_in_its_format() {
        for (input, results) in [
            ("a/users.csv", "a/users.results.csv"),
            ("users.jsonl", "users.results.jsonl"),
            ("users.tsv", "users.results.csv"),
            ("users", "users.results.csv"),
            ("-", "stdin.results.csv"),
            ("/dev/fd/63", "stdin.results.csv"),
        ] {
            assert_eq!(results_beside(Path::new(input), "results"), Path::new(results));
        }
    }

    #[test]
    fn a_rule_that_is_no_lint_is_refused_with_a_reason() {
        assert_eq!(lint_to_deny("password-shared"), Ok(Lint::Shared));
        let nearest = |text| lint_to_allow(text).unwrap_err().split(['?', ';']).nth(1).unwrap().to_owned();
        assert_eq!(nearest("pasword-shard"), " did you mean password-shared");
        assert_eq!(nearest("user-case"), " did you mean username-case");
        assert!(lint_to_allow("policy-symbols").is_err_and(|error| error.contains("Cognito would refuse")));
        assert!(lint_to_deny("pool-id").is_err_and(|error| error.contains("already")));
    }

    #[test]
    fn a_delimiter_is_one_character() {
        assert_eq!(delimiter(";"), Ok(b';'));
        assert_eq!(delimiter("\t"), Ok(b'\t'));
        assert_eq!(delimiter("tab"), Ok(b'\t'));
        for text in ["", "::", "\"", "\n", "é"] {
            assert!(delimiter(text).is_err(), "{text:?}");
        }
    }
}
