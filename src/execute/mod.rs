//! Valid rows × something that sets passwords → events.
//!
//! Each Region has a lane of its own, with its own pacer and its own calls in flight. A row is carried to its end by one task, which
//! makes every attempt through the lane's gates. Nothing here knows a file, a terminal or a flag; what happens is told in
//! [`Event`]s alone, and a run ends early only by [`Stop`].

pub mod alarm;
pub mod cap;
mod carry;
pub mod control;
mod lane;
mod outage;
pub mod pace;
mod ready;
pub mod retry;
mod stop;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use self::alarm::Alarm;
use self::cap::Cap;
use self::lane::Lane;
pub use self::stop::{Reason, Stop};
use crate::cognito::SetPassword;
use crate::outcome::Event;
use crate::validate::ValidRow;

/// Rows read ahead for each Region, so that Regions which share a channel do not stop one another at once. A few hundred bytes each.
const LOOK_AHEAD: usize = 1024;

/// A row to be sent, and what is known of it from before.
#[derive(Debug)]
pub struct Errand {
    /// The row.
    pub row: ValidRow,
    /// Whether an attempt of an earlier run may have been applied.
    pub in_doubt: bool,
}

/// How rows are sent.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most attempts a second, for each Region.
    pub cap: Cap,
    /// The most calls in flight, for each Region.
    pub max_concurrency: NonZeroUsize,
    /// How long calls in flight may go on after a stop.
    pub grace: Duration,
    /// When to give a row up.
    pub limits: retry::Limits,
    /// Makes what wakes the pacer of a Region.
    pub alarm: fn() -> Alarm,
}

impl Settings {
    /// Calls in flight that hold `cap` while answers take three seconds, 4 at the least and 512 at the most, which leaves room below the
    /// 1,024 files that a process usually may open; 64 without a cap. It is a ceiling: a call takes its place for as long as it is under
    /// way, so that a run has as many connections as its rate and latency ask for, and no more.
    pub fn concurrency_for(cap: Cap) -> NonZeroUsize {
        const SLOW_ANSWER: f64 = 3.0;
        let wanted = cap.per_second().map_or(64, |rate| (rate * SLOW_ANSWER).ceil().clamp(4.0, 512.0) as usize);
        NonZeroUsize::new(wanted).expect("it is 4 at the least")
    }
}

/// Sends the row of every errand until all channels close or `stop` is pulled, and returns when each row taken has its `Finished` event. The
/// rows of a Region come through one channel, which holds no others back. Rows still in a channel at a stop are left there. A full `events`
/// channel holds the run back.
pub async fn execute<C: SetPassword>(
    errands: Vec<mpsc::Receiver<Errand>>,
    cognito: Arc<C>,
    settings: &Settings,
    events: mpsc::Sender<Event>,
    stop: Stop,
) {
    let tasks = TaskTracker::new();
    for errands in errands {
        let makings = Makings { cognito: Arc::clone(&cognito), settings: settings.clone(), events: events.clone(), stop: stop.clone() };
        tasks.spawn(route(errands, makings, tasks.clone()));
    }
    drop(events);
    tasks.close();
    tasks.wait().await;
}

/// What lanes are made of.
struct Makings<C> {
    cognito: Arc<C>,
    settings: Settings,
    events: mpsc::Sender<Event>,
    stop: Stop,
}

/// Gives each errand to the lane of its Region.
async fn route<C: SetPassword>(mut errands: mpsc::Receiver<Errand>, makings: Makings<C>, tasks: TaskTracker) {
    let Makings { cognito, settings, events, stop } = makings;
    let mut lanes: BTreeMap<String, mpsc::Sender<Errand>> = BTreeMap::new();
    while let Some(errand) = stop.unless_pulled(errands.recv()).await.flatten() {
        let region = errand.row.user().pool.region();
        if !lanes.contains_key(region) {
            let (sender, receiver) = mpsc::channel(LOOK_AHEAD);
            let lane = Lane::new(region.to_owned(), Arc::clone(&cognito), &settings, events.clone(), stop.clone());
            tasks.spawn(lane::run(Arc::new(lane), receiver, tasks.clone()));
            lanes.insert(region.to_owned(), sender);
        }
        if lanes[region].send(errand).await.is_err() {
            break;
        }
    }
}
