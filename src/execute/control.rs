//! How much the service allows below the cap, learned from its answers.
//!
//! An episode of throttling costs one small cut, however many answers it has: the rate at which throttling began is close to what the
//! service allows. Where throttling goes on after a cut, a burst is used up and what is still admitted is the quota itself: then the
//! rate is set to that. After a cut the rate rests, then climbs, slowly at first and ever faster, so that near the old rate it creeps,
//! and a quota that has grown sixfold is found within half a minute. The constants are those that did best in `tests/bench/pace.rs`
//! over token buckets of 30 and 120 a second with and without a burst, aligned windows, changes and live traffic. The hard cap is left
//! to `pace`.

use std::f64::consts::LN_2;
use std::time::Duration;

use tokio::time::Instant;

/// Where an unknown quota is approached from: the documented quota of AdminSetUserPassword, in requests a second.
const DOCUMENTED_QUOTA: f64 = 30.0;
/// The factor by which the rate grows in a second, until the first throttled answer.
const FIRST_GROWTH: f64 = 1.4;
/// What a cut takes of the rate.
const CUT: f64 = 0.05;
/// How long the rate rests after a cut.
const REST: Duration = Duration::from_millis(2_300);
/// How long admitted requests are counted after a cut before their rate is believed.
const MEASURE: Duration = Duration::from_millis(370);
/// By how much of itself the rate grows in a second when a climb begins.
const CLIMB: f64 = 0.0033;
/// How long a climb takes to become twice as steep, in seconds.
const STEEPER: f64 = 3.5;
/// The slowest rate, in requests a second.
const FLOOR: f64 = 0.5;

/// The pacer's guess at what the service allows. It is a pure function of what it is told, and when.
pub struct Controller {
    /// In requests a second; infinite where there is no cap.
    cap: f64,
    /// The rate at `since`.
    base: f64,
    /// When the rate was last changed by an answer: since then it follows its curve.
    since: Instant,
    /// Whether an answer has been throttled yet: then `since` is the last cut.
    cut: bool,
    /// Requests let through since the last cut.
    admitted: u64,
    /// When the next request may leave.
    next: Instant,
}

impl Controller {
    /// Starts at the cap, or at the documented quota where that is lower; without a cap it does not hold back until it is throttled.
    pub fn new(cap: Option<f64>, now: Instant) -> Self {
        let base = cap.map_or(f64::INFINITY, |cap| cap.min(DOCUMENTED_QUOTA));
        Self { cap: cap.unwrap_or(f64::INFINITY), base, since: now, cut: false, admitted: 0, next: now }
    }

    /// When the next request may leave: in the past, or now, if at once.
    pub fn due(&self) -> Instant {
        self.next
    }

    /// Counts a request that leaves now.
    pub fn sent(&mut self, now: Instant) {
        let rate = self.rate(now);
        if rate < self.cap {
            self.next = self.next.max(now) + Duration::from_secs_f64(1.0 / rate);
        }
    }

    /// Tells that a request was let through.
    pub fn admitted(&mut self) {
        self.admitted += 1;
    }

    /// Tells that the request that left at `sent` was throttled, and how long the service asked to wait. One that left before the last
    /// cut belongs to the same episode, and changes nothing.
    pub fn throttled(&mut self, sent: Instant, now: Instant, retry_after: Option<Duration>) {
        if let Some(wait) = retry_after {
            self.next = self.next.max(now + wait);
        }
        let rate = if self.rate(now).is_finite() { self.rate(now) } else { DOCUMENTED_QUOTA };
        let after_cut = rate * (1.0 - CUT);
        let since_cut = now.saturating_duration_since(self.since);
        let base = match self.cut {
            true if sent <= self.since || since_cut < MEASURE => return,
            true if since_cut < REST => after_cut.min(self.admitted as f64 / since_cut.as_secs_f64()),
            _ => after_cut,
        };
        self.base = base.max(FLOOR);
        self.since = now;
        self.cut = true;
        self.admitted = 0;
    }

    /// The rate that throttled answers taught, in requests a second, where it is below the cap.
    pub fn allowed(&self, now: Instant) -> Option<f64> {
        Some(self.rate(now)).filter(|rate| self.cut && *rate < self.cap)
    }

    fn rate(&self, now: Instant) -> f64 {
        let growth = if self.cut {
            let climbing = now.saturating_duration_since(self.since + REST).as_secs_f64();
            // The integral of a growth of CLIMB that doubles every STEEPER seconds.
            (CLIMB * STEEPER / LN_2 * ((climbing / STEEPER).exp2() - 1.0)).exp()
        } else {
            FIRST_GROWTH.powf(now.saturating_duration_since(self.since).as_secs_f64())
        };
        (self.base * growth).min(self.cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_episode_of_throttled_answers_cuts_the_rate_once() {
        let start = Instant::now();
        let mut controller = Controller::new(Some(20.0), start);
        for _ in 0..10 {
            controller.throttled(start, start + SECOND, None);
        }
        assert_eq!(controller.allowed(start + SECOND), Some(19.0));
    }

    #[test]
    fn where_throttling_goes_on_the_rate_becomes_what_is_still_admitted() {
        let start = Instant::now();
        let mut controller = Controller::new(Some(20.0), start);
        controller.throttled(start, start, None);
        for _ in 0..4 {
            controller.admitted();
        }
        controller.throttled(start + MEASURE / 2, start + MEASURE / 2, None);
        assert_eq!(controller.allowed(start + SECOND / 2), Some(19.0));
        controller.throttled(start + SECOND / 2, start + SECOND / 2, None);
        assert_eq!(controller.allowed(start + SECOND / 2), Some(8.0));
    }

    #[test]
    fn the_rate_rests_then_climbs_back_to_the_cap_and_no_further() {
        let start = Instant::now();
        let mut controller = Controller::new(Some(20.0), start);
        controller.throttled(start, start, None);
        assert_eq!(controller.allowed(start + REST), Some(19.0));
        assert!(controller.allowed(start + REST + SECOND).is_some_and(|rate| (19.05..19.2).contains(&rate)));
        assert_eq!(controller.allowed(start + SECOND * 30), None);
        assert_eq!(controller.allowed(start + SECOND * 100_000), None);
    }

    #[test]
    fn a_cap_above_the_documented_quota_is_approached_from_it() {
        let start = Instant::now();
        let controller = Controller::new(Some(200.0), start);
        assert!((29.9..30.1).contains(&controller.rate(start)));
        assert!((41.9..42.1).contains(&controller.rate(start + SECOND)));
        assert!((199.9..=200.0).contains(&controller.rate(start + SECOND * 30)));
    }

    #[test]
    fn the_service_is_asked_no_sooner_than_it_said() {
        let start = Instant::now();
        let mut controller = Controller::new(Some(20.0), start);
        controller.throttled(start, start, Some(SECOND * 7));
        assert_eq!(controller.due(), start + SECOND * 7);
    }

    #[test]
    fn a_run_without_a_cap_holds_back_only_once_it_is_throttled() {
        let start = Instant::now();
        let mut controller = Controller::new(None, start);
        controller.sent(start);
        assert_eq!(controller.due(), start);
        controller.throttled(start, start + SECOND, None);
        controller.sent(start + SECOND);
        assert!(controller.due() > start + SECOND);
    }
}
