//! Calls by other people's clients: boto3 and the AWS CLI, from the virtual environment that `make test` makes.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::project::Project;
use super::{Finished, ROOT};

/// The interpreter of the virtual environment.
pub fn python() -> PathBuf {
    let path = std::env::var_os("COGNITO_PASSWD_PYTHON").map_or_else(|| PathBuf::from(ROOT).join(".venv/bin/python"), PathBuf::from);
    assert!(
        path.is_file(),
        "{} is missing, and these tests need moto, boto3 and the AWS CLI in it. `make test` makes it; so does `make .venv`. \
         COGNITO_PASSWD_PYTHON names another interpreter that has them.",
        path.display()
    );
    path
}

/// A script beside the tests.
pub fn script(name: &str) -> PathBuf {
    PathBuf::from(ROOT).join("tests/it").join(name)
}

/// A call to make.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    region: String,
    operation: &'static str,
    arguments: Value,
}

impl Call {
    /// A call of `operation`, by boto3's name of it, in the Region of `pool`, or `pool` itself if it is a Region.
    pub fn new(pool: &str, operation: &'static str, arguments: Value) -> Self {
        Self { region: pool.split('_').next().unwrap_or(pool).to_owned(), operation, arguments }
    }
}

/// What came back.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The answer.
    Answer(Value),
    /// An exception of boto3: its class, which is `ClientError` for one that the service model does not know, the code and the text.
    Exception(String, String, String),
}

impl Answer {
    /// The answer, of a call that must have one.
    #[track_caller]
    pub fn ok(self) -> Value {
        match self {
            Self::Answer(answer) => answer,
            Self::Exception(class, code, text) => panic!("{class}: {code}: {text}"),
        }
    }

    /// The exception's class and text, of a call that must fail.
    #[track_caller]
    pub fn exception(self) -> (String, String) {
        match self {
            Self::Answer(answer) => panic!("it succeeded: {answer}"),
            Self::Exception(class, _, text) => (class, text),
        }
    }
}

/// Makes the calls one after another with boto3.
pub fn boto3(endpoint: &str, calls: &[Call]) -> Vec<Answer> {
    let mut child = Command::new(python())
        .arg(script("calls.py"))
        .arg(endpoint)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs([("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing"), ("AWS_EC2_METADATA_DISABLED", "true")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&serde_json::to_vec(calls).unwrap()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "calls.py failed; what it said is above");
    let answers: Vec<Answer> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), calls.len());
    answers
}

/// Runs `aws cognito-idp` with these arguments.
pub fn aws_cli(project: &Project, endpoint: &str, args: &[&str]) -> Finished {
    let aws = python().with_file_name("aws");
    let mut command = project.command_of(python(), &[]);
    command.arg(aws).arg("cognito-idp").args(args).args(["--endpoint-url", endpoint, "--output", "json"]);
    project.start(command).finish()
}
