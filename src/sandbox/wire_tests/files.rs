//! What a sandbox begins with and what it leaves behind: the file of users and pools, and the state file.

use super::*;

#[tokio::test]
async fn a_file_gives_pools_and_users_with_aliases_statuses_and_attributes() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    let (pool, emails) = ("eu-west-1_Given", "eu-west-1_Emails");
    let policy = json!({ "MinimumLength": 12, "PasswordHistorySize": 3, "TemporaryPasswordValidityDays": 30 });
    let lines = [
        json!({ "Id": pool, "Name": "given", "AliasAttributes": ["email"], "UsernameConfiguration": { "CaseSensitive": false },
                "Policies": { "PasswordPolicy": policy }, "EstimatedNumberOfUsers": 5, "CreationDate": "2026-01-01T00:00:00Z" }),
        json!({ "Id": emails, "UsernameAttributes": ["email"] }),
        json!({ "UserPoolId": pool, "Username": "Ann", "Attributes": { "email": "ann@example.com", "email_verified": "true" } }),
        json!({ "UserPoolId": pool, "Username": "Google_1", "UserStatus": "EXTERNAL_PROVIDER", "Enabled": false,
                "Attributes": [{ "Name": "sub", "Value": "5f9c1b1e-0000-4000-8000-000000000001" }] }),
        json!({ "UserPoolId": emails, "Username": "carol@example.com" }),
    ];
    let path = rehearsal.folder.path().join("users.jsonl");
    std::fs::write(&path, lines.map(|line| line.to_string()).join("\n")).expect("a file of users");
    assert_eq!(rehearsal.sandbox.load_users(&path).expect("users"), 3);

    let client = rehearsal.client("eu-west-1");
    let described = client.describe_user_pool().user_pool_id(pool).send().await.expect("the pool");
    let described = described.user_pool().expect("the pool");
    let policy = described.policies().and_then(|policies| policies.password_policy()).expect("its policy");
    assert_eq!(
        (policy.minimum_length(), policy.temporary_password_validity_days(), described.estimated_number_of_users()),
        (Some(12), 30, 2)
    );
    for (pool, name, username) in
        [(pool, "ANN@example.com", "Ann"), (pool, "5f9c1b1e-0000-4000-8000-000000000001", "Google_1"), (emails, "carol@example.com", "")]
    {
        let user = client.admin_get_user().user_pool_id(pool).username(name).send().await.expect(name);
        assert!(username.is_empty() || user.username() == username, "{name}");
        let set = client.admin_set_user_password().user_pool_id(pool).username(name).password(GOOD).permanent(true);
        set.send().await.expect(name);
    }
    let google = client.admin_get_user().user_pool_id(pool).username("google_1").send().await.expect("the user");
    assert_eq!((google.enabled(), google.user_status()), (false, Some(&UserStatusType::Confirmed)));
}

#[tokio::test]
async fn a_pool_that_names_its_users_in_another_way_than_the_one_there_is_refused() {
    let rehearsal = Rehearsal::start(unlimited()).await;
    let path = rehearsal.folder.path().join("pools.jsonl");
    std::fs::write(&path, json!({ "Id": POOL, "AliasAttributes": ["email"] }).to_string()).expect("a file");
    let error = rehearsal.sandbox.load_users(&path).expect_err("a refusal").to_string();
    assert!(error.contains("line 1: the pool is there already"), "{error}");
}

#[tokio::test]
async fn a_sandbox_goes_on_where_the_last_one_with_its_state_file_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = || Settings { state: Some(folder.path().join("state.jsonl")), ..unlimited() };
    let first = Rehearsal::start(state()).await;
    let client = first.client("us-east-1");
    let created = client.create_user_pool().pool_name("first").send().await.expect("a pool");
    let created = created.user_pool().and_then(|pool| pool.id()).expect("its id").to_owned();
    client.admin_set_user_password().user_pool_id(POOL).username("ann").password(GOOD).permanent(false).send().await.expect("a success");
    first.sandbox.move_clock("3d".parse().expect("three days"));
    drop(client);
    first.stop.cancel();
    first.server.await.expect("the server's task").expect("an orderly end");

    let sandbox = Sandbox::new(state()).expect("a sandbox");
    assert!(sandbox.password_is(&user("ann"), &Password::new(GOOD)));
    let second = Rehearsal::start(state()).await;
    let client = second.client("us-east-1");
    client.describe_user_pool().user_pool_id(&created).send().await.expect("the pool of the first");
    let again = client.create_user_pool().pool_name("second").send().await.expect("a pool");
    assert_ne!(again.user_pool().and_then(|pool| pool.id()), Some(created.as_str()));
    let ann = client.admin_get_user().user_pool_id(POOL).username("ann").send().await.expect("the user");
    assert_eq!(ann.user_status(), Some(&UserStatusType::ForceChangePassword));
    client.admin_get_user().user_pool_id(POOL).username("bob").send().await.expect("the user");
}

#[test]
fn a_state_file_of_something_else_stops_the_sandbox_before_it_starts() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "user_pool_id,username\n").expect("its text");
    let error = Sandbox::new(Settings { state: Some(file.path().to_owned()), ..unlimited() }).err().expect("a refusal").to_string();
    assert!(error.ends_with("line 1 is not what a sandbox of this version writes"), "{error}");
}
