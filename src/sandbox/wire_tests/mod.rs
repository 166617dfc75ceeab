//! The sandbox over real HTTP: the AWS SDK as its client, and plain requests where the SDK would hide what was sent.

mod accounts;
mod faults;
mod files;
mod planned;
mod protocol;
mod sign_in;

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_cognitoidentityprovider::Client;
use aws_sdk_cognitoidentityprovider::config::retry::RetryConfig;
use aws_sdk_cognitoidentityprovider::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_cognitoidentityprovider::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cognitoidentityprovider::types::{AttributeType, UserStatusType};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response};
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{DEFAULT_POLICY, Faults, Sandbox, SandboxError, Settings};
use crate::row::{PoolId, User};
use crate::secret::Password;

const POOL: &str = "us-east-1_Sandbox1";
const GOOD: &str = "Correct-Horse-1";

/// A sandbox that serves, with a pool and the users ann and bob in it.
struct Rehearsal {
    sandbox: Sandbox,
    endpoint: String,
    stop: CancellationToken,
    server: JoinHandle<Result<(), SandboxError>>,
    folder: tempfile::TempDir,
}

impl Rehearsal {
    async fn start(settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let sandbox = Sandbox::new(Settings { log: Some(folder.path().join("calls.jsonl")), ..settings }).expect("a sandbox");
        sandbox.add_pool(&PoolId::parse(POOL).expect("a pool id"), DEFAULT_POLICY);
        for username in ["ann", "bob"] {
            sandbox.add_user(&user(username));
        }
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("its address"));
        let stop = CancellationToken::new();
        let server = tokio::spawn(sandbox.clone().serve(listener, stop.clone()));
        Self { sandbox, endpoint, stop, server, folder }
    }

    fn client(&self, region: &'static str) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&self.endpoint)
            .region(Region::new(region))
            .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .build();
        Client::from_conf(config)
    }

    /// Sends a body as it is.
    async fn post(&self, operation: &str, body: &Value) -> Result<Response<String>, legacy::Error> {
        let request = Request::post(&self.endpoint)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("AWSCognitoIdentityProviderService.{operation}"))
            .body(Full::new(Bytes::from(body.to_string())))
            .expect("a request");
        let client: legacy::Client<_, Full<Bytes>> = legacy::Client::builder(TokioExecutor::new()).build_http();
        let (head, body) = client.request(request).await?.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Ok(Response::from_parts(head, String::from_utf8(body.to_vec()).expect("text")))
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("calls.jsonl")
    }

    fn log(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.log_path()).expect("the log");
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    fn has_password(&self, username: &str, password: &str) -> bool {
        self.sandbox.password_is(&user(username), &Password::new(password))
    }
}

fn user(username: &str) -> User {
    User { pool: PoolId::parse(POOL).expect("a pool id"), username: username.into() }
}

fn unlimited() -> Settings {
    Settings { quota: None, ..Settings::default() }
}

fn set_password(username: &str, password: &str) -> Value {
    json!({ "UserPoolId": POOL, "Username": username, "Password": password, "Permanent": true })
}

/// Code and text of an error, as the SDK read them.
fn refusal<E: ProvideErrorMetadata>(error: SdkError<E>) -> (String, String) {
    (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
}

/// The code alone.
fn code<E: ProvideErrorMetadata>(error: SdkError<E>) -> String {
    refusal(error).0
}

/// A line for the file of users, in [`POOL`].
fn user_line(username: &str, more: Value) -> String {
    let mut line = json!({ "UserPoolId": POOL, "Username": username });
    line.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    line.to_string()
}

/// Loads a file of these lines.
fn load(sandbox: &Sandbox, folder: &Path, lines: &[String]) {
    let path = folder.join("users.jsonl");
    std::fs::write(&path, lines.join("\n")).expect("a file of users");
    assert_eq!(sandbox.load_users(&path).expect("users"), lines.len());
}
