//! The laws of the sandbox: whatever a body says, the answer is JSON or a refusal, no body makes the service fail, and what is listed
//! afterwards is sound.

use std::time::SystemTime;

use serde_json::Value;

use crate::row::{PoolId, User};
use crate::sandbox::{DEFAULT_POLICY, Sandbox, Settings};

const POOL: &str = "us-east-1_Sandbox1";

/// Lines of calls, one after the other on one sandbox. A line's first byte chooses the operation, the rest is the body.
pub fn sandbox(bytes: &[u8]) {
    let sandbox = Sandbox::new(Settings::default()).expect("a sandbox");
    let pool = PoolId::parse(POOL).expect("a pool id");
    sandbox.add_pool(&pool, DEFAULT_POLICY);
    sandbox.add_user(&User { pool, username: "ann".into() });
    for line in bytes.split(|byte| *byte == b'\n').take(20) {
        let Some((choice, body)) = line.split_first() else { continue };
        match call(&sandbox, OPERATIONS[usize::from(*choice) % OPERATIONS.len()], body) {
            Ok(output) => assert!(output.is_object() || output.is_null(), "an output is no object"),
            Err((status, code)) => {
                assert_eq!(status, 400, "a body made the service fail with {code}");
                assert!(code.ends_with("Exception"), "{code} is no code of the service");
            }
        }
    }
    let Ok(listed) = call(&sandbox, "ListUsers", format!("{{\"UserPoolId\":\"{POOL}\"}}").as_bytes()) else { return };
    for user in listed["Users"].as_array().expect("a list of users") {
        assert!(user["Username"].as_str().is_some_and(|name| !name.is_empty()), "a user without a name");
        assert!(user["UserStatus"].is_string() && user["Enabled"].is_boolean(), "a user without a status");
    }
}

fn call(sandbox: &Sandbox, operation: &str, body: &[u8]) -> Result<Value, (u16, &'static str)> {
    let output = sandbox.answer(operation, body, SystemTime::UNIX_EPOCH)?;
    // Some operations have no output.
    Ok(if output.is_empty() { Value::Null } else { serde_json::from_slice(&output).expect("an output is JSON") })
}

/// One of them is not known to it.
const OPERATIONS: [&str; 22] = [
    "AdminConfirmSignUp",
    "AdminCreateUser",
    "AdminDeleteUser",
    "AdminDisableUser",
    "AdminEnableUser",
    "AdminGetUser",
    "AdminInitiateAuth",
    "AdminResetUserPassword",
    "AdminRespondToAuthChallenge",
    "AdminSetUserPassword",
    "AdminUserGlobalSignOut",
    "CreateUserPool",
    "CreateUserPoolClient",
    "DeleteUserPool",
    "DescribeUserPool",
    "GetProvisionedLimit",
    "InitiateAuth",
    "ListUsers",
    "RespondToAuthChallenge",
    "SignUp",
    "UpdateUserPool",
    "ForgetEverything",
];
