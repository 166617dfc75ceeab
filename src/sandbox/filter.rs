//! The filter of ListUsers: one attribute, `=` or `^=`, and a quoted value, as the API reference gives them.

use super::protocol::Refusal;
use super::users::User;

/// The attributes that can be searched (API reference of ListUsers).
const SEARCHABLE: [&str; 10] = [
    "username",
    "email",
    "phone_number",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "cognito:user_status",
    "status",
    "sub",
];

/// A filter that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filter {
    attribute: &'static str,
    is_prefix: bool,
    value: String,
}

impl Filter {
    /// Reads a filter such as `email ^= "ann"`. A quotation mark or backslash in the value stands behind a backslash. An empty text is
    /// no filter.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, Refusal> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let unreadable = || Refusal::invalid_parameter("Error while parsing filter.");
        let (left, right) = text.split_once('=').ok_or_else(unreadable)?;
        let (name, is_prefix) = left.strip_suffix('^').map_or((left, false), |name| (name, true));
        let name = name.trim();
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-'));
        let value = right.trim().strip_prefix('"').and_then(unquoted).filter(|_| is_name).ok_or_else(unreadable)?;
        let attribute = SEARCHABLE
            .into_iter()
            .find(|searchable| *searchable == name)
            .ok_or_else(|| Refusal::invalid_parameter(format!("Invalid search attribute: {name}")))?;
        Ok(Some(Self { attribute, is_prefix, value }))
    }

    /// Whether a user is one that is searched for. `attributes` gives the user's, `sub` included, where the filter asks for them.
    pub(super) fn matches(&self, user: &User, attributes: impl FnOnce() -> Vec<(String, String)>) -> bool {
        match self.attribute {
            "username" => self.compares(&user.username),
            "cognito:user_status" => self.compares_without_case(user.status.name()),
            "status" => self.compares(if user.enabled { "Enabled" } else { "Disabled" }),
            other => attributes().iter().any(|(name, value)| name == other && self.compares(value)),
        }
    }

    fn compares(&self, value: &str) -> bool {
        if self.is_prefix { value.starts_with(&self.value) } else { value == self.value }
    }

    fn compares_without_case(&self, status: &str) -> bool {
        let wanted = self.value.to_ascii_uppercase();
        if self.is_prefix { status.starts_with(&wanted) } else { status == wanted }
    }
}

/// The text before the closing quotation mark, which must be the last character, without its backslashes.
fn unquoted(text: &str) -> Option<String> {
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return chars.next().is_none().then_some(value),
            '\\' => value.push(chars.next()?),
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::users::Status;
    use super::*;

    fn matches(filter: &str) -> bool {
        let user = User::new("ann", Status::ForceChangePassword, 1.0);
        let attributes = || vec![("sub".to_owned(), "42-7".to_owned()), ("email".to_owned(), "ann@example.com".to_owned())];
        Filter::parse(filter).expect("a sound filter").is_none_or(|filter| filter.matches(&user, attributes))
    }

    #[test]
    fn equal_and_prefix_filters_find_by_every_kind_of_attribute() {
        for filter in [
            "",
            r#"username = "ann""#,
            r#"username="ann""#,
            r#"username ^= "a""#,
            r#"email = "ann@example.com""#,
            r#"email ^= "ann@""#,
            r#"sub = "42-7""#,
            r#"cognito:user_status = "force_change_password""#,
            r#"cognito:user_status ^= "Force""#,
            r#"status = "Enabled""#,
        ] {
            assert!(matches(filter), "{filter}");
        }
        for filter in [
            r#"username = "an""#,
            r#"username = "Ann""#,
            r#"email ^= "bob""#,
            r#"status = "enabled""#,
            r#"given_name = "Ann""#,
            r#"username = """#,
        ] {
            assert!(!matches(filter), "{filter}");
        }
    }

    #[test]
    fn a_quotation_mark_in_a_value_stands_behind_a_backslash() {
        let filter = Filter::parse(r#"name = "a \"b\" = \\""#).expect("a sound filter").expect("a filter");
        assert_eq!(filter.value, r#"a "b" = \"#);
    }

    #[test]
    fn what_is_no_filter_is_refused_in_the_services_words() {
        for filter in ["foo", "username", "username = ann", r#"username = "ann"#, r#"= "ann""#, r#"username = "a" x"#, r#"a b = "c""#] {
            let message = Filter::parse(filter).expect_err("it is no filter").message;
            assert_eq!(message, "Error while parsing filter.", "{filter}");
        }
        let message = Filter::parse(r#"custom:tenant = "a""#).expect_err("it cannot be searched").message;
        assert_eq!(message, "Invalid search attribute: custom:tenant");
    }
}
