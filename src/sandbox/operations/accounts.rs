//! AdminGetUser, AdminEnableUser, AdminDisableUser, AdminDeleteUser, AdminResetUserPassword, AdminUserGlobalSignOut.

use serde_json::Value;

use super::super::protocol::Refusal;
use super::super::users::Status;
use super::{Service, user_type};

impl Service {
    pub(super) fn admin_get_user(&self, region: &str, body: &[u8]) -> Result<Value, Refusal> {
        let (pool, username) = self.one_user(region, body)?;
        let content = pool.read();
        let user = content.user(&username).ok_or_else(Refusal::user_not_found)?;
        Ok(user_type(user, &pool.attributes(user), "UserAttributes"))
    }

    pub(super) fn set_enabled(&self, region: &str, body: &[u8], enabled: bool) -> Result<(), Refusal> {
        self.change(region, body, |user, now| {
            user.set_enabled(enabled, now);
            Ok(())
        })
    }

    pub(super) fn admin_delete_user(&self, region: &str, body: &[u8]) -> Result<(), Refusal> {
        let (pool, username) = self.one_user(region, body)?;
        let mut content = pool.write();
        let place = content.directory.find(&username).ok_or_else(Refusal::user_not_found)?;
        pool.remove(&mut content.directory, place);
        Ok(())
    }

    /// The code that the service sends to the user is sent to nobody, and no verified address is asked for. What it does to a user
    /// who was never confirmed is reported by users of the service; to a federated one, it is not established.
    pub(super) fn admin_reset_user_password(&self, region: &str, body: &[u8]) -> Result<(), Refusal> {
        self.change(region, body, |user, now| {
            if !user.enabled {
                return Err(Refusal::not_authorized("User is disabled."));
            }
            if !matches!(user.status, Status::Confirmed | Status::ResetRequired) {
                return Err(Refusal::not_authorized("User password cannot be reset in the current state."));
            }
            user.status = Status::ResetRequired;
            user.modified = now;
            Ok(())
        })
    }

    pub(super) fn admin_user_global_sign_out(&self, region: &str, body: &[u8]) -> Result<(), Refusal> {
        self.change(region, body, |user, _| {
            user.revoke_tokens();
            Ok(())
        })
    }
}
