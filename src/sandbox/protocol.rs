//! AWS JSON 1.1 as Cognito speaks it: the names of operations, reading a request's body, and refusals. What an operation does is left
//! to `operations`.

use std::borrow::Cow;

use bytes::Bytes;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use crate::secret::Password;

/// What stands before an operation's name in the header `X-Amz-Target`.
pub(super) const TARGET_PREFIX: &str = "AWSCognitoIdentityProviderService.";

/// The operations that the sandbox serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Operation {
    AdminConfirmSignUp,
    AdminCreateUser,
    AdminDeleteUser,
    AdminDisableUser,
    AdminEnableUser,
    AdminGetUser,
    AdminInitiateAuth,
    AdminResetUserPassword,
    AdminRespondToAuthChallenge,
    AdminSetUserPassword,
    AdminUserGlobalSignOut,
    CreateUserPool,
    CreateUserPoolClient,
    DeleteUserPool,
    DescribeUserPool,
    GetProvisionedLimit,
    InitiateAuth,
    ListUsers,
    RespondToAuthChallenge,
    SignUp,
    UpdateUserPool,
}

impl Operation {
    /// The operation with this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name: StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }

    /// Whether a success changes a pool, a client or a user. Signing in changes nothing that is kept.
    pub(super) fn changes_something(self) -> bool {
        !matches!(
            self,
            Self::AdminGetUser
                | Self::AdminInitiateAuth
                | Self::DescribeUserPool
                | Self::GetProvisionedLimit
                | Self::InitiateAuth
                | Self::ListUsers
        )
    }

    /// Whether IAM decides about it. The others are for users, who have no AWS credentials (service model: `noAuth`).
    pub(super) fn is_signed(self) -> bool {
        !matches!(self, Self::InitiateAuth | Self::RespondToAuthChallenge | Self::SignUp)
    }
}

/// An error of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The HTTP status: 400 for everything that is not the service's own fault, throttling included.
    pub(super) status: u16,
    pub(super) code: &'static str,
    /// Empty where the service sends none.
    pub(super) message: Cow<'static, str>,
}

impl Refusal {
    /// A refusal with status 400.
    pub(super) fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status: 400, code, message: message.into() }
    }

    pub(super) fn invalid_parameter(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    pub(super) fn pool_not_found(id: &str) -> Self {
        Self::new("ResourceNotFoundException", format!("User pool {id} does not exist."))
    }

    pub(super) fn client_not_found(id: &str) -> Self {
        Self::new("ResourceNotFoundException", format!("User pool client {id} does not exist."))
    }

    pub(super) fn not_authorized(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("NotAuthorizedException", message)
    }

    pub(super) fn user_not_found() -> Self {
        Self::new("UserNotFoundException", "User does not exist.")
    }

    /// The body of the answer.
    pub(super) fn body(&self) -> Bytes {
        let body =
            if self.message.is_empty() { json!({ "__type": self.code }) } else { json!({ "__type": self.code, "message": self.message }) };
        body.to_string().into()
    }
}

/// Reads an operation's input. Members that it does not know are ignored, as the service ignores them, and an empty body is an empty
/// object.
pub(super) fn input<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|_| Refusal::new("SerializationException", ""))
}

/// Reads a member that holds a password.
pub(super) fn password<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Password<'static>>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(Password::new))
}

/// The Region in the credential scope of a SigV4 `Authorization` header:
/// `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`. The signature is not verified.
pub(super) fn signed_region(authorization: &str) -> Option<&str> {
    let (_, credential) = authorization.strip_prefix("AWS4-HMAC-SHA256")?.split_once("Credential=")?;
    let region = credential.split([',', ' ']).next()?.rsplit('/').nth(2)?;
    let is_sound = region.len() <= 30 && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (is_sound && !region.is_empty()).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_read_from_the_credential_scope() {
        let header = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/eu-west-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=0";
        assert_eq!(signed_region(header), Some("eu-west-1"));
        for unsigned in ["", "Bearer x", "AWS4-HMAC-SHA256 Credential=x", "AWS4-HMAC-SHA256 Credential=a/b/EU\n/d/e"] {
            assert_eq!(signed_region(unsigned), None, "{unsigned:?}");
        }
    }

    #[test]
    fn an_operation_has_the_models_name_and_no_other() {
        assert_eq!(Operation::named("AdminSetUserPassword"), Some(Operation::AdminSetUserPassword));
        for name in ["", "adminSetUserPassword", "AdminSetUserPassword ", "ForgotPassword"] {
            assert_eq!(Operation::named(name), None, "{name}");
        }
    }

    #[test]
    fn a_refusal_without_a_message_has_a_code_alone() {
        assert_eq!(Refusal::new("UnknownOperationException", "").body(), r#"{"__type":"UnknownOperationException"}"#);
        assert_eq!(Refusal::user_not_found().body(), r#"{"__type":"UserNotFoundException","message":"User does not exist."}"#);
    }

    #[test]
    fn a_body_that_does_not_fit_is_refused_without_a_piece_of_it() {
        #[derive(Debug, Deserialize)]
        struct Input {
            #[expect(dead_code, reason = "only its type matters here")]
            flag: Option<bool>,
        }
        for body in ["{", r#"{"flag":"Sw0rdfish!"}"#, "[]x", "\u{0}"] {
            let refusal = input::<Input>(body.as_bytes()).expect_err("it does not fit");
            assert_eq!((refusal.code, &*refusal.message), ("SerializationException", ""));
        }
        assert!(input::<Input>(b"").is_ok());
        assert!(input::<Input>(br#"{"flag":null,"other":[1]}"#).is_ok());
    }
}
