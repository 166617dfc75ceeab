//! A pool's password rules, and the check of one password against them.
//!
//! Two sets of rules exist. The API's own hold for every password ([`api_violations`]); a pool's policy comes on top ([`Policy`]).
//! Only what is sure to be refused is a violation: where the service's unit of length is not established, the kinder one is taken.
//! Password history is known to the service alone. Which pool has which policy is left to `validate`.

use std::fmt;

use memchr::memchr2;
use serde::{Deserialize, Deserializer, Serialize};

/// The longest password that the API takes, in characters (service model of 2016-04-18).
pub const MAX_PASSWORD: usize = 256;

/// A rule of the API that holds in every pool. The live service enforces `^[\S]+.*[\S]+$`, at most 256 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiRule {
    /// It needs two characters at least: one for each `[\S]+`.
    TwoCharacters,
    /// It may have [`MAX_PASSWORD`] characters at the most.
    TooLong,
    /// Its first character is white space.
    LeadingSpace,
    /// Its last character is white space, the newline at the end of a file among them.
    TrailingSpace,
    /// It holds a line break, which `.` does not match.
    LineBreak,
}

impl fmt::Display for ApiRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TwoCharacters => f.write_str("the password must have at least 2 characters"),
            Self::TooLong => write!(f, "the password must have at most {MAX_PASSWORD} characters"),
            Self::LeadingSpace => f.write_str("the password must not begin with white space"),
            Self::TrailingSpace => f.write_str("the password must not end with white space"),
            Self::LineBreak => f.write_str("the password must not contain a line break"),
        }
    }
}

/// The first rule of the API that `password` breaks.
pub fn api_violation(password: &str) -> Option<ApiRule> {
    api_violations(password).first().copied()
}

/// Every rule of the API that `password` breaks. A line break at either end is white space there, and no line break beside that.
pub fn api_violations(password: &str) -> Vec<ApiRule> {
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\x0B' | '\x0C' | '\r');
    let too_long = password.len() > MAX_PASSWORD && password.chars().count() > MAX_PASSWORD;
    let too_short = password.len() <= char::MAX.len_utf8() && password.chars().nth(1).is_none();
    let has_line_break = |text: &str| memchr2(b'\n', b'\r', text.as_bytes()).is_some();
    let line_break = has_line_break(password) && has_line_break(password.trim_matches(is_space));
    // Mostly none is broken, and then nothing is built: this runs for every row.
    let mut broken = Vec::new();
    if too_long {
        broken.push(ApiRule::TooLong);
    }
    if password.starts_with(is_space) {
        broken.push(ApiRule::LeadingSpace);
    }
    if password.ends_with(is_space) {
        broken.push(ApiRule::TrailingSpace);
    }
    if too_short {
        broken.push(ApiRule::TwoCharacters);
    }
    if line_break {
        broken.push(ApiRule::LineBreak);
    }
    broken
}

/// A pool's password policy, as `DescribeUserPool` gives it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Policy {
    /// The fewest characters, 6 to 99. 0 asks for none.
    #[serde(deserialize_with = "length_or_none")]
    pub minimum_length: usize,
    /// Asks for one of A-Z.
    #[serde(deserialize_with = "flag_or_none")]
    pub require_uppercase: bool,
    /// Asks for one of a-z.
    #[serde(deserialize_with = "flag_or_none")]
    pub require_lowercase: bool,
    /// Asks for one of 0-9.
    #[serde(deserialize_with = "flag_or_none")]
    pub require_numbers: bool,
    /// Asks for one of the ASCII punctuation characters, or for a space that is neither first nor last.
    #[serde(deserialize_with = "flag_or_none")]
    pub require_symbols: bool,
}

fn length_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

fn flag_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A rule of a policy. The names in the texts are the service's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyRule {
    /// Fewer characters than this minimum.
    MinimumLength(usize),
    /// None of A-Z.
    Uppercase,
    /// None of a-z.
    Lowercase,
    /// None of 0-9.
    Numbers,
    /// No ASCII punctuation and no inner space.
    Symbols,
}

impl fmt::Display for PolicyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MinimumLength(least) => write!(f, "the pool's policy asks for at least {least} characters"),
            Self::Uppercase => f.write_str("the pool's policy asks for an uppercase letter (A-Z)"),
            Self::Lowercase => f.write_str("the pool's policy asks for a lowercase letter (a-z)"),
            Self::Numbers => f.write_str("the pool's policy asks for a digit (0-9)"),
            Self::Symbols => f.write_str("the pool's policy asks for a symbol (ASCII punctuation, or a space inside)"),
        }
    }
}

impl Policy {
    /// Reads the policy from the output of `aws cognito-idp describe-user-pool`, from its `UserPool`, or from the policy object
    /// alone.
    ///
    /// # Errors
    /// A sentence that says what is missing or wrong.
    pub fn from_json(text: &[u8]) -> Result<Self, String> {
        let mut value: serde_json::Value = serde_json::from_slice(text).map_err(|error| format!("it is not JSON: {error}"))?;
        for outer in ["UserPool", "Policies", "PasswordPolicy"] {
            if let Some(inner) = value.get_mut(outer) {
                value = inner.take();
            }
        }
        if value.get("MinimumLength").is_none() {
            return Err("it holds no password policy: expected the output of `aws cognito-idp describe-user-pool`, or an object with \
                        MinimumLength, RequireUppercase, RequireLowercase, RequireNumbers, RequireSymbols"
                .to_owned());
        }
        serde_json::from_value(value).map_err(|error| format!("its password policy has a wrong value: {error}"))
    }

    /// Every rule that `password` breaks, in the order in which the service checks them.
    pub fn violations(&self, password: &str) -> Vec<PolicyRule> {
        // One look at each byte, since this runs for every row: the classes of all of them together.
        let seen = password.bytes().fold(0, |seen, byte| seen | CLASSES[byte as usize]);
        let has = |class: u8| seen & class != 0;
        let too_short = utf16_length(password) < self.minimum_length;
        let has_symbol = || has(SYMBOL) || password.trim_matches(' ').contains(' ');
        let mut broken = Vec::new();
        if too_short {
            broken.push(PolicyRule::MinimumLength(self.minimum_length));
        }
        if self.require_uppercase && !has(UPPERCASE) {
            broken.push(PolicyRule::Uppercase);
        }
        if self.require_lowercase && !has(LOWERCASE) {
            broken.push(PolicyRule::Lowercase);
        }
        if self.require_numbers && !has(NUMBER) {
            broken.push(PolicyRule::Numbers);
        }
        if self.require_symbols && !has_symbol() {
            broken.push(PolicyRule::Symbols);
        }
        broken
    }
}

const UPPERCASE: u8 = 1;
const LOWERCASE: u8 = 2;
const NUMBER: u8 = 4;
const SYMBOL: u8 = 8;

/// The class of each byte that a policy asks for; 0 for any other.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b'A'..=b'Z' => UPPERCASE,
            b'a'..=b'z' => LOWERCASE,
            b'0'..=b'9' => NUMBER,
            b'!'..=b'~' => SYMBOL,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// Length in UTF-16 units: the longest of the lengths that the service might mean, so that no sound password is called too short.
fn utf16_length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Policy =
        Policy { minimum_length: 8, require_uppercase: true, require_lowercase: true, require_numbers: true, require_symbols: true };

    fn broken(policy: Policy, password: &str) -> Vec<PolicyRule> {
        policy.violations(password)
    }

    #[test]
    fn the_rules_of_the_api_are_those_of_the_live_service() {
        let (longest, too_long) = ("é".repeat(256), "é".repeat(257));
        for (password, rule) in [
            ("ab", None),
            ("a b", None),
            ("a\tb", None),
            ("\u{a0}b", None),
            (longest.as_str(), None),
            (too_long.as_str(), Some(ApiRule::TooLong)),
            ("", Some(ApiRule::TwoCharacters)),
            ("a", Some(ApiRule::TwoCharacters)),
            (" ab", Some(ApiRule::LeadingSpace)),
            ("ab\n", Some(ApiRule::TrailingSpace)),
            ("a\nb", Some(ApiRule::LineBreak)),
            (" ", Some(ApiRule::LeadingSpace)),
        ] {
            assert_eq!(api_violation(password), rule, "{password:?}");
        }
    }

    #[test]
    fn a_policy_names_every_rule_that_a_password_breaks() {
        use PolicyRule::{Lowercase, MinimumLength, Numbers, Symbols, Uppercase};
        assert_eq!(broken(STRICT, "Abcdef1!"), []);
        assert_eq!(broken(STRICT, "abc"), [MinimumLength(8), Uppercase, Numbers, Symbols]);
        assert_eq!(broken(STRICT, "ÀÉÎÕÜÀÉÎ"), [Uppercase, Lowercase, Numbers, Symbols]);
        assert_eq!(broken(STRICT, "Abcdef 1"), []);
        assert_eq!(broken(STRICT, "Abcdefg1 "), [Symbols]);
        assert_eq!(broken(STRICT, "Abcdefg1€"), [Symbols]);
        assert_eq!(broken(Policy::default(), "x"), []);
    }

    #[test]
    fn every_rule_of_the_api_that_is_broken_is_named_and_a_line_break_at_an_end_once() {
        use ApiRule::{LeadingSpace, LineBreak, TooLong, TrailingSpace, TwoCharacters};
        let long = format!(" {}\r\n", "x\n".repeat(200));
        for (password, rules) in [
            (" ", &[LeadingSpace, TrailingSpace, TwoCharacters][..]),
            ("\nab\r\n", &[LeadingSpace, TrailingSpace]),
            (long.as_str(), &[TooLong, LeadingSpace, TrailingSpace, LineBreak]),
        ] {
            assert_eq!(api_violations(password), rules, "{password:?}");
        }
    }

    #[test]
    fn a_policy_is_found_at_every_depth_of_the_services_answer() {
        let policy = r#"{"MinimumLength":8,"RequireUppercase":true,"RequireLowercase":true,"RequireNumbers":true,"RequireSymbols":true,
                         "TemporaryPasswordValidityDays":7}"#;
        let pool = format!(r#"{{"Id":"us-east-1_a","Policies":{{"PasswordPolicy":{policy}}}}}"#);
        for text in [policy, &pool, &format!(r#"{{"UserPool":{pool}}}"#)] {
            assert_eq!(Policy::from_json(text.as_bytes()), Ok(STRICT));
        }
    }

    #[test]
    fn what_is_no_policy_is_refused_with_a_reason() {
        for (text, reason) in [("{", "not JSON"), ("{}", "no password policy"), (r#"{"MinimumLength":"8"}"#, "wrong value")] {
            assert!(Policy::from_json(text.as_bytes()).is_err_and(|error| error.contains(reason)), "{text}");
        }
    }
}
