//! What the service's answer means, read as the AWS CLI reads it.

use hyper::StatusCode;
use serde_json::Value;

use super::failure::Refusal;

/// The errors in the service's model. Only for these does the AWS CLI show what the answer says beyond its text.
const MODELLED: [&str; 40] = [
    "AliasExistsException",
    "CodeDeliveryFailureException",
    "CodeMismatchException",
    "ConcurrentModificationException",
    "DeviceKeyExistsException",
    "DuplicateProviderException",
    "EnableSoftwareTokenMFAException",
    "ExpiredCodeException",
    "FeatureUnavailableInTierException",
    "ForbiddenException",
    "GroupExistsException",
    "InternalErrorException",
    "InvalidEmailRoleAccessPolicyException",
    "InvalidLambdaResponseException",
    "InvalidOAuthFlowException",
    "InvalidParameterException",
    "InvalidPasswordException",
    "InvalidSmsRoleAccessPolicyException",
    "InvalidSmsRoleTrustRelationshipException",
    "InvalidUserPoolConfigurationException",
    "LimitExceededException",
    "MFAMethodNotFoundException",
    "NotAuthorizedException",
    "OperationNotEnabledException",
    "PasswordHistoryPolicyViolationException",
    "PasswordResetRequiredException",
    "PreconditionNotMetException",
    "ResourceNotFoundException",
    "ScopeDoesNotExistException",
    "SoftwareTokenMFANotFoundException",
    "TooManyFailedAttemptsException",
    "TooManyRequestsException",
    "UnauthorizedException",
    "UnexpectedLambdaException",
    "UnsupportedIdentityProviderException",
    "UnsupportedOperationException",
    "UnsupportedTokenTypeException",
    "UserImportInProgressException",
    "UserLambdaValidationException",
    "UserNotFoundException",
];

/// Codes that the AWS CLI tries again, whatever their status.
const TRIED_AGAIN: [&str; 16] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// Whether an answer with a status below 300 came from the service: an object of JSON, or nothing at all.
pub(super) fn is_success(body: &[u8]) -> bool {
    body.trim_ascii().is_empty() || matches!(serde_json::from_slice(body), Ok(Value::Object(_)))
}

/// The refusal in an answer with a status from 300 up.
pub(super) fn refusal(status: u16, body: &[u8]) -> Refusal {
    let members = match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => members,
        _ => {
            let server_error = status >= 500;
            let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
            let message = if server_error || !body.trim_ascii().is_empty() { reason.to_owned() } else { String::new() };
            return Refusal { code: status.to_string(), message, members: Vec::new(), retries: None, remark: None };
        }
    };
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    let code = match text("__type") {
        Some(code) => {
            let before_colon = code.split(':').next().unwrap_or_default();
            before_colon.rsplit('#').next().unwrap_or_default().to_owned()
        }
        None => status.to_string(),
    };
    let shown: &[&'static str] = match code.as_str() {
        "InvalidParameterException" => &["message", "reasonCode"],
        code if MODELLED.contains(&code) => &["message"],
        _ => &[],
    };
    let shown = shown.iter().filter_map(|name| text(name).map(|value| (*name, value))).collect();
    let message = text("message").or_else(|| text("Message")).unwrap_or_default();
    Refusal { code, message, members: shown, retries: None, remark: None }
}

/// Whether the AWS CLI tries again after this.
pub(super) fn is_tried_again(status: u16, code: &str) -> bool {
    matches!(status, 500 | 502 | 503 | 504) || TRIED_AGAIN.contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_an_object_are_success_and_a_page_is_not() {
        assert!(is_success(b"") && is_success(b"{}") && is_success(b" {\"a\": 1}\n"));
        assert!(!is_success(b"<html>") && !is_success(b"[]"));
    }

    #[test]
    fn code_and_text_are_found_wherever_the_service_puts_them() {
        for (status, body, code, message) in [
            (400, r#"{"__type":"a#UserNotFoundException:x","message":"m"}"#, "UserNotFoundException", "m"),
            (400, r#"{"__type":"UserNotFoundException","Message":"M"}"#, "UserNotFoundException", "M"),
            (403, r#"{"message":"m"}"#, "403", "m"),
            (500, "<html>boom</html>", "500", "Internal Server Error"),
            (403, "<html>boom</html>", "403", "Forbidden"),
            (301, "", "301", ""),
        ] {
            let refusal = refusal(status, body.as_bytes());
            assert_eq!((refusal.code.as_str(), refusal.message.as_str()), (code, message), "{body}");
        }
    }
}
