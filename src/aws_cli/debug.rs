//! What `--debug` shows on standard error: the steps of the call. No password, in no encoding, and no credentials.

use std::time::Instant;

use super::surroundings::Surroundings;
use super::validation::Request;
use crate::cognito::Reply;
use crate::report::plain;

/// A log that may be off.
pub(super) struct Log {
    since: Option<Instant>,
}

impl Log {
    /// A log that is on where `--debug` was given.
    pub fn new(on: bool) -> Self {
        let log = Self { since: on.then(Instant::now) };
        log.line(&format!("cognito-passwd {} admin-set-user-password", env!("CARGO_PKG_VERSION")));
        log
    }

    /// What is about to be done, and where.
    pub fn call(&self, surroundings: &Surroundings, request: &Request) {
        let connection = &surroundings.connection;
        self.line(&format!("Region {}, attempts {}", connection.region, surroundings.attempts));
        self.line(&format!("profile {:?}, endpoint {:?}, signed {}", connection.profile, connection.endpoint, connection.sign));
        self.line(&format!("time-outs: connect {:?}, read {:?}", connection.connect_timeout, connection.read_timeout));
        self.line(&format!("pool {}, user {}, permanent {:?}, password hidden", request.user_pool_id, request.username, request.permanent));
    }

    /// What came of an attempt.
    pub fn reply(&self, attempt: u32, reply: &Reply) {
        match reply {
            Reply::Answered { status, body, request_id } => {
                self.line(&format!("attempt {attempt}: status {status}, {} bytes, request id {request_id}", body.len()));
            }
            Reply::Unanswered(why) => self.line(&format!("attempt {attempt}: no answer: {why:?}")),
        }
    }

    fn line(&self, text: &str) {
        if let Some(since) = self.since {
            say!("{:8.3} s debug: {}", since.elapsed().as_secs_f64(), plain(text));
        }
    }
}
