//! The judge of runs that were interrupted: what a report says of every row, held to what the sandbox's call log saw.

use std::collections::BTreeMap;

use super::results::Report;
use super::sandbox::{Logged, Sandbox};

/// The attempts that a service saw, by user.
pub struct Witness(BTreeMap<(String, String), Vec<Logged>>);

impl Witness {
    /// What these sandboxes saw, the earlier one first.
    pub fn of(sandboxes: &[&Sandbox]) -> Self {
        let mut seen: BTreeMap<_, Vec<Logged>> = BTreeMap::new();
        for call in sandboxes.iter().flat_map(|sandbox| sandbox.attempts()) {
            seen.entry((call.user_pool_id.clone(), call.username.clone())).or_default().push(call);
        }
        Self(seen)
    }

    /// The attempts to set this user's password.
    pub fn calls(&self, (pool, username): (&str, &str)) -> &[Logged] {
        self.0.get(&(pool.to_owned(), username.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// Attempts beyond the first of each user.
    pub fn sent_again(&self) -> usize {
        self.0.values().map(|calls| calls.len() - 1).sum()
    }

    /// Fails if the report calls a row set that was not, not sent that may have been applied, or rejected that was not refused.
    #[track_caller]
    pub fn confirms(&self, report: &Report) {
        for row in &report.0 {
            let calls = self.calls(row.user());
            let told = format!("{row:?}\nthe service saw: {calls:?}");
            match row.outcome.as_str() {
                "set" => assert!(calls.iter().any(Logged::confirms), "it was not set: {told}"),
                "not_sent" => assert!(calls.iter().all(Logged::is_plain_refusal), "it may have been applied: {told}"),
                "rejected" => assert!(calls.iter().any(|call| call.code == row.code()) && !calls.iter().any(|call| call.applied), "{told}"),
                "unknown" | "invalid" | "skipped" => {}
                other => panic!("{other}: {told}"),
            }
        }
    }
}
