//! Every row of an input, in order, as what it turned out to be: again and again over a file that was surveyed, once over standard input.
//!
//! Nothing is read ahead of what is being handed out: whoever takes the rows sends them at a few dozen a second, and a pipe's rows
//! should leave as soon as they come.

use std::ops::ControlFlow;

use super::check::{Verdict, Verdicts};
use super::duplicates::Standing;
use super::marks::Marker;
use super::policies::{PoolNumber, Pools};
use super::{Duplicates, Finding, Policies, ValidRow};
use crate::input::{Batch, InputError, Place, Reader, Row};
use crate::row::{Digest, Identity, Lifetime, PoolId, RowNumber, User};

/// A row that was checked.
pub enum Checked<'b> {
    /// It may be sent.
    Valid(Candidate<'b>),
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

impl Checked<'_> {
    /// The row's number.
    pub fn number(&self) -> RowNumber {
        match self {
            Self::Valid(candidate) => candidate.row.number,
            Self::Invalid { row, .. } | Self::Skipped { row, .. } => row.row,
        }
    }

    /// The line that the row begins on, from 1.
    pub fn line(&self) -> u64 {
        match self {
            Self::Valid(candidate) => candidate.row.line,
            Self::Invalid { row, .. } | Self::Skipped { row, .. } => row.line,
        }
    }

    /// What a changed row is noticed by; `None` where it could not be read.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Valid(Candidate { row, .. }) => Some(row.digest()),
            Self::Invalid { row, .. } | Self::Skipped { row, .. } => row.digest(),
        }
    }
}

/// A row that may be sent, as it stands in what was read. Nothing of it has been copied.
pub struct Candidate<'b> {
    row: Row<'b>,
    pool: &'b PoolId,
}

impl Candidate<'_> {
    /// Its pool.
    pub fn pool(&self) -> &PoolId {
        self.pool
    }

    /// Its number.
    pub fn number(&self) -> RowNumber {
        self.row.number
    }

    /// The username.
    pub fn username(&self) -> &str {
        &self.row.username
    }

    /// Its printable half, as texts.
    pub fn identity(&self) -> Identity {
        let Row { number, line, ref pool, ref username, lifetime, .. } = self.row;
        Identity { row: number, line, pool: pool.to_string(), username: username.to_string(), lifetime: Some(lifetime) }
    }

    /// How long its password is to last.
    pub fn lifetime(&self) -> Lifetime {
        self.row.lifetime
    }

    /// The row, to be sent.
    pub fn take(self) -> ValidRow {
        let Row { number, line, username, password, lifetime, .. } = self.row;
        let user = User { pool: self.pool.clone(), username: username.into() };
        ValidRow { number, line, user, password: password.into_owned(), lifetime }
    }
}

/// Takes rows as they come.
pub trait Sink {
    /// Whether more are wanted. It is asked before the input is read further, and so when every row that was read has been taken.
    fn wants_more(&mut self) -> bool {
        true
    }

    /// Takes the row that comes next. A break leaves the others.
    fn take(&mut self, row: Checked<'_>) -> ControlFlow<()>;
}

impl<F: FnMut(Checked<'_>) -> ControlFlow<()>> Sink for F {
    fn take(&mut self, row: Checked<'_>) -> ControlFlow<()> {
        self(row)
    }
}

/// Hands every row of the input to `sink`, in order, until it wants no more.
/// With the duplicates of a survey the file is read from its start again; with those of a stream it is read from where it stands, which
/// must be its start.
///
/// # Errors
/// [`InputError`] where the input fails, or where a file changed since it was opened. The rows before that were handed out.
pub fn stream(
    reader: &mut Reader,
    policies: &mut Policies<'_>,
    duplicates: &mut Duplicates,
    sink: &mut dyn Sink,
) -> Result<(), InputError> {
    if duplicates.are_surveyed() {
        reader.rewind()?;
    }
    let marker = Marker::new();
    let (mut batch, mut verdicts) = (Batch::default(), Verdicts::default());
    while sink.wants_more() {
        reader.fill(&mut batch)?;
        if batch.is_empty() {
            break;
        }
        verdicts.check(&batch, policies.pools(), &marker);
        verdicts.settle(&batch, policies, &marker);
        for (index, verdict) in verdicts.drain().enumerate() {
            if sink.take(conclude(&batch, index, verdict, duplicates, policies.pools())).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The same for whoever may fail: hands every row to `take`, in order, until it does.
///
/// # Errors
/// What `take` gives, or the [`InputError`] of [`stream`].
pub fn each_row<E: From<InputError>>(
    reader: &mut Reader,
    policies: &mut Policies<'_>,
    duplicates: &mut Duplicates,
    mut take: impl FnMut(Checked<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut taken = Ok(());
    stream(reader, policies, duplicates, &mut |checked: Checked<'_>| {
        taken = take(checked);
        if taken.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    taken
}

fn conclude<'b>(batch: &'b Batch, index: usize, verdict: Verdict, duplicates: &mut Duplicates, pools: &'b Pools) -> Checked<'b> {
    let number = batch.number(index);
    match verdict {
        Verdict::Valid { pool, mark, .. } => match duplicates.standing(number, mark) {
            Standing::Wins => Checked::Valid(candidate(batch, index, pool, pools)),
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

fn candidate<'b>(batch: &'b Batch, index: usize, pool: PoolNumber, pools: &'b Pools) -> Candidate<'b> {
    Candidate { row: batch.row(index).expect("it was found valid a moment ago"), pool: pools.id(pool) }
}
