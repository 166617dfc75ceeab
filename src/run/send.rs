//! The second pass: reader, executor and scribe, side by side.
//!
//! Reading and validating stay outside the runtime, on a thread of their own; so does the scribe. Between them stand bounded channels,
//! so that the slowest sets the pace and memory stays flat.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use tokio::sync::mpsc;

use super::budget::Budget;
use super::earlier::{Earlier, Standing};
use super::{Job, scribe};
use crate::execute::{Errand, Reason, Stop, execute};
use crate::input::Reader;
use crate::journal::Writer;
use crate::outcome::{Event, Fate, Outcome};
use crate::preflight::{LeftOut, Rehearsal, Service};
use crate::report::{Pace, Progress};
use crate::row::Identity;
use crate::validate::{Checked, Duplicates, Policies, stream};

/// Rows and events that may wait between two stages.
const QUEUE: usize = 1024;

/// What is left when all rows have been sent.
pub(super) struct Sent {
    /// The input, to be read once more for the report; `None` where it cannot be.
    pub reader: Option<Reader>,
    /// How fast it went.
    pub pace: Pace,
    /// Whether the input was read to its end.
    pub whole: bool,
}

/// What decides whether a row is sent.
pub(super) struct Rules {
    pub policies: Policies<'static>,
    pub duplicates: Duplicates,
    pub earlier: Earlier,
    /// The rows that would meet in the pool what they must not.
    pub left_out: LeftOut,
}

/// Sends the rows of `reader`, and returns when each that was begun has its end in the journal.
pub(super) fn everything(
    job: &Job,
    service: &Service,
    reader: Reader,
    Rules { policies, duplicates, earlier, left_out }: Rules,
    (journal, progress): (Writer, Progress),
    stop: &Stop,
) -> Sent {
    let (errand_sender, errands) = mpsc::channel(QUEUE);
    let (event_sender, events) = mpsc::channel(QUEUE);
    let again = reader.can_rewind();
    let whole = Arc::new(AtomicBool::new(false));
    let feed = Feed {
        errands: errand_sender,
        events: event_sender.downgrade(),
        describe: !again,
        rehearsal: service.rehearsal.clone(),
        earlier,
        left_out,
        stop: stop.clone(),
        whole: Arc::clone(&whole),
    };
    let feeding = std::thread::spawn(move || feed.all(reader, policies, duplicates));
    let pace = std::thread::scope(|scope| {
        let scribe = scope.spawn(|| scribe::keep(journal, events, progress, Budget::new(job.limits), stop));
        let work = execute(errands, Arc::clone(&service.cognito), &job.sending, event_sender, stop.clone());
        service.runtime.block_on(work);
        finished(scribe.join())
    });
    // A reader of standard input may be waiting for a line that never comes, and is not needed any more.
    let reader = again.then(|| finished(feeding.join()));
    Sent { reader, pace, whole: whole.load(Ordering::Acquire) }
}

/// What a thread gave; its panic goes on in this one.
fn finished<T>(joined: std::thread::Result<T>) -> T {
    joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The reading end.
struct Feed {
    errands: mpsc::Sender<Errand>,
    /// Weak, so that a reader that waits for its input does not keep the scribe waiting when the run has ended.
    events: mpsc::WeakSender<Event>,
    /// Whether the journal has to describe every row, because the input cannot be read again.
    describe: bool,
    rehearsal: Option<Rehearsal>,
    earlier: Earlier,
    left_out: LeftOut,
    stop: Stop,
    whole: Arc<AtomicBool>,
}

impl Feed {
    fn all(self, mut reader: Reader, mut policies: Policies<'static>, mut duplicates: Duplicates) -> Reader {
        let streamed = stream(&mut reader, &mut policies, &mut duplicates, &mut |checked| self.take(checked));
        match streamed {
            Ok(()) => self.whole.store(!self.stop.is_pulled(), Ordering::Release),
            Err(error) => self.stop.pull(Reason::Input(error.to_string())),
        }
        reader
    }

    fn take(&self, checked: Checked) -> ControlFlow<()> {
        if self.stop.is_pulled() {
            return ControlFlow::Break(());
        }
        let standing = self.earlier.standing(checked.number());
        match checked {
            _ if standing == Standing::LeftOut => ControlFlow::Continue(()),
            // It was sent once, whatever the file says now, and keeps the outcome that it has.
            Checked::Invalid { .. } | Checked::Skipped { .. } if standing != Standing::New => ControlFlow::Continue(()),
            Checked::Valid(row) => {
                if let Some(fate) = self.left_out.fate(row.number()) {
                    if standing != Standing::New {
                        return ControlFlow::Continue(());
                    }
                    self.describe(|| row.identity())?;
                    return self.tell(Event::Finished { row: row.number(), digest: None, fate, at: SystemTime::now() });
                }
                if let Some(rehearsal) = &self.rehearsal {
                    rehearsal.add_user(row.user());
                }
                self.describe(|| row.identity())?;
                or_break(self.errands.blocking_send(Errand { row, in_doubt: standing == Standing::InDoubt }).ok())
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
