//! Which rows are for the same user, in 16 bytes a row.
//!
//! Usernames are not kept. Each row leaves a mark, 96 bits of two hashes whose random keys nobody knows outside this process, so that
//! no input can be made to collide; among ten million rows two users share a mark once in a million billion runs.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use rayon::prelude::*;

use super::OnDuplicate;
use super::policies::PoolNumber;
use crate::row::RowNumber;

/// What stands for a (pool, username).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark(u64, u32);

/// Makes marks.
pub(super) struct Marker(RandomState, RandomState);

impl Marker {
    pub(super) fn new() -> Self {
        Self(RandomState::new(), RandomState::new())
    }

    pub(super) fn mark(&self, pool: PoolNumber, username: &str) -> Mark {
        let hash = |keys: &RandomState| {
            let mut hasher = keys.build_hasher();
            hasher.write_u32(pool.0);
            hasher.write(username.as_bytes());
            hasher.finish()
        };
        Mark(hash(&self.0), hash(&self.1) as u32)
    }
}

/// A mark and the row that left it. Flat, because a nested mark would be padded to 24 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    high: u64,
    low: u32,
    row: u32,
}

impl Entry {
    fn new(Mark(high, low): Mark, row: RowNumber) -> Self {
        Self { high, low, row: u32::try_from(row.0).expect("the reader refuses to number more rows") }
    }

    fn mark(&self) -> Mark {
        Mark(self.high, self.low)
    }
}

/// A row that another row for the same user stands against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rivals {
    row: u32,
    other: u32,
}

impl Rivals {
    /// The row.
    pub(super) fn row(&self) -> RowNumber {
        RowNumber(self.row.into())
    }

    /// The other: the winner where one wins, else the first of the group, and for the first the second.
    pub(super) fn other(&self) -> RowNumber {
        RowNumber(self.other.into())
    }
}

/// How many parts the marks of a file are kept in: one for each value of a mark's first byte.
const SHARDS: usize = 256;

/// How many marks are allocated at once. Blocks are never enlarged, for that would copy and wipe every mark many times.
const BLOCK: usize = 256;

/// The marks of all valid rows of a file.
pub(super) struct Marks(Vec<Blocks>);

type Blocks = Vec<Vec<Entry>>;

impl Marks {
    pub(super) fn new() -> Self {
        Self(vec![Blocks::new(); SHARDS])
    }

    pub(super) fn add(&mut self, mark: Mark, row: RowNumber) {
        let blocks = &mut self.0[(mark.0 >> 56) as usize];
        match blocks.last_mut() {
            Some(block) if block.len() < BLOCK => block.push(Entry::new(mark, row)),
            _ => {
                let mut block = Vec::with_capacity(BLOCK);
                block.push(Entry::new(mark, row));
                blocks.push(block);
            }
        }
    }

    /// Every row that does not stand for its user alone and, unless there is none, does not win, in the order of rows. Each shard is
    /// freed as soon as it is sorted out, so that the list takes no more memory than the marks did.
    pub(super) fn rivals(self, on_duplicate: OnDuplicate) -> Vec<Rivals> {
        let shards = self.0.into_par_iter();
        let mut rivals: Vec<_> = shards.flat_map_iter(|blocks| rivals_of_shard(blocks, on_duplicate)).collect();
        rivals.par_sort_unstable_by_key(|rivals| rivals.row);
        rivals
    }
}

fn rivals_of_shard(blocks: Blocks, on_duplicate: OnDuplicate) -> Vec<Rivals> {
    let mut entries = blocks.concat();
    drop(blocks);
    entries.sort_unstable();
    let mut rivals = Vec::new();
    for group in entries.chunk_by(|a, b| a.mark() == b.mark()) {
        let &[first, second, ..] = group else { continue };
        let last = group[group.len() - 1];
        for &Entry { row, .. } in group {
            let other = match on_duplicate {
                OnDuplicate::First => first.row,
                OnDuplicate::Last => last.row,
                OnDuplicate::Error if row == first.row => second.row,
                OnDuplicate::Error => first.row,
            };
            if other != row {
                rivals.push(Rivals { row, other });
            }
        }
    }
    rivals
}

/// How many parts the marks of a stream are kept in: so many that a part of ten million rows fits into the fastest cache.
const SORTED_SHARDS: usize = 4096;

/// The marks of the rows of a stream, always in order.
pub(super) struct SortedMarks(Vec<Vec<Entry>>);

impl SortedMarks {
    pub(super) fn new() -> Self {
        Self(vec![Vec::new(); SORTED_SHARDS])
    }

    /// The row that left the same mark before. If none did, this one has now.
    pub(super) fn add(&mut self, mark: Mark, row: RowNumber) -> Option<RowNumber> {
        let shard = &mut self.0[(mark.0 >> 52) as usize];
        match shard.binary_search_by_key(&mark, Entry::mark) {
            Ok(at) => Some(RowNumber(shard[at].row.into())),
            Err(at) => {
                if shard.len() == shard.capacity() {
                    // By an eighth: doubling would keep half of the memory empty.
                    shard.reserve_exact(shard.len() / 8 + 4);
                }
                shard.insert(at, Entry::new(mark, row));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_takes_sixteen_bytes() {
        assert_eq!(size_of::<Entry>(), 16);
    }

    #[test]
    fn a_mark_tells_pools_and_usernames_apart() {
        let marker = Marker::new();
        let mark = |pool, username| marker.mark(PoolNumber(pool), username);
        assert_eq!(mark(1, "a"), mark(1, "a"));
        assert!(mark(1, "a") != mark(2, "a") && mark(1, "a") != mark(1, "b"));
    }

    #[test]
    fn rivals_name_the_row_that_stands_against_them() {
        let marker = Marker::new();
        let rivals = |on_duplicate| {
            let mut marks = Marks::new();
            for row in 1..=2000 {
                marks.add(marker.mark(PoolNumber(0), &row.to_string()), RowNumber(row));
            }
            for (row, same) in [(2001, 7), (2002, 2000), (2003, 7)] {
                marks.add(marker.mark(PoolNumber(0), &same.to_string()), RowNumber(row));
            }
            marks.rivals(on_duplicate).iter().map(|rivals| (rivals.row, rivals.other)).collect::<Vec<_>>()
        };
        assert_eq!(rivals(OnDuplicate::Error), [(7, 2001), (2000, 2002), (2001, 7), (2002, 2000), (2003, 7)]);
        assert_eq!(rivals(OnDuplicate::First), [(2001, 7), (2002, 2000), (2003, 7)]);
        assert_eq!(rivals(OnDuplicate::Last), [(7, 2003), (2000, 2002), (2001, 2003)]);
    }

    #[test]
    fn a_stream_knows_who_came_first() {
        let (marker, mut marks) = (Marker::new(), SortedMarks::new());
        for row in 1..=20_000 {
            let earlier = marks.add(marker.mark(PoolNumber(0), &(row % 10_000).to_string()), RowNumber(row));
            assert_eq!(earlier, (row > 10_000).then(|| RowNumber(row - 10_000)));
        }
    }
}
