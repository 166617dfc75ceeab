//! What limited the rate of a run, and what the service allowed, so that whoever wants it faster knows what to change.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::terminal::plain;
use crate::outcome::HeldBack;

/// The rate that each Region is thought to allow, in attempts a second, where that is below the cap.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Allowed(BTreeMap<String, f64>);

impl Allowed {
    /// Takes note of what a Region is thought to allow by now: `None` where it is not below the cap.
    pub(super) fn learn(&mut self, region: &str, allowed: Option<f64>) {
        match allowed {
            Some(rate) => self.0.insert(region.to_owned(), rate),
            None => self.0.remove(region),
        };
    }

    /// Whether no Region is thought to allow less than the cap.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = |(region, rate): (&String, &f64)| {
            let digits = if *rate < 10.0 { 1 } else { 0 };
            format!("{rate:.digits$}/s in {}", plain(region))
        };
        write!(f, "about {}", self.0.iter().map(each).collect::<Vec<_>>().join(", "))
    }
}

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
    fn each_region_is_said_to_allow_what_it_did_last_unless_that_is_not_below_the_cap() {
        let mut allowed = Allowed::default();
        for (region, rate) in [("us-east-1", 13.4), ("eu-west-1", 0.5), ("us-east-1", 14.6), ("ap-south-1", 5.0)] {
            allowed.learn(region, Some(rate));
        }
        allowed.learn("ap-south-1", None);
        assert_eq!(allowed.to_string(), "about 0.5/s in eu-west-1, 15/s in us-east-1");
    }

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
