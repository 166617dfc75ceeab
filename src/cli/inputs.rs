//! The flags that say how rows are read and judged: `run` and `check` share them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::input::{Defaults, Format, Origin, Settings};
use crate::preflight::{PolicyChoice, Refusal};
use crate::row::Lifetime;
use crate::validate::{OnDuplicate, Protected};

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
    fn a_delimiter_is_one_character() {
        assert_eq!(delimiter(";"), Ok(b';'));
        assert_eq!(delimiter("\t"), Ok(b'\t'));
        assert_eq!(delimiter("tab"), Ok(b'\t'));
        for text in ["", "::", "\"", "\n", "é"] {
            assert!(delimiter(text).is_err(), "{text:?}");
        }
    }
}
