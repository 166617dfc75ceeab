//! Pass one over a file: what it holds and what is wrong with it, before anything is sent.
//!
//! Memory is flat but for 16 bytes a valid row, which find the duplicates. Passwords that many rows have are found in a table of a fixed
//! size.

use std::collections::{BTreeMap, HashMap};

use super::check::{Verdict, Verdicts};
use super::duplicates::Standing;
use super::lint::{Level, Lint};
use super::marks::{Marker, Marks, Rival};
use super::pipeline::{self, CheckedBatch};
use super::policies::Pools;
use super::shared::{Shared, UNMARKED};
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
/// breaks and every lint: first of all rows by themselves, in input order, then of those that do not stand alone, in input order.
///
/// # Errors
/// [`InputError`] where the input fails, or is no regular file: a second look at duplicates is needed, and a second pass to send.
pub fn survey(
    reader: &mut Reader,
    policies: &mut Policies<'_>,
    on_duplicate: OnDuplicate,
    each_batch: &mut (dyn FnMut(u64, u64) + Send),
    findings: &mut (dyn FnMut(Finding) + Send),
) -> Result<Survey, InputError> {
    reader.rewind()?;
    let marker = Marker::new();
    let mut count = Count::new();
    pipeline::each_batch(reader, policies, &marker, |CheckedBatch { batch, verdicts, bytes_read }, pools| {
        verdicts.findings().for_each(&mut *findings);
        each_batch(*bytes_read, batch.number(batch.len() - 1).0);
        count.add(verdicts, pools);
    })?;

    let lints = policies.pools().lints();
    let other_case = lints.level(Lint::UsernameCase) != Level::Allow;
    let mut rivals = std::mem::replace(&mut count.marks, Marks::new()).rivals(on_duplicate, other_case);
    let by_password = rows_that_share(reader, policies, &marker, &count.passwords)?;
    if !by_password.is_empty() {
        rivals.extend(by_password);
        rivals.sort_unstable();
    }
    let mut duplicates = Duplicates::surveyed(on_duplicate, lints, rivals);
    look_again(reader, policies.pools(), &mut duplicates, &mut count)?;
    Ok(count.conclude(duplicates, policies.pools(), findings))
}

/// The rows that share their passwords with many: one for each password, where that is a warning; or all of them, for which the file is
/// read once more, where it makes them invalid.
fn rows_that_share(
    reader: &mut Reader,
    policies: &mut Policies<'_>,
    marker: &Marker,
    passwords: &Shared,
) -> Result<Vec<Rival>, InputError> {
    let found = passwords.found();
    if found.is_empty() || policies.pools().lints().level(Lint::Shared) != Level::Deny {
        return Ok(found.into_iter().map(|found| Rival::by_password(found.row, found.rows)).collect());
    }
    let by_mark: HashMap<_, _> = found.into_iter().map(|found| (found.mark, found.rows)).collect();
    let mut rivals = Vec::new();
    reader.rewind()?;
    pipeline::each_batch(reader, policies, marker, |CheckedBatch { batch, verdicts, .. }, _| {
        for (index, verdict) in verdicts.iter().enumerate() {
            if let Some(&rows) = by_mark.get(&verdict.password_mark()) {
                rivals.push(Rival::by_password(batch.number(index), rows));
            }
        }
    })?;
    Ok(rivals)
}

/// Reads the file once more, if it has rows that do not stand alone, for what was not kept of every row: the line of each of them, and in
/// which pool it is not to be counted.
fn look_again(reader: &mut Reader, pools: &Pools, duplicates: &mut Duplicates, count: &mut Count) -> Result<(), InputError> {
    if duplicates.rivals().is_empty() {
        return Ok(());
    }
    let mut lines = Vec::with_capacity(duplicates.rivals().len());
    let mut left = duplicates.rivals().iter().map(|rival| rival.row().0).peekable();
    let mut judgements = duplicates.judgements().peekable();
    reader.rewind()?;
    let (mut batch, mut last_pool) = (Batch::default(), None);
    while left.peek().is_some() {
        reader.fill(&mut batch)?;
        let first = batch.number(0).0;
        while let Some(number) = left.next_if(|number| *number < first + batch.len() as u64) {
            let row = batch.row((number - first) as usize).expect("it was valid, and the file has not changed");
            lines.push(row.line);
            if let Some((_, _, judgement)) = judgements.next_if(|(row, ..)| row.0 == number)
                && judgement.standing != Standing::Wins
            {
                let pool = pools.find(&row.pool, &mut last_pool).expect("it was valid, so that its pool is known");
                count.pools[pool.0 as usize].remove(row.lifetime);
            }
        }
    }
    drop(judgements);
    duplicates.learn_lines(lines);
    Ok(())
}

/// The counters of a survey under way.
struct Count {
    rows: u64,
    invalid: u64,
    /// The rows that are valid by themselves, by the number of their pool.
    pools: Vec<PoolRows>,
    marks: Marks,
    passwords: Shared,
}

impl Count {
    fn new() -> Self {
        Self { rows: 0, invalid: 0, pools: Vec::new(), marks: Marks::new(), passwords: Shared::new() }
    }

    /// Counts the rows of the batch that comes next.
    fn add(&mut self, verdicts: &Verdicts, pools: &Pools) {
        self.pools.resize(pools.len(), PoolRows::default());
        self.passwords.fetch(verdicts.iter().map(Verdict::password_mark));
        for verdict in verdicts.iter() {
            self.rows += 1;
            match verdict {
                Verdict::Valid { pool, lifetime, mark, .. } => {
                    self.pools[pool.0 as usize].add(*lifetime);
                    self.marks.add(*mark, RowNumber(self.rows));
                    if mark.password() != UNMARKED {
                        self.passwords.add(mark.password(), RowNumber(self.rows));
                    }
                }
                Verdict::Invalid(_) => self.invalid += 1,
                Verdict::Open => unreachable!("every verdict was settled"),
            }
        }
    }

    fn conclude(self, duplicates: Duplicates, pools: &Pools, findings: &mut dyn FnMut(Finding)) -> Survey {
        let (mut invalid, mut skipped) = (self.invalid, 0);
        for (row, line, judgement) in duplicates.judgements() {
            let place = Place { line, column: 1 };
            match judgement.standing {
                Standing::Wins => {}
                Standing::Loses { .. } => skipped += 1,
                Standing::Refused(rule) => {
                    invalid += 1;
                    findings(Finding::new(row, place, rule));
                }
            }
            judgement.warnings.into_iter().for_each(|rule| findings(Finding::of_lint(row, place, rule, pools.lints())));
        }
        let pools: BTreeMap<_, _> = pools.ids().cloned().zip(self.pools).filter(|(_, rows)| rows.rows > 0).collect();
        let sum = |of: fn(&PoolRows) -> u64| pools.values().map(of).sum();
        let (valid, permanent, temporary) = (sum(|pool| pool.rows), sum(|pool| pool.permanent), sum(|pool| pool.temporary));
        debug_assert_eq!(self.rows, valid + invalid + skipped, "every row is counted once");
        Survey { rows: self.rows, valid, invalid, skipped, permanent, temporary, pools, duplicates }
    }
}
