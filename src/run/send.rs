//! The second pass: reader, executor and scribe, side by side.
//!
//! Reading and validating stay outside the runtime, on a thread of their own; so does the scribe. Between them stand bounded channels,
//! so that the slowest sets the pace and memory stays flat.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::mpsc;

use super::earlier::Earlier;
use super::{Job, scribe};
use crate::execute::{Reason, Stop, execute};
use crate::input::Reader;
use crate::journal::Writer;
use crate::outcome::{Event, Fate, Outcome};
use crate::preflight::{Rehearsal, Service};
use crate::report::{Pace, Progress};
use crate::row::Identity;
use crate::validate::{Checked, Duplicates, Policies, ValidRow, stream};

/// Rows and events that may wait between two stages.
const QUEUE: usize = 1024;

/// What is left when all rows have been sent.
pub(super) struct Sent {
    /// The input, to be read once more for the report; `None` where it cannot be.
    pub reader: Option<Reader>,
    /// How fast it went.
    pub pace: Pace,
}

/// Sends the rows of `reader`, and returns when each that was begun has its end in the journal.
pub(super) fn everything(
    job: &Job,
    service: &Service,
    reader: Reader,
    (policies, duplicates, earlier): (Policies<'static>, Duplicates, Earlier),
    (journal, progress): (Writer, Progress),
    stop: &Stop,
) -> Sent {
    let (row_sender, rows) = mpsc::channel(QUEUE);
    let (event_sender, events) = mpsc::channel(QUEUE);
    let again = reader.can_rewind();
    let feed = Feed {
        rows: row_sender,
        events: event_sender.downgrade(),
        describe: !again,
        rehearsal: service.rehearsal.clone(),
        earlier,
        stop: stop.clone(),
    };
    let feeding = std::thread::spawn(move || feed.all(reader, policies, duplicates));
    let pace = std::thread::scope(|scope| {
        let scribe = scope.spawn(|| scribe::keep(journal, events, progress, stop));
        let work = execute(rows, Arc::clone(&service.cognito), &job.sending, event_sender, stop.clone());
        service.runtime.block_on(work);
        finished(scribe.join())
    });
    // A reader of standard input may be waiting for a line that never comes, and is not needed any more.
    Sent { reader: again.then(|| finished(feeding.join())), pace }
}

/// What a thread gave; its panic goes on in this one.
fn finished<T>(joined: std::thread::Result<T>) -> T {
    joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The reading end.
struct Feed {
    rows: mpsc::Sender<ValidRow>,
    /// Weak, so that a reader that waits for its input does not keep the scribe waiting when the run has ended.
    events: mpsc::WeakSender<Event>,
    /// Whether the journal has to describe every row, because the input cannot be read again.
    describe: bool,
    rehearsal: Option<Rehearsal>,
    earlier: Earlier,
    stop: Stop,
}

impl Feed {
    fn all(self, mut reader: Reader, mut policies: Policies<'static>, mut duplicates: Duplicates) -> Reader {
        let streamed = stream(&mut reader, &mut policies, &mut duplicates, &mut |checked| self.take(checked));
        if let Err(error) = streamed {
            self.stop.pull(Reason::Input(error.to_string()));
        }
        reader
    }

    fn take(&self, checked: Checked) -> ControlFlow<()> {
        if self.stop.is_pulled() {
            return ControlFlow::Break(());
        }
        if self.earlier.leaves_out(checked.number()) {
            return ControlFlow::Continue(());
        }
        match checked {
            Checked::Valid(row) => {
                if let Some(rehearsal) = &self.rehearsal {
                    rehearsal.add_user(row.user());
                }
                self.describe(|| row.identity())?;
                or_break(self.rows.blocking_send(row).ok())
            }
            Checked::Invalid { row: identity, findings } => {
                let (row, texts) = (identity.row, findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>());
                let code = findings.first().map_or("invalid", |finding| finding.rule.code());
                let fate = Fate::unsent(Outcome::Invalid, code, texts.join("; "));
                self.describe(|| identity)?;
                self.tell(Event::Finished { row, digest: None, fate, at: SystemTime::now() })
            }
            Checked::Skipped { row: identity, winner } => {
                let row = identity.row;
                let fate = Fate::unsent(Outcome::Skipped, "duplicate", format!("row {winner} for the same user wins"));
                self.describe(|| identity)?;
                self.tell(Event::Finished { row, digest: None, fate, at: SystemTime::now() })
            }
        }
    }

    fn describe(&self, identity: impl FnOnce() -> Identity) -> ControlFlow<()> {
        if self.describe { self.tell(Event::Read(identity())) } else { ControlFlow::Continue(()) }
    }

    fn tell(&self, event: Event) -> ControlFlow<()> {
        or_break(self.events.upgrade().and_then(|events| events.blocking_send(event).ok()))
    }
}

fn or_break(sent: Option<()>) -> ControlFlow<()> {
    match sent {
        Some(()) => ControlFlow::Continue(()),
        None => ControlFlow::Break(()),
    }
}
