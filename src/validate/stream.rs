//! Pass two over a file, or the only one over standard input: every row, in order, as what it turned out to be.
//!
//! Nothing is read ahead of what is being handed out: whoever takes the rows sends them at a few dozen a second, and a pipe's rows
//! should leave as soon as they come.

use std::ops::ControlFlow;

use super::check::{Verdict, Verdicts};
use super::duplicates::Standing;
use super::marks::Marker;
use super::policies::{PoolNumber, Pools};
use super::{Duplicates, Finding, Policies, ValidRow};
use crate::input::{Batch, InputError, Place, Reader};
use crate::row::{Identity, RowNumber, User};

/// A row that was checked.
#[derive(Debug)]
pub enum Checked {
    /// It may be sent.
    Valid(ValidRow),
    /// It breaks rules.
    Invalid {
        /// What can be said of it.
        row: Identity,
        /// The rules: at least one.
        findings: Vec<Finding>,
    },
    /// Another row for the same user is sent instead.
    Skipped {
        /// What can be said of it.
        row: Identity,
        /// The row that is sent.
        winner: RowNumber,
    },
}

impl Checked {
    /// The row's number.
    pub fn number(&self) -> RowNumber {
        match self {
            Self::Valid(row) => row.number(),
            Self::Invalid { row, .. } | Self::Skipped { row, .. } => row.row,
        }
    }
}

/// Hands every row of the input to `sink`, in order, until `sink` breaks off. With the duplicates of a survey the file is read from its
/// start again; with those of a stream it is read from where it stands, which must be its start.
///
/// # Errors
/// [`InputError`] where the input fails, or where a file changed since it was opened. The rows before that were handed out.
pub fn stream(
    reader: &mut Reader,
    policies: &mut Policies<'_>,
    duplicates: &mut Duplicates,
    sink: &mut dyn FnMut(Checked) -> ControlFlow<()>,
) -> Result<(), InputError> {
    if duplicates.are_surveyed() {
        reader.rewind()?;
    }
    let marker = Marker::new();
    let (mut batch, mut verdicts) = (Batch::default(), Verdicts::default());
    loop {
        reader.fill(&mut batch)?;
        if batch.is_empty() {
            return Ok(());
        }
        verdicts.check(&batch, policies.pools(), &marker);
        verdicts.settle(&batch, policies, &marker);
        for (index, verdict) in verdicts.drain().enumerate() {
            if sink(conclude(&batch, index, verdict, duplicates, policies.pools())).is_break() {
                return Ok(());
            }
        }
    }
}

fn conclude(batch: &Batch, index: usize, verdict: Verdict, duplicates: &mut Duplicates, pools: &Pools) -> Checked {
    let number = batch.number(index);
    match verdict {
        Verdict::Valid { pool, mark, .. } => match duplicates.standing(number, mark) {
            Standing::Wins => Checked::Valid(valid(batch, index, pool, pools)),
            Standing::Loses { winner } => Checked::Skipped { row: batch.identity(index), winner },
            Standing::Refused(rule) => {
                let place = Place { line: batch.line(index), column: 1 };
                Checked::Invalid { row: batch.identity(index), findings: vec![Finding::new(number, place, rule)] }
            }
        },
        Verdict::Invalid(findings) => Checked::Invalid { row: batch.identity(index), findings },
        Verdict::Open => unreachable!("every verdict was settled"),
    }
}

fn valid(batch: &Batch, index: usize, pool: PoolNumber, pools: &Pools) -> ValidRow {
    let row = batch.row(index).expect("it was found valid a moment ago");
    let user = User { pool: pools.id(pool).clone(), username: row.username.into() };
    ValidRow { number: row.number, line: row.line, user, password: row.password.into_owned(), lifetime: row.lifetime }
}
