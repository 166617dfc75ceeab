//! The one consumer of a run's events: journal, progress and budget, then whoever waits for the journal.
//!
//! Everything that has come is written and flushed together, so that one flush serves as many calls as wait for it.

use std::time::{Duration, Instant, SystemTime};

use tokio::sync::mpsc;

use super::budget::Budget;
use crate::execute::{Reason, Stop};
use crate::journal::Writer;
use crate::outcome::Event;
use crate::report::{Pace, Progress};

/// Events written together at the most.
const GROUP: usize = 1024;
/// Events that come sooner after a flush are many, and worth waiting for one another: 20,000 rows against a local server take 2.0 s so and
/// 2.2 s otherwise (`make bench`). At the rates that Cognito allows it never happens.
const BUSY: Duration = Duration::from_millis(2);
/// How long they wait.
const A_MOMENT: Duration = Duration::from_micros(300);

/// Takes events until all senders are gone, and gives how fast it went. A journal that cannot be written stops
/// the run, and so does a budget that is spent; calls that wait for the journal then never leave.
pub(super) fn keep(
    mut journal: Writer,
    mut events: mpsc::Receiver<Event>,
    mut progress: Progress,
    mut budget: Budget,
    stop: &Stop,
) -> Pace {
    let mut group = Vec::with_capacity(GROUP);
    let mut flushed = Instant::now();
    while events.blocking_recv_many(&mut group, GROUP) > 0 {
        if flushed.elapsed() < BUSY {
            gather(&mut events, &mut group);
        }
        for event in &group {
            note(&mut journal, event);
            progress.observe(event);
            if let Some(reason) = budget.spend(event) {
                tracing::info!(?reason, "stopping");
                stop.pull(reason);
            }
        }
        if let Err(error) = journal.flush() {
            stop.pull(Reason::Journal(error.to_string()));
            group.clear();
        }
        flushed = Instant::now();
        for event in group.drain(..) {
            if let Event::Intent { durable, .. } = event {
                // A call that no longer waits has been withdrawn.
                let _ = durable.send(());
            }
        }
    }
    // All that matters is on the disk. A last record that is missing, or room that is not given back, loses nothing.
    let _ = journal.close();
    progress.finish()
}

/// Waits a moment for more events, and takes what has come.
fn gather(events: &mut mpsc::Receiver<Event>, group: &mut Vec<Event>) {
    std::thread::sleep(A_MOMENT);
    while group.len() < GROUP
        && let Ok(event) = events.try_recv()
    {
        group.push(event);
    }
}

fn note(journal: &mut Writer, event: &Event) {
    match event {
        Event::Read(identity) => journal.row(identity),
        Event::Intent { row, digest, attempt, .. } => journal.intent(*row, *digest, *attempt),
        Event::Pausing(pause) => tracing::info!(?pause, "pausing: most of the last answers cannot be trusted"),
        Event::Allowed { .. } | Event::AllBegun { .. } => {}
        Event::Retrying { row, digest, so_far, .. } => journal.result(*row, Some(*digest), so_far, SystemTime::now()),
        Event::Finished { row, digest, fate, at } => journal.result(*row, *digest, fate, *at),
    }
}
