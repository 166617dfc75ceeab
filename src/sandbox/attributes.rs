//! A user's attributes, packed into one text: hundreds of thousands of users are kept at once, and a dozen small texts each would
//! take many times the room. What an attribute means is left to others.

use std::fmt::Write;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An attribute's name and value.
pub(super) type Attribute = (Box<str>, Box<str>);

/// Attributes, each name once, in the order in which they were put.
///
/// The text is names and values in turn, each behind its length in bytes and a colon: `5:email15:ann@example.com`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes(Box<str>);

impl Attributes {
    /// Packs these; of two with one name the last stays.
    pub(super) fn of(given: &[Attribute]) -> Self {
        let is_last = |at: usize| given[at + 1..].iter().all(|(name, _)| *name != given[at].0);
        let mut packed = String::new();
        for (_, (name, value)) in given.iter().enumerate().filter(|(at, _)| is_last(*at)) {
            for text in [name, value] {
                write!(packed, "{}:{text}", text.len()).expect("a String takes every write");
            }
        }
        Self(packed.into())
    }

    /// Adds these, each in place of one with its name.
    pub(super) fn put(&mut self, given: Vec<Attribute>) {
        let before = self.iter().map(|(name, value)| (name.into(), value.into()));
        *self = Self::of(&before.chain(given).collect::<Vec<_>>());
    }

    /// The value of the one with this name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(given, _)| *given == name).map(|(_, value)| value)
    }

    /// Names and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || Some((next(&mut rest)?, next(&mut rest)?)))
    }
}

/// Takes the next text off the front.
fn next<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let (length, behind) = rest.split_once(':')?;
    let (text, behind) = behind.split_at_checked(length.parse().ok()?)?;
    *rest = behind;
    Some(text)
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::of(&Vec::<Attribute>::deserialize(from)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(attributes: &Attributes) -> Vec<(&str, &str)> {
        attributes.iter().collect()
    }

    #[test]
    fn every_text_comes_out_as_it_went_in() {
        let given = [("email", "ann@example.com"), ("12:3", ""), ("", "0:"), ("Zoë", "5:東京\0\n")];
        let attributes = Attributes::of(&given.map(|(name, value)| (name.into(), value.into())));
        assert_eq!(listed(&attributes), given);
        let saved = serde_json::to_string(&attributes).expect("JSON");
        assert_eq!(serde_json::from_str::<Attributes>(&saved).expect("attributes"), attributes);
        assert_eq!(listed(&Attributes::default()), []);
    }

    #[test]
    fn an_attribute_given_again_takes_the_place_of_the_first() {
        let mut attributes = Attributes::default();
        attributes.put(vec![("email".into(), "a@example.com".into()), ("name".into(), "Ann".into())]);
        attributes.put(vec![("email".into(), "b@example.com".into()), ("email".into(), "c@example.com".into())]);
        assert_eq!(listed(&attributes), [("name", "Ann"), ("email", "c@example.com")]);
        assert_eq!((attributes.get("email"), attributes.get("nickname")), (Some("c@example.com"), None));
    }
}
