//! How much the service allows below the cap, learned from its throttled answers.
//!
//! Additive increase, multiplicative decrease: one cut for an episode of throttling and not one for each of its answers, a pause, then
//! a slow climb. The constants are those that did best in a simulation of token buckets of 30 and 120 a second at 80 ms round trip.
//! The hard cap is left to `pace`.

use std::time::Duration;

use tokio::time::Instant;

/// Where an unknown quota is approached from: the documented quota of AdminSetUserPassword, in requests a second.
const DOCUMENTED_QUOTA: f64 = 30.0;
/// The factor by which the rate grows in a second, until the first throttled answer.
const GROWTH: f64 = 1.5;
/// What an episode of throttling leaves of the rate.
const CUT: f64 = 0.9;
/// How long the rate rests after a cut.
const HOLD: Duration = Duration::from_secs(1);
/// The climb after the first cut, in a second: this share of the rate, and [`LEAST_CLIMB`] at least.
const CLIMB: f64 = 0.02;
/// In requests a second, each second.
const LEAST_CLIMB: f64 = 1.0;
/// The slowest rate, in requests a second.
const FLOOR: f64 = 0.5;
/// How far a late attempt may be caught up with.
const SLACK: Duration = Duration::from_millis(5);

/// The pacer's guess at what the service allows.
pub(super) struct Controller {
    /// In attempts a second; infinite where there is no cap.
    cap: f64,
    rate: f64,
    /// Whether no answer has been throttled yet.
    unthrottled: bool,
    last_cut: Instant,
    last_climb: Instant,
    next: Instant,
}

impl Controller {
    /// Starts at the cap, or at the documented quota where that is lower; without a cap it does not hold back until it is throttled.
    pub(super) fn new(cap: Option<f64>, now: Instant) -> Self {
        let rate = cap.map_or(f64::INFINITY, |cap| cap.min(DOCUMENTED_QUOTA));
        Self { cap: cap.unwrap_or(f64::INFINITY), rate, unthrottled: true, last_cut: now, last_climb: now, next: now }
    }

    /// When the next attempt may leave: in the past or now if at once.
    pub(super) fn due(&mut self, now: Instant) -> Instant {
        self.climb(now);
        self.next
    }

    /// Counts an attempt that leaves now.
    pub(super) fn sent(&mut self, now: Instant) {
        if self.rate < self.cap {
            let earliest = now.checked_sub(SLACK).unwrap_or(now);
            self.next = self.next.max(earliest) + Duration::from_secs_f64(1.0 / self.rate);
        }
    }

    /// Cuts the rate, unless the attempt left before the last cut could show.
    pub(super) fn throttled(&mut self, sent: Instant, now: Instant, retry_after: Option<Duration>) {
        if let Some(wait) = retry_after {
            self.next = self.next.max(now + wait);
        }
        if !self.unthrottled && sent <= self.last_cut {
            return;
        }
        let from = if self.rate.is_finite() { self.rate } else { DOCUMENTED_QUOTA };
        self.rate = (from * CUT).max(FLOOR);
        self.unthrottled = false;
        self.last_cut = now;
        self.last_climb = now + HOLD;
    }

    /// The rate where it is below the cap.
    pub(super) fn allowed(&mut self, now: Instant) -> Option<f64> {
        self.climb(now);
        (self.rate < self.cap && !self.unthrottled).then_some(self.rate)
    }

    fn climb(&mut self, now: Instant) {
        let seconds = now.saturating_duration_since(self.last_climb).as_secs_f64();
        if seconds <= 0.0 {
            return;
        }
        self.rate =
            if self.unthrottled { self.rate * GROWTH.powf(seconds) } else { self.rate + (self.rate * CLIMB).max(LEAST_CLIMB) * seconds };
        self.rate = self.rate.min(self.cap);
        self.last_climb = now;
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
        assert_eq!(controller.allowed(start + SECOND), Some(18.0));
        controller.throttled(start + SECOND * 2, start + SECOND * 2, None);
        assert!(controller.allowed(start + SECOND * 2).is_some_and(|rate| rate < 17.0));
    }

    #[test]
    fn the_rate_climbs_back_to_the_cap_and_no_further() {
        let start = Instant::now();
        let mut controller = Controller::new(Some(20.0), start);
        controller.throttled(start, start, None);
        assert!(controller.allowed(start + SECOND * 2).is_some_and(|rate| (18.9..19.1).contains(&rate)));
        assert_eq!(controller.allowed(start + SECOND * 10), None);
    }

    #[test]
    fn a_cap_above_the_documented_quota_is_approached_from_it() {
        let start = Instant::now();
        let mut controller = Controller::new(Some(200.0), start);
        controller.climb(start + SECOND);
        assert!((44.9..45.1).contains(&controller.rate));
        controller.climb(start + SECOND * 30);
        assert!((199.9..=200.0).contains(&controller.rate));
    }

    #[test]
    fn the_service_is_asked_no_sooner_than_it_said() {
        let start = Instant::now();
        let mut controller = Controller::new(Some(20.0), start);
        controller.throttled(start, start, Some(SECOND * 7));
        assert_eq!(controller.due(start), start + SECOND * 7);
    }
}
