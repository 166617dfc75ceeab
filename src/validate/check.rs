//! One row by itself: decode it, and hold it against every rule that needs no other row.

use rayon::prelude::*;

use super::marks::{Mark, Marker};
use super::policies::{Policies, PoolNumber, Pools};
use super::{Finding, Rule, username};
use crate::input::{Batch, Field};
use crate::policy;
use crate::row::{Lifetime, PoolId};

/// How many rows a thread takes at once.
const ROWS_AT_ONCE: usize = 128;

/// What is known about a row of a batch.
pub(super) enum Verdict {
    /// Nothing yet: it names a pool whose policy has not been asked for.
    Open,
    /// It breaks no rule by itself.
    Valid { pool: PoolNumber, lifetime: Lifetime, mark: Mark },
    /// It breaks these.
    Invalid(Vec<Finding>),
}

/// The verdicts on the rows of a batch, in order. The buffer stays for the next batch.
#[derive(Default)]
pub(super) struct Verdicts(Vec<Verdict>);

impl Verdicts {
    /// Checks the rows of a batch in parallel, as far as their pools are known. The rest stay open.
    pub(super) fn check(&mut self, batch: &Batch, pools: &Pools, marker: &Marker) {
        self.0.clear();
        self.0.resize_with(batch.len(), || Verdict::Open);
        self.close(batch, pools, marker);
    }

    /// Closes the verdicts that [`Verdicts::check`] left open: asks for the policies of their pools, in order, and checks them.
    pub(super) fn settle(&mut self, batch: &Batch, policies: &mut Policies<'_>, marker: &Marker) {
        let is_open = |verdict: &Verdict| matches!(verdict, Verdict::Open);
        if !self.0.iter().any(is_open) {
            return;
        }
        for (index, _) in self.0.iter().enumerate().filter(|(_, verdict)| is_open(verdict)) {
            if let Ok(row) = batch.row(index)
                && let Ok(pool) = PoolId::parse(&row.pool)
            {
                policies.learn(pool);
            }
        }
        self.close(batch, policies.pools(), marker);
    }

    fn close(&mut self, batch: &Batch, pools: &Pools, marker: &Marker) {
        self.0.par_chunks_mut(ROWS_AT_ONCE).enumerate().for_each(|(chunk, verdicts)| {
            let mut last_pool = None;
            for (index, verdict) in verdicts.iter_mut().enumerate() {
                if let Verdict::Open = verdict {
                    *verdict = check_row(batch, chunk * ROWS_AT_ONCE + index, pools, &mut last_pool, marker);
                }
            }
        });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Verdict> {
        self.0.iter()
    }

    /// All of them, each once.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Verdict> {
        self.0.drain(..)
    }

    /// The rules that the rows break, each once.
    pub(super) fn findings(&mut self) -> impl Iterator<Item = Finding> {
        self.0.iter_mut().flat_map(|verdict| match verdict {
            Verdict::Invalid(findings) => std::mem::take(findings),
            Verdict::Open | Verdict::Valid { .. } => Vec::new(),
        })
    }
}

fn check_row(batch: &Batch, index: usize, pools: &Pools, last_pool: &mut Option<PoolNumber>, marker: &Marker) -> Verdict {
    let row = match batch.row(index) {
        Ok(row) => row,
        Err(malformed) => return Verdict::Invalid(vec![malformed.into()]),
    };
    let mut findings = Vec::new();
    let mut blame = |field, rule| findings.push(Finding::new(row.number, batch.place(index, field), rule));

    let pool = pools.find(&row.pool, last_pool);
    if pool.is_none() {
        match PoolId::parse(&row.pool) {
            Ok(_) => return Verdict::Open,
            Err(error) => blame(Field::Pool, Rule::PoolId(error)),
        }
    }
    if let Some(rule) = username::violation(&row.username) {
        blame(Field::Username, rule);
    }
    if pools.is_protected(&row.username) {
        blame(Field::Username, Rule::Protected);
    }
    let password = row.password.expose();
    if let Some(rule) = policy::api_violation(password) {
        blame(Field::Password, Rule::Password(rule));
    }
    if let Some(policy) = pool.and_then(|pool| pools.policy(pool)) {
        policy.violations(password).for_each(|rule| blame(Field::Password, Rule::Policy(rule)));
    }

    match pool {
        Some(pool) if findings.is_empty() => Verdict::Valid { pool, lifetime: row.lifetime, mark: marker.mark(pool, &row.username) },
        _ => Verdict::Invalid(findings),
    }
}
