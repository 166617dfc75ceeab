//! How many rows met what in the live pools, and what will become of the users.

use std::collections::BTreeMap;

use super::finding::LiveRule;
use super::left_out::{LeftOut, Why};
use super::register::{Entry, Seen, Sight};
use crate::cognito::UserStatus;
use crate::report::count;
use crate::row::Lifetime;
use crate::validate::Severity;

/// What a file met in the live pools.
#[derive(Debug, Default)]
pub struct Census {
    /// The rows that are not sent because of it.
    pub left_out: LeftOut,
    /// The rows that a person must look at before the file is run.
    pub errors: u64,
    /// The calls of ListUsers that it took.
    pub calls: u64,
    /// The rows that are left out, by Region.
    regions: BTreeMap<String, u64>,
    /// The users to be sent to, by status and by whether their password is to last.
    statuses: BTreeMap<(UserStatus, bool), u64>,
    rules: BTreeMap<&'static str, u64>,
}

impl Census {
    pub(super) fn new(calls: u64) -> Self {
        Self { calls, ..Self::default() }
    }

    pub(super) fn count(&mut self, entry: &Entry, why: Option<Why>) {
        if let (None, Sight::Seen(Seen { status, .. })) = (why, entry.sight) {
            *self.statuses.entry((status, entry.lifetime == Lifetime::Permanent)).or_default() += 1;
        }
    }

    pub(super) fn leaves_out(&mut self, region: &str) {
        match self.regions.get_mut(region) {
            Some(rows) => *rows += 1,
            None => drop(self.regions.insert(region.to_owned(), 1)),
        }
    }

    /// The rows of a Region that are left out.
    pub(in crate::preflight) fn left_out_of(&self, region: &str) -> u64 {
        self.regions.get(region).copied().unwrap_or_default()
    }

    pub(super) fn meets(&mut self, rule: &LiveRule) {
        *self.rules.entry(rule.code()).or_default() += 1;
        self.errors += u64::from(rule.severity() == Severity::Error);
    }

    /// The rows that met each rule, by its code.
    pub fn rules(&self) -> &BTreeMap<&'static str, u64> {
        &self.rules
    }

    /// The users who will be sent a password.
    pub fn users(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// Who is there, and what will become of them, a line each.
    pub(in crate::preflight) fn lines(&self) -> Vec<(&'static str, String)> {
        let mut now = BTreeMap::<UserStatus, u64>::new();
        let mut after = BTreeMap::<&str, u64>::new();
        for ((status, permanent), users) in &self.statuses {
            *now.entry(*status).or_default() += users;
            *after.entry(becomes(*status, *permanent)).or_default() += users;
        }
        let now: Vec<_> = now.iter().map(|(status, users)| format!("{} {}", count(*users), status.name())).collect();
        let after: Vec<_> = after.iter().map(|(status, users)| format!("{} {status}", count(*users))).collect();
        let met: Vec<_> = self.rules.iter().map(|(code, rows)| format!("{} {code}", count(*rows))).collect();
        let mut lines = vec![("users", format!("{} to be set{}", count(self.users()), list(": ", &now)))];
        if !after.is_empty() {
            lines.push(("becomes", after.join(", ")));
        }
        if !met.is_empty() {
            lines.push(("live", met.join(", ")));
        }
        lines
    }
}

fn list(before: &str, items: &[String]) -> String {
    if items.is_empty() { String::new() } else { format!("{before}{}", items.join(", ")) }
}

/// The status after the password is set. What a temporary one makes of a federated user is not documented.
fn becomes(status: UserStatus, permanent: bool) -> &'static str {
    match (status, permanent) {
        (_, true) => "CONFIRMED",
        (UserStatus::ExternalProvider | UserStatus::Other, false) => "not documented",
        (_, false) => "FORCE_CHANGE_PASSWORD",
    }
}
