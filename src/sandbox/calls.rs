//! One call from its arrival to its answer: the fault drawn for it, the quota, the operation, the line in the log. All of it happens
//! at once and before any delay, so that a client that hangs up cannot leave a call half done.

use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hyper::header::HeaderMap;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::call_log::{CallLog, Line};
use super::clock::epoch_seconds;
use super::faults::{Draw, Fault, FaultDraws};
use super::ids;
use super::operations::Service;
use super::permissions::access_denied;
use super::plan::Plan;
use super::protocol::{self, Operation, Refusal};
use super::quota::{Category, Quotas};
use super::settings::Settings;
use super::signatures;
use crate::secret::Password;

/// A call as it came in.
pub(super) struct Arrival<'a> {
    pub(super) at: SystemTime,
    /// The name behind the prefix of `X-Amz-Target`, known or not.
    pub(super) operation: &'a str,
    /// The Region of the credential scope, if the call was signed.
    pub(super) region: Option<&'a str>,
    /// What its signature is verified by.
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// What is sent back, and when.
pub(super) struct Answer {
    pub(super) request_id: String,
    pub(super) delay: Duration,
    pub(super) reply: Reply,
    /// What is still to be applied.
    pub(super) late: Option<LateCall>,
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

/// One call, as far as it was read.
struct Call {
    at: SystemTime,
    name: String,
    operation: Option<Operation>,
    region: String,
    subject: Subject,
    /// Why its signature is none, where that is verified.
    unsigned: Option<Refusal>,
    request_id: String,
    fault: Option<&'static str>,
}

/// A call that is to be applied when its client has long gone.
pub(super) struct LateCall {
    pub(super) by: Duration,
    call: Call,
    body: Box<[u8]>,
}

/// The desk that every call passes.
pub(super) struct Desk {
    pub(super) service: Service,
    settings: Settings,
    pub(super) quotas: Quotas,
    faults: FaultDraws,
    plan: Plan,
    log: Option<CallLog>,
    log_failure: Mutex<Option<io::Error>>,
    log_failed: CancellationToken,
    calls: AtomicU64,
}

impl Desk {
    pub(super) fn new(settings: Settings, service: Service, plan: Plan, log: Option<CallLog>) -> Self {
        Self {
            service,
            quotas: Quotas::new(&settings),
            faults: FaultDraws::new(settings.faults, settings.seed),
            plan,
            log,
            log_failure: Mutex::default(),
            log_failed: CancellationToken::new(),
            calls: AtomicU64::new(0),
            settings,
        }
    }

    /// Where the state is kept.
    pub(super) fn state_path(&self) -> Option<&Path> {
        self.settings.state.as_deref()
    }

    /// Decides one call.
    pub(super) fn take(&self, arrival: &Arrival<'_>) -> Answer {
        let mut call = self.read(arrival);
        let draw = self.plan.next(call.operation, &call.subject.username, &call.subject.user_pool_id).and(self.draw(call.operation));
        call.fault = draw.name();
        if let Some(shift) = draw.clock {
            self.service.clock.shift(shift);
        }
        let request_id = call.request_id.clone();
        let delay = self.settings.latency + draw.slow_by.unwrap_or_default();
        if draw.fault == Some(Fault::AppliedLate) {
            let late = LateCall { by: draw.late_by, call, body: arrival.body.into() };
            return Answer { request_id, delay, reply: Reply::Cut, late: Some(late) };
        }
        let (reply, applied) = match draw.fault.and_then(|fault| self.instead(fault, &call)) {
            Some(reply) => (reply, false),
            None => self.perform(&call, arrival.body),
        };
        let reply = if draw.fault == Some(Fault::CutAfter) { Reply::Cut } else { reply };
        self.log(&call, &reply, applied);
        Answer { request_id, delay, reply, late: None }
    }

    /// Applies a call whose time has come. Its line in the log stands here, not where it arrived.
    pub(super) fn apply(&self, late: &LateCall) {
        let (_, applied) = self.perform(&late.call, &late.body);
        self.log(&late.call, &Reply::Cut, applied);
    }

    fn read(&self, arrival: &Arrival<'_>) -> Call {
        let mut subject = Subject::read(arrival.body);
        if let Some(client) = self.service.clients.get(&subject.client_id).filter(|_| subject.user_pool_id.is_empty()) {
            subject.user_pool_id.clone_from(&client.pool);
        }
        let region = arrival.region.unwrap_or_else(|| subject.user_pool_id.split_once('_').map_or("", |(region, _)| region));
        let operation = Operation::named(arrival.operation);
        let is_verified = operation.is_some_and(Operation::is_signed) && !self.settings.access_keys.is_empty();
        let verify = || signatures::verify(&self.settings.access_keys, arrival.headers, arrival.body, arrival.at);
        Call {
            at: arrival.at,
            name: arrival.operation.to_owned(),
            operation,
            region: region.to_owned(),
            subject,
            unsigned: if is_verified { verify().err() } else { None },
            request_id: ids::request_id(self.settings.seed, self.calls.fetch_add(1, Ordering::Relaxed)),
            fault: None,
        }
    }

    /// Faults by probability strike AdminSetUserPassword alone: what prepares and verifies a rehearsal goes through.
    fn draw(&self, operation: Option<Operation>) -> Draw {
        if operation == Some(Operation::AdminSetUserPassword) { self.faults.next() } else { Draw::default() }
    }

    /// What a fault answers in place of the service; nothing where the call is performed all the same.
    fn instead(&self, fault: Fault, call: &Call) -> Option<Reply> {
        let refused = |status, code, message: &'static str| Some(Reply::Refused(Refusal { status, code, message: message.into() }));
        match fault {
            Fault::CutAfter | Fault::AppliedLate => None,
            Fault::CutBefore => Some(Reply::Cut),
            Fault::HtmlOk => Some(Reply::Html(200)),
            Fault::Html => Some(Reply::Html(502)),
            Fault::Unavailable => refused(503, "ServiceUnavailableException", ""),
            Fault::InternalError => refused(500, "InternalErrorException", "Internal server error."),
            Fault::ExpiredToken => refused(400, "ExpiredTokenException", "The security token included in the request is expired"),
            Fault::AccessDenied => Some(Reply::Refused(self.access_denied(call))),
            Fault::Throttle => refused(400, "TooManyRequestsException", "Too many requests"),
        }
    }

    fn access_denied(&self, call: &Call) -> Refusal {
        access_denied(&self.settings.account, &call.region, &call.subject.user_pool_id, &call.name)
    }

    /// Performs a call that is signed and permitted, under its quota. Says also whether it changed something.
    fn perform(&self, call: &Call, body: &[u8]) -> (Reply, bool) {
        let refused = |refusal| (Reply::Refused(refusal), false);
        let Some(operation) = call.operation else { return refused(Refusal::new("UnknownOperationException", "")) };
        if let Some(refusal) = &call.unsigned {
            return refused(refusal.clone());
        }
        if self.settings.denied.iter().any(|denial| denial.covers(operation, &call.subject.user_pool_id)) {
            return refused(self.access_denied(call));
        }
        if Category::of(operation).is_some_and(|category| !self.quotas.admits(category, &call.region)) {
            return refused(Refusal::new("TooManyRequestsException", "Rate exceeded"));
        }
        match self.service.perform(operation, &call.region, body) {
            Ok(output) => (Reply::Output(output), operation.changes_something()),
            Err(refusal) => refused(refusal),
        }
    }

    fn log(&self, call: &Call, reply: &Reply, applied: bool) {
        let Some(log) = &self.log else { return };
        let written = log.write(&Line {
            arrived: epoch_seconds(call.at),
            operation: &call.name,
            region: &call.region,
            user_pool_id: &call.subject.user_pool_id,
            username: &call.subject.username,
            permanent: call.subject.permanent,
            status: reply.status(),
            code: reply.code(),
            applied,
            fault: call.fault,
            request_id: &call.request_id,
            password: call.subject.password.as_ref().filter(|_| self.settings.log_passwords).map(Password::expose),
        });
        let Err(error) = written else { return };
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
        let settings = Settings::default();
        let service = Service::new(&settings, [7; 32]);
        let desk = Desk::new(settings, service, Plan::none(), Some(CallLog::on(full)));
        for _ in 0..2 {
            desk.take(&Arrival { at: SystemTime::now(), operation: "ListUsers", region: None, headers: &HeaderMap::new(), body: b"" });
        }
        assert_eq!(desk.log_failure().await.kind(), io::ErrorKind::StorageFull);
    }
}
