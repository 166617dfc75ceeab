//! Signatures, as the SDK makes them and as they should not be.

use super::*;

/// A sandbox that knows one key. The SDK's clients here sign with `AKIDEXAMPLE` and `secret`.
async fn knowing(key: &str) -> Rehearsal {
    Rehearsal::start(Settings { access_keys: vec![key.parse().expect("a key")], ..unlimited() }).await
}

/// What a call of AdminSetUserPassword is refused with.
async fn refused(rehearsal: &Rehearsal) -> Option<(String, String)> {
    let client = rehearsal.client("eu-central-1");
    let pool = "eu-central-1_Signed01";
    rehearsal.sandbox.add_user(&User { pool: PoolId::parse(pool).expect("a pool id"), username: "ann".into() });
    let sent = client.admin_set_user_password().user_pool_id(pool).username("ann").password(GOOD).permanent(true).send().await;
    sent.err().map(refusal)
}

#[tokio::test]
async fn what_the_sdk_signs_with_a_known_key_is_accepted() {
    assert_eq!(refused(&knowing("AKIDEXAMPLE:secret").await).await, None);
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_key_are_refused_and_set_nothing() {
    for (key, code, text) in [
        ("AKIDEXAMPLE:other", "InvalidSignatureException", "The request signature we calculated does not match"),
        ("AKIDOTHER:secret", "UnrecognizedClientException", "The security token included in the request is invalid."),
    ] {
        let rehearsal = knowing(key).await;
        let (seen, message) = refused(&rehearsal).await.expect("a refusal");
        assert_eq!(seen, code);
        assert!(message.starts_with(text), "{message}");
        let log = rehearsal.log();
        assert_eq!((&log[0]["code"], &log[0]["applied"]), (&json!(code), &json!(false)));
    }
}

#[tokio::test]
async fn an_unsigned_call_is_refused_unless_it_is_one_for_users() {
    let rehearsal = knowing("AKIDEXAMPLE:secret").await;
    let answer = rehearsal.post("AdminSetUserPassword", &set_password("ann", GOOD)).await.expect("an answer");
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.headers()["x-amzn-errortype"], "MissingAuthenticationTokenException:");
    assert!(!rehearsal.has_password("ann", GOOD));
    let answer = rehearsal.post("InitiateAuth", &json!({ "ClientId": "none", "AuthFlow": "USER_PASSWORD_AUTH" })).await.expect("an answer");
    assert_eq!(answer.headers()["x-amzn-errortype"], "ResourceNotFoundException:", "it came as far as the client's id");
}
