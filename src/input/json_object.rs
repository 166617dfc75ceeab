//! One JSON object as a row's members, and where they stand in the text.
//!
//! A value of the wrong type is taken as a value, so that the parser's own words about it, which quote it, are never needed.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Field;

/// How many unknown members of one object are remembered.
const MOST_UNKNOWN: usize = 8;

/// An object, as far as rows are concerned.
#[derive(Default)]
pub(super) struct Object<'a> {
    /// The values in the order of [`Field::ALL`], each with its member's index.
    pub values: [Option<(usize, Value<'a>)>; 4],
    /// The first member that repeats a field, and its index.
    pub repeated: Option<(Field, usize)>,
    /// Names that are no field's.
    pub unknown: Vec<Cow<'a, str>>,
}

/// A member's value, whatever its type.
pub(super) enum Value<'a> {
    Null,
    Boolean(bool),
    Text(Cow<'a, str>),
    /// A number, an array or an object.
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut object = Object::default();
        let mut member = 0;
        while let Some(Name(name)) = map.next_key()? {
            match Field::named(&name) {
                Some(field) => {
                    let earlier = object.values[field as usize].replace((member, map.next_value()?));
                    if earlier.is_some() && object.repeated.is_none() {
                        object.repeated = Some((field, member));
                    }
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                    if object.unknown.len() < MOST_UNKNOWN {
                        object.unknown.push(name);
                    }
                }
            }
            member += 1;
        }
        Ok(object)
    }
}

/// A member's name, borrowed from the text unless an escape stands in it. (`Cow` itself would always copy.)
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Value::deserialize(from)? {
            Value::Text(name) => Ok(Self(name)),
            _ => Err(serde::de::Error::custom("a name is a string")),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value<'de>, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }
}

/// The offset of the value of the member with this index. It is for messages only, and for text that has been found to be one object;
/// any other is blamed at its beginning.
pub(super) fn value_offset(object: &[u8], member: usize) -> usize {
    let begin = object.iter().position(|&byte| byte == b'{').map_or(0, |brace| brace + 1);
    let mut members_left = member;
    let mut depth = 0_usize;
    let mut at = begin;
    let mut is_value = false;
    while let Some(&byte) = object.get(at) {
        match byte {
            _ if is_value && members_left == 0 && !byte.is_ascii_whitespace() => return at,
            b'"' => {
                at = string_end(object, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => is_value = true,
            b',' if depth == 0 => {
                is_value = false;
                members_left = members_left.saturating_sub(1);
            }
            _ => {}
        }
        at += 1;
    }
    0
}

/// The offset after the string that begins at `start`.
fn string_end(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_found_behind_whatever_stands_before_it() {
        let object = br#" { "a,:\"" : [1, {"x": "]"}], "b":null,"c":{"d":1} , "e" :  "f" } "#;
        let values: Vec<_> = (0..5).map(|member| object[value_offset(object, member)]).collect();
        assert_eq!(values, *b"[n{\" ");
    }
}
