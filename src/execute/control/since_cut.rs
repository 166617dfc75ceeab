//! What was answered since the rate was cut, and what it tells.

use std::time::Duration;

use tokio::time::Instant;

use super::tuning::{ALARM, MEASURE, NOISE};

/// The answers since a cut.
#[derive(Clone, Copy)]
pub(super) struct SinceCut {
    at: Instant,
    /// Requests let through.
    admitted: u32,
    /// Throttled answers of the episode that led to the cut: the one that did, and those to what left before it.
    episode: u32,
    /// Of what left after the cut, what was let through.
    fresh_admitted: u32,
    /// Of the same, what was throttled.
    fresh_throttled: u32,
    /// How much speaks for it that throttling goes on, in throttled answers: a cumulative sum (CUSUM) of what is throttled beyond the
    /// share that is noise.
    evidence: f64,
}

impl SinceCut {
    pub(super) fn new(at: Instant) -> Self {
        Self { at, admitted: 0, episode: 1, fresh_admitted: 0, fresh_throttled: 0, evidence: 0.0 }
    }

    /// The same of an episode that is paid for.
    pub(super) fn paid(at: Instant) -> Self {
        Self { episode: 0, ..Self::new(at) }
    }

    pub(super) fn admitted(&mut self, sent: Instant) {
        self.admitted = self.admitted.saturating_add(1);
        if sent > self.at {
            self.fresh_admitted = self.fresh_admitted.saturating_add(1);
            self.evidence = (self.evidence - NOISE).max(0.0);
        }
    }

    /// Says whether the request left after the cut: one that left before belongs to the episode that led to it.
    pub(super) fn throttled(&mut self, sent: Instant) -> bool {
        let is_fresh = sent > self.at;
        if is_fresh {
            self.fresh_throttled = self.fresh_throttled.saturating_add(1);
            self.evidence += 1.0;
        } else {
            self.add_to_the_episode();
        }
        is_fresh
    }

    /// Counts a throttled answer to the episode that led to the cut.
    pub(super) fn add_to_the_episode(&mut self) {
        self.episode = self.episode.saturating_add(1);
    }

    pub(super) fn length(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.at)
    }

    /// Whether enough was answered by now to judge by, where a round trip is so long: not all of it left before the cut.
    pub(super) fn can_be_judged(&self, now: Instant, round_trip: Duration) -> bool {
        self.length(now) >= MEASURE.max(round_trip * 2)
    }

    /// Whether what left before the cut is answered, as far as the answers come in their order.
    pub(super) fn is_over(&self) -> bool {
        self.fresh_admitted > 0
    }

    /// The answers of the episode: to what was in flight when it was first throttled, and that one.
    pub(super) fn episode_answers(&self) -> f64 {
        self.episode_admitted() + f64::from(self.episode)
    }

    /// The share of them that was let through.
    pub(super) fn episode_share(&self) -> f64 {
        self.episode_admitted() / self.episode_answers()
    }

    fn episode_admitted(&self) -> f64 {
        f64::from(self.admitted.saturating_sub(self.fresh_admitted))
    }

    pub(super) fn has_admitted(&self) -> bool {
        self.admitted > 0
    }

    /// Whether what was throttled may be a matter of chance.
    pub(super) fn is_noise(&self) -> bool {
        self.evidence < ALARM
    }

    /// Whether each throttled answer of the episode is paid for by so many requests let through.
    pub(super) fn has_paid(&self, price: u32) -> bool {
        self.admitted >= price.saturating_mul(self.episode)
    }

    pub(super) fn is_paid(&self) -> bool {
        self.episode == 0
    }

    /// How many throttled answers the episode had.
    pub(super) fn costs(&self) -> f64 {
        f64::from(self.episode)
    }

    /// Requests let through in a second.
    pub(super) fn admitted_rate(&self, now: Instant) -> f64 {
        f64::from(self.admitted) / self.length(now).as_secs_f64()
    }

    /// The share of what left after the cut that was let through.
    pub(super) fn admitted_share(&self) -> f64 {
        f64::from(self.fresh_admitted) / f64::from(self.fresh_admitted.saturating_add(self.fresh_throttled))
    }
}
