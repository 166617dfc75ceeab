//! The time as the service writes it: seconds since 1970, with a fraction; and the sandbox's clock, which can be moved so that a
//! temporary password expires within a test. Quotas and delays run on real time and are left to tokio.

use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer};

/// `at` in seconds since 1970, to the microsecond.
pub(super) fn epoch_seconds(at: SystemTime) -> f64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as f64 / 1e6
}

/// How far a clock is moved, ahead or back. As a text it is a duration such as `8d` or `90min`, and `-1h` is back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockShift {
    millis: i64,
}

/// A text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a duration, for example 8d, 90min or -1h")]
pub struct ClockShiftError;

impl ClockShift {
    /// A shift ahead. What is longer than a clock can hold is cut to that.
    pub fn ahead(by: Duration) -> Self {
        Self { millis: i64::try_from(by.as_millis()).unwrap_or(i64::MAX) }
    }
}

impl ClockShift {
    pub(super) fn of_millis(millis: i64) -> Self {
        Self { millis }
    }
}

impl FromStr for ClockShift {
    type Err = ClockShiftError;

    fn from_str(text: &str) -> Result<Self, ClockShiftError> {
        let (is_back, length) = text.strip_prefix('-').map_or((false, text), |length| (true, length));
        let length = humantime::parse_duration(length).map_err(|_| ClockShiftError)?;
        let Self { millis } = Self::ahead(length);
        Ok(Self { millis: if is_back { -millis } else { millis } })
    }
}

impl<'de> Deserialize<'de> for ClockShift {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The clock of one sandbox: the machine's, and how far it was moved from that.
pub(super) struct Clock {
    offset_millis: AtomicI64,
}

impl Clock {
    pub(super) fn new(shift: ClockShift) -> Self {
        Self { offset_millis: AtomicI64::new(shift.millis) }
    }

    /// Moves it, from where it is.
    pub(super) fn shift(&self, by: ClockShift) {
        let moved = |offset: i64| Some(offset.saturating_add(by.millis));
        // The closure always gives a value, so this cannot fail.
        self.offset_millis.fetch_update(Ordering::Relaxed, Ordering::Relaxed, moved).ok();
    }

    /// How far it has been moved.
    pub(super) fn offset_millis(&self) -> i64 {
        self.offset_millis.load(Ordering::Relaxed)
    }

    /// Now, in seconds since 1970, to the millisecond: the resolution of the service's dates.
    pub(super) fn now(&self) -> f64 {
        let millis = (epoch_seconds(SystemTime::now()) * 1e3).floor();
        (millis + self.offset_millis() as f64) / 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_their_microseconds() {
        let at = UNIX_EPOCH + Duration::from_micros(1_795_392_000_123_456);
        assert_eq!(epoch_seconds(at).to_string(), "1795392000.123456");
    }

    #[test]
    fn a_clock_is_moved_ahead_and_back_from_where_it_is() {
        let clock = Clock::new(ClockShift::ahead(Duration::from_secs(86_400)));
        let real = epoch_seconds(SystemTime::now());
        assert!((clock.now() - real - 86_400.0).abs() < 60.0);
        clock.shift("-1d".parse().expect("a day back"));
        clock.shift("90min".parse().expect("ninety minutes"));
        assert!((clock.now() - real - 5_400.0).abs() < 60.0);
    }

    #[test]
    fn what_is_no_duration_moves_no_clock() {
        for text in ["", "8", "tomorrow", "--1h", "- 1h x"] {
            assert_eq!(text.parse::<ClockShift>(), Err(ClockShiftError), "{text}");
        }
    }
}
