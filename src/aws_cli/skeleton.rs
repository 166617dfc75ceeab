//! What `--generate-cli-skeleton` prints: an input to fill in.

/// For `--cli-input-json`.
pub(super) const JSON: &str = r#"{
    "UserPoolId": "",
    "Username": "",
    "Password": "",
    "Permanent": true
}
"#;

/// For `--cli-input-yaml`.
pub(super) const YAML: &str = "\
UserPoolId: ''  # [REQUIRED] The ID of the user pool where you want to set the user's password.
Username: '' # [REQUIRED] The name of the user that you want to query or modify.
Password: '' # [REQUIRED] The new temporary or permanent password that you want to set for the user.
Permanent: true # Set to true to set a password that the user can immediately sign in with.
";
