//! The fault plan, the permissions and the clock, seen from a client.

use super::*;

/// A sandbox with a plan of these lines.
async fn planned(lines: &str) -> Rehearsal {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plan.jsonl");
    std::fs::write(&path, lines).expect("a plan");
    Rehearsal::start(Settings { plan: Some(path), ..unlimited() }).await
}

async fn outcome(rehearsal: &Rehearsal, username: &str, password: &str) -> Option<u16> {
    rehearsal.post("AdminSetUserPassword", &set_password(username, password)).await.ok().map(|answer| answer.status().as_u16())
}

#[tokio::test]
async fn a_plan_strikes_the_calls_that_it_names_and_the_log_agrees() {
    let lines = "{\"fault\":\"throttle\",\"nth\":1}\n{\"fault\":\"cut_before\",\"nth\":2}\n{\"fault\":\"html_ok\",\"user\":\"bob\",\"times\":1}\n\
                 {\"fault\":\"expired_token\",\"operation\":\"AdminGetUser\"}";
    let rehearsal = planned(lines).await;
    let mut statuses = Vec::new();
    for username in ["ann", "ann", "bob", "bob", "ann"] {
        statuses.push(outcome(&rehearsal, username, GOOD).await);
    }
    assert_eq!(statuses, [Some(400), None, Some(200), Some(200), Some(200)]);
    let get = rehearsal.post("AdminGetUser", &json!({ "UserPoolId": POOL, "Username": "ann" })).await.expect("an answer");
    assert_eq!(get.headers()["x-amzn-errortype"], "ExpiredTokenException:");
    let log: Vec<_> = rehearsal.log().into_iter().map(|line| (line["fault"].clone(), line["applied"].clone())).collect();
    let expected = [
        (json!("throttle"), json!(false)),
        (json!("cut_before"), json!(false)),
        (json!("html_ok"), json!(false)),
        (Value::Null, json!(true)),
        (Value::Null, json!(true)),
        (json!("expired_token"), json!(false)),
    ];
    assert_eq!(log, expected);
}

#[tokio::test]
async fn a_call_that_was_cut_off_can_be_applied_late_over_a_newer_one() {
    let rehearsal = planned(r#"{"fault":"applied_late","nth":1,"by":"300ms"}"#).await;
    assert_eq!(outcome(&rehearsal, "ann", "Older-Horse-1").await, None);
    assert_eq!(outcome(&rehearsal, "ann", "Newer-Horse-2").await, Some(200));
    assert!(rehearsal.has_password("ann", "Newer-Horse-2"));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(rehearsal.has_password("ann", "Older-Horse-1"));
    let log = rehearsal.log();
    assert_eq!((&log[1]["fault"], &log[1]["applied"], &log[1]["status"]), (&json!("applied_late"), &json!(true), &Value::Null));
}

#[tokio::test]
async fn a_sandbox_told_to_stop_applies_what_was_to_be_applied_late() {
    let rehearsal = planned(r#"{"fault":"applied_late","by":"1h"}"#).await;
    assert_eq!(outcome(&rehearsal, "ann", GOOD).await, None);
    rehearsal.stop.cancel();
    rehearsal.server.await.expect("the server's task").expect("an orderly end");
    assert!(rehearsal.sandbox.password_is(&user("ann"), &Password::new(GOOD)));
}

#[tokio::test]
async fn the_clock_is_moved_by_the_plan_and_by_a_request() {
    let rehearsal = planned(r#"{"fault":"clock_moved","by":"10d"}"#).await;
    let modified = |answer: Response<String>| {
        let user: Value = serde_json::from_str(answer.body()).expect("JSON");
        user["UserLastModifiedDate"].as_f64().expect("a date")
    };
    let get =
        || async { modified(rehearsal.post("AdminGetUser", &json!({ "UserPoolId": POOL, "Username": "ann" })).await.expect("an answer")) };
    let before = get().await;
    assert_eq!(outcome(&rehearsal, "ann", GOOD).await, Some(200));
    let days = (get().await - before) / 86_400.0;
    assert!((days - 10.0).abs() < 0.01, "{days}");

    for (body, status) in [(r#"{"by":"-20d"}"#, 204), (r#"{"by":"soon"}"#, 400)] {
        assert_eq!(control(&rehearsal, "clock", body).await, status);
    }
    assert_eq!(outcome(&rehearsal, "ann", GOOD).await, Some(200));
    assert!((get().await - before).abs() < 60.0, "ten days ahead, twenty back, ten ahead");
}

/// The status of the answer to a request that is to the sandbox itself.
async fn control(rehearsal: &Rehearsal, what: &str, body: &'static str) -> u16 {
    let client: legacy::Client<_, Full<Bytes>> = legacy::Client::builder(TokioExecutor::new()).build_http();
    let request = Request::post(format!("{}/sandbox/{what}", rehearsal.endpoint)).body(Full::new(Bytes::from_static(body.as_bytes())));
    client.request(request.expect("a request")).await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn the_quota_is_changed_by_a_request() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    for (body, status) in [(r#"{"per_second":0}"#, 400), (r#"{"per_second":"ten"}"#, 400), (r#"{"per_second":0.001}"#, 204)] {
        assert_eq!(control(&rehearsal, "quota", body).await, status, "{body}");
    }
    assert_eq!(outcome(&rehearsal, "ann", GOOD).await, Some(200), "a burst of one is left");
    assert_eq!(outcome(&rehearsal, "ann", GOOD).await, Some(400));
}

#[tokio::test]
async fn what_iam_denies_is_denied_and_nothing_else() {
    let denied = vec!["AdminSetUserPassword".parse().expect("a denial"), "eu-west-1_Closed".parse().expect("a denial")];
    let rehearsal = Rehearsal::start(Settings { denied, ..unlimited() }).await;
    let client = rehearsal.client("us-east-1");
    let set = client.admin_set_user_password().user_pool_id(POOL).username("ann").password(GOOD).permanent(true).send().await;
    let (code, text) = refusal(set.expect_err("a refusal"));
    assert_eq!(code, "AccessDeniedException");
    assert!(text.ends_with(
        "is not authorized to perform: cognito-idp:AdminSetUserPassword on resource: \
         arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Sandbox1 because no identity-based policy allows the \
         cognito-idp:AdminSetUserPassword action"
    ));
    client.admin_get_user().user_pool_id(POOL).username("ann").send().await.expect("another action");
    let closed = rehearsal.client("eu-west-1").describe_user_pool().user_pool_id("eu-west-1_Closed").send().await;
    assert_eq!(super::code(closed.expect_err("a refusal")), "AccessDeniedException");
}

#[tokio::test]
async fn an_unusable_plan_stops_the_sandbox_before_it_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("plan.jsonl");
    std::fs::write(&path, "{\"fault\":\"throttle\"}\nnonsense").expect("a plan");
    let error = Sandbox::new(Settings { plan: Some(path), ..unlimited() }).err().expect("a refusal").to_string();
    assert!(error.ends_with("plan.jsonl: line 2: it is not a JSON object (column 2)"), "{error}");
}
