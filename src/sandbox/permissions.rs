//! What IAM denies: actions, pools, or an action on a pool. Who calls does not matter; the operations for users, which are not signed,
//! are never denied.

use std::str::FromStr;

use super::protocol::{Operation, Refusal};
use crate::row::PoolId;

/// Something that the caller may not do. As a text: `AdminSetUserPassword`, `us-east-1_Example`, or both as
/// `AdminSetUserPassword@us-east-1_Example`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// `None` is every action.
    action: Option<Operation>,
    /// `None` is every pool, and what concerns no pool.
    pool: Option<PoolId>,
}

/// A text is no denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an operation that the sandbox serves, a pool id, or OPERATION@POOL")]
pub struct DenialError;

impl FromStr for Denial {
    type Err = DenialError;

    fn from_str(text: &str) -> Result<Self, DenialError> {
        let action = |name| Operation::named(name).filter(|operation| operation.is_signed()).ok_or(DenialError);
        let pool = |id| PoolId::parse(id).map_err(|_| DenialError);
        if let Some((name, id)) = text.split_once('@') {
            return Ok(Self { action: Some(action(name)?), pool: Some(pool(id)?) });
        }
        match pool(text) {
            Ok(pool) => Ok(Self { action: None, pool: Some(pool) }),
            Err(_) => Ok(Self { action: Some(action(text)?), pool: None }),
        }
    }
}

impl Denial {
    /// Whether it denies `operation` on the pool with this id.
    pub(super) fn covers(&self, operation: Operation, pool: &str) -> bool {
        operation.is_signed()
            && self.action.is_none_or(|action| action == operation)
            && self.pool.as_ref().is_none_or(|denied| denied.as_str() == pool)
    }
}

/// The answer of IAM to an identity without the permission.
pub(super) fn access_denied(account: &str, region: &str, pool: &str, operation: &str) -> Refusal {
    let resource = if pool.is_empty() { "*" } else { pool };
    let message = format!(
        "User: arn:aws:iam::{account}:user/sandbox is not authorized to perform: cognito-idp:{operation} on resource: \
         arn:aws:cognito-idp:{region}:{account}:userpool/{resource} because no identity-based policy allows the \
         cognito-idp:{operation} action"
    );
    Refusal::new("AccessDeniedException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_covers_its_action_its_pool_or_both() {
        use Operation::{AdminGetUser, AdminSetUserPassword, InitiateAuth};
        let cases = [(AdminSetUserPassword, "us-east-1_a"), (AdminSetUserPassword, "us-east-1_b"), (AdminGetUser, "us-east-1_a")];
        for (text, covered) in [
            ("AdminSetUserPassword", [true, true, false]),
            ("us-east-1_a", [true, false, true]),
            ("AdminSetUserPassword@us-east-1_a", [true, false, false]),
        ] {
            let denial: Denial = text.parse().expect("a denial");
            assert_eq!(cases.map(|(operation, pool)| denial.covers(operation, pool)), covered, "{text}");
            assert!(!denial.covers(InitiateAuth, "us-east-1_a"));
        }
    }

    #[test]
    fn what_names_neither_action_nor_pool_is_no_denial() {
        for text in ["", "@", "adminsetuserpassword", "InitiateAuth", "AdminGetUser@", "@us-east-1_a", "AdminGetUser@nowhere"] {
            assert_eq!(text.parse::<Denial>(), Err(DenialError), "{text}");
        }
    }
}
