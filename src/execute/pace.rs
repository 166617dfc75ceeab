//! When the next attempt may leave: never above the cap, and below it as fast as the service lets us.
//!
//! An attempt is given its moment a little ahead ([`Pacer::slot`]), so that it can be got ready and still leave in time
//! ([`Pacer::depart`]). The moments are a plan, put off when attempts leave late; the gate that each passes last is governor's GCRA on
//! tokio's clock, which holds whenever it comes.
//!
//! Whoever wakes late would lose that time for good if the period were exact (3 % of 30 a second for a millisecond). So an attempt may
//! come up to `SLACK` earlier than its period after a late one, and the period is lengthened to pay for it: with period
//! (1 s + slack) / cap, a half-open second holds at most ceil((1 s + slack) / period) = ceil(cap) attempts, whatever the wakes do.
//! governor counts in whole cells, so an attempt is `CELLS` of them, and the slack a number of cells on top. What the service allows
//! below the cap is left to `control`.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

use super::alarm::Alarm;
use super::cap::Cap;
use super::control::Controller;
use crate::outcome::HeldBack;

/// How late a wake may be without costing rate. 5 ms cost half a percent of the cap, and cover a busy machine's scheduler.
const SLACK: Duration = Duration::from_millis(5);
/// Cells of the limiter that one attempt takes.
const CELLS: NonZeroU32 = NonZeroU32::new(1_000).expect("it is not zero");

/// Tokio's clock for governor: the time since the pacer was made. A paused clock pauses it.
#[derive(Clone, Debug)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What every attempt of one Region passes before it leaves, in the order in which they come.
pub struct Pacer {
    started: Instant,
    alarm: Alarm,
    /// Whoever waits for the next slot holds this.
    waiting: tokio::sync::Mutex<()>,
    plan: Mutex<Plan>,
    hard: Option<Hard>,
    soft: Mutex<Controller>,
    held_back: Mutex<HeldBack>,
}

impl Pacer {
    /// A pacer that starts now.
    pub fn new(cap: Cap) -> Self {
        let started = Instant::now();
        Self {
            started,
            alarm: Alarm::of_tokio(),
            waiting: tokio::sync::Mutex::default(),
            plan: Mutex::new(Plan { next: started, given: 0 }),
            hard: cap.per_second().map(|rate| Hard::new(rate, started)),
            soft: Mutex::new(Controller::new(cap.per_second(), started)),
            held_back: Mutex::default(),
        }
    }

    /// The same, with another alarm than tokio's for departures.
    pub fn woken_by(self, alarm: Alarm) -> Self {
        Self { alarm, ..self }
    }

    /// Waits until the next moment at which an attempt may leave is at most `ahead` away, and gives it. Dropped while waiting, it takes
    /// nothing.
    pub async fn slot(&self, ahead: Duration) -> Slot {
        let _waiting = self.waiting.lock().await;
        // A moment that is waited for does not come sooner because the rate rose meanwhile: that counts from the next one on.
        let mut moment = self.started;
        loop {
            let now = Instant::now();
            let allowed = self.soft().due();
            moment = moment.max(self.plan().next).max(allowed).max(now);
            if moment <= now + ahead {
                self.soft().sent(moment, rand::random());
                return self.plan().give(moment, self.period());
            }
            tokio::time::sleep_until(moment - ahead).await;
            if moment > allowed {
                self.held_back().by_cap += now.elapsed();
            } else if self.allowed().is_some() {
                self.held_back().by_service += now.elapsed();
            }
        }
    }

    /// Waits for the moment of a slot, and gives the one at which the attempt leaves: it must do so at once.
    pub async fn depart(&self, slot: Slot) -> Instant {
        self.alarm.until(slot.moment).await;
        let mut slack = SLACK;
        while let Err(due) = self.take() {
            slack = Duration::ZERO;
            self.alarm.until(due).await;
        }
        let left = Instant::now();
        self.soft().left(left);
        self.plan().put_off(slot, left - slack, self.period());
        left
    }

    /// Waits for a slot of an attempt that needs no getting ready, and gives the moment at which it leaves.
    pub async fn ready(&self) -> Instant {
        let slot = self.slot(Duration::ZERO).await;
        self.depart(slot).await
    }

    /// Tells that the attempt that left at `sent` was let through, whatever else its answer said.
    pub fn admitted(&self, sent: Instant) {
        self.soft().admitted(sent, Instant::now());
    }

    /// Tells that the attempt that left at `sent` was throttled, and how long the service asked to wait.
    pub fn throttled(&self, sent: Instant, retry_after: Option<Duration>) {
        self.soft().throttled(sent, Instant::now(), retry_after);
    }

    /// The rate that the service is thought to allow, in attempts a second, where it is below the cap.
    pub fn allowed(&self) -> Option<f64> {
        self.soft().allowed()
    }

    /// How long calls were held back by now, and by which of the two. Answers are not the pacer's.
    pub fn held_back(&self) -> MutexGuard<'_, HeldBack> {
        self.held_back.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time between two attempts at the cap; none where there is no cap.
    fn period(&self) -> Duration {
        self.hard.as_ref().map_or(Duration::ZERO, |hard| hard.period)
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn soft(&self) -> MutexGuard<'_, Controller> {
        self.soft.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an attempt from the cap, or says when to come back.
    fn take(&self) -> Result<(), Instant> {
        let Some(hard) = &self.hard else { return Ok(()) };
        let taken = hard.limiter.check_n(CELLS).expect("the quota's burst holds an attempt");
        taken.map_err(|not_until| self.started + not_until.earliest_possible())
    }
}

/// A moment at which an attempt may leave.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    moment: Instant,
    number: u64,
}

/// Which slots the cap will have, if attempts leave in time.
struct Plan {
    /// The earliest moment of the next slot.
    next: Instant,
    /// The slots given so far.
    given: u64,
}

impl Plan {
    fn give(&mut self, moment: Instant, period: Duration) -> Slot {
        let slot = Slot { moment, number: self.given };
        self.given += 1;
        self.next = self.next.max(moment - SLACK) + period;
        slot
    }

    /// Puts off what is not given yet: the attempt of `slot` left at `left` only, and all of those behind it have yet to follow. Otherwise
    /// more and more of them would wait at the gate, stall by stall.
    fn put_off(&mut self, slot: Slot, left: Instant, period: Duration) {
        let periods = u32::try_from(self.given - slot.number).unwrap_or(u32::MAX);
        self.next = self.next.max(left + period * periods);
    }
}

/// The cap.
struct Hard {
    period: Duration,
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>,
}

impl Hard {
    fn new(rate: f64, started: Instant) -> Self {
        let period = (Duration::from_secs(1) + SLACK).div_f64(rate);
        let cell = Duration::from_nanos((period.as_nanos() as u64).div_ceil(u64::from(CELLS.get())));
        let slack = u32::try_from(SLACK.as_nanos() / cell.as_nanos()).unwrap_or(u32::MAX);
        let quota = Quota::with_period(cell).expect("a cell is not zero: the highest rate gives 100 ns");
        let quota = quota.allow_burst(CELLS.saturating_add(slack));
        Self { period: cell * CELLS.get(), limiter: RateLimiter::direct_with_clock(quota, TokioClock(started)) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    fn paused() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime")
    }

    /// A pacer that does not begin below its cap.
    fn of_the_cap_alone(rate: &str) -> Pacer {
        Pacer { soft: Mutex::new(Controller::new(None, Instant::now())), ..Pacer::new(rate.parse().expect("a rate")) }
    }

    /// The attempts that leave in `length` when the caller is always late by up to `late`.
    fn departures(rate: &str, length: Duration, late: impl Fn(usize) -> Duration) -> Vec<Duration> {
        departures_of(|| Pacer::new(rate.parse().expect("a rate")), length, late)
    }

    fn departures_of(pacer: impl Fn() -> Pacer, length: Duration, late: impl Fn(usize) -> Duration) -> Vec<Duration> {
        paused().block_on(async {
            let pacer = pacer();
            let started = Instant::now();
            let mut left = Vec::new();
            while started.elapsed() < length {
                left.push(pacer.ready().await - started);
                tokio::time::advance(late(left.len())).await;
            }
            left
        })
    }

    const AHEAD: Duration = Duration::from_millis(4);

    fn worst_second(left: &[Duration]) -> usize {
        let within = |first: usize| left.partition_point(|at| *at < left[first] + Duration::from_secs(1)) - first;
        (0..left.len()).map(within).max().unwrap_or_default()
    }

    #[test]
    fn high_caps_are_reached_within_two_percent_though_timers_count_in_milliseconds() {
        for (rate, expected) in [("1000", 5_000.0), ("3333", 16_665.0), ("10000", 50_000.0)] {
            let left = departures_of(|| of_the_cap_alone(rate), Duration::from_secs(5), |_| Duration::ZERO);
            assert!(left.len() as f64 >= expected * 0.98, "{rate}: {}", left.len());
            assert!(worst_second(&left) as f64 <= expected / 5.0, "{rate}: {}", worst_second(&left));
        }
    }

    #[test]
    fn a_cap_is_reached_within_one_percent_though_timers_wake_late() {
        for (rate, expected) in [("1", 60.0), ("15", 900.0), ("30", 1800.0)] {
            let left = departures(rate, Duration::from_secs(60), |n| Duration::from_micros(n as u64 * 137 % 1900));
            assert!(left.len() as f64 >= expected * 0.99, "{rate}: {}", left.len());
        }
    }

    #[test]
    fn an_attempt_that_waits_for_its_moment_does_not_leave_sooner_because_the_rate_rises_meanwhile() {
        paused().block_on(async {
            let pacer = Pacer::new("200".parse().expect("a rate"));
            while pacer.allowed().is_none_or(|rate| rate > 2.0) {
                tokio::time::advance(Duration::from_secs(1)).await;
                pacer.throttled(Instant::now(), None);
            }
            let first = pacer.ready().await;
            pacer.admitted(first);
            let second = pacer.ready().await;
            let rate = pacer.allowed().expect("it was throttled");
            let rises = async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                pacer.admitted(second);
                assert!(pacer.allowed() > Some(rate));
            };
            let third = async { pacer.depart(pacer.slot(AHEAD).await).await };
            let (third, ()) = tokio::join!(third, rises);
            assert!(third >= second + Duration::from_secs(1).div_f64(rate), "{:?} at {rate}/s", third - second);
        });
    }

    #[test]
    fn attempts_do_not_pile_up_at_the_gate_however_often_the_machine_stalls() {
        for (rate, stall) in [("15", 100), ("120", 50)] {
            paused().block_on(async {
                let pacer = Arc::new(of_the_cap_alone(rate));
                let started = Instant::now();
                let mut attempts = tokio::task::JoinSet::new();
                let mut stalled = 0;
                while started.elapsed() < Duration::from_secs(100) {
                    let slot = pacer.slot(AHEAD).await;
                    let pacer = Arc::clone(&pacer);
                    attempts.spawn(async move { pacer.depart(slot).await - slot.moment });
                    if started.elapsed().as_secs() > stalled {
                        stalled += 1;
                        tokio::time::advance(Duration::from_millis(stall)).await;
                    }
                }
                let late = attempts.join_all().await.into_iter().max().expect("an attempt");
                assert!(late <= Duration::from_millis(stall) + SLACK * 2, "{rate}: {late:?}");
            });
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_second_holds_more_attempts_than_the_cap(
            rate in prop_oneof![0.1f64..400.0, 400.0f64..10_000.0],
            delays in prop::collection::vec(prop_oneof![0u64..40_000, 0u64..50], 1..50),
        ) {
            let left = departures(&format!("{rate:.3}"), Duration::from_secs(4), |n| Duration::from_micros(delays[n % delays.len()]));
            prop_assert!(worst_second(&left) <= rate.ceil() as usize, "{rate}: {}", worst_second(&left));
        }

        #[test]
        fn attempts_got_ready_ahead_leave_neither_early_nor_above_the_cap_however_late_some_are(
            rate in prop_oneof![0.1f64..400.0, 400.0f64..10_000.0],
            delays in prop::collection::vec(prop_oneof![0u64..4_000, 0u64..80_000], 1..10),
        ) {
            let departures = paused().block_on(async {
                let pacer = Arc::new(Pacer::new(format!("{rate:.3}").parse().expect("a rate")));
                let started = Instant::now();
                let mut attempts = tokio::task::JoinSet::new();
                while started.elapsed() < Duration::from_secs(3) {
                    let slot = pacer.slot(AHEAD).await;
                    let spell = started.elapsed().as_millis() as usize / 300;
                    let (pacer, delay) = (Arc::clone(&pacer), Duration::from_micros(delays[spell % delays.len()]));
                    attempts.spawn(async move {
                        tokio::time::sleep(delay).await;
                        pacer.depart(slot).await;
                        (slot.moment - started, started.elapsed())
                    });
                }
                attempts.join_all().await
            });
            prop_assert!(departures.iter().all(|(moment, left)| left >= moment));
            let mut left: Vec<Duration> = departures.into_iter().map(|(_, left)| left).collect();
            left.sort();
            prop_assert!(worst_second(&left) <= rate.ceil() as usize, "{rate}: {}", worst_second(&left));
        }

        #[test]
        fn callers_that_give_up_waiting_take_nothing_and_starve_nobody(
            rate in 1.0f64..200.0,
            patience in prop::collection::vec(1u64..300, 1..30),
        ) {
            let (mut left, mut given_up) = (Vec::new(), 0);
            paused().block_on(async {
                let pacer = of_the_cap_alone(&format!("{rate:.3}"));
                let started = Instant::now();
                while started.elapsed() < Duration::from_secs(20) {
                    let wait = Duration::from_millis(patience[(left.len() + given_up) % patience.len()]);
                    match tokio::time::timeout(wait, pacer.ready()).await {
                        Ok(at) => left.push(at - started),
                        Err(_) => given_up += 1,
                    }
                }
            });
            prop_assert!(worst_second(&left) <= rate.ceil() as usize);
            prop_assert!(left.len() as f64 >= rate * 20.0 * 0.98 - 1.0, "{} left of {}, {given_up} gave up", left.len(), rate * 20.0);
        }

        #[test]
        fn a_throttled_service_is_never_given_up_and_never_sent_more_than_the_cap(
            rate in 1.0f64..100.0,
            throttles in prop::collection::vec(any::<bool>(), 1..50),
        ) {
            let left = paused().block_on(async {
                let pacer = Pacer::new(format!("{rate:.3}").parse().expect("a rate"));
                let started = Instant::now();
                let mut left = Vec::new();
                while started.elapsed() < Duration::from_secs(20) {
                    let sent = pacer.ready().await;
                    left.push(sent - started);
                    if throttles[left.len() % throttles.len()] {
                        pacer.throttled(sent, None);
                    }
                }
                left
            });
            prop_assert!(worst_second(&left) <= rate.ceil() as usize);
            prop_assert!(left.len() >= 5, "starved: {}", left.len());
        }
    }
}
