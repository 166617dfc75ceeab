//! How the rate grows while nothing is throttled: back to the sustained one, up to the ceiling, or by a probe. What follows a throttled
//! answer is left to `cuts`.

use tokio::time::Instant;

use super::since_cut::SinceCut;
use super::tuning::{
    APPROACH, APPROACH_PRICE, CLIMB_EXCESS, DOCUMENTED_QUOTA, FAR, FASTEST, FEW_EXCESS, FEW_GROWTH, FEW_IN_FLIGHT, FINE_EXCESS, GROWTH,
    HEADROOM, MEASURE, NEAR, NEAR_GROWTH, RECOVERY, REST, REST_WHILE_SAVING, ROUGH_EXCESS, SLOW,
};
use super::{Controller, Known};

impl Controller {
    /// The rate after an answer to what left since the last step.
    pub(super) fn next_rate(&mut self, since_cut: &SinceCut, now: Instant) -> f64 {
        if self.rate < self.sustained {
            (self.rate * RECOVERY).min(self.sustained)
        } else if self.approaches() && since_cut.has_paid(APPROACH_PRICE) {
            let next = self.rate + (self.ceiling * (1.0 - HEADROOM) - self.rate) * APPROACH;
            self.arrives = !is_below(next, self.ceiling);
            next
        } else if self.is_far() {
            self.saves_up = false;
            self.rate * GROWTH
        } else if self.rate <= self.sustained && self.rests(since_cut, now) {
            self.rate
        } else {
            self.sustained + self.next_excess()
        }
    }

    pub(super) fn approaches(&self) -> bool {
        self.heeds_the_ceiling() && is_below(self.rate, self.ceiling)
    }

    /// Whether what was throttled says where the quota is: a burst that was used up does not.
    pub(super) fn heeds_the_ceiling(&self) -> bool {
        self.known != Known::Climbing && !self.saves_up
    }

    fn rests(&self, since_cut: &SinceCut, now: Instant) -> bool {
        if self.known == Known::Climbing {
            return since_cut.length(now) < MEASURE;
        }
        let each = REST.0 * (self.sustained / DOCUMENTED_QUOTA).sqrt();
        let times = match f64::from(since_cut.costs()) {
            costs if self.saves_up => costs * REST_WHILE_SAVING,
            costs if self.takes_long_steps() => costs.min(1.0),
            costs => costs,
        };
        let rest = (each * times).min(REST.1);
        self.credit < 0.0 && since_cut.length(now).as_secs_f64() < rest
    }

    fn takes_long_steps(&self) -> bool {
        self.sustained < FEW_IN_FLIGHT && !self.saves_up
    }

    fn next_excess(&self) -> f64 {
        let takes_long_steps = self.takes_long_steps();
        let faster = (SLOW / self.sustained).sqrt().clamp(1.0, FASTEST);
        let growth = match self.is_near() {
            _ if takes_long_steps => FEW_GROWTH,
            true => 1.0 + (NEAR_GROWTH - 1.0) * faster,
            false => GROWTH,
        };
        let first = match self.known {
            _ if takes_long_steps => FEW_EXCESS,
            Known::Climbing => CLIMB_EXCESS,
            Known::Roughly => ROUGH_EXCESS,
            Known::Well => FINE_EXCESS,
        };
        ((self.rate - self.sustained) * growth).max(self.sustained * first)
    }

    pub(super) fn is_near(&self) -> bool {
        self.rate < self.sustained * (1.0 + NEAR)
    }

    pub(super) fn is_far(&self) -> bool {
        self.rate >= self.sustained * FAR
    }
}

/// Whether the way to the ceiling has not ended.
fn is_below(rate: f64, ceiling: f64) -> bool {
    rate < ceiling * (1.0 - 2.0 * HEADROOM)
}
