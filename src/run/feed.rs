//! One reader of a run: takes the rows of its share out of the input and hands them to the executor, and tells the journal of those that
//! are not sent. How many readers there are is left to `send`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use tokio::sync::mpsc;

use super::earlier::{Earlier, Standing};
use super::roll::Lot;
use crate::execute::{Errand, Reason, Stop};
use crate::input::Reader;
use crate::outcome::{Event, Fate};
use crate::preflight::Rehearsal;
use crate::row::Identity;
use crate::validate::{Candidate, Checked, Duplicates, Policies, Sink, stream};

/// Readers at the most. Each takes some three MiB.
const MOST_READERS: usize = 8;

/// One reader.
pub(super) struct Feed {
    pub errands: mpsc::Sender<Errand>,
    /// Weak, so that a reader that waits for its input does not keep the scribe waiting when the run has ended.
    pub events: mpsc::WeakSender<Event>,
    /// While rows are in hand the scribe waits for what there is to tell of them.
    pub with_rows_in_hand: Option<mpsc::Sender<Event>>,
    pub share: Share,
    pub unsent: Unsent,
    pub rehearsal: Option<Rehearsal>,
    pub earlier: Arc<Earlier>,
    pub stop: Stop,
    /// The readers that have read their input to its end.
    pub at_the_end: Arc<AtomicUsize>,
}

/// The rows that one reader sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// All.
    Everything,
    /// Those of these Regions.
    Regions(BTreeSet<String>),
}

impl Share {
    /// A share for each Region, or for a few where there are many. Those with the most rows come first, and last get company.
    pub(super) fn of(regions: &BTreeMap<String, u64>) -> Vec<Self> {
        let mut regions: Vec<_> = regions.iter().collect();
        regions.sort_by_key(|(_, rows)| std::cmp::Reverse(**rows));
        let mut shares = vec![BTreeSet::new(); regions.len().min(MOST_READERS)];
        for (place, (region, _)) in regions.into_iter().enumerate() {
            shares[place % MOST_READERS].insert(region.clone());
        }
        if shares.is_empty() { vec![Self::Everything] } else { shares.into_iter().map(Self::Regions).collect() }
    }

    fn has(&self, region: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Regions(regions) => regions.contains(region),
        }
    }
}

/// What the journal is told of rows that are not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsent {
    /// Nothing: it has them on its roll, or hears of them from another reader.
    LeftToOthers,
    /// Their end, which may be another one than when the run was begun.
    Told,
    /// All that can be said of them, and of the rows that are sent: the input cannot be read again.
    Described,
}

impl Feed {
    /// Reads the input to its end or until the run ends, and gives it back.
    pub(super) fn all(mut self, mut reader: Reader, mut policies: Policies<'static>, mut duplicates: Duplicates) -> Reader {
        let streamed = stream(&mut reader, &mut policies, &mut duplicates, &mut self);
        match streamed {
            Ok(()) if self.stop.is_pulled() => {}
            Ok(()) => drop(self.at_the_end.fetch_add(1, Ordering::Release)),
            Err(error) => self.stop.pull(Reason::Input(error.to_string())),
        }
        reader
    }

    fn send(&mut self, candidate: Candidate<'_>, in_doubt: bool) -> ControlFlow<()> {
        if !self.share.has(candidate.pool().region()) {
            return ControlFlow::Continue(());
        }
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
        if self.unsent == Unsent::LeftToOthers {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_region_has_a_reader_of_its_own_unless_there_are_many() {
        let regions = |rows: &[u64]| rows.iter().enumerate().map(|(at, rows)| (format!("r-{at:02}"), *rows)).collect();
        assert_eq!(Share::of(&regions(&[])), [Share::Everything]);
        let one = |names: &[&str]| Share::Regions(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(Share::of(&regions(&[5, 9])), [one(&["r-01"]), one(&["r-00"])]);
        let many = Share::of(&regions(&[1; 10]));
        assert_eq!((many.len(), &many[1]), (MOST_READERS, &one(&["r-01", "r-09"])));
    }
}
