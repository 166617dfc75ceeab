//! The time as the service writes it: seconds since 1970, with a fraction.

use std::time::{SystemTime, UNIX_EPOCH};

/// `at` in seconds since 1970, to the microsecond.
pub(super) fn epoch_seconds(at: SystemTime) -> f64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as f64 / 1e6
}

/// Now, in seconds since 1970, to the millisecond: the resolution of the service's dates.
pub(super) fn now() -> f64 {
    (epoch_seconds(SystemTime::now()) * 1e3).floor() / 1e3
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_keep_their_microseconds() {
        let at = UNIX_EPOCH + Duration::from_micros(1_795_392_000_123_456);
        assert_eq!(epoch_seconds(at).to_string(), "1795392000.123456");
    }
}
