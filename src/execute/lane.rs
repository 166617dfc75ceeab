//! One Region's lane: its gates, and the loop that lets its rows in.
//!
//! The gates stand in this order: a place among the few that may be ready ahead of their turn, one among the calls in flight,
//! credentials at hand, the gate that an outage shuts, the intent in the journal, a slot of the pacer, and, once the call is signed, the
//! cap. A token held while waiting for a disk would turn into a burst, so the token comes last; an intent written long before its call
//! makes one more `unknown` at a crash, so `ready` lets few rows through.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::carry::carry;
use super::outage::Outage;
use super::pace::Pacer;
use super::ready::Ready;
use super::retry::Limits;
use super::{Errand, Reason, Settings, Stop};
use crate::outcome::{Class, Event, Fate, HeldBack};
use crate::validate::ValidRow;

/// What the service allows is told when it has changed by more than this share: a probe is no news.
const A_LITTLE: f64 = 0.03;
/// Rows that may wait for another attempt at once, for each call in flight. When that many are in trouble, no further rows are begun.
const WAITING_FOR_EACH_CALL: usize = 8;

/// What the tasks of one Region share.
pub(super) struct Lane<C> {
    region: String,
    pub(super) cognito: Arc<C>,
    pub(super) pacer: Arc<Pacer>,
    pub(super) outage: Outage,
    pub(super) limits: Limits,
    pub(super) grace: Duration,
    pub(super) stop: Stop,
    pub(super) contact: Contact,
    events: mpsc::Sender<Event>,
    begun: Arc<Semaphore>,
    in_flight: Arc<Semaphore>,
    ready: Ready,
    /// What was last told of what the service allows.
    allowed: Mutex<Option<f64>>,
}

/// The right to make one attempt: a place among those made ready, and one among the calls in flight.
pub(super) struct Turn {
    pub(super) ready: OwnedSemaphorePermit,
    pub(super) in_flight: OwnedSemaphorePermit,
    /// How long it was waited for because as many calls were in flight as may be.
    for_answers: Duration,
}

/// Whether the service can be reached. Where it has answered in this run its endpoint is right, and an outage is waited for.
#[derive(Default)]
pub(super) struct Contact(Mutex<Reach>);

#[derive(Clone, Copy, Default)]
enum Reach {
    #[default]
    NeverMade,
    Made,
    LostSince(Instant),
}

impl Contact {
    /// Takes note of what came of an attempt that left at `sent`.
    pub(super) fn note(&self, class: Class, sent: Instant) {
        let mut reach = self.reach();
        *reach = match (class, *reach) {
            (Class::NotSent, Reach::Made) => Reach::LostSince(sent),
            (Class::NotSent, unreached) => unreached,
            _ => Reach::Made,
        };
    }

    /// Whether the service has answered in this run.
    pub(super) fn was_made(&self) -> bool {
        !matches!(*self.reach(), Reach::NeverMade)
    }

    /// For how long it has been out of reach.
    pub(super) fn lost_for(&self) -> Duration {
        match *self.reach() {
            Reach::LostSince(since) => since.elapsed(),
            Reach::NeverMade | Reach::Made => Duration::ZERO,
        }
    }

    fn reach(&self) -> MutexGuard<'_, Reach> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> Lane<C> {
    pub(super) fn new(region: String, cognito: Arc<C>, settings: &Settings, events: mpsc::Sender<Event>, stop: Stop) -> Self {
        let calls = settings.max_concurrency;
        Self {
            region,
            cognito,
            pacer: Arc::new(Pacer::new(settings.cap).woken_by((settings.alarm)())),
            outage: Outage::default(),
            limits: settings.limits,
            grace: settings.grace,
            stop,
            contact: Contact::default(),
            events,
            begun: Arc::new(Semaphore::new(calls.get().saturating_mul(WAITING_FOR_EACH_CALL))),
            in_flight: Arc::new(Semaphore::new(calls.get())),
            ready: Ready::new(settings.cap, calls),
            allowed: Mutex::default(),
        }
    }

    /// Waits for the right to make an attempt.
    pub(super) async fn turn(&self) -> Turn {
        let ready = self.ready.place().await;
        let full = Instant::now();
        let in_flight = permit(&self.in_flight).await;
        Turn { ready, in_flight, for_answers: full.elapsed() }
    }

    /// Takes note that a call leaves, so that another row may be made ready.
    pub(super) fn leave(&self, ready: OwnedSemaphorePermit) {
        self.ready.leave(ready, self.pacer.allowed());
    }

    /// Waits until the intent of an attempt is on the disk. `None` when it cannot be, and then the run has been stopped.
    pub(super) async fn intend(&self, row: &ValidRow, attempt: u32) -> Option<()> {
        let (durable, answer) = oneshot::channel();
        let begun = Instant::now();
        self.tell(Event::Intent { row: row.number(), digest: row.digest(), attempt, durable }).await;
        let written = answer.await.ok();
        self.ready.written_in(begun.elapsed());
        if written.is_none() {
            self.stop.pull(Reason::Journal("the intent of a call could not be written".to_owned()));
        }
        written
    }

    pub(super) async fn tell_retry(&self, row: &ValidRow, class: Class, so_far: Fate) {
        self.tell(Event::Retrying { row: row.number(), digest: row.digest(), so_far, class }).await;
        self.tell_allowed().await;
    }

    pub(super) async fn tell_pause(&self, pause: Duration) {
        self.tell(Event::Pausing(pause)).await;
    }

    pub(super) async fn tell_end(&self, row: &ValidRow, fate: Fate) {
        self.tell(Event::Finished { row: row.number(), digest: Some(row.digest()), fate, at: SystemTime::now() }).await;
        self.tell_allowed().await;
    }

    async fn tell_allowed(&self) {
        let rate = self.pacer.allowed();
        if self.is_news(rate) {
            self.tell(Event::Allowed { region: self.region.clone(), rate }).await;
        }
    }

    /// Whether a rate that the service allows has yet to be told; then it counts as told.
    fn is_news(&self, rate: Option<f64>) -> bool {
        let mut told = self.allowed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = differs(*told, rate);
        if is_news {
            *told = rate;
        }
        is_news
    }

    /// A receiver that has gone has failed, and will say so itself.
    async fn tell(&self, event: Event) {
        let _ = self.events.send(event).await;
    }
}

/// Lets rows in until there are no more, or until the run is stopped, and tells what held them back. A row already begun goes before a
/// new one: of the new ones, only one waits for a turn at a time.
pub(super) async fn run<C: crate::cognito::SetPassword>(lane: Arc<Lane<C>>, mut errands: mpsc::Receiver<Errand>, tasks: TaskTracker) {
    let mut for_answers = Duration::ZERO;
    let mut next = async || {
        let begun = permit(&lane.begun).await;
        let errand = errands.recv().await?;
        let turn = lane.turn().await;
        for_answers += turn.for_answers;
        Some((begun, errand, turn))
    };
    while let Some((begun, errand, turn)) = lane.stop.unless_pulled(next()).await.flatten() {
        let lane = Arc::clone(&lane);
        tasks.spawn(async move {
            carry(&lane, errand, turn).await;
            drop(begun);
        });
    }
    let held_back = HeldBack { by_answers: for_answers, ..*lane.pacer.held_back() };
    lane.tell(Event::AllBegun { region: lane.region.clone(), held_back }).await;
}

/// Whether a rate differs so much from the one told before that it is worth telling.
fn differs(before: Option<f64>, now: Option<f64>) -> bool {
    match (before, now) {
        (Some(before), Some(now)) => (now - before).abs() > before * A_LITTLE,
        (before, now) => before.is_some() != now.is_some(),
    }
}

async fn permit(places: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    Arc::clone(places).acquire_owned().await.expect("a lane's semaphores are never closed")
}
