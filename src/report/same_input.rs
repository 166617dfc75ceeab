//! Whether an input is the one that the journal is about, found out while its rows go by.

use super::terminal::rows as rows_of;
use crate::row::Digest;

/// How an input differs from the one that was run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnotherInput {
    /// A row is another one.
    #[error(
        "{name}:{line}:1: this row is not the one that was run: its pool, username or permanent differ\n\
         the file that was run is needed, in which only the passwords of rows not yet done may have changed"
    )]
    Changed {
        /// The input.
        name: String,
        /// The line that the first such row begins on.
        line: u64,
    },
    /// It has more rows.
    #[error(
        "{name}:{line}:1: this row was not there when the file was run: it had {}\n\
         the file that was run is needed; new rows go into a file of their own",
        rows_of(*then)
    )]
    Longer {
        /// The input.
        name: String,
        /// The line that the first such row begins on.
        line: u64,
        /// The rows that were there.
        then: u64,
    },
    /// It has fewer rows.
    #[error(
        "{name}: it ends after row {rows}, and had {} when it was run\n\
         the file that was run is needed: rows that are done stay in it, and are not sent again",
        rows_of(*then)
    )]
    Shorter {
        /// The input.
        name: String,
        /// The rows that it has.
        rows: u64,
        /// The rows that were there.
        then: u64,
    },
}

/// Compares the rows of an input, as they go by, with those that were run.
pub struct SameInput {
    name: String,
    /// The rows that were there, where that is known.
    then: Option<u64>,
    rows: u64,
    changed: Option<u64>,
    surplus: Option<u64>,
}

impl SameInput {
    /// For the input of this name, which had so many rows.
    pub fn new(name: &str, then: Option<u64>) -> Self {
        Self { name: name.to_owned(), then, rows: 0, changed: None, surplus: None }
    }

    /// Compares the row that comes next and begins on `line`. A row that was not to be sent may be any other.
    pub fn compare(&mut self, line: u64, then: Option<Digest>, now: Option<Digest>) {
        self.rows += 1;
        if then.is_some_and(|then| now != Some(then)) {
            self.changed.get_or_insert(line);
        }
        if self.then.is_some_and(|then| self.rows > then) {
            self.surplus.get_or_insert(line);
        }
    }

    /// What was found of the rows that have gone by.
    ///
    /// # Errors
    /// [`AnotherInput`] where one differs, or was not there.
    pub fn so_far(&self) -> Result<(), AnotherInput> {
        let name = || self.name.clone();
        match (self.changed, self.surplus, self.then) {
            (Some(line), ..) => Err(AnotherInput::Changed { name: name(), line }),
            (None, Some(line), Some(then)) => Err(AnotherInput::Longer { name: name(), line, then }),
            _ => Ok(()),
        }
    }

    /// The same, once all rows have gone by.
    ///
    /// # Errors
    /// [`AnotherInput`] where one differs, or their number does.
    pub fn conclude(self) -> Result<(), AnotherInput> {
        self.so_far()?;
        match self.then {
            Some(then) if self.rows < then => Err(AnotherInput::Shorter { name: self.name, rows: self.rows, then }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found of rows with these digests, each on the line of its number, against those that were run.
    fn compared(then: &[Option<u64>], now: &[Option<u64>]) -> Result<(), AnotherInput> {
        let mut same = SameInput::new("a.csv", Some(then.len() as u64));
        for (index, digest) in now.iter().enumerate() {
            same.compare(index as u64 + 1, then.get(index).copied().flatten().map(Digest), digest.map(Digest));
        }
        same.conclude()
    }

    #[test]
    fn the_first_row_that_differs_is_named() {
        let then = [Some(1), Some(2), Some(3)];
        let changed = |line| Err(AnotherInput::Changed { name: "a.csv".to_owned(), line });
        assert_eq!(compared(&then, &then), Ok(()));
        assert_eq!(compared(&then, &[Some(1), Some(7), Some(8)]), changed(2));
        assert_eq!(compared(&then, &[Some(1), Some(2), None]), changed(3));
        assert_eq!(compared(&then, &[Some(7)]), changed(1));
    }

    #[test]
    fn a_row_that_was_not_to_be_sent_may_be_mended() {
        assert_eq!(compared(&[Some(1), None], &[Some(1), Some(9)]), Ok(()));
        assert_eq!(compared(&[None], &[None]), Ok(()));
    }

    #[test]
    fn rows_that_were_added_or_are_missing_are_noticed() {
        let name = || "a.csv".to_owned();
        assert_eq!(compared(&[Some(1)], &[Some(1), Some(2), Some(3)]), Err(AnotherInput::Longer { name: name(), line: 2, then: 1 }));
        assert_eq!(compared(&[Some(1), Some(2)], &[Some(1)]), Err(AnotherInput::Shorter { name: name(), rows: 1, then: 2 }));
    }
}
