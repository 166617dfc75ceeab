//! The report: every row of the input with what the journal says of it, in input order.
//!
//! It is a pure function of the two. While the next rows are read and looked up, those before are written on whatever core is free. How a
//! row is written is left to `line`.

use std::io::{self, Write};

use rayon::prelude::*;

use super::line::{Form, ReportRow, Written};
use super::{Account, AnotherInput, Output, OutputError, SameInput};
use crate::input::{Batch, InputError, Reader};
use crate::journal::{JournalError, Ledger, Mark};
use crate::row::{Digest, RowNumber};

/// The rows that a core writes at once.
const ROWS_AT_ONCE: usize = 512;

/// Where the rows come from.
pub enum Source<'a> {
    /// The input itself, read once more.
    Input(&'a mut Reader),
    /// The journal, which describes the rows of an input that cannot be read again.
    Journal,
}

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The input cannot be read again.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The input is not the one that the journal is about.
    #[error(transparent)]
    Another(#[from] AnotherInput),
    /// The report cannot be made where it is wanted.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The report cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes every row of `source` to `output`, in input order, brings it to its place, and gives the rows counted.
///
/// # Errors
/// [`ReportError`] where input or journal cannot be read, or are not about the same rows, or the report cannot be written.
pub fn write_all(source: Source<'_>, ledger: &mut Ledger, form: Form, mut output: Output) -> Result<Account, ReportError> {
    let mut account = Account::default();
    let form = if output.is_terminal() { form.shown() } else { form };
    output.write_all(form.header())?;
    let take = &mut |written: Written| {
        account.absorb(written.account);
        output.write_all(&written.text)
    };
    match source {
        Source::Input(reader) => write_input(reader, ledger, form, take)?,
        Source::Journal => write_described(ledger, form, take)?,
    }
    output.finish()?;
    Ok(account)
}

/// Counts the rows as the journal alone has them.
///
/// # Errors
/// [`JournalError`] where it cannot be read.
pub fn count_all(ledger: &mut Ledger) -> Result<Account, JournalError> {
    let mut account = Account::default();
    let rows = ledger.start().input.rows.unwrap_or_else(|| ledger.described_rows());
    for row in (1..=rows).map(RowNumber) {
        account.add(&ReportRow::fate(ledger.mark(row)?).0);
    }
    Ok(account)
}

/// Gives the rows of an input to `take`, in order.
fn write_input(
    reader: &mut Reader,
    ledger: &mut Ledger,
    form: Form,
    take: &mut dyn FnMut(Written) -> io::Result<()>,
) -> Result<(), ReportError> {
    reader.rewind()?;
    let mut same = SameInput::new(reader.name(), ledger.start().input.rows);
    let (mut current, mut next) = (LookedUp::default(), LookedUp::default());
    current.fill(reader, ledger)?;
    while !current.marks.is_empty() {
        let (filled, written) = rayon::join(|| next.fill(reader, ledger), || current.write(form));
        for (page, digests) in written?.into_iter().zip(current.digests.chunks(ROWS_AT_ONCE)) {
            for ((line, now), then) in page.lines.into_iter().zip(digests) {
                same.compare(line, *then, now);
            }
            // What is written may be read at once, and nobody is to read what became of other rows than these.
            same.so_far()?;
            take(page.written)?;
        }
        filled?;
        std::mem::swap(&mut current, &mut next);
    }
    Ok(same.conclude()?)
}

/// Rows that were written together.
struct Page {
    /// The line and the digest of each.
    lines: Vec<(u64, Option<Digest>)>,
    written: Written,
}

/// Rows that were read, and what the journal says of them.
#[derive(Default)]
struct LookedUp {
    batch: Batch,
    marks: Vec<Mark>,
    digests: Vec<Option<Digest>>,
}

impl LookedUp {
    fn fill(&mut self, reader: &mut Reader, ledger: &mut Ledger) -> Result<(), ReportError> {
        (self.marks, self.digests) = Default::default();
        reader.fill(&mut self.batch)?;
        for index in 0..self.batch.len() {
            let row = self.batch.number(index);
            self.marks.push(ledger.mark(row)?);
            self.digests.push(ledger.digest(row)?);
        }
        Ok(())
    }

    /// The rows as they are written, in order.
    fn write(&mut self, form: Form) -> io::Result<Vec<Page>> {
        let Self { batch, marks, .. } = self;
        let pages = marks.par_chunks_mut(ROWS_AT_ONCE).enumerate().map(|(page, marks)| {
            let (mut rows, mut lines) = (Vec::with_capacity(marks.len()), Vec::with_capacity(marks.len()));
            for (index, mark) in marks.iter_mut().enumerate() {
                let row = ReportRow::read(batch, page * ROWS_AT_ONCE + index, std::mem::replace(mark, Mark::None));
                lines.push((row.line, row.digest()));
                rows.push(row);
            }
            Ok(Page { lines, written: form.write(&rows)? })
        });
        pages.collect()
    }
}

/// Gives the rows that the journal describes to `take`, in order.
fn write_described(ledger: &mut Ledger, form: Form, take: &mut dyn FnMut(Written) -> io::Result<()>) -> Result<(), ReportError> {
    let mut rows = Vec::new();
    for row in (1..=ledger.described_rows()).map(RowNumber) {
        if let Some(identity) = ledger.describe(row)? {
            rows.push(ReportRow::described(identity, ledger.mark(row)?));
        }
        if rows.len() == ROWS_AT_ONCE {
            take(form.write(&std::mem::take(&mut rows))?)?;
        }
    }
    Ok(take(form.write(&rows)?)?)
}
