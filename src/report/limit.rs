//! What limited the rate of a run, so that whoever wants it faster knows what to change.

use std::fmt;

use crate::outcome::HeldBack;

/// What limited the rate: what held calls back the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The cap.
    Cap,
    /// Throttling.
    Throttling,
    /// Latency: as many calls were in flight as may be.
    Latency,
    /// None of them: rows came no faster.
    Rows,
}

impl Limit {
    /// What held calls back the longest.
    pub(super) fn of(HeldBack { by_cap, by_service, by_answers }: &HeldBack) -> Self {
        let causes = [(*by_cap, Self::Cap), (*by_service, Self::Throttling), (*by_answers, Self::Latency)];
        let longest = causes.into_iter().max_by_key(|(held, _)| *held);
        longest.filter(|(held, _)| !held.is_zero()).map_or(Self::Rows, |(_, limit)| limit)
    }

    /// Its name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cap => "cap",
            Self::Throttling => "throttling",
            Self::Latency => "latency",
            Self::Rows => "rows",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cap => "the cap (--rate)",
            Self::Throttling => "the service, which throttled",
            Self::Latency => "latency: as many calls were in flight as may be (--max-concurrency)",
            Self::Rows => "none: rows came no faster",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_limit_is_what_held_calls_back_the_longest() {
        let [long, short] = [Duration::from_secs(9), Duration::from_secs(2)];
        for (by_cap, by_service, by_answers, limit) in [
            (long, short, short, Limit::Cap),
            (short, long, short, Limit::Throttling),
            (short, short, long, Limit::Latency),
            (Duration::ZERO, Duration::ZERO, Duration::ZERO, Limit::Rows),
        ] {
            assert_eq!(Limit::of(&HeldBack { by_cap, by_service, by_answers }), limit);
        }
    }
}
