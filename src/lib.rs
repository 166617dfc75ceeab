//! `chpasswd` for Amazon Cognito.

pub mod cognito;
pub mod execute;
pub mod journal;
pub mod outcome;
pub mod policy;
pub mod row;
pub mod sandbox;
pub mod secret;
pub mod validate;
