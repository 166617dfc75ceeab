//! What the service model allows in a username.

use unicode_general_category::{GeneralCategory, get_general_category};

use super::Rule;

/// The longest username that the API takes, in characters (service model of 2016-04-18).
pub(super) const MAX_USERNAME: usize = 128;

/// The rule that `username` breaks. The model says 1 to 128 characters of `[\p{L}\p{M}\p{S}\p{N}\p{P}]+`; where the service counts a
/// character beyond the basic plane twice, it is the one to refuse.
pub(super) fn violation(username: &str) -> Option<Rule> {
    let bytes = username.as_bytes();
    // Among ASCII characters the classes make up exactly the visible ones. Without an early end, many bytes are looked at together.
    let is_plain = bytes.iter().fold(true, |so_far, byte| so_far & byte.is_ascii_graphic());
    let length = if is_plain { bytes.len() } else { username.chars().count() };
    if !(1..=MAX_USERNAME).contains(&length) {
        Some(Rule::UsernameLength)
    } else if is_plain || username.chars().all(is_allowed) {
        None
    } else {
        Some(Rule::UsernameCharacter)
    }
}

fn is_allowed(character: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator, PrivateUse, SpaceSeparator, Surrogate, Unassigned};
    !matches!(
        get_general_category(character),
        Control | Format | LineSeparator | ParagraphSeparator | PrivateUse | SpaceSeparator | Surrogate | Unassigned
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_those_of_the_service_model() {
        let (longest, too_long) = ("é".repeat(128), "é".repeat(129));
        for (username, rule) in [
            ("alice", None),
            ("+15551234567", None),
            ("=x", None),
            ("-x", None),
            ("o'brien@example.com", None),
            ("josé", None),
            ("e\u{301}", None),
            ("李雷", None),
            ("😀", None),
            ("²€", None),
            (&longest, None),
            ("", Some(Rule::UsernameLength)),
            (&too_long, Some(Rule::UsernameLength)),
            (&"x".repeat(129), Some(Rule::UsernameLength)),
            ("a b", Some(Rule::UsernameCharacter)),
            ("a\tb", Some(Rule::UsernameCharacter)),
            ("a\u{7f}", Some(Rule::UsernameCharacter)),
            ("a\u{a0}b", Some(Rule::UsernameCharacter)),
            ("a\u{200b}", Some(Rule::UsernameCharacter)),
            ("\u{feff}a", Some(Rule::UsernameCharacter)),
            ("a\u{202e}", Some(Rule::UsernameCharacter)),
            ("\u{e000}", Some(Rule::UsernameCharacter)),
        ] {
            assert_eq!(violation(username), rule, "{username:?}");
        }
    }

    #[test]
    fn the_fast_path_agrees_with_the_categories() {
        for character in '\0'..='\u{7f}' {
            assert_eq!(character.is_ascii_graphic(), is_allowed(character), "{character:?}");
        }
    }
}
