//! Pools, clients and accounts over the wire: how they come to be, change and go.

use aws_sdk_cognitoidentityprovider::types::{
    AliasAttributeType, DeletionProtectionType, ExplicitAuthFlowsType, LimitClass, LimitDefinitionType, PasswordPolicyType,
    UserPoolPolicyType, UsernameAttributeType, UsernameConfigurationType,
};

use super::*;

async fn status(client: &Client, username: &str) -> UserStatusType {
    let user = client.admin_get_user().user_pool_id(POOL).username(username).send().await.expect("the user");
    user.user_status().expect("a status").clone()
}

#[tokio::test]
async fn a_user_who_signs_up_is_unconfirmed_until_an_administrator_confirms_once() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    let client = rehearsal.client("us-east-1");
    let app = client.create_user_pool_client().user_pool_id(POOL).client_name("app").send().await.expect("a client");
    let app = app.user_pool_client().and_then(|app| app.client_id()).expect("its id").to_owned();
    assert_eq!(app.len(), 26);
    let sign_up = || client.sign_up().client_id(&app).username("carol").password(GOOD).send();
    let carol = sign_up().await.expect("a user");
    assert!(!carol.user_confirmed() && carol.user_sub().len() == 36);
    assert_eq!(code(sign_up().await.expect_err("a refusal")), "UsernameExistsException");
    assert_eq!(status(&client, "carol").await, UserStatusType::Unconfirmed);
    let confirm = || client.admin_confirm_sign_up().user_pool_id(POOL).username("carol").send();
    confirm().await.expect("a success");
    assert_eq!(status(&client, "carol").await, UserStatusType::Confirmed);
    let again = refusal(confirm().await.expect_err("a refusal"));
    assert_eq!(again, ("NotAuthorizedException".to_owned(), "User cannot be confirmed. Current status is CONFIRMED".to_owned()));
    let weak = client.sign_up().client_id(&app).username("dave").password("aaaaaaaa").send().await.expect_err("a refusal");
    assert_eq!(code(weak), "InvalidPasswordException");
    let unknown = client.sign_up().client_id("nobody").username("dave").password(GOOD).send().await.expect_err("a refusal");
    assert_eq!(code(unknown), "ResourceNotFoundException");
}

#[tokio::test]
async fn an_account_is_reset_disabled_enabled_and_deleted() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    let client = rehearsal.client("us-east-1");
    let reset = || client.admin_reset_user_password().user_pool_id(POOL).username("ann").send();
    reset().await.expect("a success");
    assert_eq!(status(&client, "ann").await, UserStatusType::ResetRequired);
    client.admin_disable_user().user_pool_id(POOL).username("ann").send().await.expect("a success");
    assert_eq!(refusal(reset().await.expect_err("a refusal")).1, "User is disabled.");
    let set = client.admin_set_user_password().user_pool_id(POOL).username("ann").password(GOOD).permanent(false);
    set.send().await.expect("a disabled user takes a password");
    let ann = client.admin_get_user().user_pool_id(POOL).username("ann").send().await.expect("the user");
    assert_eq!((ann.enabled(), ann.user_status()), (false, Some(&UserStatusType::ForceChangePassword)));
    client.admin_enable_user().user_pool_id(POOL).username("ann").send().await.expect("a success");
    assert_eq!(refusal(reset().await.expect_err("a refusal")).1, "User password cannot be reset in the current state.");
    client.admin_delete_user().user_pool_id(POOL).username("ann").send().await.expect("a success");
    assert_eq!(code(reset().await.expect_err("a refusal")), "UserNotFoundException");
    client.admin_user_global_sign_out().user_pool_id(POOL).username("bob").send().await.expect("a success");
}

#[tokio::test]
async fn an_update_sets_what_it_names_and_gives_the_rest_its_default() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    let client = rehearsal.client("us-east-1");
    let policies = |history, length| {
        let policy = PasswordPolicyType::builder().minimum_length(length).password_history_size(history);
        UserPoolPolicyType::builder().password_policy(policy.temporary_password_validity_days(0).build()).build()
    };
    let update = client.update_user_pool().user_pool_id(POOL).policies(policies(5, 6));
    update.deletion_protection(DeletionProtectionType::Active).send().await.expect("a success");
    let described = client.describe_user_pool().user_pool_id(POOL).send().await.expect("the pool");
    let pool = described.user_pool().expect("the pool");
    let policy = pool.policies().and_then(|policies| policies.password_policy()).expect("its policy");
    assert_eq!((policy.minimum_length(), policy.password_history_size(), policy.temporary_password_validity_days()), (Some(6), Some(5), 7));
    assert!(!policy.require_symbols());
    let delete = || client.delete_user_pool().user_pool_id(POOL).send();
    assert_eq!(code(delete().await.expect_err("it is protected")), "InvalidParameterException");
    let wrong = client.update_user_pool().user_pool_id(POOL).policies(policies(25, 100)).send().await.expect_err("a refusal");
    assert!(refusal(wrong).1.starts_with("2 validation errors detected: "));

    client.update_user_pool().user_pool_id(POOL).send().await.expect("a success");
    let described = client.describe_user_pool().user_pool_id(POOL).send().await.expect("the pool");
    let policy = described.user_pool().and_then(|pool| pool.policies()?.password_policy()).expect("its policy");
    assert_eq!((policy.minimum_length(), policy.password_history_size(), policy.require_symbols()), (Some(8), Some(0), true));
    delete().await.expect("a success");
    assert_eq!(code(delete().await.expect_err("it is gone")), "ResourceNotFoundException");
}

#[tokio::test]
async fn a_password_is_set_by_alias_by_sub_and_in_any_case_where_the_pool_says_so() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    let client = rehearsal.client("us-east-1");
    let case = UsernameConfigurationType::builder().case_sensitive(false).build().expect("a configuration");
    let created = client.create_user_pool().pool_name("aliases").alias_attributes(AliasAttributeType::Email).username_configuration(case);
    let created = created.send().await.expect("a pool");
    let pool = created.user_pool().and_then(|pool| pool.id()).expect("its id");
    let attribute = |name: &str, value: &str| AttributeType::builder().name(name).value(value).build().expect("an attribute");
    let create = |username| {
        let call = client.admin_create_user().user_pool_id(pool).username(username);
        call.user_attributes(attribute("email", "Carol@example.com")).user_attributes(attribute("email_verified", "true")).send()
    };
    let carol = create("Carol").await.expect("a user");
    let sub = carol.user().and_then(|user| user.attributes()[0].value()).expect("a sub").to_owned();
    assert_eq!(code(create("caroline").await.expect_err("the alias is taken")), "AliasExistsException");
    assert_eq!(code(create("c@example.com").await.expect_err("it looks like an alias")), "InvalidParameterException");
    for (name, password) in [("carol@EXAMPLE.com", "First-One-1"), (sub.as_str(), "Second-One-2"), ("CAROL", "Third-One-3")] {
        client.admin_set_user_password().user_pool_id(pool).username(name).password(password).permanent(true).send().await.expect(name);
        let carol = User { pool: PoolId::parse(pool).expect("a pool id"), username: "carol".into() };
        assert!(rehearsal.sandbox.password_is(&carol, &Password::new(password)), "{name}");
    }
}

#[tokio::test]
async fn where_an_email_is_the_username_the_username_is_a_sub() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    let client = rehearsal.client("us-east-1");
    let created = client.create_user_pool().pool_name("emails").username_attributes(UsernameAttributeType::Email).send().await;
    let created = created.expect("a pool");
    let pool = created.user_pool().and_then(|pool| pool.id()).expect("its id");
    let create = |username| client.admin_create_user().user_pool_id(pool).username(username).send();
    let carol = create("carol@example.com").await.expect("a user");
    assert_eq!(carol.user().and_then(|user| user.username()).map(str::len), Some(36));
    assert_eq!(code(create("carol@example.com").await.expect_err("taken")), "UsernameExistsException");
    assert_eq!(refusal(create("carol").await.expect_err("no email")).1, "Username should be an email.");
    let set = client.admin_set_user_password().user_pool_id(pool).username("carol@example.com").password(GOOD).permanent(true);
    set.send().await.expect("a success");
}

#[tokio::test]
async fn a_limit_is_told_for_adjustable_categories_only() {
    let quotas = vec!["UserRead=500".parse().expect("a quota")];
    let rehearsal = Rehearsal::start(Settings { quotas, ..Settings::default() }).await;
    let client = rehearsal.client("us-east-1");
    let limit = |category: &str| {
        let definition = LimitDefinitionType::builder().limit_class(LimitClass::ApiCategory).attributes("Category", category);
        client.get_provisioned_limit().limit_definition(definition.build().expect("a definition")).send()
    };
    let read = limit("UserRead").await.expect("a limit");
    let values = read.limit().map(|limit| (limit.provisioned_limit_value(), limit.free_limit_value()));
    assert_eq!(values, Some((500, 120)));
    for category in ["UserAccountRecovery", "Nonsense"] {
        assert_eq!(code(limit(category).await.expect_err("a refusal")), "ResourceNotFoundException");
    }
}

#[tokio::test]
async fn a_client_is_made_with_the_flows_asked_for() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    let client = rehearsal.client("us-east-1");
    let create = || client.create_user_pool_client().user_pool_id(POOL).client_name("app");
    let flows = [ExplicitAuthFlowsType::AllowUserPasswordAuth, ExplicitAuthFlowsType::AllowRefreshTokenAuth];
    let app = create().set_explicit_auth_flows(Some(flows.to_vec())).send().await.expect("a client");
    let app = app.user_pool_client().expect("a client");
    assert_eq!((app.explicit_auth_flows(), app.client_secret(), app.access_token_validity()), (flows.as_slice(), None, Some(3600)));
    assert_eq!(code(create().generate_secret(true).send().await.expect_err("a refusal")), "InvalidParameterException");
    let wrong = create().explicit_auth_flows("ALLOW_ANYTHING".into()).send().await.expect_err("a refusal");
    assert_eq!(code(wrong), "InvalidParameterException");
}
