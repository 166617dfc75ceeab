//! What becomes of two valid rows for one user.

use std::sync::Arc;

use super::Rule;
use super::marks::{Mark, Rivals, SortedMarks};
use crate::row::RowNumber;

/// Which of the valid rows for one (pool, username) is to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDuplicate {
    /// None: all of them are invalid. From standard input the first is gone before the second is seen, so there only the later ones are.
    #[default]
    Error,
    /// The first. The others are skipped.
    First,
    /// The last. The others are skipped.
    Last,
}

impl OnDuplicate {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::First => "first",
            Self::Last => "last",
        }
    }
}

/// The last row for a user was asked for, of an input whose rows are sent before its end is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "standard input is read once, and its rows are sent before the last one for a user can be known. Save it to a file and name that, or \
     add --on-duplicate first"
)]
pub struct LastNeedsAFile;

/// The duplicates of an input: known from a survey, or found as rows come.
pub struct Duplicates(Knowledge);

enum Knowledge {
    Surveyed { on_duplicate: OnDuplicate, rivals: Arc<[Rivals]>, lines: Arc<[u64]> },
    Found { on_duplicate: OnDuplicate, marks: SortedMarks },
}

/// Where a valid row stands among the rows for its user.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is the one to be sent.
    Wins,
    /// Another one is.
    Loses {
        /// That one.
        winner: RowNumber,
    },
    /// None is.
    Refused(Rule),
}

impl Duplicates {
    /// For an input that is read once: duplicates are found as they come, in at most 20 bytes a row.
    ///
    /// # Errors
    /// [`LastNeedsAFile`] for [`OnDuplicate::Last`].
    pub fn of_stream(on_duplicate: OnDuplicate) -> Result<Self, LastNeedsAFile> {
        match on_duplicate {
            OnDuplicate::Last => Err(LastNeedsAFile),
            _ => Ok(Self(Knowledge::Found { on_duplicate, marks: SortedMarks::new() })),
        }
    }

    /// For a file that was surveyed: the rows that have a rival, in order, and the line that each of them begins on. Lines are needed
    /// only where findings name them.
    pub(super) fn surveyed(on_duplicate: OnDuplicate, rivals: Vec<Rivals>, lines: Vec<u64>) -> Self {
        Self(Knowledge::Surveyed { on_duplicate, rivals: rivals.into(), lines: lines.into() })
    }

    /// The same once more, for another pass over the file that was surveyed; `None` where it was not.
    pub fn another(&self) -> Option<Self> {
        match &self.0 {
            Knowledge::Surveyed { on_duplicate, rivals, lines } => {
                let (rivals, lines) = (Arc::clone(rivals), Arc::clone(lines));
                Some(Self(Knowledge::Surveyed { on_duplicate: *on_duplicate, rivals, lines }))
            }
            Knowledge::Found { .. } => None,
        }
    }

    /// Whether they were learnt from a survey, which a second pass must follow from the first row on.
    pub(super) fn are_surveyed(&self) -> bool {
        matches!(self.0, Knowledge::Surveyed { .. })
    }

    /// Where the valid row with this number and mark stands. Rows are asked about in order.
    pub(super) fn standing(&mut self, row: RowNumber, mark: Mark) -> Standing {
        let (on_duplicate, other) = match &mut self.0 {
            Knowledge::Surveyed { on_duplicate, rivals, .. } => {
                let found = rivals.binary_search_by_key(&row, Rivals::row);
                (*on_duplicate, found.ok().map(|at| rivals[at].other()))
            }
            Knowledge::Found { on_duplicate, marks } => (*on_duplicate, marks.add(mark, row)),
        };
        match other {
            None => Standing::Wins,
            Some(other) if on_duplicate == OnDuplicate::Error => Standing::Refused(self.rule(other)),
            Some(winner) => Standing::Loses { winner },
        }
    }

    /// The rule that a row breaks by standing against `other`.
    pub(super) fn rule(&self, other: RowNumber) -> Rule {
        let line = match &self.0 {
            Knowledge::Surveyed { rivals, lines, .. } => {
                rivals.binary_search_by_key(&other, Rivals::row).ok().and_then(|at| lines.get(at).copied())
            }
            Knowledge::Found { .. } => None,
        };
        Rule::Duplicate { other, line }
    }

    /// The rows that stand against another, the line that each begins on, and the other.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (RowNumber, u64, RowNumber)> {
        let (rivals, lines): (&[_], &[_]) = match &self.0 {
            Knowledge::Surveyed { rivals, lines, .. } => (rivals, lines),
            Knowledge::Found { .. } => (&[], &[]),
        };
        rivals.iter().zip(lines).map(|(rivals, &line)| (rivals.row(), line, rivals.other()))
    }
}
