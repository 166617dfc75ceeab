//! Which call goes wrong, and how: drawn from a seeded generator by the probabilities of `settings`, so that a rehearsal can be
//! repeated. Faults that are planned call by call are left to `plan`, and what a fault does to its call to `calls`.

use std::sync::Mutex;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Deserialize;

use super::clock::ClockShift;
use super::settings::Faults;

/// What happens to a call instead of its proper answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fault {
    CutBefore,
    CutAfter,
    /// The connection is cut at once, and the call is applied later all the same.
    AppliedLate,
    HtmlOk,
    Html,
    Unavailable,
    InternalError,
    ExpiredToken,
    AccessDenied,
    Throttle,
}

impl Fault {
    /// The name in the call log.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CutBefore => "cut_before",
            Self::CutAfter => "cut_after",
            Self::AppliedLate => "applied_late",
            Self::HtmlOk => "html_ok",
            Self::Html => "html",
            Self::Unavailable => "unavailable",
            Self::InternalError => "internal_error",
            Self::ExpiredToken => "expired_token",
            Self::AccessDenied => "access_denied",
            Self::Throttle => "throttle",
        }
    }
}

/// What is in store for one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Draw {
    /// What goes wrong.
    pub(super) fault: Option<Fault>,
    /// How much later the answer comes.
    pub(super) slow_by: Option<Duration>,
    /// How much later a call is applied whose fault is [`Fault::AppliedLate`].
    pub(super) late_by: Duration,
    /// How far the clock is moved before the call.
    pub(super) clock: Option<ClockShift>,
}

impl Draw {
    /// The name in the call log: the fault's, or of what else befell the call.
    pub(super) fn name(self) -> Option<&'static str> {
        let otherwise = || self.slow_by.map(|_| "slow").or(self.clock.map(|_| "clock_moved"));
        self.fault.map(Fault::name).or_else(otherwise)
    }

    /// Adds what another source has in store. Of two faults the first stays.
    pub(super) fn and(self, other: Self) -> Self {
        let late_by = if self.fault == Some(Fault::AppliedLate) { self.late_by } else { other.late_by };
        Self { fault: self.fault.or(other.fault), slow_by: self.slow_by.or(other.slow_by), late_by, clock: self.clock.or(other.clock) }
    }
}

/// The generator of faults. The draws depend on the seed and on how many calls came before.
pub(super) struct FaultDraws {
    faults: Faults,
    any: bool,
    rng: Mutex<StdRng>,
}

impl FaultDraws {
    pub(super) fn new(faults: Faults, seed: u64) -> Self {
        let any = faults != Faults { slow_by: faults.slow_by, ..Faults::default() };
        Self { faults, any, rng: Mutex::new(StdRng::seed_from_u64(seed)) }
    }

    /// Draws for the next call. Every call takes the same number of draws, so that one fault's probability does not move another's
    /// occurrences.
    pub(super) fn next(&self) -> Draw {
        if !self.any {
            return Draw::default();
        }
        let mut rng = self.rng.lock().expect("no draw panics while it holds the lock");
        let f = &self.faults;
        let drawn = [
            (f.cut_before, Fault::CutBefore),
            (f.cut_after, Fault::CutAfter),
            (f.html_ok, Fault::HtmlOk),
            (f.html, Fault::Html),
            (f.unavailable, Fault::Unavailable),
            (f.internal_error, Fault::InternalError),
            (f.expired_token, Fault::ExpiredToken),
            (f.access_denied, Fault::AccessDenied),
            (f.throttle, Fault::Throttle),
        ]
        .map(|(probability, fault)| (rng.random::<f64>() < probability).then_some(fault));
        let slow = rng.random::<f64>() < f.slow;
        Draw { fault: drawn.into_iter().flatten().next(), slow_by: slow.then_some(f.slow_by), ..Draw::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(faults: Faults, seed: u64) -> Vec<Draw> {
        let draws = FaultDraws::new(faults, seed);
        (0..10_000).map(|_| draws.next()).collect()
    }

    #[test]
    fn the_same_seed_draws_the_same_faults() {
        let faults = Faults { cut_after: 0.1, throttle: 0.2, slow: 0.1, ..Faults::default() };
        assert_eq!(draws(faults, 7), draws(faults, 7));
        assert_ne!(draws(faults, 7), draws(faults, 8));
    }

    #[test]
    fn faults_come_as_often_as_asked() {
        let drawn = draws(Faults { internal_error: 0.1, slow: 0.5, ..Faults::default() }, 1);
        let failed = drawn.iter().filter(|draw| draw.fault == Some(Fault::InternalError)).count();
        let slow = drawn.iter().filter(|draw| draw.slow_by.is_some()).count();
        assert!((900..1100).contains(&failed), "{failed}");
        assert!((4800..5200).contains(&slow), "{slow}");
    }

    #[test]
    fn one_faults_probability_does_not_move_anothers_occurrences() {
        let throttled = |faults| draws(faults, 3).iter().map(|draw| draw.fault == Some(Fault::Throttle)).collect::<Vec<_>>();
        let alone = throttled(Faults { throttle: 0.1, ..Faults::default() });
        let beside = throttled(Faults { throttle: 0.1, slow: 0.9, ..Faults::default() });
        assert_eq!(alone, beside);
    }

    #[test]
    fn without_faults_nothing_is_drawn() {
        assert!(draws(Faults::default(), 1).iter().all(|draw| *draw == Draw::default() && draw.name().is_none()));
    }
}
