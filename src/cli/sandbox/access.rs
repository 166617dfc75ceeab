//! The flags on who may call what: denials, and the keys that calls are signed with.

use std::env;

use crate::preflight::Refusal;
use crate::sandbox::{AccessKey, Denial};

/// Who may call what.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Access")]
pub(super) struct AccessArgs {
    /// Deny an action, a pool, or ACTION@POOL, for example AdminSetUserPassword@us-east-1_Ab12Cd34e; may be repeated
    #[arg(long, value_name = "WHAT")]
    pub(super) deny: Vec<Denial>,
    /// Refuse what is not signed with a key of --credentials, or else with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    #[arg(long)]
    verify_signatures: bool,
    /// A key to verify signatures by: one made up for the rehearsal, since command lines can be read by others; may be repeated
    #[arg(long, value_name = "KEY:SECRET", requires = "verify_signatures")]
    // A text, for clap would repeat a key that it cannot read, with the secret in it.
    credentials: Vec<String>,
}

impl AccessArgs {
    /// The keys that signatures are verified by; none where they are not verified.
    ///
    /// # Errors
    /// [`Refusal`] where there should be one and is none.
    pub(super) fn keys(&self) -> Result<Vec<AccessKey>, Refusal> {
        if !self.verify_signatures {
            return Ok(Vec::new());
        }
        let keys: Vec<AccessKey> = self.credentials.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
        if !keys.is_empty() {
            return Ok(keys);
        }
        let variable = |name| env::var(name).unwrap_or_default();
        let key = AccessKey::new(&variable("AWS_ACCESS_KEY_ID"), &variable("AWS_SECRET_ACCESS_KEY"));
        Ok(vec![key.map_err(|_| Refusal::NoAccessKey)?])
    }
}
