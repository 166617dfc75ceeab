//! The cap as it is typed: so many attempts a second, or a minute, or as many as the service takes. It is kept to in `pace`.

use std::fmt;
use std::str::FromStr;

/// The rates that a cap may have, in attempts a second.
const RATES: std::ops::RangeInclusive<f64> = 0.001..=10_000.0;

/// The most attempts that may leave in any one second, for one Region.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cap {
    /// At most this many, 0.001 to 10,000.
    PerSecond(Rate),
    /// As many as the service takes.
    Unlimited,
}

/// A rate that is a cap's: within 0.001 to 10,000 a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(f64);

/// Why a text is no cap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rate is a number of requests a second from 0.001 to 10000 (15, 0.5), a minute (6/m), or `unlimited`")]
pub struct CapError;

impl Cap {
    /// Half the quota of 30 requests a second that Cognito gives to AdminSetUserPassword and to the real users who reset a password.
    pub const DEFAULT: Self = Self::PerSecond(Rate(15.0));

    /// The whole quota of the category UserPoolRead, which no sign-in and no reset needs.
    pub const USER_POOL_READ: Self = Self::PerSecond(Rate(15.0));
    /// Half the quota of the category UserList.
    pub const USER_LIST: Self = Self::PerSecond(Rate(15.0));

    /// Attempts a second; `None` where there is no cap.
    pub fn per_second(self) -> Option<f64> {
        match self {
            Self::PerSecond(Rate(rate)) => Some(rate),
            Self::Unlimited => None,
        }
    }
}

impl FromStr for Cap {
    type Err = CapError;

    fn from_str(text: &str) -> Result<Self, CapError> {
        if text == "unlimited" {
            return Ok(Self::Unlimited);
        }
        let (number, seconds) = match text.split_once('/') {
            None | Some((_, "s")) => (text.strip_suffix("/s").unwrap_or(text), 1.0),
            Some((number, "m")) => (number, 60.0),
            Some(_) => return Err(CapError),
        };
        let rate = number.parse::<f64>().map_err(|_| CapError)? / seconds;
        if RATES.contains(&rate) { Ok(Self::PerSecond(Rate(rate))) } else { Err(CapError) }
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PerSecond(Rate(rate)) => write!(f, "{rate}/s"),
            Self::Unlimited => f.write_str("unlimited"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_read_as_a_rate_a_second_or_a_minute() {
        for (text, rate) in [("15", 15.0), ("0.5", 0.5), ("6/m", 0.1), ("30/s", 30.0), ("10000", 10_000.0)] {
            assert_eq!(text.parse::<Cap>().map(Cap::per_second), Ok(Some(rate)), "{text}");
        }
        assert_eq!("unlimited".parse(), Ok(Cap::Unlimited));
        for text in ["", "0", "-1", "NaN", "inf", "10001", "1/h", "6/m/s", "fast", "1e-9"] {
            assert_eq!(text.parse::<Cap>(), Err(CapError), "{text}");
        }
    }
}
