//! How much the service allows below the cap, learned from its answers.
//!
//! An unknown quota is climbed towards in steps, each judged by the answers to what left after the one before. The first throttled
//! answer sends the climb back to where it began, because a service that saves requests up lets a burst through before it throttles.
//! What is in flight then tells whether this one did: once a burst is used up, hardly any of it is let through; where much is, the climb
//! begins again at that share of the rate it reached. From then on there is a rate that is thought to be `sustained`, and a `ceiling` at
//! which requests were throttled.
//!
//! - Where the two are far apart, the ceiling is approached, by a share of the way in each step. What is throttled on the way lowers the
//!   ceiling and not the sustained rate; what is not raises the latter.
//! - Where they are near, the rate rests, and is then probed: it steps above the sustained one, by very little where the quota is known
//!   well and by more where it is not or where few requests are in flight, and the excess grows with every round trip that throttles
//!   nothing. A throttled answer ends the probe. Throttled answers are a budget over the run: while it is overdrawn, a rest is as long
//!   as the last episode was costly, or, where few requests are in flight, as one throttled answer has it.
//! - At rest, and on the way to the ceiling, a throttled answer may be a matter of chance: a service without a burst throttles what comes
//!   a millisecond early. Only more of them than chance would have speak against the rate, or than the budget has once no more can be
//!   owed.
//! - Where throttling goes on right after a cut, the growth was an illusion (saved-up requests), unless the cut left nearly nothing of it,
//!   and the rate goes back to where it came from. Where that is no news the quota has shrunk. The share that is still let through says by
//!   how much if requests are saved up; without a burst every other one is throttled just above the quota. The rate goes to the geometric
//!   mean of the two.
//! - Where nothing is let through at all, the rate falls to the floor, and doubles with every round trip once something is.
//!
//! The steps are left to `growth`, what follows a throttled answer to `cuts`, what was answered since to `since_cut`, the constants to
//! `tuning`, and the hard cap to `pace`.

use std::mem;
use std::time::Duration;

use tokio::time::Instant;

use self::since_cut::SinceCut;
use self::tuning::{
    BUDGET, DOCUMENTED_QUOTA, FIRST_GROWTH, FLOOR, HIGHEST, LARGEST_STEP, LEAST_USED, MEASURE, MEASURED_ROUND_TRIPS, MOST_OWED, NOISE,
    NOISY, STEP,
};

mod cuts;
mod growth;
mod since_cut;
mod tuning;

/// How well the sustained rate is known.
#[derive(Clone, Copy, PartialEq)]
enum Known {
    /// It is only where the first climb began again.
    Climbing,
    /// It was measured, or is the last step of a growth.
    Roughly,
    /// It was throttled near it.
    Well,
}

/// The pacer's guess at what the service allows. It is a pure function of what it is told, and when.
pub struct Controller {
    /// In requests a second.
    cap: f64,
    /// Where the first climb begins.
    start: f64,
    rate: f64,
    /// The rates before the last step and before the last but one: what left at the latter has been answered, and was let through.
    before: f64,
    tested: f64,
    /// The rate that the service is thought to sustain: where the last cut led that left something to judge by, where the ceiling was
    /// arrived at, or where the climb was taken up again; 0 where nothing is known yet.
    sustained: f64,
    known: Known,
    /// The rate at which what was throttled last had left, while that says something about the quota; else 0.
    ceiling: f64,
    /// Whether the last step ended the approach to the ceiling, so that the rate is the sustained one if it is not throttled.
    arrives: bool,
    /// The same of what the first climb had throttled, until what was in flight then is answered.
    summit: Option<f64>,
    /// Where the rate goes back to if the last growth was an illusion; 0 if it was none.
    fallback: f64,
    /// Whether the last growth was an illusion, so that the service is thought to save requests up.
    saves_up: bool,
    /// None before the first cut.
    since_cut: Option<SinceCut>,
    /// When the rate was last judged: answers to what left before say nothing about it.
    judged: Instant,
    /// After this, what leaves does so at the rate, and no longer at the one before.
    stepped: Instant,
    /// How many throttled answers the budget still allows; negative where it is overdrawn.
    credit: f64,
    /// When the last request left, or is to leave, and how many times the usual interval is kept after it.
    last: Instant,
    stretch: f64,
    /// Nothing leaves sooner, because the service asked for it.
    not_before: Instant,
    /// Requests sent since the rate could last have grown.
    used: u32,
}

impl Controller {
    /// Starts at the cap, or at the documented quota where that is lower; without a cap it does not hold back until it is throttled.
    pub fn new(cap: Option<f64>, now: Instant) -> Self {
        let rate = cap.map_or(HIGHEST, |cap| cap.min(DOCUMENTED_QUOTA));
        Self {
            cap: cap.unwrap_or(HIGHEST),
            start: rate.min(DOCUMENTED_QUOTA),
            rate,
            before: rate,
            tested: rate,
            sustained: 0.0,
            known: Known::Climbing,
            ceiling: 0.0,
            arrives: false,
            summit: None,
            fallback: 0.0,
            saves_up: false,
            since_cut: None,
            judged: now,
            stepped: now,
            credit: 0.0,
            last: now,
            stretch: 0.0,
            not_before: now,
            used: 0,
        }
    }

    /// When the next request may leave: in the past, or now, if at once.
    pub fn due(&self) -> Instant {
        if self.rate < self.cap { self.not_before.max(self.last + self.interval()) } else { self.not_before }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs_f64(self.stretch / self.rate)
    }

    /// Counts a request that is to leave at `moment`. `jitter`, from 0 to 1, is for a storm, in which nothing is let through at the
    /// slowest rate: there it picks the wait out of twice its usual length ("full jitter"), so that several runs do not knock in step.
    pub fn sent(&mut self, moment: Instant, jitter: f64) {
        let storm = self.rate <= self.floor() && !self.since_cut.is_some_and(|since_cut| since_cut.has_admitted());
        self.stretch = if storm { 2.0 * jitter } else { 1.0 };
        self.last = self.last.max(moment);
        self.used = self.used.saturating_add(1);
    }

    /// Tells that a request has left only now, so that none follows sooner than the rate has it, unless it has its moment already.
    pub fn left(&mut self, now: Instant) {
        self.last = self.last.max(now);
    }

    /// Tells that the request that left at `sent` was let through. One that left since the rate was last judged lets it grow.
    pub fn admitted(&mut self, sent: Instant, now: Instant) {
        self.credit = (self.credit + BUDGET).min(MOST_OWED);
        let owes_the_most = self.credit < 1.0 - MOST_OWED;
        if let Some(since_cut) = &mut self.since_cut {
            since_cut.admitted(sent, if owes_the_most { BUDGET } else { NOISE });
        }
        let step = now.saturating_duration_since(self.judged);
        if sent <= self.judged || step < STEP {
            return;
        }
        let is_used = f64::from(mem::take(&mut self.used)) >= (self.rate * step.as_secs_f64()).floor() * LEAST_USED;
        self.judged = now;
        if self.resumes_the_climb(now) || !is_used {
            return;
        }
        if self.arrives {
            self.sustained = self.rate;
            self.known = Known::Well;
            self.fallback = 0.0;
            return self.begin_anew(SinceCut::arrived(now));
        }
        let next = match self.since_cut {
            None => self.rate * (FIRST_GROWTH * self.cap.sqrt() * step.as_secs_f64()).exp().min(LARGEST_STEP),
            Some(since_cut) => self.next_rate(&since_cut, now),
        };
        self.tested = mem::replace(&mut self.before, self.rate);
        self.stepped = self.due().max(now);
        self.rate = next.min(self.cap);
    }

    /// Tells that the request that left at `sent` was throttled, and how long the service asked to wait. One that left before the last
    /// cut belongs to the same episode, and cuts nothing.
    pub fn throttled(&mut self, sent: Instant, now: Instant, retry_after: Option<Duration>) {
        self.answer_throttled(sent, now);
        if let (Some(wait), Some(since_cut)) = (retry_after, &mut self.since_cut) {
            self.not_before = self.not_before.max(now + wait);
            since_cut.pause(now, self.not_before);
        }
    }

    fn answer_throttled(&mut self, sent: Instant, now: Instant) {
        self.credit = (self.credit - 1.0).max(-MOST_OWED);
        let Some(since_cut) = &mut self.since_cut else {
            return self.begin_climb_anew(sent, now);
        };
        if !since_cut.throttled(sent) {
            return;
        }
        let since_cut = *since_cut;
        self.judged = now;
        if self.may_be_chance(&since_cut) {
            return;
        }
        if since_cut.tried_for(now) >= MEASURE.max(now.saturating_duration_since(sent).mul_f64(MEASURED_ROUND_TRIPS)) {
            self.cut(&since_cut, sent, now);
        } else {
            self.since_cut = Some(since_cut.left_unjudged());
        }
    }

    /// Whether what was throttled may be a matter of chance: at rest, on the way to the ceiling, and where the rate is a guess.
    fn may_be_chance(&self, since_cut: &SinceCut) -> bool {
        let is_at_rest = self.known != Known::Climbing && self.rate <= self.sustained;
        let is_expected = self.rate > NOISY && (is_at_rest || self.approaches()) || since_cut.is_guess();
        is_expected && since_cut.has_admitted() && since_cut.is_noise()
    }

    /// The slowest rate.
    fn floor(&self) -> f64 {
        FLOOR.min(self.cap)
    }

    /// The rate that throttled answers taught, in requests a second, where it is below the cap.
    pub fn allowed(&self) -> Option<f64> {
        Some(self.rate).filter(|rate| self.since_cut.is_some() && *rate < self.cap)
    }
}

#[cfg(test)]
mod tests;
