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
use super::roll::Lot;
use super::{Job, scribe};
use crate::execute::{Errand, Reason, Stop, execute};
use crate::input::Reader;
use crate::journal::Writer;
use crate::outcome::{Event, Fate};
use crate::preflight::{Rehearsal, Service};
use crate::report::{Pace, Progress};
use crate::row::Identity;
use crate::validate::{Candidate, Checked, Duplicates, Policies, Sink, stream};

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

/// Sends the rows of `reader`, and returns when each that was begun has its end in the journal.
pub(super) fn everything(
    job: &Job,
    service: &Service,
    reader: Reader,
    (policies, duplicates, earlier): (Policies<'static>, Duplicates, Earlier),
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
        with_rows_in_hand: None,
        unsent: match (again, job.resume) {
            (false, _) => Unsent::Described,
            (true, Some(_)) => Unsent::Told,
            (true, None) => Unsent::OnTheRoll,
        },
        rehearsal: service.rehearsal.clone(),
        earlier,
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
    /// While rows are in hand the scribe waits for what there is to tell of them.
    with_rows_in_hand: Option<mpsc::Sender<Event>>,
    unsent: Unsent,
    rehearsal: Option<Rehearsal>,
    earlier: Earlier,
    stop: Stop,
    whole: Arc<AtomicBool>,
}

/// What the journal is told of rows that are not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unsent {
    /// Nothing: it has them on its roll.
    OnTheRoll,
    /// Their end, which may be another one than when the run was begun.
    Told,
    /// All that can be said of them, and of the rows that are sent: the input cannot be read again.
    Described,
}

impl Feed {
    fn all(mut self, mut reader: Reader, mut policies: Policies<'static>, mut duplicates: Duplicates) -> Reader {
        let streamed = stream(&mut reader, &mut policies, &mut duplicates, &mut self);
        match streamed {
            Ok(()) => self.whole.store(!self.stop.is_pulled(), Ordering::Release),
            Err(error) => self.stop.pull(Reason::Input(error.to_string())),
        }
        reader
    }

    fn send(&mut self, candidate: Candidate<'_>, in_doubt: bool) -> ControlFlow<()> {
        if self.stop.is_pulled() && self.unsent != Unsent::Described {
            return ControlFlow::Break(());
        }
        let row = candidate.take();
        if let Some(rehearsal) = &self.rehearsal {
            rehearsal.add_user(row.user());
        }
        self.describe(|| row.identity())?;
        match self.errands.blocking_send(Errand { row, in_doubt }) {
            // The run has ended: what was read of a pipe stands in the journal, as not sent.
            Err(_) if self.unsent == Unsent::Described => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
            Ok(()) => ControlFlow::Continue(()),
        }
    }

    fn leave(&mut self, identity: Identity, fate: Fate) -> ControlFlow<()> {
        if self.unsent == Unsent::OnTheRoll {
            return ControlFlow::Continue(());
        }
        let row = identity.row;
        self.describe(|| identity)?;
        self.tell(Event::Finished { row, digest: None, fate, at: SystemTime::now() })
    }

    fn describe(&mut self, identity: impl FnOnce() -> Identity) -> ControlFlow<()> {
        if self.unsent == Unsent::Described { self.tell(Event::Read(identity())) } else { ControlFlow::Continue(()) }
    }

    fn tell(&mut self, event: Event) -> ControlFlow<()> {
        if self.with_rows_in_hand.is_none() {
            self.with_rows_in_hand = self.events.upgrade();
        }
        match self.with_rows_in_hand.as_ref().and_then(|events| events.blocking_send(event).ok()) {
            Some(()) => ControlFlow::Continue(()),
            None => ControlFlow::Break(()),
        }
    }
}

impl Sink for Feed {
    fn wants_more(&mut self) -> bool {
        self.with_rows_in_hand = None;
        !self.stop.is_pulled()
    }

    fn take(&mut self, row: Checked<'_>) -> ControlFlow<()> {
        let standing = self.earlier.standing(row.number());
        match Lot::of(row) {
            _ if standing == Standing::LeftOut => ControlFlow::Continue(()),
            Lot::Sent(candidate) => self.send(candidate, standing == Standing::InDoubt),
            // It was sent once, whatever the file says now, and keeps the outcome that it has.
            Lot::Unsent(..) if standing != Standing::New => ControlFlow::Continue(()),
            Lot::Unsent(identity, fate) => self.leave(identity, fate),
        }
    }
}
