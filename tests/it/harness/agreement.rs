//! A report held against the call log of the sandbox, row by row: what a run says of a row is what the service saw.

use std::collections::BTreeMap;

use super::results::{Report, ReportRow};
use super::sandbox::{Logged, Sandbox};

/// The most attempts of a row, throttled ones not counted.
pub const ATTEMPTS: u32 = 5;

impl Report {
    /// Fails unless every row of the report is what the service saw, and the service saw no others.
    pub fn is_true(&self, sandbox: &Sandbox) {
        let mut seen: BTreeMap<(String, String), Vec<Logged>> = BTreeMap::new();
        let mut attempts = sandbox.attempts();
        // A call that was applied late stands in the log where it was applied.
        attempts.sort_by(|one, other| one.arrived.total_cmp(&other.arrived));
        for call in attempts {
            seen.entry((call.user_pool_id.clone(), call.username.clone())).or_default().push(call);
        }
        for row in &self.0 {
            let (pool, username) = row.user();
            let calls = seen.remove(&(pool.to_owned(), username.to_owned())).unwrap_or_default();
            is_true(row, &calls);
        }
        assert!(seen.is_empty(), "calls for users who are in no row: {seen:?}");
    }
}

fn is_true(row: &ReportRow, calls: &[Logged]) {
    let counted = calls.iter().filter(|call| call.code != "TooManyRequestsException").count();
    let told = format!("row {}: {row:?}\nthe service saw: {calls:?}", row.row);
    assert!(calls.iter().all(|call| call.permanent == row.permanent), "the calls are the row's: {told}");
    assert_eq!(row.attempts as usize, counted, "{told}");
    assert!(row.attempts <= ATTEMPTS, "{told}");
    match row.outcome.as_str() {
        // The last answer, and it alone, is the service's 200, with the request id that the report gives.
        "set" => {
            let (last, before) = calls.split_last().expect("a call");
            assert!(last.confirms() && before.iter().all(|call| !call.confirms()), "{told}");
            assert_eq!(row.request_id.as_deref(), Some(last.request_id.as_str()), "{told}");
        }
        // It was sent, and the service never answered with its 200.
        "unknown" => {
            assert!(!calls.is_empty() && calls.iter().all(|call| !call.confirms()), "{told}");
            assert!(!row.code().is_empty(), "an unknown row says why: {told}");
        }
        // The service refused it with this code, and nothing was changed.
        "rejected" => {
            let last = calls.last().expect("a call");
            assert_eq!((last.code.as_str(), last.status), (row.code(), Some(400)), "{told}");
            assert!(calls.iter().all(|call| !call.applied), "{told}");
        }
        // Its turn did not come, or the answer was about the run and not about the row.
        "not_sent" => assert!(calls.iter().all(|call| !call.applied), "{told}"),
        _ => panic!("no such outcome: {told}"),
    }
}
