//! The one consumer of a run's events: journal first, then whoever waits for it, then progress.
//!
//! Everything that has come is written and flushed together, so that one flush serves as many calls as wait for it.

use tokio::sync::mpsc;

use crate::execute::{Reason, Stop};
use crate::journal::Writer;
use crate::outcome::Event;
use crate::report::{Pace, Progress};

/// Events written together at the most.
const GROUP: usize = 1024;

/// Takes events until all senders are gone, and gives how fast it went. A journal that cannot be written stops
/// the run; calls that wait for it then never leave.
pub(super) fn keep(mut journal: Writer, mut events: mpsc::Receiver<Event>, mut progress: Progress, stop: &Stop) -> Pace {
    let mut group = Vec::with_capacity(GROUP);
    while events.blocking_recv_many(&mut group, GROUP) > 0 {
        for event in &group {
            note(&mut journal, event);
            progress.observe(event);
        }
        if let Err(error) = journal.flush() {
            stop.pull(Reason::Journal(error.to_string()));
            group.clear();
        }
        for event in group.drain(..) {
            if let Event::Intent { durable, .. } = event {
                // A call that no longer waits has been withdrawn.
                let _ = durable.send(());
            }
        }
    }
    progress.finish()
}

fn note(journal: &mut Writer, event: &Event) {
    match event {
        Event::Read(identity) => journal.row(identity),
        Event::Intent { row, digest, attempt, .. } => journal.intent(*row, *digest, *attempt),
        Event::Retrying { .. } => {}
        Event::Finished { row, digest, fate, at } => journal.result(*row, *digest, fate, *at),
    }
}
