//! Other people's clients against our sandbox: the AWS CLI and boto3 take it for Cognito.

use serde_json::json;

use crate::harness::{Call, MARK, Project, Row, Sandbox, aws_cli, boto3};

const POOL: &str = "eu-west-1_RealCl1ents";

fn password() -> String {
    format!("{MARK}! 1")
}

/// A sandbox with one user, ann.
fn sandbox(project: &Project, flags: &[&str]) -> Sandbox {
    project.sandbox(&[Row::new(POOL, "ann", None)], flags)
}

/// Exceptions that these calls meet: the class that boto3 makes of the service model, and the text.
fn exceptions(sandbox: &Sandbox, calls: &[Call]) -> Vec<(String, String)> {
    boto3(&sandbox.url, calls).into_iter().map(|answer| answer.exception()).collect()
}

fn set(pool: &str, username: &str, password: &str) -> Call {
    let arguments = json!({"UserPoolId": pool, "Username": username, "Password": password, "Permanent": true});
    Call::new(POOL, "admin_set_user_password", arguments)
}

#[test]
fn the_aws_cli_sets_a_password_lists_users_and_describes_the_pool() {
    let project = Project::new();
    let sandbox = sandbox(&project, &[]);
    let aws = |args: &[&str]| {
        let done = aws_cli(&project, &sandbox.url, &[args, &["--user-pool-id", POOL, "--region", "eu-west-1"]].concat()).exits(0);
        assert_eq!(done.stderr, "");
        done.stdout
    };
    assert_eq!(aws(&["admin-set-user-password", "--username", "ann", "--password", &password(), "--no-permanent"]), "");
    let users: serde_json::Value = serde_json::from_str(&aws(&["list-users"])).unwrap();
    assert_eq!((&users["Users"][0]["Username"], &users["Users"][0]["UserStatus"]), (&json!("ann"), &json!("FORCE_CHANGE_PASSWORD")));

    assert_eq!(aws(&["admin-set-user-password", "--username", "ann", "--password", &password(), "--permanent"]), "");
    let user: serde_json::Value = serde_json::from_str(&aws(&["admin-get-user", "--username", "ann"])).unwrap();
    assert_eq!(user["UserStatus"], "CONFIRMED");

    let pool: serde_json::Value = serde_json::from_str(&aws(&["describe-user-pool"])).unwrap();
    assert_eq!(pool["UserPool"]["Id"], POOL);
    assert_eq!(pool["UserPool"]["Policies"]["PasswordPolicy"]["MinimumLength"], 8);

    let confirmed: Vec<_> = sandbox.attempts().iter().map(|call| (call.permanent, call.confirms())).collect();
    assert_eq!(confirmed, [(Some(false), true), (Some(true), true)]);
}

#[test]
fn the_aws_cli_reports_our_errors_as_cognitos() {
    let project = Project::new();
    let sandbox = sandbox(&project, &[]);
    let weak = MARK.to_lowercase();
    for (pool, username, password, error) in [
        (
            POOL,
            "nobody",
            password().as_str(),
            "(UserNotFoundException) when calling the AdminSetUserPassword operation: User does not exist.",
        ),
        (
            POOL,
            "ann",
            &weak,
            "(InvalidPasswordException) when calling the AdminSetUserPassword operation: Password did not conform with policy",
        ),
        (
            "eu-west-1_N0ne",
            "ann",
            &password(),
            "(ResourceNotFoundException) when calling the AdminSetUserPassword operation: User pool eu-west-1_N0ne does not exist.",
        ),
    ] {
        let args =
            ["admin-set-user-password", "--user-pool-id", pool, "--username", username, "--password", password, "--region", "eu-west-1"];
        let done = aws_cli(&project, &sandbox.url, &args).says(&[error]);
        assert!(matches!(done.code(), Some(254 | 255)), "{done}");
    }
}

#[test]
fn boto3_sets_a_password_creates_users_and_pools_and_pages_through_users() {
    let project = Project::new();
    let sandbox = sandbox(&project, &[]);
    let create = |name| Call::new(POOL, "admin_create_user", json!({"UserPoolId": POOL, "Username": name}));
    let page = |token: Option<&str>| {
        let mut arguments = json!({"UserPoolId": POOL, "Limit": 2});
        if let Some(token) = token {
            arguments["PaginationToken"] = json!(token);
        }
        boto3(&sandbox.url, &[Call::new(POOL, "list_users", arguments)]).remove(0).ok()
    };
    let created = boto3(&sandbox.url, &[create("bob"), create("用户"), set(POOL, "bob", &password())]);
    created.into_iter().for_each(|answer| drop(answer.ok()));

    let first = page(None);
    let second = page(first["PaginationToken"].as_str());
    assert!(second["PaginationToken"].is_null());
    let pages = [first, second];
    let listed = pages.iter().flat_map(|page| page["Users"].as_array().unwrap());
    let mut users: Vec<_> = listed.map(|user| (user["Username"].as_str().unwrap(), user["UserStatus"].as_str().unwrap())).collect();
    users.sort_unstable();
    assert_eq!(users, [("ann", "CONFIRMED"), ("bob", "CONFIRMED"), ("用户", "FORCE_CHANGE_PASSWORD")]);

    let pool = boto3(&sandbox.url, &[Call::new("ap-southeast-2", "create_user_pool", json!({"PoolName": "p"}))]).remove(0).ok();
    let id = pool["UserPool"]["Id"].as_str().unwrap();
    assert!(id.starts_with("ap-southeast-2_"), "{id}");
    let described = boto3(&sandbox.url, &[Call::new(id, "describe_user_pool", json!({"UserPoolId": id}))]).remove(0).ok();
    assert_eq!(described["UserPool"]["Name"], "p");
}

#[test]
fn boto3_raises_the_exceptions_of_the_service_model() {
    let project = Project::new();
    let sandbox = sandbox(&project, &[]);
    let again = Call::new(POOL, "admin_create_user", json!({"UserPoolId": POOL, "Username": "ann"}));
    let calls = [
        set(POOL, "nobody", &password()),
        set(POOL, "ann", &MARK.to_lowercase()),
        set("eu-west-1_N0ne", "ann", &password()),
        set(POOL, "white space", &password()),
        set(POOL, "ann", " x "),
        again,
    ];
    let expected = [
        ("UserNotFoundException", "User does not exist."),
        ("InvalidPasswordException", "Password did not conform with policy: Password must have uppercase characters"),
        ("ResourceNotFoundException", "User pool eu-west-1_N0ne does not exist."),
        ("InvalidParameterException", "1 validation error detected: Value at 'username' failed to satisfy constraint"),
        ("InvalidParameterException", "1 validation error detected: Value at 'password' failed to satisfy constraint"),
        ("UsernameExistsException", ""),
    ];
    for ((class, text), (expected_class, beginning)) in exceptions(&sandbox, &calls).into_iter().zip(expected) {
        assert_eq!(class, expected_class, "{text}");
        assert!(text.starts_with(beginning), "{text}");
    }
    assert!(sandbox.attempts().iter().all(|call| !call.applied && call.status == Some(400)));
}

#[test]
fn a_quota_that_is_used_up_is_too_many_requests() {
    let project = Project::new();
    let sandbox = sandbox(&project, &["--quota", "0.01", "--burst", "1"]);
    let answers = boto3(&sandbox.url, &[set(POOL, "ann", &password()), set(POOL, "ann", &password())]);
    assert_eq!(answers[0].clone().ok(), json!({}));
    assert_eq!(answers[1].clone().exception().0, "TooManyRequestsException");
}

#[test]
fn faults_reach_boto3_as_the_services_own() {
    for (fault, class) in [
        ("--fault-500", "InternalErrorException"),
        ("--fault-throttle", "TooManyRequestsException"),
        ("--fault-expired-token", "ClientError"),
        ("--fault-access-denied", "AccessDeniedException"),
        ("--fault-503", "ClientError"),
    ] {
        let project = Project::new();
        let sandbox = sandbox(&project, &[fault, "1"]);
        assert_eq!(exceptions(&sandbox, &[set(POOL, "ann", &password())])[0].0, class, "{fault}");
        assert!(sandbox.attempts().iter().all(|call| !call.applied), "{fault}");
    }
}
