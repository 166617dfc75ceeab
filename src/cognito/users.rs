//! `ListUsers`: the users of a pool a page at a time, or those with one name.
//!
//! It bills nobody, where AdminGetUser would make every user who is looked at an active user of the month. Only what is needed of a user
//! is taken over. Turning pages, pacing and trying again are left to the caller.

use aws_sdk_cognitoidentityprovider::types::{UserStatusType, UserType};

use super::{Cognito, NamingAttribute, classify};
use crate::outcome::Answer;
use crate::row::PoolId;

/// The most users in a page (service model).
pub const USERS_IN_A_PAGE: u64 = 60;

/// `UserStatusType` of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UserStatus {
    /// Signed up, and not confirmed yet.
    Unconfirmed,
    /// Signs in with a password of their own.
    Confirmed,
    /// Has a temporary password, and must choose another at the next sign-in.
    ForceChangePassword,
    /// Must reset the password.
    ResetRequired,
    /// Federated: signs in with another provider.
    ExternalProvider,
    /// A status that the service says it no longer uses, or one that is new.
    Other,
}

impl UserStatus {
    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unconfirmed => "UNCONFIRMED",
            Self::Confirmed => "CONFIRMED",
            Self::ForceChangePassword => "FORCE_CHANGE_PASSWORD",
            Self::ResetRequired => "RESET_REQUIRED",
            Self::ExternalProvider => "EXTERNAL_PROVIDER",
            Self::Other => "another status",
        }
    }
}

impl From<&UserStatusType> for UserStatus {
    fn from(status: &UserStatusType) -> Self {
        match status {
            UserStatusType::Unconfirmed => Self::Unconfirmed,
            UserStatusType::Confirmed => Self::Confirmed,
            UserStatusType::ForceChangePassword => Self::ForceChangePassword,
            UserStatusType::ResetRequired => Self::ResetRequired,
            UserStatusType::ExternalProvider => Self::ExternalProvider,
            _ => Self::Other,
        }
    }
}

/// A user as a page shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedUser {
    /// The username.
    pub username: String,
    /// The status.
    pub status: UserStatus,
    /// Whether the user may sign in.
    pub enabled: bool,
    /// The attributes that came along, by name.
    pub attributes: Vec<(String, String)>,
}

impl ListedUser {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// The users to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom<'a> {
    /// All of them.
    Everyone,
    /// Those with this username. The filter tells cases apart, whatever the pool does (API reference).
    Username(&'a str),
    /// The one with this `sub`.
    Sub(&'a str),
    /// Those with this value of an attribute.
    Attribute(NamingAttribute, &'a str),
}

impl Whom<'_> {
    /// The filter of the API. A quotation mark or backslash in the value stands behind a backslash.
    fn filter(self) -> Option<String> {
        let (name, value) = match self {
            Self::Everyone => return None,
            Self::Username(value) => ("username", value),
            Self::Sub(value) => ("sub", value),
            Self::Attribute(attribute, value) => (attribute.name(), value),
        };
        Some(format!("{name} = \"{}\"", value.replace('\\', r"\\").replace('"', "\\\"")))
    }
}

/// A page. It may be short or empty though more follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPage {
    /// The users.
    pub users: Vec<ListedUser>,
    /// What asks for the next page, if there is one.
    pub next: Option<String>,
}

impl Cognito {
    /// Gives a page of a pool's users, at most [`USERS_IN_A_PAGE`]. Without `all_attributes` the `sub` is the only attribute: every user
    /// has one, whereas asking for an attribute that some user lacks may be an error (API reference). One request of the category UserList
    /// (30/s).
    ///
    /// # Errors
    /// What came back instead.
    pub async fn list_users(&self, pool: &PoolId, whom: Whom<'_>, all_attributes: bool, page: Option<&str>) -> Result<UserPage, Answer> {
        let mut request = self.client(pool).list_users().user_pool_id(pool.as_str()).limit(USERS_IN_A_PAGE as i32);
        request = request.set_filter(whom.filter()).set_pagination_token(page.map(str::to_owned));
        if !all_attributes {
            request = request.attributes_to_get("sub");
        }
        let answer = request.send().await.map_err(|error| classify::failure(&error))?;
        let users = answer.users.unwrap_or_default().into_iter().map(listed).collect();
        Ok(UserPage { users, next: answer.pagination_token.filter(|token| !token.is_empty()) })
    }
}

fn listed(user: UserType) -> ListedUser {
    let attributes = user.attributes.unwrap_or_default().into_iter();
    ListedUser {
        username: user.username.unwrap_or_default(),
        status: user.user_status.as_ref().map_or(UserStatus::Other, UserStatus::from),
        enabled: user.enabled,
        attributes: attributes.map(|attribute| (attribute.name, attribute.value.unwrap_or_default())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_end_the_filter_that_it_stands_in() {
        assert_eq!(Whom::Everyone.filter(), None);
        assert_eq!(Whom::Username(r#"o"br\ien"#).filter().as_deref(), Some(r#"username = "o\"br\\ien""#));
        let by_email = Whom::Attribute(NamingAttribute::Email, "a@b.example");
        assert_eq!(by_email.filter().as_deref(), Some(r#"email = "a@b.example""#));
    }
}
