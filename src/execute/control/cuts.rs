//! Where the rate goes once it was throttled, and what is known of the quota then.

use std::mem;

use tokio::time::Instant;

use super::since_cut::SinceCut;
use super::tuning::{CONVINCING, CUT, FAR, GOES_ON, LEAST_LEFT, REST_CUT, SURELY_GROWN};
use super::{Controller, Known};

impl Controller {
    /// Answers a throttled answer that is no chance.
    pub(super) fn cut(&mut self, since_cut: &SinceCut, sent: Instant, now: Instant) {
        self.summit = None;
        self.put_down_to_its_rate(sent);
        let ceiling = mem::replace(&mut self.ceiling, self.before);
        let is_on_the_way = self.heeds_the_ceiling() && self.rate > self.sustained && self.rate < ceiling;
        if !since_cut.has_admitted() {
            self.rate = (self.rate * LEAST_LEFT).max(self.floor());
        } else {
            let rate = if is_on_the_way { self.back_from_the_ceiling() } else { self.after_cut(since_cut, sent, now) };
            self.rate = rate.max(self.floor());
            self.sustained = self.rate;
        }
        self.begin_anew(SinceCut::new(sent, now));
    }

    /// Has `before` be the rate at which the request left that was throttled, and `tested` the one before that.
    fn put_down_to_its_rate(&mut self, sent: Instant) {
        if sent > self.stepped + self.interval() / 2 {
            self.tested = mem::replace(&mut self.before, self.rate);
        }
    }

    fn back_from_the_ceiling(&mut self) -> f64 {
        self.known = Known::Roughly;
        self.below_the_tested()
    }

    fn after_cut(&mut self, since_cut: &SinceCut, sent: Instant, now: Instant) -> f64 {
        let goes_on = since_cut.tried_for(now) < GOES_ON.max(now.saturating_duration_since(sent) * 3);
        let fallback = mem::replace(&mut self.fallback, 0.0);
        if goes_on && self.was_an_illusion(fallback, since_cut) {
            self.saves_up = self.known != Known::Climbing;
            self.known = Known::Well;
            self.ceiling = 0.0;
            return fallback;
        }
        let (near, far) = (self.is_near(), self.is_far());
        if self.saves_up && !goes_on && !far && self.rate > self.sustained {
            // What was saved up was used up at the last cut and is now: all that the service allowed in between was admitted.
            self.known = Known::Well;
            return since_cut.admitted_rate(now).max(self.sustained).min(self.rate);
        }
        self.known = if near && !goes_on { Known::Well } else { Known::Roughly };
        if !near && since_cut.admitted_rate(now) < self.sustained * CONVINCING {
            // The growth was so short that it may have lived on saved-up requests.
            self.fallback = self.sustained;
        }
        let cut = if !near {
            self.below_the_tested()
        } else if self.rate > self.sustained {
            (self.rate * (1.0 - CUT)).min(self.tested).max(self.sustained)
        } else {
            self.rate * (1.0 - REST_CUT)
        };
        if goes_on { cut.min(self.rate * since_cut.admitted_share().sqrt()).max(self.rate * LEAST_LEFT) } else { cut }
    }

    /// Whether the growth from `fallback` lived on saved-up requests: it did not go far, or hardly more than before is let through now.
    /// Where it left nearly nothing, the throttled answer says nothing about it.
    fn was_an_illusion(&self, fallback: f64, since_cut: &SinceCut) -> bool {
        let let_through = self.rate * since_cut.admitted_share();
        let left = if self.known == Known::Climbing { 0.0 } else { SURELY_GROWN };
        self.rate > fallback * (1.0 + left) && (self.rate < fallback * FAR || let_through < fallback * CONVINCING)
    }

    fn below_the_tested(&self) -> f64 {
        (self.tested * (1.0 - CUT)).max(self.sustained)
    }

    /// Ends the first climb where it began.
    pub(super) fn begin_climb_anew(&mut self, sent: Instant, now: Instant) {
        self.put_down_to_its_rate(sent);
        let climbed = self.rate > self.start;
        self.summit = Some(self.before).filter(|_| climbed);
        self.rate = self.start.min(self.rate * (1.0 - CUT)).max(self.floor());
        self.sustained = self.rate;
        if climbed {
            self.fallback = self.rate * (1.0 - CUT);
        } else {
            self.known = Known::Roughly;
        }
        self.begin_anew(SinceCut::new(sent, now));
    }

    /// Takes the first climb up again, at what was let through at its summit, once that is known and if it is much. What was throttled
    /// there is paid for: it was the price of knowing.
    pub(super) fn resumes_the_climb(&mut self, now: Instant) -> bool {
        let Some(since_cut) = self.since_cut.filter(SinceCut::is_over) else { return false };
        let Some(summit) = self.summit.take() else { return false };
        // Without a cap, or where latency is the limit, fewer leave than the rate says.
        let summit = summit.min(since_cut.episode_rate());
        let allowed = summit * since_cut.episode_share();
        let resumes = allowed > self.start * CONVINCING;
        if resumes {
            self.ceiling = summit;
            self.rate = allowed;
            self.sustained = allowed;
            self.known = Known::Roughly;
            self.begin_anew(SinceCut::guessed(now));
        }
        resumes
    }

    pub(super) fn begin_anew(&mut self, since_cut: SinceCut) {
        self.judged = since_cut.at();
        self.stepped = self.judged;
        self.since_cut = Some(since_cut);
        self.before = self.rate;
        self.tested = self.rate;
        self.arrives = false;
    }
}
