//! One call from its arrival to its answer: the fault drawn for it, the quota, the operation, the line in the log. All of it happens
//! at once and before any delay, so that a client that hangs up cannot leave a call half done.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::call_log::{CallLog, Line};
use super::clock::epoch_seconds;
use super::faults::{Draw, Fault, FaultDraws};
use super::ids;
use super::operations::Service;
use super::protocol::{self, Operation, Refusal};
use super::quota::{Category, Quotas};
use super::settings::Settings;
use crate::secret::Password;

/// A call as it came in.
pub(super) struct Arrival<'a> {
    pub(super) at: SystemTime,
    /// The name behind the prefix of `X-Amz-Target`, known or not.
    pub(super) operation: &'a str,
    /// The Region of the credential scope, if the call was signed.
    pub(super) region: Option<&'a str>,
    pub(super) body: &'a [u8],
}

/// What is sent back, and when.
pub(super) struct Answer {
    pub(super) request_id: String,
    pub(super) delay: Duration,
    pub(super) reply: Reply,
}

/// What is sent back.
pub(super) enum Reply {
    /// 200 and the operation's output.
    Output(Bytes),
    Refused(Refusal),
    /// A page that no Cognito sent.
    Html(u16),
    /// Nothing: the connection is reset.
    Cut,
}

impl Reply {
    fn status(&self) -> Option<u16> {
        match self {
            Self::Output(_) => Some(200),
            Self::Refused(refusal) => Some(refusal.status),
            Self::Html(status) => Some(*status),
            Self::Cut => None,
        }
    }

    fn code(&self) -> &'static str {
        if let Self::Refused(refusal) = self { refusal.code } else { "" }
    }
}

/// What faults, permissions and the log need to know of a call's input. A member of the wrong type leaves them all empty.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Subject {
    user_pool_id: String,
    client_id: String,
    username: String,
    permanent: Option<bool>,
    #[serde(deserialize_with = "protocol::password")]
    password: Option<Password<'static>>,
    #[serde(alias = "ChallengeResponses")]
    auth_parameters: AuthParameters,
}

/// Where a call that signs in names its user.
#[derive(Default, Deserialize)]
#[serde(default)]
struct AuthParameters {
    #[serde(rename = "USERNAME")]
    username: String,
}

impl Subject {
    fn read(body: &[u8]) -> Self {
        let mut subject: Self = protocol::input(body).unwrap_or_default();
        if subject.username.is_empty() {
            subject.username = std::mem::take(&mut subject.auth_parameters.username);
        }
        subject
    }
}

/// The desk that every call passes.
pub(super) struct Desk {
    pub(super) service: Service,
    settings: Settings,
    quotas: Quotas,
    faults: FaultDraws,
    log: Option<CallLog>,
    log_failure: Mutex<Option<io::Error>>,
    log_failed: CancellationToken,
    calls: AtomicU64,
}

impl Desk {
    pub(super) fn new(settings: Settings, log: Option<CallLog>) -> Self {
        Self {
            service: Service::new(&settings, rand::random()),
            quotas: Quotas::new(&settings),
            faults: FaultDraws::new(settings.faults, settings.seed),
            log,
            log_failure: Mutex::default(),
            log_failed: CancellationToken::new(),
            calls: AtomicU64::new(0),
            settings,
        }
    }

    /// Decides one call.
    pub(super) fn take(&self, arrival: &Arrival<'_>) -> Answer {
        let request_id = ids::request_id(self.settings.seed, self.calls.fetch_add(1, Ordering::Relaxed));
        let operation = Operation::named(arrival.operation);
        let mut subject = Subject::read(arrival.body);
        if let Some(client) = self.service.clients.get(&subject.client_id).filter(|_| subject.user_pool_id.is_empty()) {
            subject.user_pool_id.clone_from(&client.pool);
        }
        let region = arrival.region.unwrap_or_else(|| subject.user_pool_id.split_once('_').map_or("", |(region, _)| region));
        let draw = if operation == Some(Operation::AdminSetUserPassword) { self.faults.next() } else { Draw::default() };
        let (reply, applied) = match draw.fault.and_then(|fault| self.instead(fault, arrival.operation, region, &subject)) {
            Some(reply) => (reply, false),
            None => self.perform(operation, region, arrival.body),
        };
        let reply = if draw.fault == Some(Fault::CutAfter) { Reply::Cut } else { reply };
        self.log(&Line {
            arrived: epoch_seconds(arrival.at),
            operation: arrival.operation,
            region,
            user_pool_id: &subject.user_pool_id,
            username: &subject.username,
            permanent: subject.permanent,
            status: reply.status(),
            code: reply.code(),
            applied,
            fault: draw.name(),
            request_id: &request_id,
            password: subject.password.as_ref().filter(|_| self.settings.log_passwords).map(Password::expose),
        });
        Answer { request_id, delay: self.settings.latency + draw.slow_by.unwrap_or_default(), reply }
    }

    /// What a fault answers in place of the service; nothing where the call is performed all the same.
    fn instead(&self, fault: Fault, operation: &str, region: &str, subject: &Subject) -> Option<Reply> {
        let refused = |status, code, message: String| Some(Reply::Refused(Refusal { status, code, message: message.into() }));
        match fault {
            Fault::CutAfter => None,
            Fault::CutBefore => Some(Reply::Cut),
            Fault::HtmlOk => Some(Reply::Html(200)),
            Fault::Html => Some(Reply::Html(502)),
            Fault::Unavailable => refused(503, "ServiceUnavailableException", String::new()),
            Fault::InternalError => refused(500, "InternalErrorException", "Internal server error.".to_owned()),
            Fault::ExpiredToken => {
                refused(400, "ExpiredTokenException", "The security token included in the request is expired".to_owned())
            }
            Fault::AccessDenied => {
                let (account, pool) = (&self.settings.account, &subject.user_pool_id);
                let message = format!(
                    "User: arn:aws:iam::{account}:user/sandbox is not authorized to perform: cognito-idp:{operation} on resource: \
                     arn:aws:cognito-idp:{region}:{account}:userpool/{pool} because no identity-based policy allows the \
                     cognito-idp:{operation} action"
                );
                refused(400, "AccessDeniedException", message)
            }
            Fault::Throttle => refused(400, "TooManyRequestsException", "Too many requests".to_owned()),
        }
    }

    /// Performs a call under its quota. Says also whether it changed something.
    fn perform(&self, operation: Option<Operation>, region: &str, body: &[u8]) -> (Reply, bool) {
        let Some(operation) = operation else { return (Reply::Refused(Refusal::new("UnknownOperationException", "")), false) };
        if Category::of(operation).is_some_and(|category| !self.quotas.admits(category, region)) {
            return (Reply::Refused(Refusal::new("TooManyRequestsException", "Rate exceeded")), false);
        }
        match self.service.perform(operation, region, body) {
            Ok(output) => (Reply::Output(output), operation.changes_something()),
            Err(refusal) => (Reply::Refused(refusal), false),
        }
    }

    fn log(&self, line: &Line<'_>) {
        let Some(Err(error)) = self.log.as_ref().map(|log| log.write(line)) else { return };
        self.log_failure.lock().expect("no holder of the lock panics").get_or_insert(error);
        self.log_failed.cancel();
    }

    /// Waits until a line could not be written, for ever if need be. A sandbox whose log has holes proves nothing.
    pub(super) async fn log_failure(&self) -> io::Error {
        self.log_failed.cancelled().await;
        let failure = self.log_failure.lock().expect("no holder of the lock panics").take();
        failure.unwrap_or_else(|| io::Error::other("an earlier line of the call log could not be written"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_log_that_cannot_be_written_is_a_failure() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full disk");
        let desk = Desk::new(Settings::default(), Some(CallLog::on(full)));
        for _ in 0..2 {
            desk.take(&Arrival { at: SystemTime::now(), operation: "ListUsers", region: None, body: b"" });
        }
        assert_eq!(desk.log_failure().await.kind(), io::ErrorKind::StorageFull);
    }
}
