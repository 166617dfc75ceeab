//! What every test of the executable needs: a folder with a clean environment, files of rows, a sandbox, moto, boto3, and readers for
//! what a run leaves behind. What is promised is left to the tests.

mod boto3;
mod moto;
mod process;
mod project;
mod results;
mod rows;
mod sandbox;

pub use self::boto3::{Answer, Call, aws_cli, boto3, python, script};
pub use self::moto::moto;
pub use self::process::{Finished, Running, eventually};
pub use self::project::{BINARY, MARK, Project};
pub use self::results::{Report, journal_of};
pub use self::rows::{Row, api_jsonl, csv, jsonl, rows};
pub use self::sandbox::{Logged, Sandbox};

/// The repository.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");
