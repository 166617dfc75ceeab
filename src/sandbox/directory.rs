//! The users of one pool and the names that lead to them: the username, an alias, the `sub`. Locks are left to `pools`.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound::{Excluded, Unbounded};

use serde::{Deserialize, Serialize};

use super::users::User;

/// An attribute by which a user can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NamingAttribute {
    Email,
    PhoneNumber,
    PreferredUsername,
}

impl NamingAttribute {
    /// The attribute's name in the API.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::PhoneNumber => "phone_number",
            Self::PreferredUsername => "preferred_username",
        }
    }

    /// The attribute that says whether this one was verified. A preferred username needs no verification.
    fn verified_by(self) -> Option<&'static str> {
        match self {
            Self::Email => Some("email_verified"),
            Self::PhoneNumber => Some("phone_number_verified"),
            Self::PreferredUsername => None,
        }
    }
}

/// How a pool names its users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Naming {
    /// Whether names that differ only in case are two names.
    pub(super) case_sensitive: bool,
    /// Attributes that name a user beside the username, once they are verified.
    pub(super) aliases: Vec<NamingAttribute>,
    /// Attributes that stand in the username's place. The username itself is then the `sub`.
    pub(super) usernames: Vec<NamingAttribute>,
}

impl Default for Naming {
    /// By username and `sub` alone, with case.
    fn default() -> Self {
        Self { case_sensitive: true, aliases: Vec::new(), usernames: Vec::new() }
    }
}

impl Naming {
    /// A name as the pool compares it.
    fn fold(&self, name: &str) -> Box<str> {
        if self.case_sensitive { name.into() } else { name.to_lowercase().into() }
    }

    /// The names of a user beside the username and the `sub`, each with its attribute.
    fn aliases_of<'a>(&self, user: &'a User) -> impl Iterator<Item = (NamingAttribute, &'a str)> {
        let verified = |attribute: &NamingAttribute| attribute.verified_by().is_none_or(|name| user.attribute(name) == Some("true"));
        let in_force = self.aliases.iter().filter(move |attribute| verified(attribute)).chain(&self.usernames);
        in_force.filter_map(|attribute| Some((*attribute, user.attribute(attribute.name())?)))
    }
}

/// Where a user stands in the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

/// Why a user cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The username is another user's.
    Username,
    /// This attribute's value names another user.
    Alias(NamingAttribute),
}

/// The users of a pool. Other names than the username are kept as 16 bytes of BLAKE3, so that they cost little.
pub(super) struct Directory {
    naming: Naming,
    users: Vec<Option<User>>,
    free: Vec<Place>,
    /// By the username as the pool compares it, in the order in which ListUsers gives them; the service's own order is undocumented.
    by_username: BTreeMap<Box<str>, Place>,
    by_other_name: HashMap<[u8; 16], Place>,
}

impl Directory {
    pub(super) fn new(naming: Naming) -> Self {
        Self { naming, users: Vec::new(), free: Vec::new(), by_username: BTreeMap::new(), by_other_name: HashMap::new() }
    }

    pub(super) fn naming(&self) -> &Naming {
        &self.naming
    }

    /// The user whom this names: by username, by an alias, by `sub`.
    pub(super) fn find(&self, name: &str) -> Option<Place> {
        let folded = self.naming.fold(name);
        self.by_username.get(&folded).or_else(|| self.by_other_name.get(&digest(&folded))).copied()
    }

    /// The user with this username, whom no other name leads to here.
    pub(super) fn find_by_username(&self, username: &str) -> Option<Place> {
        self.by_username.get(&self.naming.fold(username)).copied()
    }

    pub(super) fn user(&self, place: Place) -> &User {
        self.users[place.0 as usize].as_ref().expect("a place is given for a user that is there")
    }

    pub(super) fn user_mut(&mut self, place: Place) -> &mut User {
        self.users[place.0 as usize].as_mut().expect("a place is given for a user that is there")
    }

    /// Adds a user with this `sub`, unless the username is taken, or an alias: that may be taken from its bearer with `force`.
    pub(super) fn add(&mut self, user: User, sub: &str, force: bool) -> Result<Place, Taken> {
        let username = self.naming.fold(&user.username);
        if self.by_username.contains_key(&username) {
            return Err(Taken::Username);
        }
        self.check_aliases(&user, None).or_else(|taken| if force { Ok(()) } else { Err(taken) })?;
        let place = self.free.pop().unwrap_or_else(|| {
            self.users.push(None);
            Place(u32::try_from(self.users.len() - 1).expect("fewer than four thousand million users"))
        });
        self.by_username.insert(username, place);
        self.name(place, &user, sub);
        self.users[place.0 as usize] = Some(user);
        Ok(place)
    }

    /// Changes a user's attributes, unless a value names another user.
    pub(super) fn put_attributes(&mut self, place: Place, given: Vec<(Box<str>, Box<str>)>, sub: &str) -> Result<(), Taken> {
        let mut changed = self.user(place).clone();
        changed.put_attributes(given);
        self.check_aliases(&changed, Some(place))?;
        self.forget_names(place, sub);
        self.name(place, &changed, sub);
        *self.user_mut(place) = changed;
        Ok(())
    }

    /// Takes a user out.
    pub(super) fn remove(&mut self, place: Place, sub: &str) {
        self.forget_names(place, sub);
        let username = self.naming.fold(&self.user(place).username);
        self.by_username.remove(&username);
        self.users[place.0 as usize] = None;
        self.free.push(place);
    }

    /// How many users there are.
    pub(super) fn len(&self) -> usize {
        self.by_username.len()
    }

    /// The users in the order of their keys, from the one behind `after` on.
    pub(super) fn after(&self, after: Option<&str>) -> impl Iterator<Item = (&str, &User)> {
        let from = after.map_or(Unbounded, Excluded);
        self.by_username.range::<str, _>((from, Unbounded)).map(|(key, place)| (&**key, self.user(*place)))
    }

    fn check_aliases(&self, user: &User, own: Option<Place>) -> Result<(), Taken> {
        let is_taken = |name: &str| self.find(name).is_some_and(|place| Some(place) != own);
        match self.naming.aliases_of(user).find(|(_, name)| is_taken(name)) {
            Some((attribute, _)) if self.naming.usernames.contains(&attribute) => Err(Taken::Username),
            Some((attribute, _)) => Err(Taken::Alias(attribute)),
            None => Ok(()),
        }
    }

    fn name(&mut self, place: Place, user: &User, sub: &str) {
        let names = self.other_names(user, sub);
        self.by_other_name.extend(names.into_iter().map(|name| (name, place)));
    }

    /// Takes the user's other names out. A name that was forced over to another user stays there.
    fn forget_names(&mut self, place: Place, sub: &str) {
        for name in self.other_names(self.user(place), sub) {
            if self.by_other_name.get(&name) == Some(&place) {
                self.by_other_name.remove(&name);
            }
        }
    }

    fn other_names(&self, user: &User, sub: &str) -> Vec<[u8; 16]> {
        self.naming.aliases_of(user).map(|(_, name)| name).chain([sub]).map(|name| digest(&self.naming.fold(name))).collect()
    }
}

fn digest(name: &str) -> [u8; 16] {
    let mut digest = [0; 16];
    blake3::Hasher::new().update(name.as_bytes()).finalize_xof().fill(&mut digest);
    digest
}

#[cfg(test)]
mod tests {
    use super::super::users::Status;
    use super::*;

    fn directory(case_sensitive: bool, aliases: &[NamingAttribute], usernames: &[NamingAttribute]) -> Directory {
        Directory::new(Naming { case_sensitive, aliases: aliases.to_vec(), usernames: usernames.to_vec() })
    }

    fn user(username: &str, attributes: &[(&str, &str)]) -> User {
        let mut user = User::new(username, Status::Confirmed, 1.0);
        user.put_attributes(attributes.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect());
        user
    }

    const VERIFIED: [(&str, &str); 2] = [("email", "ann@example.com"), ("email_verified", "true")];

    #[test]
    fn case_tells_users_apart_only_where_the_pool_says_so() {
        let mut sensitive = directory(true, &[], &[]);
        assert!(sensitive.add(user("Ann", &[]), "1", false).is_ok() && sensitive.add(user("ann", &[]), "2", false).is_ok());
        assert!(sensitive.find("ANN").is_none());
        let mut insensitive = directory(false, &[NamingAttribute::Email], &[]);
        let ann = insensitive.add(user("Ann", &VERIFIED), "1", false);
        assert_eq!(insensitive.add(user("ann", &[]), "2", false), Err(Taken::Username));
        for name in ["ANN", "ann", "Ann@Example.com"] {
            assert_eq!(insensitive.find(name), ann.ok(), "{name}");
        }
    }

    #[test]
    fn a_user_is_found_by_username_verified_alias_and_sub() {
        use NamingAttribute::{Email, PhoneNumber, PreferredUsername};
        let mut directory = directory(true, &[Email, PhoneNumber, PreferredUsername], &[]);
        let attributes =
            [("email", "ann@example.com"), ("phone_number", "+1555"), ("phone_number_verified", "true"), ("preferred_username", "annie")];
        let ann = directory.add(user("ann", &attributes), "sub-1", false).expect("a new user");
        for name in ["ann", "+1555", "annie", "sub-1"] {
            assert_eq!(directory.find(name), Some(ann), "{name}");
        }
        assert_eq!(directory.find("ann@example.com"), None, "not verified yet");
        directory.put_attributes(ann, vec![("email_verified".into(), "true".into())], "sub-1").expect("a free alias");
        assert_eq!(directory.find("ann@example.com"), Some(ann));
    }

    #[test]
    fn an_attribute_is_no_name_unless_the_pool_makes_it_one() {
        let mut directory = directory(true, &[], &[]);
        directory.add(user("ann", &VERIFIED), "sub-1", false).expect("a new user");
        assert_eq!(directory.find("ann@example.com"), None);
    }

    #[test]
    fn an_alias_has_one_bearer_until_it_is_forced_over() {
        let mut directory = directory(true, &[NamingAttribute::Email], &[]);
        let ann = directory.add(user("ann", &VERIFIED), "1", false).expect("a new user");
        assert_eq!(directory.add(user("bob", &VERIFIED), "2", false), Err(Taken::Alias(NamingAttribute::Email)));
        let bob = directory.add(user("bob", &VERIFIED), "2", true).expect("by force");
        assert_eq!(directory.find("ann@example.com"), Some(bob));
        directory.remove(ann, "1");
        assert_eq!((directory.find("ann@example.com"), directory.len()), (Some(bob), 1));
    }

    #[test]
    fn a_username_attribute_names_its_user_before_it_is_verified() {
        let mut directory = directory(false, &[], &[NamingAttribute::Email]);
        let ann = directory.add(user("sub-1", &[("email", "ann@example.com")]), "sub-1", false);
        assert_eq!(directory.find("Ann@example.com"), ann.ok());
        assert_eq!(directory.add(user("sub-2", &[("email", "ann@example.com")]), "sub-2", false), Err(Taken::Username));
    }

    #[test]
    fn a_removed_user_leaves_no_name_behind_and_its_place_is_used_again() {
        let mut directory = directory(true, &[NamingAttribute::Email], &[]);
        let ann = directory.add(user("ann", &VERIFIED), "sub-1", false).expect("a new user");
        directory.remove(ann, "sub-1");
        for name in ["ann", "ann@example.com", "sub-1"] {
            assert_eq!(directory.find(name), None, "{name}");
        }
        let bob = directory.add(user("bob", &[]), "sub-2", false).expect("a new user");
        assert_eq!((bob, &*directory.user(bob).username, directory.len()), (ann, "bob", 1));
    }
}
