//! The service model's constraints on the members of a request, and the one message that the service makes of all that are broken.
//! Passwords, usernames and attribute values are sensitive in the model: the message does not repeat them.

use unicode_general_category::{GeneralCategory, get_general_category};

use super::protocol::Refusal;
use crate::policy::{ApiRule, MAX_PASSWORD, api_violation};
use crate::row::MAX_POOL_ID;
use crate::secret::Password;

/// The longest username, in characters (service model).
const MAX_USERNAME: usize = 128;

/// The longest client id, in characters (service model).
const MAX_CLIENT_ID: usize = 128;

/// The broken constraints of one request, gathered member by member.
#[derive(Default)]
pub(super) struct Constraints(Vec<String>);

impl Constraints {
    /// Notes that `rule` is broken by the member at `path`; `value` is its value, where that may be repeated.
    pub(super) fn broken(&mut self, path: &str, value: Option<&str>, rule: &str) {
        let value = value.map(|value| format!(" '{value}'")).unwrap_or_default();
        self.0.push(format!("Value{value} at '{path}' failed to satisfy constraint: Member must {rule}"));
    }

    /// Notes that a required member is missing.
    pub(super) fn missing(&mut self, path: &str) {
        self.0.push(format!("Value null at '{path}' failed to satisfy constraint: Member must not be null"));
    }

    /// `UserPoolId`: 1 to 55 of `[\w-]+_[0-9a-zA-Z]+`.
    pub(super) fn user_pool_id<'a>(&mut self, value: Option<&'a str>) -> &'a str {
        let Some(id) = value else {
            self.missing("userPoolId");
            return "";
        };
        self.length("userPoolId", id, Some(id), 1, MAX_POOL_ID);
        if !is_pool_id(id) {
            self.broken("userPoolId", value, r"satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+");
        }
        id
    }

    /// `Username`: 1 to 128 letters, marks, symbols, numbers and punctuation.
    pub(super) fn username<'a>(&mut self, value: Option<&'a str>) -> &'a str {
        let Some(username) = value else {
            self.missing("username");
            return "";
        };
        self.length("username", username, None, 1, MAX_USERNAME);
        if username.is_empty() || !username.chars().all(is_visible) {
            self.broken("username", None, r"satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+");
        }
        username
    }

    /// `ClientId`: 1 to 128 of `[\w+]+`. It is sensitive in the model, and a refusal does not repeat it.
    pub(super) fn client_id<'a>(&mut self, value: Option<&'a str>) -> &'a str {
        let Some(id) = value else {
            self.missing("clientId");
            return "";
        };
        self.length("clientId", id, None, 1, MAX_CLIENT_ID);
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'+') {
            self.broken("clientId", None, r"satisfy regular expression pattern: [\w+]+");
        }
        id
    }

    /// A password, by what the live service enforces.
    pub(super) fn password(&mut self, path: &str, password: &Password<'_>) {
        match api_violation(password.expose()) {
            None => {}
            Some(ApiRule::TooLong) => self.broken(path, None, &format!("have length less than or equal to {MAX_PASSWORD}")),
            Some(ApiRule::TwoCharacters | ApiRule::LeadingSpace | ApiRule::TrailingSpace | ApiRule::LineBreak) => {
                self.broken(path, None, r"satisfy regular expression pattern: ^[\S]+.*[\S]+$");
            }
        }
    }

    /// A text of `least` to `most` characters. `shown` is the value where it may be repeated.
    pub(super) fn length(&mut self, path: &str, text: &str, shown: Option<&str>, least: usize, most: usize) {
        let length = text.chars().count();
        if length < least {
            self.broken(path, shown, &format!("have length greater than or equal to {least}"));
        } else if length > most {
            self.broken(path, shown, &format!("have length less than or equal to {most}"));
        }
    }

    /// A number from `least` to `most`.
    pub(super) fn range(&mut self, path: &str, number: i64, least: i64, most: i64) {
        let value = number.to_string();
        if number < least {
            self.broken(path, Some(&value), &format!("have value greater than or equal to {least}"));
        } else if number > most {
            self.broken(path, Some(&value), &format!("have value less than or equal to {most}"));
        }
    }

    /// The refusal, if a constraint is broken.
    pub(super) fn check(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(self.refusal()) }
    }

    /// The refusal of what is broken.
    pub(super) fn refusal(self) -> Refusal {
        let broken = self.0;
        let errors = if broken.len() == 1 { "error" } else { "errors" };
        Refusal::invalid_parameter(format!("{} validation {errors} detected: {}", broken.len(), broken.join("; ")))
    }
}

fn is_pool_id(id: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    id.rsplit_once('_').is_some_and(|(region, suffix)| {
        !region.is_empty() && region.bytes().all(is_word) && !suffix.is_empty() && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// `[\p{L}\p{M}\p{S}\p{N}\p{P}]`: no separator, no control, format or unassigned character.
fn is_visible(c: char) -> bool {
    use GeneralCategory as G;
    let is_other = |c| {
        matches!(
            get_general_category(c),
            G::Control
                | G::Format
                | G::Surrogate
                | G::PrivateUse
                | G::Unassigned
                | G::SpaceSeparator
                | G::LineSeparator
                | G::ParagraphSeparator
        )
    };
    c.is_ascii_graphic() || (!c.is_ascii() && !is_other(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(constraints: Constraints) -> String {
        constraints.check().map_or_else(|refusal| refusal.message.into_owned(), |()| String::new())
    }

    #[test]
    fn one_broken_constraint_reads_as_the_service_writes_it() {
        let mut constraints = Constraints::default();
        constraints.password("password", &Password::new(" x"));
        assert_eq!(
            message(constraints),
            r"1 validation error detected: Value at 'password' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[\S]+.*[\S]+$"
        );
    }

    #[test]
    fn all_broken_constraints_stand_in_one_message() {
        let mut constraints = Constraints::default();
        constraints.user_pool_id(Some("nowhere"));
        constraints.username(None);
        constraints.password("password", &Password::new("x".repeat(257)));
        assert_eq!(
            message(constraints),
            r"3 validation errors detected: Value 'nowhere' at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+; Value null at 'username' failed to satisfy constraint: Member must not be null; Value at 'password' failed to satisfy constraint: Member must have length less than or equal to 256"
        );
    }

    #[test]
    fn a_username_may_hold_all_that_can_be_seen_and_nothing_else() {
        let is_taken = |username: &str| {
            let mut constraints = Constraints::default();
            constraints.username(Some(username));
            message(constraints).is_empty()
        };
        for username in ["ann", "+15551234567", "=x", "-x", "ann@example.com", "Zoë", "e\u{301}", "東京", "😀", "€", &"a".repeat(128)]
        {
            assert!(is_taken(username), "{username:?}");
        }
        for username in ["", "a b", "a\tb", "a\u{a0}b", "a\u{200b}b", "a\u{202e}b", "a\0", &"a".repeat(129)] {
            assert!(!is_taken(username), "{username:?}");
        }
    }

    #[test]
    fn a_number_is_held_to_its_range() {
        for (limit, rule) in [(-1, "greater than or equal to 0"), (0, ""), (60, ""), (61, "less than or equal to 60")] {
            let mut constraints = Constraints::default();
            constraints.range("limit", limit, 0, 60);
            let message = message(constraints);
            assert!(message.ends_with(rule) && message.is_empty() == rule.is_empty(), "{limit}: {message}");
        }
    }
}
