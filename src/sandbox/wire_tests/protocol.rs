//! The protocol, the first operations, the quota and the log.

use super::*;

#[tokio::test]
async fn a_password_set_through_the_sdk_is_the_users_and_moves_the_status() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    let client = rehearsal.client("us-east-1");
    for (permanent, status) in [(false, UserStatusType::ForceChangePassword), (true, UserStatusType::Confirmed)] {
        let call = client.admin_set_user_password().user_pool_id(POOL).username("ann").password(GOOD).permanent(permanent);
        call.send().await.expect("a success");
        let ann = client.admin_get_user().user_pool_id(POOL).username("ann").send().await.expect("the user");
        assert_eq!(ann.user_status(), Some(&status));
        assert!(ann.enabled() && ann.user_attributes().iter().any(|attribute| attribute.name() == "sub"));
    }
    assert!(rehearsal.has_password("ann", GOOD) && !rehearsal.has_password("bob", GOOD));
}

#[tokio::test]
async fn the_sdk_is_given_the_modelled_exceptions_with_the_services_texts() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    let client = rehearsal.client("us-east-1");
    let did_not_conform = |reason: &str| format!("Password did not conform with policy: {reason}");
    for (pool, username, password, code, text) in [
        (POOL, "eve", GOOD, "UserNotFoundException", "User does not exist.".to_owned()),
        ("us-east-1_None", "ann", GOOD, "ResourceNotFoundException", "User pool us-east-1_None does not exist.".to_owned()),
        (POOL, "ann", "aA1!", "InvalidPasswordException", did_not_conform("Password not long enough")),
        (POOL, "ann", "aaaaaaaa", "InvalidPasswordException", did_not_conform("Password must have uppercase characters")),
        (POOL, "ann", "AAAAAAAA", "InvalidPasswordException", did_not_conform("Password must have lowercase characters")),
        (POOL, "ann", "AAAAaaaa", "InvalidPasswordException", did_not_conform("Password must have numeric characters")),
        (POOL, "ann", "AAAAaaa1", "InvalidPasswordException", did_not_conform("Password must have symbol characters")),
        (
            POOL,
            "ann",
            " AAAaaa1!",
            "InvalidParameterException",
            r"1 validation error detected: Value at 'password' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[\S]+.*[\S]+$"
                .to_owned(),
        ),
    ] {
        let call = client.admin_set_user_password().user_pool_id(pool).username(username).password(password).permanent(true);
        let error = call.send().await.expect_err("a refusal");
        assert_eq!(error.raw_response().map(|response| response.status().as_u16()), Some(400));
        assert_eq!(refusal(error), (code.to_owned(), text));
    }
    assert!(rehearsal.log().iter().all(|line| line["applied"] == false));
}

#[tokio::test]
async fn a_pool_is_known_in_its_own_region_only() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    let elsewhere = rehearsal.client("eu-west-1");
    let error = elsewhere.describe_user_pool().user_pool_id(POOL).send().await.expect_err("a refusal");
    assert_eq!(refusal(error).0, "ResourceNotFoundException");
    assert_eq!(rehearsal.log()[0]["region"], "eu-west-1");
}

#[tokio::test]
async fn a_pool_and_a_user_that_the_sdk_creates_are_there() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    let client = rehearsal.client("us-east-1");
    let created = client.create_user_pool().pool_name("tenants").send().await.expect("a pool");
    let pool = created.user_pool().and_then(|pool| pool.id()).expect("its id").to_owned();
    let described = client.describe_user_pool().user_pool_id(&pool).send().await.expect("the pool");
    let described = described.user_pool().expect("the pool");
    let policy = described.policies().and_then(|policies| policies.password_policy()).expect("its policy");
    assert_eq!((described.name(), policy.minimum_length(), policy.require_symbols()), (Some("tenants"), Some(8), true));

    let email = AttributeType::builder().name("email").value("carol@example.com").build().expect("an attribute");
    let create = || client.admin_create_user().user_pool_id(&pool).username("carol").user_attributes(email.clone());
    let carol = create().temporary_password(GOOD).send().await.expect("a user");
    assert_eq!(carol.user().and_then(|user| user.user_status()), Some(&UserStatusType::ForceChangePassword));
    let again = refusal(create().send().await.expect_err("a refusal"));
    assert_eq!(again, ("UsernameExistsException".to_owned(), "User account already exists".to_owned()));
    let found = client.list_users().user_pool_id(&pool).filter(r#"email ^= "carol@""#).send().await.expect("a page");
    assert_eq!(found.users().iter().map(|user| user.username().unwrap_or_default()).collect::<Vec<_>>(), ["carol"]);
}

#[tokio::test]
async fn the_sdk_pages_through_all_users_once() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    for number in 0..150 {
        rehearsal.sandbox.add_user(&user(&format!("user-{number}")));
    }
    let client = rehearsal.client("us-east-1");
    let mut pages = client.list_users().user_pool_id(POOL).into_paginator().send();
    let (mut names, mut sizes) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.expect("a page");
        sizes.push(page.users().len());
        names.extend(page.users().iter().map(|user| user.username().unwrap_or_default().to_owned()));
    }
    assert_eq!(sizes, [60, 60, 32]);
    names.dedup();
    assert_eq!(names.len(), 152);
    let two = client.list_users().user_pool_id(POOL).limit(2).attributes_to_get("email").send().await.expect("a page");
    assert_eq!((two.users().len(), two.users()[0].attributes().len(), two.pagination_token().is_some()), (2, 0, true));
    let error = client.list_users().user_pool_id(POOL).limit(61).send().await.expect_err("a refusal");
    assert_eq!(
        refusal(error).1,
        "1 validation error detected: Value '61' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 60"
    );
}

#[tokio::test]
async fn over_quota_the_answer_is_too_many_requests_with_status_400() {
    let rehearsal = Rehearsal::start(Settings { quota: Some(0.001), burst: 3, ..Settings::default() }).await;
    let client = rehearsal.client("us-east-1");
    let set = || client.admin_set_user_password().user_pool_id(POOL).username("ann").password(GOOD).permanent(true).send();
    for _ in 0..3 {
        set().await.expect("within the burst");
    }
    let error = set().await.expect_err("over the quota");
    assert_eq!(error.raw_response().map(|response| response.status().as_u16()), Some(400));
    assert_eq!(refusal(error), ("TooManyRequestsException".to_owned(), "Rate exceeded".to_owned()));
    client.admin_get_user().user_pool_id(POOL).username("ann").send().await.expect("another category");
}

#[tokio::test]
async fn answers_have_the_headers_and_bodies_of_the_service() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    let set = rehearsal.post("AdminSetUserPassword", &set_password("ann", GOOD)).await.expect("an answer");
    assert_eq!((set.status().as_u16(), set.body().as_str()), (200, "{}"));
    assert_eq!(set.headers()["content-type"], "application/x-amz-json-1.1");
    assert_eq!(set.headers()["x-amzn-requestid"].len(), 36);
    let unknown = rehearsal.post("AdminSetUserPassword", &set_password("eve", GOOD)).await.expect("an answer");
    assert_eq!(unknown.status().as_u16(), 400);
    assert_eq!(unknown.body(), r#"{"__type":"UserNotFoundException","message":"User does not exist."}"#);
    assert_eq!(unknown.headers()["x-amzn-errortype"], "UserNotFoundException:");
    assert_eq!(unknown.headers()["x-amzn-errormessage"], "User does not exist.");
    let other = rehearsal.post("DeleteTheInternet", &json!({})).await.expect("an answer");
    assert_eq!((other.status().as_u16(), other.body().as_str()), (400, r#"{"__type":"UnknownOperationException"}"#));
    let logged: Vec<_> = rehearsal.log().into_iter().map(|line| line["request_id"].clone()).collect();
    assert_eq!(logged[0], set.headers()["x-amzn-requestid"].to_str().expect("text"));
}

#[tokio::test]
async fn the_log_says_what_became_of_each_call_and_holds_no_password() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    rehearsal.post("AdminSetUserPassword", &set_password("ann", GOOD)).await.expect("an answer");
    rehearsal.post("AdminSetUserPassword", &set_password("eve", GOOD)).await.expect("an answer");
    let log = rehearsal.log();
    let mut first = log[0].clone();
    for varying in ["arrived", "request_id"] {
        assert!(first.as_object_mut().expect("an object").remove(varying).is_some());
    }
    assert_eq!(
        first,
        json!({ "operation": "AdminSetUserPassword", "region": "us-east-1", "user_pool_id": POOL, "username": "ann", "permanent": true,
                "status": 200, "code": "", "applied": true, "fault": null })
    );
    assert_eq!((&log[1]["code"], &log[1]["applied"]), (&json!("UserNotFoundException"), &json!(false)));
    assert!(!std::fs::read_to_string(rehearsal.log_path()).expect("the log").contains(GOOD));
}

#[tokio::test]
async fn the_log_holds_passwords_where_it_was_asked_to() {
    let rehearsal = Rehearsal::start(Settings { log_passwords: true, ..unlimited() }).await;
    rehearsal.post("AdminSetUserPassword", &set_password("ann", GOOD)).await.expect("an answer");
    assert_eq!(rehearsal.log()[0]["password"], GOOD);
}

#[tokio::test]
async fn a_sandbox_told_to_stop_finishes_the_calls_under_way() {
    let rehearsal = Rehearsal::start(Settings { latency: Duration::from_millis(300), ..unlimited() }).await;
    let body = set_password("ann", GOOD);
    let call = rehearsal.post("AdminSetUserPassword", &body);
    let stop = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        rehearsal.stop.cancel();
    };
    let (answer, ()) = tokio::join!(call, stop);
    assert_eq!(answer.expect("an answer").status().as_u16(), 200);
    rehearsal.server.await.expect("the server's task").expect("an orderly end");
}
