//! `chpasswd` for Amazon Cognito.

pub mod input;
pub mod outcome;
pub mod policy;
pub mod row;
pub mod secret;
pub mod validate;
