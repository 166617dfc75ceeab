//! `admin-set-user-password` for one user: held to recorded runs of the AWS CLI, and the life of a password as other people's clients
//! see it afterwards, against moto and against our own sandbox.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{Answer, BINARY, Call, MARK, Project, ROOT, Running, aws_cli, boto3, eventually, moto, python};

#[test]
fn every_recorded_run_of_the_aws_cli_comes_out_the_same_and_shows_no_password() {
    let _machine = Project::new();
    let runner = Path::new(ROOT).join("tests/awscli/run_cases.py");
    let output = Command::new(python()).arg(runner).args(["--bin", BINARY, "--no-leaks", "--timeout", "60"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("core: 142 passed, 0 failed"), "{said}");
}

/// Whose client looks at what came of a password.
#[derive(Clone, Copy)]
enum Through {
    Boto3,
    AwsCli,
}

/// A user in a pool, and a client to sign in with.
struct Somebody<'a> {
    project: &'a Project,
    through: Through,
    endpoint: &'a str,
    pool: String,
    client: String,
}

impl<'a> Somebody<'a> {
    fn new(project: &'a Project, endpoint: &'a str, through: Through) -> Self {
        let call = |operation, arguments: Value| boto3(endpoint, &[Call::new("us-east-1", operation, arguments)]).remove(0).ok();
        let pool = call("create_user_pool", json!({"PoolName": "one-user"}))["UserPool"]["Id"].as_str().unwrap().to_owned();
        let flows = json!(["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]);
        let client = json!({"UserPoolId": pool, "ClientName": "it", "ExplicitAuthFlows": flows});
        let client = call("create_user_pool_client", client)["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned();
        call("admin_create_user", json!({"UserPoolId": pool, "Username": "ann", "MessageAction": "SUPPRESS"}));
        Self { project, through, endpoint, pool, client }
    }

    /// What an operation answers, or the name of its exception.
    fn call(&self, operation: &'static str, arguments: Value) -> Result<Value, String> {
        match self.through {
            Through::Boto3 => match boto3(self.endpoint, &[Call::new("us-east-1", operation, arguments)]).remove(0) {
                Answer::Answer(answer) => Ok(answer),
                Answer::Exception(class, ..) => Err(class),
            },
            Through::AwsCli => {
                let done =
                    aws_cli(self.project, self.endpoint, &[&operation.replace('_', "-"), "--cli-input-json", &arguments.to_string()]);
                match done.code() {
                    Some(0) => Ok(serde_json::from_str(&done.stdout).unwrap_or_default()),
                    _ => Err(done.stderr.split(['(', ')']).nth(1).unwrap_or(&done.stderr).to_owned()),
                }
            }
        }
    }

    /// Sets the password with the program.
    fn set(&self, password: &str, lifetime: &str) {
        let name = "password";
        self.project.give(name, password);
        let args =
            ["cognito-idp", "admin-set-user-password", "--user-pool-id", &self.pool, "--username", "ann", "--password", "file://password"];
        let done = self.project.run(&[&args[..], &[lifetime, "--endpoint-url", self.endpoint]].concat()).exits(0);
        assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""));
    }

    fn status(&self) -> String {
        let user = self.call("admin_get_user", json!({"UserPoolId": self.pool, "Username": "ann"})).unwrap();
        user["UserStatus"].as_str().unwrap().to_owned()
    }

    /// What signing in comes to.
    fn sign_in(&self, password: &str) -> Result<Value, String> {
        let parameters = json!({"USERNAME": "ann", "PASSWORD": password});
        let sign_in = json!({
            "UserPoolId": self.pool, "ClientId": self.client, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": parameters
        });
        self.call("admin_initiate_auth", sign_in)
    }

    fn answer_challenge(&self, session: &Value, password: &str) {
        let responses = json!({"USERNAME": "ann", "NEW_PASSWORD": password});
        let answer = json!({
            "UserPoolId": self.pool, "ClientId": self.client, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": session,
            "ChallengeResponses": responses
        });
        self.call("admin_respond_to_auth_challenge", answer).unwrap();
    }
}

/// Temporary, challenged, answered; permanent; temporary again.
fn a_password_lives(endpoint: &str, through: Through) {
    let project = &Project::new();
    let [first, second, third, fourth] = [1, 2, 3, 4].map(|n| format!("{MARK}! {n}"));
    let ann = Somebody::new(project, endpoint, through);
    let challenged = |answer: Result<Value, String>| {
        let answer = answer.expect("a challenge");
        assert_eq!(answer["ChallengeName"], "NEW_PASSWORD_REQUIRED", "{answer}");
        answer["Session"].clone()
    };
    let signs_in = |answer: Result<Value, String>| answer.is_ok_and(|answer| answer["AuthenticationResult"]["AccessToken"].is_string());

    ann.set(&first, "--no-permanent");
    assert_eq!(ann.status(), "FORCE_CHANGE_PASSWORD");
    let session = challenged(ann.sign_in(&first));
    ann.answer_challenge(&session, &second);
    assert_eq!(ann.status(), "CONFIRMED");
    assert!(signs_in(ann.sign_in(&second)));

    ann.set(&third, "--permanent");
    assert_eq!(ann.status(), "CONFIRMED");
    assert!(signs_in(ann.sign_in(&third)));

    ann.set(&fourth, "--no-permanent");
    assert_eq!(ann.status(), "FORCE_CHANGE_PASSWORD");
    assert_eq!(ann.sign_in(&third).unwrap_err(), "NotAuthorizedException");
    challenged(ann.sign_in(&fourth));
}

#[test]
fn a_password_lives_in_moto_as_it_does_in_cognito() {
    a_password_lives(moto(), Through::Boto3);
    a_password_lives(moto(), Through::AwsCli);
}

#[test]
fn a_password_lives_in_our_sandbox_as_it_does_in_cognito() {
    let project = Project::new();
    let sandbox = project.sandbox(&[], &[]);
    a_password_lives(&sandbox.url, Through::Boto3);
    a_password_lives(&sandbox.url, Through::AwsCli);
}

#[test]
fn a_password_behind_a_misspelt_option_is_not_repeated() {
    let project = Project::new();
    let password = format!("{MARK}!Aa1");
    let given = ["admin-set-user-password", "--user-pool-id", "us-east-1_OneUser00", "--username", "ann", "--password-stdin"];
    let joined = format!("--passwort={password}");
    for misspelt in [&["--pasword", &password][..], &["--pass-word", &password], &[&joined]] {
        let finished = project.run(&[&given[..], misspelt].concat()).exits(252).says(&["Unknown options: --pas", "[withheld]"]);
        assert!(!finished.stderr.contains(MARK), "{finished}");
    }
}

#[test]
fn sigint_while_the_service_thinks_ends_with_130_and_one_line_end_on_standard_output() {
    let project = Project::new();
    let sandbox = project.sandbox(&[], &["--latency", "20000"]);
    project.give("password", format!("{MARK}! 1"));
    let args = ["admin-set-user-password", "--user-pool-id", "us-east-1_Sigint000", "--username", "ann", "--password", "file://password"];
    let running: Running<'_> = project.start(project.command(&[&args[..], &["--debug", "--endpoint-url", &sandbox.url]].concat()));
    eventually("the call is under way", || running.stderr().contains("password hidden").then_some(()));
    std::thread::sleep(std::time::Duration::from_millis(300));
    running.signal(Signal::INT);
    let done = running.finish().exits(130);
    assert_eq!(done.stdout, "\n");
}
