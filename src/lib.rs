//! `chpasswd` for Amazon Cognito: sets the passwords of ten or ten million users from a file, and can say of every row what became of
//! it.
//!
//! Data goes one way: bytes → rows → valid rows → attempts → events → report. Read the rooms in this order and you have followed a row
//! from the file to the report. A room uses only rooms above it.
//!
//! | room | what it is for |
//! |---|---|
//! | [`secret`], [`row`] | the password, and the printable half of a row |
//! | [`outcome`], [`policy`] | what can become of a row; a pool's password rules |
//! | [`input`], [`journal`], [`cognito`] | files → rows; intents and results on the disk; the one door to AWS |
//! | [`validate`] | row → valid row, in parallel batches that keep their order |
//! | [`execute`] | valid rows × the door → events: pace, attempts, retries |
//! | [`report`] | events → progress; input and journal → results and summary |
//! | [`sandbox`] | a Cognito on the loopback address |
//! | [`preflight`] | what `run` and `check` do before the first call |
//! | [`aws_cli`] | one user, with the options and exit codes of `aws cognito-idp admin-set-user-password` |
//! | [`run`], [`check`] | the commands |
//! | [`cli`] | what was typed → what it means |
//!
//! Beside them stands `fuzzing`, in tests and under `cargo fuzz` alone: the laws that every parser is held to.

/// Writes a line for people to standard error. A terminal that is gone does not end a run.
macro_rules! say {
    ($($text:tt)*) => { $crate::report::say(format_args!("{}\n", format_args!($($text)*))) };
}

/// The same without an end of line.
macro_rules! say_on {
    ($($text:tt)*) => { $crate::report::say(format_args!($($text)*)) };
}

pub mod aws_cli;
pub mod check;
pub mod cli;
pub mod cognito;
pub mod execute;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod input;
pub mod journal;
pub mod outcome;
pub mod policy;
pub mod preflight;
pub mod report;
pub mod row;
pub mod run;
pub mod sandbox;
pub mod secret;
pub mod validate;
