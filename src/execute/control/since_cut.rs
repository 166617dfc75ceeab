//! What was answered since the rate was cut, and what it tells.

use std::time::Duration;

use tokio::time::Instant;

use super::tuning::ALARM;

/// The answers since a cut.
#[derive(Clone, Copy)]
pub(super) struct SinceCut {
    at: Instant,
    /// When the request had left whose throttled answer led to the cut.
    from: Instant,
    /// Whether the rate was a guess.
    is_guess: bool,
    /// When requests may leave again, if the service asked to wait, and how long it asked them to in all.
    resumes: Instant,
    paused: Duration,
    /// Requests let through.
    admitted: u32,
    /// Of what left between the one that led to the cut and the cut, what was let through.
    episode_admitted: u32,
    /// Throttled answers of the episode: the one that led to the cut, and those to what left before it.
    episode: u32,
    /// Throttled answers to what left after the cut that came too soon to be judged.
    too_soon: u32,
    /// Of what left after the cut, what was let through.
    fresh_admitted: u32,
    /// Of the same, what was throttled.
    fresh_throttled: u32,
    /// How much speaks for it that throttling goes on, in throttled answers: a cumulative sum (CUSUM) of what is throttled beyond the
    /// share that is noise.
    evidence: f64,
}

impl SinceCut {
    /// After a cut at `at` for the throttled answer to what left at `from`.
    pub(super) fn new(from: Instant, at: Instant) -> Self {
        Self {
            at,
            from,
            is_guess: false,
            resumes: at,
            paused: Duration::ZERO,
            admitted: 0,
            episode_admitted: 0,
            episode: 1,
            too_soon: 0,
            fresh_admitted: 0,
            fresh_throttled: 0,
            evidence: 0.0,
        }
    }

    /// Where the rate has arrived at `at` without a throttled answer.
    pub(super) fn arrived(at: Instant) -> Self {
        Self { episode: 0, ..Self::new(at, at) }
    }

    /// Where the rate was set to a guess at `at`, for throttled answers that are paid for.
    pub(super) fn guessed(at: Instant) -> Self {
        Self { is_guess: true, ..Self::arrived(at) }
    }

    /// `chance` is the share of throttled answers that is put down to it.
    pub(super) fn admitted(&mut self, sent: Instant, chance: f64) {
        self.admitted = self.admitted.saturating_add(1);
        if sent > self.at {
            self.fresh_admitted = self.fresh_admitted.saturating_add(1);
            self.evidence = (self.evidence - chance).max(0.0);
        } else if sent >= self.from {
            self.episode_admitted = self.episode_admitted.saturating_add(1);
        }
    }

    /// Says whether the request left after the cut: one that left before belongs to the episode that led to it.
    pub(super) fn throttled(&mut self, sent: Instant) -> bool {
        let is_fresh = sent > self.at;
        if is_fresh {
            self.fresh_throttled = self.fresh_throttled.saturating_add(1);
            self.evidence += 1.0;
        } else {
            self.episode = self.episode.saturating_add(1);
        }
        is_fresh
    }

    /// The same with one more throttled answer that came too soon to be judged.
    pub(super) fn left_unjudged(self) -> Self {
        Self { too_soon: self.too_soon.saturating_add(1), ..self }
    }

    pub(super) fn at(&self) -> Instant {
        self.at
    }

    pub(super) fn length(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.at)
    }

    /// Tells that from `now` on nothing leaves before `resumes`.
    pub(super) fn pause(&mut self, now: Instant, resumes: Instant) {
        self.paused += resumes.saturating_duration_since(self.resumes.max(now));
        self.resumes = self.resumes.max(resumes);
    }

    /// For how long requests have left at the new rate.
    pub(super) fn tried_for(&self, now: Instant) -> Duration {
        self.length(now).saturating_sub(self.paused)
    }

    /// Whether what left before the cut is answered, as far as the answers come in their order.
    pub(super) fn is_over(&self) -> bool {
        self.fresh_admitted > 0
    }

    /// Requests a second that left between the one that was throttled first and the cut.
    pub(super) fn episode_rate(&self) -> f64 {
        self.episode_answers() / self.at.saturating_duration_since(self.from).as_secs_f64()
    }

    /// The share of those that was let through.
    pub(super) fn episode_share(&self) -> f64 {
        f64::from(self.episode_admitted) / self.episode_answers()
    }

    fn episode_answers(&self) -> f64 {
        f64::from(self.episode_admitted) + f64::from(self.episode)
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
        self.admitted >= price.saturating_mul(self.costs())
    }

    /// Whether the rate was a guess, against which one throttled answer does not speak.
    pub(super) fn is_guess(&self) -> bool {
        self.is_guess
    }

    /// How many throttled answers the episode had, and what followed it.
    pub(super) fn costs(&self) -> u32 {
        self.episode.saturating_add(self.too_soon)
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
