//! Which names lead to a user, and which questions find whom a name leads to: Cognito's rules for `Username`.

use std::borrow::Cow;

use crate::cognito::{ListedUser, NamingAttribute, PoolDescription, Whom};

/// A name as the pool compares it.
pub(super) fn folded<'a>(name: &'a str, pool: &PoolDescription) -> Cow<'a, str> {
    if pool.case_sensitive { Cow::Borrowed(name) } else { Cow::Owned(name.to_lowercase()) }
}

/// The names of a user beside the username: the `sub`, attributes that stand in the username's place, and aliases that are verified.
pub(super) fn other_names<'a>(user: &'a ListedUser, pool: &PoolDescription) -> Vec<&'a str> {
    let is_verified = |attribute: &&NamingAttribute| attribute.verified_by().is_none_or(|by| user.attribute(by) == Some("true"));
    let attributes = pool.aliases.iter().filter(is_verified).chain(&pool.usernames);
    attributes.map(|attribute| attribute.name()).chain(["sub"]).filter_map(|name| user.attribute(name)).collect()
}

/// Whether a page must bring all attributes of a user, or the `sub` alone.
pub(super) fn needs_attributes(pool: &PoolDescription) -> bool {
    !pool.aliases.is_empty() || !pool.usernames.is_empty()
}

/// The questions that find whom `name` leads to, the likeliest first. Where the pool does not tell cases apart the filter may, so that the
/// name is asked for in lower case too.
pub(super) fn questions<'a>(name: &'a str, lower: &'a str, pool: &PoolDescription) -> Vec<Whom<'a>> {
    let spellings = if pool.case_sensitive || lower == name { vec![name] } else { vec![name, lower] };
    let mut questions: Vec<_> = spellings.iter().map(|name| Whom::Username(name)).collect();
    let looks_so = |attribute: NamingAttribute| match attribute {
        NamingAttribute::Email => name.contains('@'),
        NamingAttribute::PhoneNumber => name.starts_with('+'),
        NamingAttribute::PreferredUsername => true,
    };
    let by_attribute = |attributes: &[NamingAttribute]| -> Vec<Whom<'a>> {
        let likely = attributes.iter().filter(|attribute| looks_so(**attribute));
        likely.flat_map(|attribute| spellings.iter().map(|name| Whom::Attribute(*attribute, name))).collect()
    };
    questions.extend(by_attribute(&pool.aliases));
    if is_uuid(name) {
        questions.push(Whom::Sub(name));
    }
    // Where an attribute is the username, hardly any name is the username itself.
    questions.splice(0..0, by_attribute(&pool.usernames));
    questions
}

fn is_uuid(name: &str) -> bool {
    name.len() == 36 && name.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cognito::UserStatus;

    fn pool(case_sensitive: bool, aliases: &[NamingAttribute], usernames: &[NamingAttribute]) -> PoolDescription {
        let (aliases, usernames) = (aliases.to_vec(), usernames.to_vec());
        PoolDescription { policy: None, case_sensitive, aliases, usernames, estimated_users: 0, temporary_days: 7 }
    }

    #[test]
    fn an_alias_names_a_user_once_it_is_verified_and_a_username_attribute_at_once() {
        let attributes = [("sub", "s"), ("email", "e@x"), ("email_verified", "false"), ("phone_number", "+1"), ("preferred_username", "p")];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let mut user = ListedUser { username: "u".to_owned(), status: UserStatus::Confirmed, enabled: true, attributes };
        let (email, preferred) = (NamingAttribute::Email, NamingAttribute::PreferredUsername);
        assert_eq!(other_names(&user, &pool(true, &[], &[])), ["s"]);
        assert_eq!(other_names(&user, &pool(true, &[email, preferred], &[])), ["p", "s"]);
        assert_eq!(other_names(&user, &pool(true, &[], &[email])), ["e@x", "s"]);
        user.attributes[2].1 = "true".to_owned();
        assert_eq!(other_names(&user, &pool(true, &[email], &[])), ["e@x", "s"]);
    }

    #[test]
    fn a_name_is_asked_for_as_what_it_may_be() {
        let ask = |name: &'static str, lower: &'static str, pool: &PoolDescription| questions(name, lower, pool);
        let by_email = |name| Whom::Attribute(NamingAttribute::Email, name);
        assert_eq!(ask("Ann", "ann", &pool(true, &[], &[])), [Whom::Username("Ann")]);
        assert_eq!(ask("Ann", "ann", &pool(false, &[], &[])), [Whom::Username("Ann"), Whom::Username("ann")]);
        assert_eq!(ask("a@x", "a@x", &pool(true, &[NamingAttribute::Email], &[])), [Whom::Username("a@x"), by_email("a@x")]);
        assert_eq!(ask("a@x", "a@x", &pool(true, &[], &[NamingAttribute::Email])), [by_email("a@x"), Whom::Username("a@x")]);
        let uuid = "84c9774c-ea66-427d-a220-1ca47883d594";
        assert_eq!(ask(uuid, uuid, &pool(true, &[NamingAttribute::Email], &[])), [Whom::Username(uuid), Whom::Sub(uuid)]);
    }
}
