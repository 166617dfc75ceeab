//! The law of password policies: a check is what the documentation says, sentence by sentence.

use crate::policy::{Policy, PolicyRule};

/// The characters that the developer guide's page on password requirements lists as symbols.
const SYMBOLS: &str = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-";

/// The first byte is the minimum length, the second says what is required, the rest is the password.
pub fn policy(bytes: &[u8]) {
    let [length, required, password @ ..] = bytes else { return };
    let policy = Policy {
        minimum_length: usize::from(*length),
        require_uppercase: required & 1 != 0,
        require_lowercase: required & 2 != 0,
        require_numbers: required & 4 != 0,
        require_symbols: required & 8 != 0,
    };
    is_as_documented(policy, &String::from_utf8_lossy(password));
}

/// Of length the documentation says "characters"; the longest that this may mean is taken.
pub(crate) fn is_as_documented(policy: Policy, password: &str) {
    let contains_one_of = |set: &str| password.chars().any(|c| set.contains(c));
    let inner_space = password.trim_start_matches(' ').trim_end_matches(' ').contains(' ');
    let mut documented = Vec::new();
    if password.chars().map(char::len_utf16).sum::<usize>() < policy.minimum_length {
        documented.push(PolicyRule::MinimumLength(policy.minimum_length));
    }
    if policy.require_uppercase && !contains_one_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
        documented.push(PolicyRule::Uppercase);
    }
    if policy.require_lowercase && !contains_one_of("abcdefghijklmnopqrstuvwxyz") {
        documented.push(PolicyRule::Lowercase);
    }
    if policy.require_numbers && !contains_one_of("0123456789") {
        documented.push(PolicyRule::Numbers);
    }
    if policy.require_symbols && !contains_one_of(SYMBOLS) && !inner_space {
        documented.push(PolicyRule::Symbols);
    }
    assert_eq!(policy.violations(password).collect::<Vec<_>>(), documented, "{policy:?} on {password:?}");
}
