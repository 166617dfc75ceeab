//! What becomes of valid rows beside each other: two for one user, two whose usernames differ in case alone, many with one password.

use std::sync::Arc;

use super::Rule;
use super::lint::{Level, Lint, Lints};
use super::marks::{Because, Mark, Rival, SortedMarks};
use super::shared::{MANY, Shared, UNMARKED};
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
    /// Which of the rows for one user, of which `first`, `second` and `last` are three, `row` stands against: the winner where one wins, else
    /// the first, and for the first the second. It is `row` itself where that one wins, or is alone.
    pub fn other(self, row: u32, (first, second, last): (u32, u32, u32)) -> u32 {
        match self {
            Self::First => first,
            Self::Last => last,
            Self::Error if row == first => second,
            Self::Error => first,
        }
    }

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
pub struct Duplicates {
    on_duplicate: OnDuplicate,
    lints: Lints,
    knowledge: Knowledge,
}

enum Knowledge {
    /// In the order of rows, and the line of each.
    Surveyed {
        rivals: Arc<[Rival]>,
        lines: Arc<[u64]>,
    },
    Found {
        marks: SortedMarks,
        passwords: Shared,
    },
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

/// Where a row stands, and what is said of it if it is sent.
pub(super) struct Judgement {
    pub standing: Standing,
    pub warnings: Vec<Rule>,
}

impl Duplicates {
    /// For an input that is read once: duplicates are found as they come, in at most 20 bytes a row.
    ///
    /// # Errors
    /// [`LastNeedsAFile`] for [`OnDuplicate::Last`].
    pub fn of_stream(on_duplicate: OnDuplicate, lints: Lints) -> Result<Self, LastNeedsAFile> {
        if on_duplicate == OnDuplicate::Last {
            return Err(LastNeedsAFile);
        }
        Ok(Self { on_duplicate, lints, knowledge: Knowledge::Found { marks: SortedMarks::new(), passwords: Shared::new() } })
    }

    /// For a file that was surveyed: the rows that do not stand alone, in order.
    pub(super) fn surveyed(on_duplicate: OnDuplicate, lints: Lints, rivals: Vec<Rival>) -> Self {
        Self { on_duplicate, lints, knowledge: Knowledge::Surveyed { rivals: rivals.into(), lines: Arc::default() } }
    }

    /// Takes note of the line that each of the rows in [`Duplicates::rivals`] begins on. Messages name them.
    pub(super) fn learn_lines(&mut self, learnt: Vec<u64>) {
        if let Knowledge::Surveyed { lines, .. } = &mut self.knowledge {
            *lines = learnt.into();
        }
    }

    /// The same once more, for another pass over the file that was surveyed; `None` where it was not.
    pub fn another(&self) -> Option<Self> {
        match &self.knowledge {
            Knowledge::Surveyed { rivals, lines } => {
                let knowledge = Knowledge::Surveyed { rivals: Arc::clone(rivals), lines: Arc::clone(lines) };
                Some(Self { knowledge, ..*self })
            }
            Knowledge::Found { .. } => None,
        }
    }

    /// Whether they were learnt from a survey, which a second pass must follow from the first row on.
    pub(super) fn are_surveyed(&self) -> bool {
        matches!(self.knowledge, Knowledge::Surveyed { .. })
    }

    /// The rows of a survey that do not stand alone, in order. A row may be there several times.
    pub(super) fn rivals(&self) -> &[Rival] {
        match &self.knowledge {
            Knowledge::Surveyed { rivals, .. } => rivals,
            Knowledge::Found { .. } => &[],
        }
    }

    /// What becomes of each row of a survey that does not stand alone, and the line that it begins on.
    pub(super) fn judgements(&self) -> impl Iterator<Item = (RowNumber, u64, Judgement)> {
        self.rivals().chunk_by(|a, b| a.row() == b.row()).map(|of_row| {
            let row = of_row[0].row();
            (row, self.line(row).unwrap_or_default(), self.judge(of_row.iter().map(|rival| (rival.because(), rival.other()))))
        })
    }

    /// Where the valid row with this number and mark stands. Rows are asked about in order.
    pub(super) fn standing(&mut self, row: RowNumber, mark: Mark) -> Standing {
        self.judgement(row, mark).standing
    }

    /// The same, with what is said of the row if it is sent.
    pub(super) fn judgement(&mut self, row: RowNumber, mark: Mark) -> Judgement {
        let grounds = match &mut self.knowledge {
            Knowledge::Surveyed { .. } => {
                let of_row = &self.rivals()[self.place(row)..];
                return self.judge(of_row.iter().take_while(|rival| rival.row() == row).map(|rival| (rival.because(), rival.other())));
            }
            Knowledge::Found { marks, passwords } => {
                let earlier = marks.add(mark, row).map(|(because, other)| (because, other.0 as u32));
                let rows = if mark.password() == UNMARKED { 0 } else { passwords.add(mark.password(), row) };
                // A warning is said once for a password, and a refusal to each of its rows from then on.
                let is_many = if self.lints.level(Lint::Shared) == Level::Deny { rows >= MANY } else { rows == MANY };
                earlier.into_iter().chain(is_many.then_some((Because::SharedPassword, rows)))
            }
        };
        self.judge(grounds)
    }

    /// What becomes of a row that does not stand alone for these reasons, the gravest first.
    fn judge(&self, grounds: impl Iterator<Item = (Because, u32)>) -> Judgement {
        let mut warnings = Vec::new();
        for (because, other) in grounds {
            let level = match because {
                Because::SameUser if self.on_duplicate != OnDuplicate::Error => {
                    return Judgement { standing: Standing::Loses { winner: RowNumber(other.into()) }, warnings: Vec::new() };
                }
                Because::SameUser => Level::Deny,
                Because::OtherCase => self.lints.level(Lint::UsernameCase),
                Because::SharedPassword => self.lints.level(Lint::Shared),
            };
            let rule = self.rule(because, other);
            match level {
                Level::Allow => {}
                Level::Warn => warnings.push(rule),
                Level::Deny => return Judgement { standing: Standing::Refused(rule), warnings: Vec::new() },
            }
        }
        Judgement { standing: Standing::Wins, warnings }
    }

    fn rule(&self, because: Because, other: u32) -> Rule {
        let (row, line) = (RowNumber(other.into()), self.line(RowNumber(other.into())));
        match because {
            Because::SameUser => Rule::Duplicate { other: row, line },
            Because::OtherCase => Rule::OtherCase { other: row, line },
            Because::SharedPassword => Rule::SharedPassword { rows: other },
        }
    }

    /// The line that a row begins on, if it does not stand alone in a file.
    fn line(&self, row: RowNumber) -> Option<u64> {
        let at = self.place(row);
        match &self.knowledge {
            Knowledge::Surveyed { rivals, lines } if rivals.get(at)?.row() == row => lines.get(at).copied(),
            _ => None,
        }
    }

    /// Where a row's rivals begin.
    fn place(&self, row: RowNumber) -> usize {
        self.rivals().partition_point(|rival| rival.row() < row)
    }
}
