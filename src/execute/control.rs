//! How much the service allows below the cap, learned from its answers.
//!
//! An unknown quota is climbed towards in steps, each judged by the answers to what left after the one before. The first throttled
//! answer sends the climb back to where it began, because a service that saves requests up lets a burst through before it throttles.
//! From then on there is a rate that is thought to be `sustained`. After a rest it is probed: the rate steps above it, by very little
//! where the quota is known well, and by more where it is not, and the excess grows with every round trip that throttles nothing. A
//! throttled answer ends the probe, and cuts the rate to what the step before last has shown to be allowed. Throttled answers are a
//! budget over the run: while it is overdrawn, a rest is as long as the last episode was costly, so that a slow service, whose probes
//! cost one call, is probed every few seconds. Where throttling goes on right after a cut, the growth was an illusion (saved-up
//! requests), and the rate goes back to where it came from, or, where that is no news, what is still admitted is the quota itself. Where
//! nothing is admitted at all, the rate falls to the floor, and comes back with the first answers. The constants were searched for with
//! `tests/bench/pace.rs`. The hard cap is left to `pace`.

use std::mem;
use std::time::Duration;

use tokio::time::Instant;

/// Where an unknown quota is approached from: the documented quota of AdminSetUserPassword, in requests a second.
const DOCUMENTED_QUOTA: f64 = 30.0;
/// The highest rate that a cap can have, in requests a second. A run without a cap that was throttled climbs up to it.
const HIGHEST: f64 = 10_000.0;
/// The slowest rate, in requests a second.
const FLOOR: f64 = 0.5;
/// The growth of the first climb in a second, as an exponent for each square root of the cap: 5,000 is reached in a second, and 200 so
/// slowly that a quota of 30 with a burst of 30 costs about eight throttled answers.
const FIRST_GROWTH: f64 = 0.09;
/// The largest factor of a step in the first climb, for round trips so long that the growth of a second would jump to the cap.
const LARGEST_STEP: f64 = 1.6;
/// The shortest time between two steps: with round trips of 20 ms, a climb would outrun a saved-up burst.
const STEP: Duration = Duration::from_millis(60);
/// The factor by which the excess over the sustained rate grows in a step, and from `FAR` on the rate itself.
const GROWTH: f64 = 1.16;
/// The same while the excess is below `NEAR`: a sustained rate that is a little too low is put right in small steps.
const NEAR_GROWTH: f64 = 1.07;
/// Up to this excess, as a share of the sustained rate, throttling is put down to the sustained rate itself.
/// It is also the first excess of a probe where the sustained rate is a rough guess.
const NEAR: f64 = 0.02;
/// The first excess of a probe where the sustained rate has proved right, as a share of it: a quota that is hardly higher is met in
/// steps that it can be told from.
const FINE_EXCESS: f64 = 0.002;
/// The first excess where the first climb begins again, as a share: with more, aligned windows are overrun by a dozen calls once more.
const CLIMB_EXCESS: f64 = 0.04;
/// From this multiple of the sustained rate on, the quota has surely grown: what is saved up in a rest does not last that far.
const FAR: f64 = 1.31;
/// What a cut takes of a rate near the sustained one, as a share: more wastes a quota without a burst, less is throttled again sooner.
const CUT: f64 = 0.012;
/// The share of the answers that may be throttled before rests become long: well below the target of 1 %, because a quota that
/// changes costs more, and because no rest is endless.
const BUDGET: f64 = 0.004;
/// The most throttled answers that are saved up or owed, so that neither a quiet night nor a storm counts for longer than minutes.
const MOST_OWED: f64 = 10.0;
/// How long the rate rests for each throttled answer of the last episode, in seconds, while the budget is overdrawn; and the longest
/// such rest: a quota that has grown is found by then.
const REST: (f64, f64) = (3.9, 11.8);
/// How many admitted requests pay for a throttled one before the next probe, whatever the budget: long round trips have long episodes.
const PRICE: u32 = 31;
/// How long answers are counted after a cut before they are believed: at least so long, and two round trips, so that not all of them
/// left before the cut.
const MEASURE: Duration = Duration::from_millis(160);
/// The factor by which the measured rate is believed: a service without a burst lets less through while it throttles than it allows.
const BELIEVED: f64 = 1.04;
/// Throttling so soon after a cut means that it goes on. In seconds, or in requests at the present rate where that is longer.
const GOES_ON: (f64, f64) = (1.7, 7.0);
/// The least of its rate that a cut leaves.
const LEAST_LEFT: f64 = 0.4;

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
    /// The rate that the last cut led to, which the service is thought to sustain; 0 where nothing is known yet.
    sustained: f64,
    known: Known,
    /// Where the rate goes back to if the last growth was an illusion; 0 if it was none.
    fallback: f64,
    /// Whether the last growth was an illusion, so that the service is thought to save requests up.
    saves_up: bool,
    /// When the last cut was.
    cut: Option<Instant>,
    /// When the rate was last judged: answers to what left before say nothing about it.
    judged: Instant,
    /// Requests let through since the last cut.
    admitted: u32,
    /// Throttled answers since the last cut, with the one that led to it.
    throttled: u32,
    /// How many throttled answers the budget still allows; negative where it is overdrawn.
    credit: f64,
    /// When the next request may leave.
    next: Instant,
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
            fallback: 0.0,
            saves_up: false,
            cut: None,
            judged: now,
            admitted: 0,
            throttled: 0,
            credit: 0.0,
            next: now,
        }
    }

    /// When the next request may leave: in the past, or now, if at once.
    pub fn due(&self) -> Instant {
        self.next
    }

    /// Counts a request that leaves now. `jitter`, from 0 to 1, is for a storm, in which nothing is let through at the slowest rate:
    /// there it picks the wait out of twice its usual length ("full jitter"), so that several runs do not knock in step.
    pub fn sent(&mut self, now: Instant, jitter: f64) {
        let storm = self.rate <= FLOOR && self.admitted == 0;
        let wait = if storm { 2.0 * jitter } else { 1.0 } / self.rate;
        if self.rate < self.cap {
            self.next = self.next.max(now) + Duration::from_secs_f64(wait);
        }
    }

    /// Tells that the request that left at `sent` was let through. One that left since the rate was last judged lets it grow.
    pub fn admitted(&mut self, sent: Instant, now: Instant) {
        self.admitted = self.admitted.saturating_add(1);
        self.credit = (self.credit + BUDGET).min(MOST_OWED);
        let step = now.saturating_duration_since(self.judged);
        if sent <= self.judged || step < STEP {
            return;
        }
        self.judged = now;
        let rate = match self.cut {
            None => self.rate * (FIRST_GROWTH * self.cap.sqrt() * step.as_secs_f64()).exp().min(LARGEST_STEP),
            Some(_) if self.rate < self.sustained => (self.rate * GROWTH).min(self.sustained),
            Some(_) if self.rate >= self.sustained * FAR => {
                self.saves_up = false;
                self.rate * GROWTH
            }
            Some(cut) if self.rate <= self.sustained && self.rests(now.saturating_duration_since(cut)) => self.rate,
            Some(_) => self.sustained + self.next_excess(),
        };
        self.tested = mem::replace(&mut self.before, self.rate);
        self.rate = rate.min(self.cap);
    }

    /// Tells that the request that left at `sent` was throttled, and how long the service asked to wait. One that left before the last
    /// cut belongs to the same episode, and cuts nothing.
    pub fn throttled(&mut self, sent: Instant, now: Instant, retry_after: Option<Duration>) {
        if let Some(wait) = retry_after {
            self.next = self.next.max(now + wait);
        }
        self.throttled = self.throttled.saturating_add(1);
        self.credit = (self.credit - 1.0).max(-MOST_OWED);
        let Some(cut) = self.cut else {
            return self.begin_climb_anew(now);
        };
        if sent <= cut {
            return;
        }
        self.judged = now;
        let since_cut = now.saturating_duration_since(cut);
        if since_cut < MEASURE.max(now.saturating_duration_since(sent) * 2) {
            return;
        }
        if self.admitted == 0 {
            self.rate = (self.rate * LEAST_LEFT).max(FLOOR);
        } else {
            self.rate = self.after_cut(since_cut.as_secs_f64()).max(FLOOR);
            self.sustained = self.rate;
        }
        self.begin_anew(now);
    }

    /// The rate that throttled answers taught, in requests a second, where it is below the cap.
    pub fn allowed(&self) -> Option<f64> {
        Some(self.rate).filter(|rate| self.cut.is_some() && *rate < self.cap)
    }

    fn rests(&self, since_cut: Duration) -> bool {
        if self.known == Known::Climbing {
            return since_cut < MEASURE;
        }
        let rest = (REST.0 * f64::from(self.throttled)).min(REST.1);
        let overdrawn = self.credit < 0.0 && since_cut.as_secs_f64() < rest;
        overdrawn || self.admitted < PRICE.saturating_mul(self.throttled)
    }

    fn next_excess(&self) -> f64 {
        let growth = if self.is_near() { NEAR_GROWTH } else { GROWTH };
        let first = match self.known {
            Known::Climbing => CLIMB_EXCESS,
            Known::Roughly => NEAR,
            Known::Well => FINE_EXCESS,
        };
        ((self.rate - self.sustained) * growth).max(self.sustained * first)
    }

    fn is_near(&self) -> bool {
        self.rate < self.sustained * (1.0 + NEAR)
    }

    fn after_cut(&mut self, since_cut: f64) -> f64 {
        let goes_on = since_cut < GOES_ON.0.max(GOES_ON.1 / self.rate);
        let fallback = mem::replace(&mut self.fallback, 0.0);
        if goes_on && (fallback..fallback * FAR).contains(&self.rate) {
            self.saves_up = self.known != Known::Climbing;
            self.known = Known::Well;
            return fallback;
        }
        let measured = f64::from(self.admitted) / since_cut;
        let near = self.is_near();
        let far = self.rate >= self.sustained * FAR;
        if self.saves_up && !goes_on && !far && self.rate > self.sustained {
            // What was saved up was used up at the last cut and is now: all that the service allowed in between was admitted.
            self.known = Known::Well;
            return measured.max(self.sustained).min(self.rate);
        }
        self.known = if near && !goes_on { Known::Well } else { Known::Roughly };
        if !near && !far {
            self.fallback = self.sustained;
        }
        let cut = if near { self.rate * (1.0 - CUT) } else { self.tested.max(self.sustained) };
        if goes_on { cut.min(measured * BELIEVED).max(self.rate * LEAST_LEFT) } else { cut }
    }

    fn begin_climb_anew(&mut self, now: Instant) {
        let climbed = self.rate > self.start;
        self.rate = self.start.min(self.rate * (1.0 - CUT)).max(FLOOR);
        self.sustained = self.rate;
        if climbed {
            self.fallback = self.rate * (1.0 - CUT);
        } else {
            self.known = Known::Roughly;
        }
        self.begin_anew(now);
    }

    fn begin_anew(&mut self, now: Instant) {
        self.cut = Some(now);
        self.judged = now;
        self.before = self.rate;
        self.tested = self.rate;
        self.admitted = 0;
        self.throttled = 1;
    }
}

#[cfg(test)]
mod tests;
