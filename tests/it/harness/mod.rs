//! What every test of the executable needs: a folder with a clean environment, files of rows, a sandbox, moto, boto3, and readers for
//! what a run leaves behind. What is promised is left to the tests.

mod agreement;
mod boto3;
mod judge;
mod moto;
mod process;
mod project;
mod results;
mod rows;
mod sandbox;

pub use self::agreement::ATTEMPTS;
pub use self::boto3::{Answer, Call, aws_cli, boto3, python, script};
pub use self::judge::Witness;
pub use self::moto::moto;
pub use self::process::{Finished, Running, eventually};
pub use self::project::{BINARY, MARK, Project};
pub use self::results::{Report, journal_of};
pub use self::rows::{Row, api_jsonl, csv, jsonl, rows};
pub use self::sandbox::{Logged, Sandbox};

/// The repository.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// How much of something a test does: the long form where `COGNITO_PASSWD_SOAK` is set, as `make soak` does, else the short one.
pub fn soak(long: usize, short: usize) -> usize {
    if std::env::var_os("COGNITO_PASSWD_SOAK").is_some() { long } else { short }
}
