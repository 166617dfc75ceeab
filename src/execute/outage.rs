//! When most of the last answers were none that can be trusted, the service is down, and to go on at full rate would only make one row
//! after the other `unknown`. Then nothing is sent for a while, and after that one call at a time, until one is answered.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::outcome::Class;

/// The answers that are looked at.
const LAST: usize = 32;
/// So many of them without one that can be trusted are an outage; less is a service that fails often.
const MOST: usize = 28;
/// The first pause. Each probe that comes to nothing doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The gate that is shut while the service is down.
pub(super) struct Outage {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    /// Whether each of the last answers was ambiguous.
    last: VecDeque<bool>,
    shut: Option<Shut>,
}

struct Shut {
    until: Instant,
    pause: Duration,
    probing: bool,
}

/// What a call leaves as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// One of many.
    Ordinary,
    /// The one that finds out whether the service is back.
    Probe,
}

impl Default for Outage {
    /// Whether the service is up is not known before it has answered, so that calls go one by one until one is. What is wrong with all
    /// calls is then wrong with one. And the calls after it find a connection: those that open one each would arrive late and together,
    /// more than a second's share of them.
    fn default() -> Self {
        let unknown = Shut { until: Instant::now(), pause: Duration::ZERO, probing: false };
        Self { state: Mutex::new(State { last: VecDeque::new(), shut: Some(unknown) }), changed: Notify::new() }
    }
}

impl Outage {
    /// Waits until a call may leave.
    pub(super) async fn pass(&self) -> Pass {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on a change is not missed, though it is not waited for yet.
            changed.as_mut().enable();
            let until = match &mut self.state().shut {
                None => return Pass::Ordinary,
                Some(shut) if shut.probing => None,
                Some(shut) if shut.until <= Instant::now() => {
                    shut.probing = true;
                    return Pass::Probe;
                }
                Some(shut) => Some(shut.until),
            };
            match until {
                None => changed.await,
                Some(until) => tokio::select! {
                    () = tokio::time::sleep_until(until) => {}
                    () = changed => {}
                },
            }
        }
    }

    /// Takes note of an answer. Gives the pause that begins with it, if one does.
    pub(super) fn answered(&self, pass: Pass, class: Class) -> Option<Duration> {
        let mut state = self.state();
        let in_vain = matches!(class, Class::Ambiguous | Class::NotSent);
        let pause = match (&mut state.shut, pass) {
            (None, _) => state.is_down(class).then_some(FIRST_PAUSE),
            // It left before the pause began, and says nothing about now.
            (Some(_), Pass::Ordinary) => return None,
            (Some(shut), Pass::Probe) => in_vain.then_some((shut.pause * 2).min(LONGEST_PAUSE)),
        };
        state.shut = pause.map(|pause| Shut { until: Instant::now() + pause, pause, probing: false });
        drop(state);
        self.changed.notify_waiters();
        pause.filter(|pause| !pause.is_zero())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Adds an answer, and says whether they now amount to an outage. A connection that was never made brings no answer: `retry` stops
    /// the run for that.
    fn is_down(&mut self, class: Class) -> bool {
        if class != Class::NotSent {
            self.last.push_back(class == Class::Ambiguous);
        }
        if self.last.len() > LAST {
            self.last.pop_front();
        }
        let down = self.last.len() == LAST && self.last.iter().filter(|ambiguous| **ambiguous).count() >= MOST;
        if down {
            self.last.clear();
        }
        down
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Of a service that has answered.
    async fn up() -> Outage {
        let outage = Outage::default();
        assert_eq!(outage.pass().await, Pass::Probe);
        assert_eq!(outage.answered(Pass::Probe, Class::Rejected), None);
        outage
    }

    async fn shut() -> Outage {
        let outage = up().await;
        for n in 0..LAST {
            assert_eq!(outage.pass().await, Pass::Ordinary);
            assert_eq!(outage.answered(Pass::Ordinary, Class::Ambiguous).is_some(), n == LAST - 1);
        }
        outage
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_probed_by_one_call_at_a_time_after_pauses_that_double() {
        let outage = shut().await;
        let mut last = Instant::now();
        for pause in [1, 2, 4, 8, 16, 30, 30] {
            assert_eq!(outage.pass().await, Pass::Probe);
            assert_eq!(last.elapsed().as_secs(), pause);
            let second = tokio::time::timeout(SECOND * 100, outage.pass()).await;
            assert!(second.is_err(), "a second call left beside the probe");
            assert!(outage.answered(Pass::Ordinary, Class::Set).is_none(), "a late answer says nothing");
            last = Instant::now();
            outage.answered(Pass::Probe, Class::Ambiguous);
        }
        assert_eq!(outage.pass().await, Pass::Probe);
        assert_eq!(outage.answered(Pass::Probe, Class::Throttled { retry_after: None }), None);
        assert_eq!(outage.pass().await, Pass::Ordinary);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_go_one_by_one_and_without_a_pause_until_one_is_answered() {
        let outage = Outage::default();
        for class in [Class::NotSent, Class::Ambiguous, Class::Set] {
            assert_eq!(outage.pass().await, Pass::Probe);
            assert!(tokio::time::timeout(SECOND, outage.pass()).await.is_err(), "a second call left beside the first");
            assert_eq!(outage.answered(Pass::Probe, class), None);
        }
        assert_eq!(outage.pass().await, Pass::Ordinary);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_goes_on_as_soon_as_a_probe_is_answered() {
        let outage = shut().await;
        assert_eq!(outage.pass().await, Pass::Probe);
        let before = Instant::now();
        let (waited, ()) = tokio::join!(outage.pass(), async {
            tokio::time::sleep(SECOND).await;
            outage.answered(Pass::Probe, Class::Set);
        });
        assert_eq!((waited, before.elapsed()), (Pass::Ordinary, SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_fails_often_is_no_outage() {
        let outage = up().await;
        for n in 0..1_000 {
            let class = if n % 5 == 0 { Class::Set } else { Class::Ambiguous };
            assert_eq!(outage.answered(Pass::Ordinary, class), None);
        }
    }
}
