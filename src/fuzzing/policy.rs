//! The laws of passwords: a check by a policy is what the documentation says, sentence by sentence, and a check by the service's own
//! constraints is what its expression matches.

use crate::policy::{Policy, PolicyRule, api_violations};

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
    let password = String::from_utf8_lossy(password);
    is_as_documented(policy, &password);
    is_as_the_service_matches(&password);
}

/// Of length the documentation says "characters"; the longest that this may mean is taken.
fn is_as_documented(policy: Policy, password: &str) {
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
    assert_eq!(policy.violations(password), documented, "{policy:?} on {password:?}");
}

/// `^[\S]+.*[\S]+$` and at most 256 characters, as a walk over the characters.
fn is_as_the_service_matches(password: &str) {
    let is_space = |c: &char| " \t\n\u{b}\u{c}\r".contains(*c);
    let characters: Vec<char> = password.chars().collect();
    let matches = match &characters[..] {
        [first, between @ .., last] => !is_space(first) && !is_space(last) && !between.iter().any(|c| matches!(c, '\n' | '\r')),
        _ => false,
    };
    assert_eq!(api_violations(password).is_empty(), matches && characters.len() <= 256, "{password:?}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Passwords in which everything that rules speak of is frequent.
    fn password() -> impl Strategy<Value = String> {
        let character = prop_oneof![
            4 => prop::char::range('!', '~'),
            1 => prop::sample::select(vec![' ', '\t', '\n', '\r', '\u{b}', '\u{a0}']),
            1 => prop::sample::select(vec!['É', 'ß', '١', '²', '€', '李', '😀', '\u{301}']),
            1 => any::<char>(),
        ];
        let any_length = prop_oneof![4 => 0_usize..14, 1 => 250_usize..262];
        any_length.prop_flat_map(move |length| prop::collection::vec(character.clone(), length)).prop_map(String::from_iter)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn a_policy_is_what_the_documentation_says(
            password in password(),
            (minimum_length, upper, lower, number, symbol) in (0_usize..20, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
        ) {
            let policy = Policy {
                minimum_length,
                require_uppercase: upper,
                require_lowercase: lower,
                require_numbers: number,
                require_symbols: symbol,
            };
            is_as_documented(policy, &password);
        }

        #[test]
        fn the_api_takes_what_its_expression_matches(password in password()) {
            is_as_the_service_matches(&password);
        }
    }
}
