//! Pass one over a file: what it holds and what is wrong with it, before anything is sent.
//!
//! While one batch is checked the next is read. Memory is flat but for 16 bytes a valid row, which find the duplicates.

use std::collections::BTreeMap;

use super::check::{Verdict, Verdicts};
use super::marks::{Marker, Marks, Rivals};
use super::policies::Pools;
use super::{Duplicates, Finding, OnDuplicate, Policies};
use crate::input::{Batch, InputError, Place, Reader};
use crate::row::{Lifetime, PoolId, RowNumber};

/// What a file holds. `rows` is the sum of `valid`, `invalid` and `skipped`.
pub struct Survey {
    /// The rows read.
    pub rows: u64,
    /// Those that can be sent.
    pub valid: u64,
    /// Those that break a rule.
    pub invalid: u64,
    /// Those that lose to another row for the same user.
    pub skipped: u64,
    /// The valid rows whose password is to last.
    pub permanent: u64,
    /// The valid rows whose password must be changed at the next sign-in.
    pub temporary: u64,
    /// The valid rows by pool. A pool without a valid row is not among them.
    pub pools: BTreeMap<PoolId, PoolRows>,
    /// The duplicates, for [`super::stream`].
    pub duplicates: Duplicates,
}

impl Survey {
    /// The valid rows by Region.
    pub fn regions(&self) -> BTreeMap<String, u64> {
        let mut regions = BTreeMap::new();
        for (pool, rows) in &self.pools {
            *regions.entry(pool.region().to_owned()).or_default() += rows.rows;
        }
        regions
    }
}

/// The valid rows of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolRows {
    /// All of them.
    pub rows: u64,
    /// Those whose password is to last.
    pub permanent: u64,
    /// Those whose password must be changed at the next sign-in.
    pub temporary: u64,
}

impl PoolRows {
    pub(super) fn add(&mut self, lifetime: Lifetime) {
        self.rows += 1;
        *self.of(lifetime) += 1;
    }

    fn remove(&mut self, lifetime: Lifetime) {
        self.rows -= 1;
        *self.of(lifetime) -= 1;
    }

    fn of(&mut self, lifetime: Lifetime) -> &mut u64 {
        if lifetime.is_permanent() { &mut self.permanent } else { &mut self.temporary }
    }
}

/// Reads a file from its start to its end. `each_batch` hears how many bytes and rows have been read, `findings` every rule that a row
/// breaks: first of all rows by themselves, in input order, then of those that are duplicates, in input order.
///
/// # Errors
/// [`InputError`] where the input fails, or is no regular file: a second look at duplicates is needed, and a second pass to send.
pub fn survey(
    reader: &mut Reader,
    policies: &mut Policies<'_>,
    on_duplicate: OnDuplicate,
    each_batch: &mut dyn FnMut(u64, u64),
    findings: &mut dyn FnMut(Finding),
) -> Result<Survey, InputError> {
    reader.rewind()?;
    let marker = Marker::new();
    let mut count = Count::new();
    let (mut current, mut next) = (Batch::default(), Batch::default());
    let (mut verdicts, mut counted) = (Verdicts::default(), Verdicts::default());
    reader.fill(&mut current)?;
    while !current.is_empty() {
        let pools = policies.pools();
        // Three batches are under way: one is read, one is checked on whatever core is free, and the one before is counted.
        let (filled, ()) = rayon::join(
            || rayon::join(|| reader.fill(&mut next), || count.add(&counted, pools)).0,
            || verdicts.check(&current, pools, &marker),
        );
        verdicts.settle(&current, policies, &marker);
        verdicts.findings().for_each(&mut *findings);
        each_batch(reader.bytes_read(), current.number(current.len() - 1).0);
        filled?;
        std::mem::swap(&mut current, &mut next);
        std::mem::swap(&mut verdicts, &mut counted);
    }
    count.add(&counted, policies.pools());
    drop((current, next, verdicts, counted));

    let rivals = std::mem::replace(&mut count.marks, Marks::new()).rivals(on_duplicate);
    let lines = look_again(reader, policies.pools(), &rivals, &mut count)?;
    let duplicates = Duplicates::surveyed(on_duplicate, rivals, lines);
    Ok(count.conclude(on_duplicate, duplicates, policies.pools(), findings))
}

/// Reads the file once more, if it has duplicates at all, for what was not kept of every row: the line of each duplicate, and in which
/// pool it is not to be counted.
fn look_again(reader: &mut Reader, pools: &Pools, rivals: &[Rivals], count: &mut Count) -> Result<Vec<u64>, InputError> {
    let mut lines = Vec::with_capacity(rivals.len());
    let mut left = rivals.iter().map(|rivals| rivals.row().0).peekable();
    if left.peek().is_none() {
        return Ok(lines);
    }
    reader.rewind()?;
    let (mut batch, mut last_pool) = (Batch::default(), None);
    while left.peek().is_some() {
        reader.fill(&mut batch)?;
        let first = batch.number(0).0;
        while let Some(number) = left.next_if(|number| *number < first + batch.len() as u64) {
            let row = batch.row((number - first) as usize).expect("it was valid, and the file has not changed");
            lines.push(row.line);
            let pool = pools.find(&row.pool, &mut last_pool).expect("it was valid, so that its pool is known");
            count.pools[pool.0 as usize].remove(row.lifetime);
        }
    }
    Ok(lines)
}

/// The counters of a survey under way.
struct Count {
    rows: u64,
    invalid: u64,
    /// The rows that are valid by themselves, by the number of their pool.
    pools: Vec<PoolRows>,
    marks: Marks,
}

impl Count {
    fn new() -> Self {
        Self { rows: 0, invalid: 0, pools: Vec::new(), marks: Marks::new() }
    }

    /// Counts the rows of the batch that comes next.
    fn add(&mut self, verdicts: &Verdicts, pools: &Pools) {
        self.pools.resize(pools.len(), PoolRows::default());
        for verdict in verdicts.iter() {
            self.rows += 1;
            match verdict {
                Verdict::Valid { pool, lifetime, mark } => {
                    self.pools[pool.0 as usize].add(*lifetime);
                    self.marks.add(*mark, RowNumber(self.rows));
                }
                Verdict::Invalid(_) => self.invalid += 1,
                Verdict::Open => unreachable!("every verdict was settled"),
            }
        }
    }

    fn conclude(self, on_duplicate: OnDuplicate, duplicates: Duplicates, pools: &Pools, findings: &mut dyn FnMut(Finding)) -> Survey {
        let (mut invalid, mut skipped) = (self.invalid, 0);
        for (row, line, other) in duplicates.pairs() {
            if on_duplicate == OnDuplicate::Error {
                invalid += 1;
                findings(Finding::new(row, Place { line, column: 1 }, duplicates.rule(other)));
            } else {
                skipped += 1;
            }
        }
        let pools: BTreeMap<_, _> = pools.ids().cloned().zip(self.pools).filter(|(_, rows)| rows.rows > 0).collect();
        let sum = |of: fn(&PoolRows) -> u64| pools.values().map(of).sum();
        let (valid, permanent, temporary) = (sum(|pool| pool.rows), sum(|pool| pool.permanent), sum(|pool| pool.temporary));
        debug_assert_eq!(self.rows, valid + invalid + skipped, "every row is counted once");
        Survey { rows: self.rows, valid, invalid, skipped, permanent, temporary, pools, duplicates }
    }
}
