//! Passwords that many rows have, found in a table of a fixed size that no password stands in.
//!
//! A password leaves a mark of 64 bits, hashed with a random key that nobody knows outside this process. The lower bits of the mark
//! choose a bucket, and each bucket holds a vote as Boyer and Moore have it: the mark that it holds is counted up when it comes again and
//! down when another one comes, and gives way at zero. A count is thus never higher than the number of rows with that password: what is
//! found is there. A password is missed where more rows of others fall into its bucket than have it. With ten million rows about 150
//! fall into each, and with a hundred thousand 2: what 20 rows share is then found nearly always.

use std::hint::black_box;

use crate::row::RowNumber;

/// How many buckets there are: 1 MiB of them, which stays in a core's cache.
const BUCKETS: usize = 1 << 16;

/// How many rows are many.
pub(super) const MANY: u32 = 10;

/// The mark of no password.
pub(super) const UNMARKED: u64 = 0;

/// The votes. A bucket is a mark, and a count beside the row with which the count began.
pub(super) struct Shared(Vec<[u64; 2]>);

/// A password that at least so many rows have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub mark: u64,
    pub rows: u32,
    /// The first of the rows that were counted.
    pub row: RowNumber,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self(vec![[UNMARKED, 0]; BUCKETS])
    }

    /// Brings the buckets of these marks near: asked for together, they arrive together. One after the other, waiting for them took a
    /// tenth of a check of a million rows.
    pub(super) fn fetch(&self, marks: impl Iterator<Item = u64>) {
        black_box(marks.fold(0, |seen, mark| seen ^ self.0[mark as usize % BUCKETS][1]));
    }

    /// Counts a row with this mark, and gives the count that its bucket then has for it.
    pub(super) fn add(&mut self, mark: u64, row: RowNumber) -> u32 {
        let [held, vote] = &mut self.0[mark as usize % BUCKETS];
        let count = *vote >> 32;
        if count == 0 {
            (*held, *vote) = (mark, 1 << 32 | row.0);
            1
        } else if *held == mark {
            // No input has more rows than 32 bits can count.
            *vote += 1 << 32;
            count as u32 + 1
        } else {
            *vote -= 1 << 32;
            0
        }
    }

    /// The passwords that many rows have, in the order of their rows.
    pub(super) fn found(&self) -> Vec<Found> {
        let found = |&[mark, vote]: &[u64; 2]| Found { mark, rows: (vote >> 32) as u32, row: RowNumber(vote & u64::from(u32::MAX)) };
        let mut all: Vec<_> = self.0.iter().map(found).filter(|found| found.rows >= MANY).collect();
        all.sort_unstable_by_key(|found| found.row);
        all
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use super::*;

    #[test]
    fn what_many_rows_share_is_found_among_a_million_others_and_nothing_else_is() {
        let keys = RandomState::new();
        let mut shared = Shared::new();
        // Every thousandth row has the same password.
        for row in 1..=1_000_000 {
            let password = if row % 1000 == 0 { 0 } else { row };
            shared.add(keys.hash_one(password), RowNumber(row));
        }
        let [found] = shared.found()[..] else { panic!("{:?}", shared.found()) };
        assert_eq!(found.mark, keys.hash_one(0_u64));
        assert!((MANY..=1000).contains(&found.rows), "{found:?}");
        assert_eq!(found.row.0 % 1000, 0);
    }

    #[test]
    fn a_few_rows_are_not_many() {
        let mut shared = Shared::new();
        for row in 1..u64::from(MANY) {
            shared.add(7, RowNumber(row));
        }
        assert_eq!(shared.found(), []);
        shared.add(7, RowNumber(99));
        assert_eq!(shared.found(), [Found { mark: 7, rows: MANY, row: RowNumber(1) }]);
    }
}
