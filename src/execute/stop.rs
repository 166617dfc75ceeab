//! The one way to end a run early: who pulls it first says why.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::outcome::Detail;

/// Why a run ended before its rows did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A signal of this number asked for it.
    Signal(i32),
    /// No row can succeed until this is mended.
    Fatal(Detail),
    /// The journal cannot be written, so no call may leave.
    Journal(String),
    /// The input could not be read to its end.
    Input(String),
    /// More rows were rejected than the run is to bear.
    TooManyRejected {
        /// The rejected ones.
        rejected: u64,
        /// Of so many that were sent and have ended.
        ended: u64,
    },
    /// All rows that ended were rejected for one reason.
    AllRejected {
        /// So many.
        rows: u64,
        /// The service's code.
        code: String,
    },
}

/// A handle that every part of a run holds. Once pulled it stays pulled.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    pulled: CancellationToken,
    reason: Arc<OnceLock<Reason>>,
}

impl Stop {
    /// Stops the dispatch of further calls. Only the first reason counts.
    pub fn pull(&self, reason: Reason) {
        self.reason.get_or_init(|| reason);
        self.pulled.cancel();
    }

    /// Whether it was pulled.
    pub fn is_pulled(&self) -> bool {
        self.pulled.is_cancelled()
    }

    /// Why, if it was pulled.
    pub fn reason(&self) -> Option<&Reason> {
        self.reason.get()
    }

    /// What `work` gives, or `None` once the stop is pulled.
    pub(super) async fn unless_pulled<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.pulled.run_until_cancelled(work).await
    }

    /// What `call` gives, or `None` if it has not answered `grace` after the stop.
    pub(super) async fn within_grace<T>(&self, grace: Duration, call: impl Future<Output = T>) -> Option<T> {
        let out_of_time = async {
            self.pulled.cancelled().await;
            tokio::time::sleep(grace).await;
        };
        tokio::select! {
            biased;
            answer = call => Some(answer),
            () = out_of_time => None,
        }
    }
}
