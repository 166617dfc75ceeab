//! The second pass: readers, executor and scribe, side by side.
//!
//! Reading and validating stay outside the runtime, on threads of their own; so does the scribe. Between them stand bounded channels, so
//! that the slowest sets the pace and memory stays flat. Each Region has a reader of its own, so that Regions go side by side however the
//! file is sorted; what a reader does is left to `feed`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;

use super::budget::Budget;
use super::earlier::Earlier;
use super::feed::{Feed, Share, Unsent};
use super::{Job, scribe};
use crate::execute::{Reason, Stop, execute};
use crate::input::Reader;
use crate::journal::Writer;
use crate::preflight::{LeftOut, Refusal, Service};
use crate::report::{Pace, Progress};
use crate::validate::{Duplicates, Policies};

/// Rows and events that may wait between two stages.
const QUEUE: usize = 1024;

/// The rows of a run.
pub(super) struct Rows {
    pub reader: Reader,
    pub policies: Policies<'static>,
    pub duplicates: Duplicates,
    pub earlier: Earlier,
    /// Rows that would meet in the live pool what they must not.
    pub left_out: LeftOut,
    /// Rows to be sent, by Region; empty for an input that is read once.
    pub regions: BTreeMap<String, u64>,
}

/// What is left when all rows have been sent.
pub(super) struct Sent {
    /// The input, to be read once more for the report; `None` where it cannot be.
    pub reader: Option<Reader>,
    /// How fast it went.
    pub pace: Pace,
    /// Whether the input was read to its end.
    pub whole: bool,
    /// Why rows were left, if any were: a signal that comes later stops nothing.
    pub stopped: Option<Reason>,
}

/// Sends the rows, and returns when each that was begun has its end in the journal.
///
/// # Errors
/// [`Refusal`] where the input cannot be read; nothing was sent then.
pub(super) fn everything(
    job: &Job,
    service: &Service,
    rows: Rows,
    (journal, progress): (Writer, Progress),
    stop: &Stop,
) -> Result<Sent, Refusal> {
    let again = rows.reader.can_rewind();
    let (event_sender, events) = mpsc::channel(QUEUE);
    let shares = Share::of(&rows.regions);
    let (readers, earlier, left_out) = (shares.len(), Arc::new(rows.earlier), Arc::new(rows.left_out));
    let at_the_end = Arc::new(AtomicUsize::new(0));
    let mut passes = vec![(rows.reader, rows.policies, rows.duplicates)];
    for _ in 1..readers {
        let (reader, policies, duplicates) = &passes[0];
        let duplicates = duplicates.another().expect("a file that has Regions was surveyed");
        passes.push((reader.another()?, policies.another(), duplicates));
    }
    let (mut errands, mut feeding) = (Vec::new(), Vec::new());
    for ((reader, policies, duplicates), share) in passes.into_iter().zip(shares) {
        let (errand_sender, errand_receiver) = mpsc::channel(QUEUE);
        errands.push(errand_receiver);
        let feed = Feed {
            errands: errand_sender,
            events: event_sender.downgrade(),
            with_rows_in_hand: None,
            share,
            unsent: match (again, job.resume) {
                (false, _) => Unsent::Described,
                (true, Some(_)) if feeding.is_empty() => Unsent::Told,
                (true, _) => Unsent::LeftToOthers,
            },
            rehearsal: service.rehearsal.clone(),
            earlier: Arc::clone(&earlier),
            left_out: Arc::clone(&left_out),
            stop: stop.clone(),
            at_the_end: Arc::clone(&at_the_end),
        };
        feeding.push(std::thread::spawn(move || feed.all(reader, policies, duplicates)));
    }
    let pace = std::thread::scope(|scope| {
        let scribe = scope.spawn(|| scribe::keep(journal, events, progress, Budget::new(job.limits), stop));
        let work = execute(errands, Arc::clone(&service.cognito), &job.sending, event_sender, stop.clone());
        service.runtime.block_on(work);
        finished(scribe.join())
    });
    let stopped = stop.reason().cloned();
    // A reader of standard input may be waiting for a line that never comes, and is not needed any more.
    let reader = if again { feeding.into_iter().map(|feed| finished(feed.join())).reduce(|first, _| first) } else { None };
    Ok(Sent { reader, pace, whole: at_the_end.load(Ordering::Acquire) == readers, stopped })
}

/// What a thread gave; its panic goes on in this one.
fn finished<T>(joined: std::thread::Result<T>) -> T {
    joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
