//! Which rows are for the same user, in 16 bytes a row.
//!
//! Usernames are not kept. Each row leaves a mark, 96 bits of a SipHash whose random keys nobody knows outside this process, so that
//! no input can be made to collide; among ten million rows two users share a mark once in a million billion runs. Where it is not known
//! whether a pool tells upper from lower case, 64 of the bits are of the username in lower case, so that two spellings of one name share
//! them; two that are different users are then taken for one once in four billion pairs.

use std::borrow::Cow;

use rayon::prelude::*;
use siphasher::sip::SipHasher13;
use siphasher::sip128::{Hash128, SipHasher13 as SipHasher13Of128Bits};

use super::OnDuplicate;
use super::policies::PoolNumber;
use super::shared::UNMARKED;
use crate::row::RowNumber;

/// What stands for a (pool, username), and for the password beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    high: u64,
    low: u32,
    password: u64,
}

/// Of a (pool, username).
type UserMark = (u64, u32);

impl Mark {
    /// The same with a mark for the password.
    pub(super) fn with_password(self, password: u64) -> Self {
        Self { password, ..self }
    }

    fn user(&self) -> UserMark {
        (self.high, self.low)
    }

    /// The password's mark.
    pub(super) fn password(&self) -> u64 {
        self.password
    }
}

/// Makes marks.
pub(super) struct Marker {
    users: (u64, u64),
    passwords: (u64, u64),
}

impl Marker {
    pub(super) fn new() -> Self {
        Self { users: rand::random(), passwords: rand::random() }
    }

    /// The mark of a user, for a pool that tells upper from lower case, or does not, or may.
    pub(super) fn mark(&self, pool: PoolNumber, username: &str, case_sensitive: Option<bool>) -> Mark {
        // Each pool has keys of its own.
        let hasher = SipHasher13Of128Bits::new_with_keys(self.users.0 ^ u64::from(pool.0), self.users.1);
        let hash = |name: &str| hasher.hash(name.as_bytes());
        let (high, low) = match in_lower_case(username) {
            Cow::Owned(lower) if case_sensitive.is_none() => (hash(&lower).h1, hash(username).h2 as u32),
            Cow::Owned(lower) if case_sensitive == Some(false) => of_one(hash(&lower)),
            _ => of_one(hash(username)),
        };
        Mark { high, low, password: UNMARKED }
    }

    /// The mark of a password.
    pub(super) fn password(&self, password: &str) -> u64 {
        SipHasher13::new_with_keys(self.passwords.0, self.passwords.1).hash(password.as_bytes())
    }
}

fn of_one(hash: Hash128) -> UserMark {
    (hash.h1, hash.h2 as u32)
}

fn in_lower_case(username: &str) -> Cow<'_, str> {
    // Without an early end, so that many bytes are looked at together: this runs for every row.
    let is_lower = username.bytes().fold(true, |so_far, byte| so_far & byte.is_ascii() & !byte.is_ascii_uppercase());
    if is_lower { Cow::Borrowed(username) } else { Cow::Owned(username.to_lowercase()) }
}

/// A mark and the row that left it. Flat, because a nested mark would be padded to 24 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    high: u64,
    low: u32,
    row: u32,
}

impl Entry {
    fn new((high, low): UserMark, row: RowNumber) -> Self {
        Self { high, low, row: number(row) }
    }

    fn mark(&self) -> UserMark {
        (self.high, self.low)
    }
}

/// Why a row does not stand alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Because {
    /// Another row is for the same user.
    SameUser,
    /// Another row's username differs in case alone.
    OtherCase,
    /// Many rows have its password.
    SharedPassword,
}

/// A row that does not stand alone. Twelve bytes, because all rows of a file may be such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rival {
    row: u32,
    because: Because,
    other: u32,
}

impl Rival {
    /// A row that shares its password with so many.
    pub(super) fn by_password(row: RowNumber, rows: u32) -> Self {
        Self { row: number(row), because: Because::SharedPassword, other: rows }
    }

    /// The row.
    pub(super) fn row(&self) -> RowNumber {
        RowNumber(self.row.into())
    }

    /// Why it does not stand alone.
    pub(super) fn because(&self) -> Because {
        self.because
    }

    /// The other: the winner where one wins, else the first of the group, and for the first the second. For a password it is by how many
    /// rows it is shared.
    pub(super) fn other(&self) -> u32 {
        self.other
    }
}

fn number(row: RowNumber) -> u32 {
    u32::try_from(row.0).expect("the reader refuses to number more rows")
}

/// How many parts the marks of a file are kept in: one for each value of a mark's first byte.
const SHARDS: usize = 256;

/// How many marks are allocated at once. Blocks are never enlarged, for that would copy and wipe every mark many times. With 256
/// the C library asked the kernel for each block anew, with 4,203 calls of `mprotect` instead of 715 in a check of a million rows, which
/// took 3 % more of the processors' time; with 2,048 a check of ten thousand rows takes 4 MiB more.
const BLOCK: usize = 1024;

/// The marks of all valid rows of a file.
pub(super) struct Marks(Vec<Blocks>);

type Blocks = Vec<Vec<Entry>>;

impl Marks {
    pub(super) fn new() -> Self {
        Self(vec![Blocks::new(); SHARDS])
    }

    pub(super) fn add(&mut self, mark: Mark, row: RowNumber) {
        let mark = mark.user();
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
    pub(super) fn rivals(self, on_duplicate: OnDuplicate, other_case: bool) -> Vec<Rival> {
        let shards = self.0.into_par_iter();
        let mut rivals: Vec<_> = shards.flat_map_iter(|blocks| rivals_of_shard(blocks, on_duplicate, other_case)).collect();
        rivals.par_sort_unstable();
        rivals
    }
}

fn rivals_of_shard(blocks: Blocks, on_duplicate: OnDuplicate, other_case: bool) -> Vec<Rival> {
    if !any_may_be_alike(&blocks) {
        return Vec::new();
    }
    let mut entries = blocks.concat();
    drop(blocks);
    // Hardly any two share the first 64 bits, so that the others need not be compared to bring all into order.
    entries.sort_unstable_by_key(|entry| entry.high);
    let mut rivals = Vec::new();
    for spellings in entries.chunk_by_mut(|a, b| a.high == b.high).filter(|spellings| spellings.len() > 1) {
        spellings.sort_unstable();
        for group in spellings.chunk_by(|a, b| a.low == b.low) {
            rivals.extend(rivals_of_user(group, on_duplicate));
        }
        if other_case {
            rivals.extend(spelt_otherwise(spellings, on_duplicate));
        }
    }
    rivals
}

/// Whether any two entries may share the first 64 bits: a table of what was seen. To sort every shard
/// instead made a check of a million rows take 7 % longer.
fn any_may_be_alike(blocks: &Blocks) -> bool {
    let entries = blocks.iter().map(Vec::len).sum::<usize>();
    let mask = (2 * entries).next_power_of_two() - 1;
    // The lowest bit tells a mark from a free slot: two that differ in it alone are sorted in vain.
    let mut slots = vec![0; mask + 1];
    for entry in blocks.iter().flatten() {
        let seen = entry.high | 1;
        let mut at = (entry.high >> 1) as usize & mask;
        while slots[at] != 0 {
            if slots[at] == seen {
                return true;
            }
            at = (at + 1) & mask;
        }
        slots[at] = seen;
    }
    false
}

/// The rows of one user that another row stands against.
fn rivals_of_user(group: &[Entry], on_duplicate: OnDuplicate) -> impl Iterator<Item = Rival> {
    let (first, last, second) = (group[0].row, group[group.len() - 1].row, group.get(1).map_or(group[0].row, |second| second.row));
    let rival = move |&Entry { row, .. }: &Entry| {
        let other = on_duplicate.other(row, (first, second, last));
        (other != row).then_some(Rival { row, because: Because::SameUser, other })
    };
    group.iter().filter_map(rival)
}

/// One row for each spelling of a name that has several: the one that wins, and names a row of another spelling.
fn spelt_otherwise(spellings: &[Entry], on_duplicate: OnDuplicate) -> Vec<Rival> {
    let speaks = |group: &[Entry]| if on_duplicate == OnDuplicate::Last { group[group.len() - 1].row } else { group[0].row };
    let mut rows: Vec<u32> = spellings.chunk_by(|a, b| a.low == b.low).map(speaks).collect();
    rows.sort_unstable();
    let [first, second, ..] = rows[..] else { return Vec::new() };
    let rival = |&row: &u32| Rival { row, because: Because::OtherCase, other: if row == first { second } else { first } };
    rows.iter().map(rival).collect()
}

/// How many parts the marks of a stream are kept in: so many that a part of ten million rows fits into the fastest cache.
const SORTED_SHARDS: usize = 4096;

/// The marks of the rows of a stream, always in order.
pub(super) struct SortedMarks(Vec<Vec<Entry>>);

impl SortedMarks {
    pub(super) fn new() -> Self {
        Self(vec![Vec::new(); SORTED_SHARDS])
    }

    /// The row that left the same mark before, or a mark of another spelling. If none left the same, this one has now.
    pub(super) fn add(&mut self, mark: Mark, row: RowNumber) -> Option<(Because, RowNumber)> {
        let mark = mark.user();
        let shard = &mut self.0[(mark.0 >> 52) as usize];
        match shard.binary_search_by_key(&mark, Entry::mark) {
            Ok(at) => Some((Because::SameUser, RowNumber(shard[at].row.into()))),
            Err(at) => {
                let neighbours = [at.checked_sub(1).and_then(|before| shard.get(before)), shard.get(at)];
                let spelt_otherwise = neighbours.into_iter().flatten().find(|entry| entry.high == mark.0);
                let other = spelt_otherwise.map(|entry| (Because::OtherCase, RowNumber(entry.row.into())));
                if shard.len() == shard.capacity() {
                    // By an eighth: doubling would keep half of the memory empty.
                    shard.reserve_exact(shard.len() / 8 + 4);
                }
                shard.insert(at, Entry::new(mark, row));
                other
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_takes_sixteen_bytes_and_a_rival_twelve() {
        assert_eq!((size_of::<Entry>(), size_of::<Rival>()), (16, 12));
    }

    #[test]
    fn a_mark_tells_pools_and_usernames_apart() {
        let marker = Marker::new();
        let mark = |pool, username| marker.mark(PoolNumber(pool), username, None);
        assert_eq!(mark(1, "a"), mark(1, "a"));
        assert!(mark(1, "a") != mark(2, "a") && mark(1, "a") != mark(1, "b"));
    }

    #[test]
    fn spellings_of_a_name_are_one_user_two_or_perhaps_one() {
        let marker = Marker::new();
        let marks = |case_sensitive| ["ÉVA", "éva"].map(|name| marker.mark(PoolNumber(1), name, case_sensitive).user());
        let [[upper, lower], [one, same], [perhaps, not]] = [Some(true), Some(false), None].map(marks);
        assert!(upper.0 != lower.0 && one == same && perhaps.0 == not.0 && perhaps.1 != not.1);
    }

    #[test]
    fn each_spelling_names_another_by_the_row_that_wins() {
        let marker = Marker::new();
        let rivals = |on_duplicate, other_case| {
            let mut marks = Marks::new();
            for (row, name) in (1..).zip(["eva", "Eva", "bob", "EVA", "Eva"]) {
                marks.add(marker.mark(PoolNumber(0), name, None), RowNumber(row));
            }
            let rivals = marks.rivals(on_duplicate, other_case);
            rivals.iter().filter(|rival| rival.because == Because::OtherCase).map(|rival| (rival.row, rival.other)).collect::<Vec<_>>()
        };
        assert_eq!(rivals(OnDuplicate::First, true), [(1, 2), (2, 1), (4, 1)]);
        assert_eq!(rivals(OnDuplicate::Last, true), [(1, 4), (4, 1), (5, 1)]);
        assert_eq!(rivals(OnDuplicate::First, false), []);
    }

    #[test]
    fn rivals_name_the_row_that_stands_against_them() {
        let marker = Marker::new();
        let rivals = |on_duplicate| {
            let mut marks = Marks::new();
            for row in 1..=2000 {
                marks.add(marker.mark(PoolNumber(0), &row.to_string(), None), RowNumber(row));
            }
            for (row, same) in [(2001, 7), (2002, 2000), (2003, 7)] {
                marks.add(marker.mark(PoolNumber(0), &same.to_string(), None), RowNumber(row));
            }
            marks.rivals(on_duplicate, true).iter().map(|rival| (rival.row, rival.other)).collect::<Vec<_>>()
        };
        assert_eq!(rivals(OnDuplicate::Error), [(7, 2001), (2000, 2002), (2001, 7), (2002, 2000), (2003, 7)]);
        assert_eq!(rivals(OnDuplicate::First), [(2001, 7), (2002, 2000), (2003, 7)]);
        assert_eq!(rivals(OnDuplicate::Last), [(7, 2003), (2000, 2002), (2001, 2003)]);
    }

    #[test]
    fn a_stream_knows_who_came_first() {
        let (marker, mut marks) = (Marker::new(), SortedMarks::new());
        for row in 1..=20_000 {
            let earlier = marks.add(marker.mark(PoolNumber(0), &(row % 10_000).to_string(), None), RowNumber(row));
            assert_eq!(earlier, (row > 10_000).then(|| (Because::SameUser, RowNumber(row - 10_000))));
        }
    }
}
