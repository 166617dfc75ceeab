//! The four fields of a row, and the names that they answer to.

use std::fmt;

/// A field of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The pool's id.
    Pool,
    /// The user's name.
    Username,
    /// The password.
    Password,
    /// Whether the password is permanent.
    Permanent,
}

impl Field {
    /// All of them, in the order in which messages list them.
    pub const ALL: [Self; 4] = [Self::Pool, Self::Username, Self::Password, Self::Permanent];

    /// The names of each field in the order of [`Field::ALL`], the first being the one that messages use. Names are matched exactly.
    pub const NAMES: [&'static [&'static str]; 4] =
        [&["user_pool_id", "UserPoolId", "pool"], &["username", "Username"], &["password", "Password"], &["permanent", "Permanent"]];

    /// The field that `name` stands for.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|&field| Self::NAMES[field as usize].contains(&name))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAMES[*self as usize][0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_answers_to_our_name_and_to_the_apis() {
        for (name, field) in [
            ("user_pool_id", Some(Field::Pool)),
            ("UserPoolId", Some(Field::Pool)),
            ("pool", Some(Field::Pool)),
            ("username", Some(Field::Username)),
            ("Username", Some(Field::Username)),
            ("password", Some(Field::Password)),
            ("Password", Some(Field::Password)),
            ("permanent", Some(Field::Permanent)),
            ("Permanent", Some(Field::Permanent)),
            ("PASSWORD", None),
            ("", None),
        ] {
            assert_eq!(Field::named(name), field, "{name}");
        }
    }
}
