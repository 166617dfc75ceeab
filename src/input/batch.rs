//! A batch: rows that were read together, ready to be decoded in any order and on any core.

use std::borrow::Cow;

use super::{Field, Flaw, Malformed, Place, Problem, csv, jsonl};
use crate::row::{Digest, Identity, Lifetime, RowNumber};
use crate::secret::Password;

/// Rows in input order. It is filled by [`super::Reader::fill`], again and again, and keeps its buffers.
#[derive(Default)]
pub struct Batch {
    /// The number of the first row.
    pub(super) first: u64,
    pub(super) rows: Rows,
}

/// The rows in the form in which their format leaves them.
pub(super) enum Rows {
    Csv(csv::Rows),
    Jsonl(jsonl::Rows),
}

impl Default for Rows {
    fn default() -> Self {
        Self::Csv(csv::Rows::default())
    }
}

/// A row as it stands in the input. Whether it makes sense is for `validate` to say.
#[derive(Debug)]
pub struct Row<'a> {
    /// Its number.
    pub number: RowNumber,
    /// The line that it begins on, from 1.
    pub line: u64,
    /// The pool id, be it the row's own or the default.
    pub pool: Cow<'a, str>,
    /// The username.
    pub username: Cow<'a, str>,
    /// The password.
    pub password: Password<'a>,
    /// How long the password is to last.
    pub lifetime: Lifetime,
}

impl Row<'_> {
    /// What a changed row is noticed by. The password is no part of it.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.pool, &self.username, self.lifetime)
    }
}

/// An input error that has not learnt the input's name yet.
pub(super) struct Failure {
    pub place: Option<Place>,
    pub problem: Problem,
}

impl Batch {
    /// How many rows it has.
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Csv(rows) => rows.len(),
            Rows::Jsonl(rows) => rows.len(),
        }
    }

    /// Whether it has none: the input has ended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the row at `index`, which counts from 0 within the batch.
    pub fn number(&self, index: usize) -> RowNumber {
        RowNumber(self.first + index as u64)
    }

    /// The line that the row at `index` begins on, from 1.
    ///
    /// # Panics
    /// If the batch has no such row. So do those below.
    pub fn line(&self, index: usize) -> u64 {
        match &self.rows {
            Rows::Csv(rows) => rows.line(index),
            Rows::Jsonl(rows) => rows.line(index),
        }
    }

    /// Where `field` of the row at `index` begins: its opening quote, where it has one. Where the row does not have the field, it is the
    /// beginning of the row. It takes a while, and is meant for messages.
    pub fn place(&self, index: usize, field: Field) -> Place {
        match &self.rows {
            Rows::Csv(rows) => rows.place(index, field),
            Rows::Jsonl(rows) => rows.place(index, field),
        }
    }

    /// The printable half of the row at `index`. Of a malformed row only its place is known: where its fields cannot be told apart, any
    /// of them may hold the password.
    pub fn identity(&self, index: usize) -> Identity {
        let (pool, username, lifetime) = match self.row(index) {
            Ok(row) => (row.pool.into_owned(), row.username.into_owned(), Some(row.lifetime)),
            Err(_) => (String::new(), String::new(), None),
        };
        Identity { row: self.number(index), line: self.line(index), pool, username, lifetime }
    }

    /// Whether the row at `index` holds the names of columns where the fields should be, as a second header does: a username and a
    /// password that are the names of their own columns. It is asked of rows that cannot be decoded; only CSV has such.
    pub fn repeats_header(&self, index: usize) -> bool {
        match &self.rows {
            Rows::Csv(rows) => rows.repeats_header(index),
            Rows::Jsonl(_) => false,
        }
    }

    /// Decodes the row at `index`.
    ///
    /// # Errors
    /// [`Malformed`] where the row breaks the format. No part of it is to be trusted then.
    pub fn row(&self, index: usize) -> Result<Row<'_>, Malformed> {
        let number = self.number(index);
        let decoded: Result<Row<'_>, (Place, Flaw)> = match &self.rows {
            Rows::Csv(rows) => rows.decode(index, number),
            Rows::Jsonl(rows) => rows.decode(index, number),
        };
        decoded.map_err(|(place, flaw)| Malformed { number, place, flaw })
    }
}
