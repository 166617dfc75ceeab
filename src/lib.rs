//! `chpasswd` for Amazon Cognito.

pub mod outcome;
pub mod policy;
pub mod row;
pub mod sandbox;
pub mod secret;
