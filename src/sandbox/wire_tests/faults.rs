//! What goes wrong on purpose, seen from a client.

use std::error::Error;

use super::*;

/// Whether somewhere in the chain of causes the connection was reset by the other side.
fn is_reset(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset) {
            return true;
        }
        cause = error.source();
    }
    false
}

#[tokio::test]
async fn a_cut_resets_the_connection_before_or_after_the_call_is_applied() {
    for (faults, applied, name) in [
        (Faults { cut_before: 1.0, ..Faults::default() }, false, "cut_before"),
        (Faults { cut_after: 1.0, ..Faults::default() }, true, "cut_after"),
    ] {
        let rehearsal = Rehearsal::start(Settings { faults, ..unlimited() }).await;
        let error = rehearsal.post("AdminSetUserPassword", &set_password("ann", GOOD)).await.expect_err("no answer");
        assert!(is_reset(&error), "{error:?}");
        assert_eq!(rehearsal.has_password("ann", GOOD), applied);
        let line = &rehearsal.log()[0];
        assert_eq!((&line["status"], &line["applied"], &line["fault"]), (&Value::Null, &json!(applied), &json!(name)));
        rehearsal.post("AdminGetUser", &json!({ "UserPoolId": POOL, "Username": "ann" })).await.expect("other calls are not struck");
    }
}

#[tokio::test]
async fn each_fault_answers_as_whoever_it_imitates_and_applies_nothing() {
    let json_type = "application/x-amz-json-1.1";
    let html_type = "text/html; charset=utf-8";
    for (faults, status, content_type, code) in [
        (Faults { throttle: 1.0, ..Faults::default() }, 400, json_type, "TooManyRequestsException"),
        (Faults { internal_error: 1.0, ..Faults::default() }, 500, json_type, "InternalErrorException"),
        (Faults { unavailable: 1.0, ..Faults::default() }, 503, json_type, "ServiceUnavailableException"),
        (Faults { expired_token: 1.0, ..Faults::default() }, 400, json_type, "ExpiredTokenException"),
        (Faults { access_denied: 1.0, ..Faults::default() }, 400, json_type, "AccessDeniedException"),
        (Faults { html: 1.0, ..Faults::default() }, 502, html_type, ""),
        (Faults { html_ok: 1.0, ..Faults::default() }, 200, html_type, ""),
    ] {
        let rehearsal = Rehearsal::start(Settings { faults, ..unlimited() }).await;
        let answer = rehearsal.post("AdminSetUserPassword", &set_password("ann", GOOD)).await.expect("an answer");
        assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().expect("text")), (status, content_type));
        let line = &rehearsal.log()[0];
        assert_eq!((&line["status"], &line["code"], &line["applied"]), (&json!(status), &json!(code), &json!(false)));
        assert!(line["fault"].is_string() && !rehearsal.has_password("ann", GOOD));
    }
}

#[tokio::test]
async fn a_slow_answer_comes_late_though_the_call_is_applied_at_once() {
    let faults = Faults { slow: 1.0, slow_by: Duration::from_secs(60), ..Faults::default() };
    let rehearsal = Rehearsal::start(Settings { faults, ..unlimited() }).await;
    let late = tokio::time::timeout(Duration::from_millis(300), rehearsal.post("AdminSetUserPassword", &set_password("ann", GOOD))).await;
    assert!(late.is_err() && rehearsal.has_password("ann", GOOD));
    assert_eq!(rehearsal.log()[0]["fault"], "slow");
}
