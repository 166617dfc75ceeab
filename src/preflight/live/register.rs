//! The rows of a file by the names that they give, to be held against a pool's users as these pass by.
//!
//! What is kept depends on the file and not on the pool: 24 bytes a row, whose usernames stand in 96 bits of two hashes with keys that
//! nobody knows outside this process. Of users nothing is kept but what it means for a row.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Range;

use rayon::prelude::*;

use crate::cognito::UserStatus;
use crate::row::{Lifetime, RowNumber};
use crate::validate::OnDuplicate;

/// What stands for a name in a pool.
type Key = (u64, u32);

/// What is known of the user whom a row names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// Nobody has this name, as far as the pool was looked at.
    Missing,
    /// Nobody was found, by a search that may have overlooked someone.
    NotSeen,
    /// There is such a user.
    Seen(Seen),
}

/// A user who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) status: UserStatus,
    pub(super) enabled: bool,
    /// Whether the row gives the username itself, which goes before another user's alias of the same text.
    by_username: bool,
}

/// A row. Flat, because a nested key would be padded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    high: u64,
    low: u32,
    row: u32,
    /// The row for the same user that this one stands against; 0 is none.
    other: u32,
    pub(super) lifetime: Lifetime,
    pub(super) sight: Sight,
}

impl Entry {
    /// The row.
    pub(super) fn row(&self) -> RowNumber {
        RowNumber(self.row.into())
    }

    /// The row for the same user that this one stands against: the winner where one wins.
    pub(super) fn other(&self) -> Option<RowNumber> {
        (self.other > 0).then(|| RowNumber(self.other.into()))
    }

    fn key(&self) -> Key {
        (self.high, self.low)
    }
}

/// The rows that can be sent.
pub(super) struct Register {
    keys: [RandomState; 2],
    on_duplicate: OnDuplicate,
    entries: Vec<Entry>,
}

impl Register {
    /// For so many rows. The memory is taken at once, so that none is taken twice.
    pub(super) fn new(rows: u64, on_duplicate: OnDuplicate) -> Self {
        let rows = usize::try_from(rows).unwrap_or_default();
        Self { keys: [RandomState::new(), RandomState::new()], on_duplicate, entries: Vec::with_capacity(rows) }
    }

    /// Enters a row. `name` is as its pool compares it.
    pub(super) fn enter(&mut self, row: RowNumber, pool: usize, name: &str, lifetime: Lifetime) {
        let (high, low) = self.key(pool, name);
        let row = u32::try_from(row.0).expect("the reader refuses to number more rows");
        self.entries.push(Entry { high, low, row, other: 0, lifetime, sight: Sight::Missing });
    }

    /// Makes the rows ready to be looked up. None is entered after that.
    pub(super) fn close(&mut self) {
        self.entries.par_sort_unstable_by_key(Entry::key);
    }

    /// Takes note of a user: of every row that gives one of these names, as the pool compares them, the username first. All such rows are
    /// for one user.
    pub(super) fn note(&mut self, pool: usize, names: &[Cow<'_, str>], status: UserStatus, enabled: bool) {
        let mut rows: Vec<usize> = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let by_username = index == 0;
            for at in range(&self.entries, self.key(pool, name)) {
                let sight = &mut self.entries[at].sight;
                if by_username || !matches!(sight, Sight::Seen(Seen { by_username: true, .. })) {
                    *sight = Sight::Seen(Seen { status, enabled, by_username });
                    rows.push(at);
                }
            }
        }
        rows.sort_unstable_by_key(|at| self.entries[*at].row);
        rows.dedup();
        self.link(&rows);
    }

    /// Whether the user is known whom this name leads to.
    pub(super) fn is_seen(&self, pool: usize, name: &str) -> bool {
        range(&self.entries, self.key(pool, name)).any(|at| matches!(self.entries[at].sight, Sight::Seen(_)))
    }

    /// Takes note that nobody was found by this name, and that this proves little.
    pub(super) fn doubt(&mut self, pool: usize, name: &str) {
        for at in range(&self.entries, self.key(pool, name)) {
            self.entries[at].sight = Sight::NotSeen;
        }
    }

    /// The rows in the order of the file.
    pub(super) fn into_rows(mut self) -> Vec<Entry> {
        self.entries.par_sort_unstable_by_key(|entry| entry.row);
        self.entries
    }

    /// Sets rows for one user, which are in the order of the file, against each other.
    fn link(&mut self, rows: &[usize]) {
        let &[first, second, ..] = rows else { return };
        let number = |at: usize| self.entries[at].row;
        let (first, second, last) = (number(first), number(second), number(rows[rows.len() - 1]));
        for at in rows {
            let entry = &mut self.entries[*at];
            let other = self.on_duplicate.other(entry.row, (first, second, last));
            entry.other = if other == entry.row { 0 } else { other };
        }
    }

    fn key(&self, pool: usize, name: &str) -> Key {
        let [high, low] = self.keys.each_ref().map(|keys| {
            let mut hasher = keys.build_hasher();
            hasher.write_usize(pool);
            hasher.write(name.as_bytes());
            hasher.finish()
        });
        (high, low as u32)
    }
}

fn range(entries: &[Entry], key: Key) -> Range<usize> {
    let start = entries.partition_point(|entry| entry.key() < key);
    start..start + entries[start..].iter().take_while(|entry| entry.key() == key).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows "ann", "ANN's sub", "bob" and "cat", of which only ann was seen, by both of her names.
    fn rows(on_duplicate: OnDuplicate) -> Vec<Entry> {
        let mut register = Register::new(4, on_duplicate);
        for (row, name) in [(1, "cat"), (2, "ann"), (3, "bob"), (4, "sub-of-ann")] {
            register.enter(RowNumber(row), 0, name, Lifetime::Permanent);
        }
        register.close();
        register.note(1, &["bob".into()], UserStatus::Unconfirmed, true);
        for _ in 0..2 {
            register.note(0, &["ann".into(), "sub-of-ann".into(), "unused".into()], UserStatus::Confirmed, false);
        }
        assert!(register.is_seen(0, "ann") && !register.is_seen(0, "bob"));
        register.into_rows()
    }

    #[test]
    fn an_entry_takes_twenty_four_bytes() {
        assert_eq!(size_of::<Entry>(), 24);
    }

    #[test]
    fn a_row_is_seen_when_a_user_of_its_pool_has_its_name() {
        let rows = rows(OnDuplicate::Error);
        assert_eq!(rows.iter().map(|row| row.row().0).collect::<Vec<_>>(), [1, 2, 3, 4]);
        let seen = |row: &Entry| matches!(row.sight, Sight::Seen(Seen { status: UserStatus::Confirmed, enabled: false, .. }));
        assert_eq!(rows.iter().map(seen).collect::<Vec<_>>(), [false, true, false, true]);
        assert_eq!([rows[0].sight, rows[2].sight], [Sight::Missing; 2]);
    }

    #[test]
    fn rows_for_one_user_stand_against_each_other() {
        let others = |on_duplicate| rows(on_duplicate).iter().map(|row| row.other().map_or(0, |other| other.0)).collect::<Vec<_>>();
        assert_eq!(others(OnDuplicate::Error), [0, 4, 0, 2]);
        assert_eq!(others(OnDuplicate::First), [0, 0, 0, 2]);
        assert_eq!(others(OnDuplicate::Last), [0, 4, 0, 0]);
    }

    #[test]
    fn a_username_goes_before_another_users_alias() {
        for username_first in [true, false] {
            let mut register = Register::new(1, OnDuplicate::Error);
            register.enter(RowNumber(1), 0, "x", Lifetime::Permanent);
            register.close();
            for by_username in [username_first, !username_first] {
                let names = if by_username { ["x", "y"] } else { ["z", "x"] };
                let status = if by_username { UserStatus::Confirmed } else { UserStatus::Unconfirmed };
                register.note(0, &names.map(Into::into), status, true);
            }
            let sight = register.into_rows()[0].sight;
            assert!(matches!(sight, Sight::Seen(Seen { status: UserStatus::Confirmed, .. })), "{sight:?}");
        }
    }
}
