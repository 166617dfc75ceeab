//! The rows that are not sent because of what they would meet in the pool.

use super::finding::LiveRule;
use super::register::{Entry, Seen, Sight};
use crate::cognito::UserStatus;
use crate::outcome::{Fate, Outcome};
use crate::row::RowNumber;
use crate::validate::OnDuplicate;

/// What decides whether a row is sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Terms {
    pub(super) on_duplicate: OnDuplicate,
    pub(super) allow_federated: bool,
}

/// Why a row is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Missing,
    Federated,
    SameUser(RowNumber),
    Loses(RowNumber),
}

impl Terms {
    /// Why this row is not sent, if it is not.
    pub(super) fn against(&self, entry: &Entry) -> Option<Why> {
        match (entry.sight, entry.other()) {
            (Sight::Missing, _) => Some(Why::Missing),
            (_, Some(other)) if self.on_duplicate == OnDuplicate::Error => Some(Why::SameUser(other)),
            (_, Some(winner)) => Some(Why::Loses(winner)),
            (Sight::Seen(Seen { status: UserStatus::ExternalProvider, .. }), None) if !self.allow_federated => Some(Why::Federated),
            (Sight::Seen(_) | Sight::NotSeen, None) => None,
        }
    }
}

/// The rows that are not sent, in order: 24 bytes each.
#[derive(Debug, Default)]
pub struct LeftOut {
    terms: Terms,
    rows: Vec<Entry>,
}

impl LeftOut {
    /// Those of these rows.
    pub(super) fn of(mut rows: Vec<Entry>, terms: Terms) -> Self {
        rows.retain(|entry| terms.against(entry).is_some());
        // Shrinking copies what is left: it pays where that is little.
        if rows.len() < rows.capacity() / 8 {
            rows.shrink_to_fit();
        }
        Self { terms, rows }
    }

    /// The end of a row that is not sent.
    pub fn fate(&self, row: RowNumber) -> Option<Fate> {
        let at = self.rows.binary_search_by_key(&row, Entry::row).ok()?;
        let invalid = |rule: LiveRule| Fate::unsent(Outcome::Invalid, rule.code(), rule.to_string());
        self.terms.against(&self.rows[at]).map(|why| match why {
            Why::Missing => invalid(LiveRule::Missing),
            Why::Federated => invalid(LiveRule::Federated { allowed: false }),
            Why::SameUser(other) => invalid(LiveRule::SameUser { other, line: None }),
            Why::Loses(winner) => Fate::lost_to(winner),
        })
    }

    /// Whether this row is one of them.
    pub fn has(&self, row: RowNumber) -> bool {
        self.rows.binary_search_by_key(&row, Entry::row).is_ok()
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.rows.len() as u64
    }
}
