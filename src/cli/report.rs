//! `report`: the results again, from the journal.

use std::path::PathBuf;

use crate::input::{self, Defaults, Format, Origin, Settings};
use crate::journal::{JournalError, Ledger, is_free};
use crate::preflight::Refusal;
use crate::report::{Form, Output, Source, plain, write_all};
use crate::run::Exit;

/// Write the results of a run again, from its journal
///
/// The report is a pure function of input and journal. A run over standard input needs no --input: its journal describes every row.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The journal of a run
    journal: PathBuf,
    /// The file that was run [default: the one that the journal names]
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Where the results go, as CSV or, for .jsonl, JSON Lines
    #[arg(short = 'o', long, value_name = "FILE", default_value = "-")]
    report: PathBuf,
    /// Write a CSV report without the apostrophes that keep a spreadsheet from taking a text for a formula
    #[arg(long)]
    raw_csv: bool,
}

impl Args {
    /// Writes the report, and the totals to standard error. The exit code is that of a run that ended so: 0, 1 or 4.
    ///
    /// # Errors
    /// [`Refusal`] where journal or input cannot be read, or the report not be written.
    pub(super) fn run(self) -> Result<Exit, Refusal> {
        if let Err(JournalError::Locked { .. }) = is_free(&self.journal) {
            say!("warning: the run is still going on: its calls in flight are called unknown here");
        }
        let mut ledger = Ledger::open(&self.journal)?;
        if let Some(offset) = ledger.torn_at() {
            let journal = plain(&self.journal.to_string_lossy()).into_owned();
            say!("warning: {journal} is damaged at byte {offset}: what was noted behind that is not in the report");
            if ledger.goes_on_behind() {
                say!("warning: calls may have left that were noted there: rows that are not known to have been sent are called unknown");
            }
        }
        let mut reader = self.input(&ledger).map(|settings| input::open(&settings)).transpose().inspect_err(|_| {
            if self.input.is_none() {
                say!("this is the file that the journal names; where it is now, --input FILE says");
            }
        })?;
        let source = reader.as_mut().map_or(Source::Journal, Source::Input);
        let account = write_all(source, &mut ledger, Form::of(&self.report, self.raw_csv), Output::create(&self.report)?)?;
        say_on!("{account}");
        Ok(Exit::of(account.tally(), None, true))
    }

    /// How the input is read again: as the run read it, from where it is now.
    fn input(&self, ledger: &Ledger) -> Option<Settings> {
        let was = &ledger.start().input;
        let path = self.input.as_ref().or(was.path.as_ref())?;
        Some(Settings {
            origin: Origin::File(path.clone()),
            format: Some(if was.jsonl { Format::Jsonl } else { Format::Csv }),
            delimiter: was.delimiter,
            defaults: Defaults { pool: was.default_pool.clone(), lifetime: was.default_lifetime },
        })
    }
}
