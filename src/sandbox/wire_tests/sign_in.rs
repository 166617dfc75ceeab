//! The life of a password over the wire: set, challenged, expired, repeated, and the tokens that come of it.

use aws_sdk_cognitoidentityprovider::operation::initiate_auth::{InitiateAuthError, InitiateAuthOutput};
use aws_sdk_cognitoidentityprovider::types::{
    AuthFlowType, ChallengeNameType, ExplicitAuthFlowsType, PasswordPolicyType, PreventUserExistenceErrorTypes, UserPoolPolicyType,
};

use super::*;

/// A sandbox with an app client through which users sign in.
struct App {
    rehearsal: Rehearsal,
    client: Client,
    id: String,
}

impl App {
    async fn start() -> Self {
        let rehearsal = Rehearsal::start(unlimited()).await;
        let client = rehearsal.client("us-east-1");
        let flows = vec![
            ExplicitAuthFlowsType::AllowUserPasswordAuth,
            ExplicitAuthFlowsType::AllowAdminUserPasswordAuth,
            ExplicitAuthFlowsType::AllowRefreshTokenAuth,
        ];
        let app = client.create_user_pool_client().user_pool_id(POOL).client_name("app").set_explicit_auth_flows(Some(flows));
        let app = app.send().await.expect("a client");
        let id = app.user_pool_client().and_then(|app| app.client_id()).expect("its id").to_owned();
        Self { rehearsal, client, id }
    }

    async fn set(&self, username: &str, password: &str, permanent: bool) -> Result<(), (String, String)> {
        let call = self.client.admin_set_user_password().user_pool_id(POOL).username(username).password(password).permanent(permanent);
        call.send().await.map(|_| ()).map_err(refusal)
    }

    async fn sign_in(&self, username: &str, password: &str) -> Result<InitiateAuthOutput, SdkError<InitiateAuthError>> {
        let call = self.client.initiate_auth().client_id(&self.id).auth_flow(AuthFlowType::UserPasswordAuth);
        call.auth_parameters("USERNAME", username).auth_parameters("PASSWORD", password).send().await
    }

    async fn refused(&self, username: &str, password: &str) -> (String, String) {
        refusal(self.sign_in(username, password).await.expect_err("no sign-in"))
    }

    async fn refresh(&self, token: &str) -> Result<InitiateAuthOutput, (String, String)> {
        let call = self.client.initiate_auth().client_id(&self.id).auth_flow(AuthFlowType::RefreshTokenAuth);
        call.auth_parameters("REFRESH_TOKEN", token).send().await.map_err(refusal)
    }

    async fn answer(&self, session: &str, username: &str, password: &str) -> Result<(), (String, String)> {
        let call = self.client.respond_to_auth_challenge().client_id(&self.id).challenge_name(ChallengeNameType::NewPasswordRequired);
        let call = call.session(session).challenge_responses("USERNAME", username).challenge_responses("NEW_PASSWORD", password);
        call.send().await.map(|_| ()).map_err(refusal)
    }

    async fn status(&self, username: &str) -> String {
        let user = self.client.admin_get_user().user_pool_id(POOL).username(username).send().await.expect("the user");
        user.user_status().expect("a status").to_string()
    }

    fn move_clock(&self, by: &str) {
        self.rehearsal.sandbox.move_clock(by.parse().expect("a duration"));
    }
}

fn not_authorized(text: &str) -> (String, String) {
    ("NotAuthorizedException".to_owned(), text.to_owned())
}

fn wrong() -> (String, String) {
    not_authorized("Incorrect username or password.")
}

#[tokio::test]
async fn a_permanent_password_signs_in_and_its_refresh_token_works_until_the_user_is_signed_out() {
    let app = App::start().await;
    app.set("ann", GOOD, true).await.expect("a success");
    let signed_in = app.sign_in("ann", GOOD).await.expect("a sign-in");
    let tokens = signed_in.authentication_result().expect("tokens");
    assert_eq!((tokens.expires_in(), tokens.token_type()), (3600, Some("Bearer")));
    let refresh = tokens.refresh_token().expect("a token");
    let refreshed = app.refresh(refresh).await.expect("new tokens");
    assert!(refreshed.authentication_result().is_some_and(|tokens| tokens.access_token().is_some() && tokens.refresh_token().is_none()));
    app.set("ann", "Another-Horse-2", true).await.expect("a success");
    app.refresh(refresh).await.expect("a new password revokes no token");
    app.client.admin_user_global_sign_out().user_pool_id(POOL).username("ann").send().await.expect("a success");
    assert_eq!(app.refresh(refresh).await.expect_err("revoked"), not_authorized("Refresh Token has been revoked"));
    assert_eq!(app.refresh("nonsense").await.expect_err("no token"), not_authorized("Invalid Refresh Token"));

    let signed_in = app.sign_in("ann", "Another-Horse-2").await.expect("a sign-in");
    let refresh = signed_in.authentication_result().and_then(|tokens| tokens.refresh_token()).expect("a token");
    app.move_clock("30d");
    assert_eq!(app.refresh(refresh).await.expect_err("expired"), not_authorized("Refresh Token has expired"));
}

#[tokio::test]
async fn a_temporary_password_is_challenged_and_the_answer_confirms_the_user() {
    let app = App::start().await;
    app.set("ann", GOOD, false).await.expect("a success");
    let challenged = app.sign_in("ann", GOOD).await.expect("a challenge");
    assert_eq!(challenged.challenge_name(), Some(&ChallengeNameType::NewPasswordRequired));
    assert!(challenged.authentication_result().is_none());
    let parameters = challenged.challenge_parameters().expect("parameters");
    assert_eq!((parameters["USER_ID_FOR_SRP"].as_str(), parameters["requiredAttributes"].as_str()), ("ann", "[]"));
    let session = challenged.session().expect("a session");
    let weak = app.answer(session, "ann", "aaaaaaaa").await.expect_err("a refusal");
    assert_eq!(weak.0, "InvalidPasswordException");
    assert_eq!(app.answer(session, "bob", GOOD).await.expect_err("another user"), not_authorized("Invalid session for the user."));
    app.answer(session, "ann", "Chosen-Horse-2").await.expect("a success");
    assert_eq!(app.status("ann").await, "CONFIRMED");
    assert_eq!(app.refused("ann", GOOD).await, wrong());
    app.sign_in("ann", "Chosen-Horse-2").await.expect("a sign-in");
    assert_eq!(app.answer(session, "ann", GOOD).await.expect_err("used up"), not_authorized("Invalid session for the user."));
}

#[tokio::test]
async fn a_temporary_password_expires_and_only_a_new_one_helps() {
    let app = App::start().await;
    let expired = not_authorized("Temporary password has expired and must be reset by an administrator.");
    app.set("ann", GOOD, false).await.expect("a success");
    app.move_clock("6d 23h");
    app.sign_in("ann", GOOD).await.expect("a challenge on the seventh day");
    app.move_clock("2h");
    assert_eq!(app.refused("ann", GOOD).await, expired);
    app.set("ann", GOOD, false).await.expect("a success");
    app.sign_in("ann", GOOD).await.expect("a challenge in a new period");
    app.move_clock("7d");
    assert_eq!(app.refused("ann", GOOD).await, expired);
    app.set("ann", GOOD, true).await.expect("a success");
    app.move_clock("3650d");
    app.sign_in("ann", GOOD).await.expect("a permanent password stays");
}

#[tokio::test]
async fn a_session_is_over_after_three_minutes() {
    let app = App::start().await;
    app.set("ann", GOOD, false).await.expect("a success");
    let challenged = app.sign_in("ann", GOOD).await.expect("a challenge");
    app.move_clock("3min");
    let late = app.answer(challenged.session().expect("a session"), "ann", "Chosen-Horse-2").await.expect_err("too late");
    assert_eq!(late, not_authorized("Invalid session for the user, session is expired."));
}

#[tokio::test]
async fn every_status_goes_where_the_documentation_says() {
    let app = App::start().await;
    let statuses = ["UNCONFIRMED", "CONFIRMED", "FORCE_CHANGE_PASSWORD", "RESET_REQUIRED", "EXTERNAL_PROVIDER"];
    for (permanent, after) in [(true, "CONFIRMED"), (false, "FORCE_CHANGE_PASSWORD")] {
        let lines: Vec<_> = statuses.iter().map(|status| user_line(status, json!({ "UserStatus": status }))).collect();
        load(&app.rehearsal.sandbox, app.rehearsal.folder.path(), &lines);
        for before in statuses {
            assert_eq!(app.status(before).await, before);
            assert_eq!(app.refused(before, GOOD).await, wrong());
            app.set(before, GOOD, permanent).await.expect("a success");
            assert_eq!(app.status(before).await, after, "{before}");
            let signed_in = app.sign_in(before, GOOD).await.expect("a sign-in or a challenge");
            assert_eq!(signed_in.authentication_result().is_some(), permanent, "{before}");
        }
    }
}

#[tokio::test]
async fn a_disabled_user_takes_a_password_and_cannot_sign_in_with_it() {
    let app = App::start().await;
    app.set("ann", GOOD, true).await.expect("a success");
    let signed_in = app.sign_in("ann", GOOD).await.expect("a sign-in");
    let refresh = signed_in.authentication_result().and_then(|tokens| tokens.refresh_token()).expect("a token");
    app.client.admin_disable_user().user_pool_id(POOL).username("ann").send().await.expect("a success");
    app.set("ann", "Another-Horse-2", true).await.expect("a success");
    assert_eq!(app.refused("ann", "Another-Horse-2").await, not_authorized("User is disabled."));
    app.client.admin_enable_user().user_pool_id(POOL).username("ann").send().await.expect("a success");
    app.sign_in("ann", "Another-Horse-2").await.expect("a sign-in");
    assert_eq!(app.refresh(refresh).await.expect_err("revoked"), not_authorized("Refresh Token has been revoked"));
}

#[tokio::test]
async fn a_user_to_be_reset_or_confirmed_is_told_so_and_a_password_set_helps() {
    let app = App::start().await;
    app.set("ann", GOOD, true).await.expect("a success");
    app.client.admin_reset_user_password().user_pool_id(POOL).username("ann").send().await.expect("a success");
    assert_eq!(app.refused("ann", GOOD).await.0, "PasswordResetRequiredException");
    app.set("ann", GOOD, true).await.expect("a success");
    app.sign_in("ann", GOOD).await.expect("a sign-in");
    app.client.sign_up().client_id(&app.id).username("carol").password(GOOD).send().await.expect("a user");
    assert_eq!(app.refused("carol", GOOD).await.0, "UserNotConfirmedException");
    app.set("carol", GOOD, true).await.expect("a success");
    app.sign_in("carol", GOOD).await.expect("a sign-in");
}

#[tokio::test]
async fn a_history_refuses_the_current_password_and_those_before_it() {
    let app = App::start().await;
    let policy = PasswordPolicyType::builder().minimum_length(8).password_history_size(2).build();
    let policies = UserPoolPolicyType::builder().password_policy(policy).build();
    app.client.update_user_pool().user_pool_id(POOL).policies(policies).send().await.expect("a success");
    let is_refused = |set: Result<(), (String, String)>| set.is_err_and(|(code, _)| code == "PasswordHistoryPolicyViolationException");
    app.set("ann", "password-1", true).await.expect("a success");
    assert!(is_refused(app.set("ann", "password-1", true).await), "the same call twice");
    app.set("ann", "password-2", false).await.expect("a success");
    assert!(is_refused(app.set("ann", "password-1", true).await));
    let challenged = app.sign_in("ann", "password-2").await.expect("a challenge");
    let session = challenged.session().expect("a session");
    assert!(is_refused(app.answer(session, "ann", "password-2").await));
    app.answer(session, "ann", "password-3").await.expect("a success");
    app.set("ann", "password-1", true).await.expect("two others came since");
    app.set("bob", "password-1", true).await.expect("another user's history is another");
}

#[tokio::test]
async fn an_administrator_signs_users_in_through_the_admin_operations() {
    let app = App::start().await;
    app.set("ann", GOOD, false).await.expect("a success");
    let call = app.client.admin_initiate_auth().user_pool_id(POOL).client_id(&app.id).auth_flow(AuthFlowType::AdminUserPasswordAuth);
    let challenged = call.auth_parameters("USERNAME", "ann").auth_parameters("PASSWORD", GOOD).send().await.expect("a challenge");
    let call = app.client.admin_respond_to_auth_challenge().user_pool_id(POOL).client_id(&app.id);
    let call = call.challenge_name(ChallengeNameType::NewPasswordRequired).session(challenged.session().expect("a session"));
    let call = call.challenge_responses("USERNAME", "ann").challenge_responses("NEW_PASSWORD", "Chosen-Horse-2");
    let answered = call.challenge_responses("userAttributes.given_name", "Ann").send().await.expect("a sign-in");
    assert!(answered.authentication_result().is_some_and(|tokens| tokens.id_token().is_some()));
    let ann = app.client.admin_get_user().user_pool_id(POOL).username("ann").send().await.expect("the user");
    assert!(ann.user_attributes().iter().any(|attribute| (attribute.name(), attribute.value()) == ("given_name", Some("Ann"))));
}

#[tokio::test]
async fn a_sign_in_that_is_not_asked_for_rightly_is_refused() {
    let app = App::start().await;
    assert_eq!(app.refused("eve", GOOD).await, ("UserNotFoundException".to_owned(), "User does not exist.".to_owned()));
    let bare = app.client.initiate_auth().client_id(&app.id).auth_flow(AuthFlowType::UserPasswordAuth).send().await;
    assert_eq!(refusal(bare.expect_err("a refusal")).1, "Missing required parameter USERNAME");
    let srp = app.client.initiate_auth().client_id(&app.id).auth_flow(AuthFlowType::UserSrpAuth).send().await;
    assert_eq!(code(srp.expect_err("a refusal")), "InvalidParameterException");

    let hiding = app.client.create_user_pool_client().user_pool_id(POOL).client_name("hiding");
    let hiding = hiding.explicit_auth_flows(ExplicitAuthFlowsType::AllowUserPasswordAuth);
    let hiding = hiding.prevent_user_existence_errors(PreventUserExistenceErrorTypes::Enabled).send().await.expect("a client");
    let hiding = hiding.user_pool_client().and_then(|client| client.client_id()).expect("its id");
    let call = app.client.initiate_auth().client_id(hiding).auth_flow(AuthFlowType::UserPasswordAuth);
    let hidden = call.auth_parameters("USERNAME", "eve").auth_parameters("PASSWORD", GOOD).send().await;
    assert_eq!(refusal(hidden.expect_err("a refusal")), wrong());

    let plain = app.client.create_user_pool_client().user_pool_id(POOL).client_name("plain").send().await.expect("a client");
    let plain = plain.user_pool_client().and_then(|client| client.client_id()).expect("its id");
    let call = app.client.initiate_auth().client_id(plain).auth_flow(AuthFlowType::UserPasswordAuth);
    let refused = call.auth_parameters("USERNAME", "ann").auth_parameters("PASSWORD", GOOD).send().await;
    assert_eq!(refusal(refused.expect_err("a refusal")).1, "USER_PASSWORD_AUTH flow not enabled for this client");
}
