//! Where a run sends its rows, and as whom: said in the plan, kept in the journal, and held to when the run is resumed. What was set in a
//! rehearsal is not set in AWS.

use std::path::Path;

use crate::journal::Start;
use crate::preflight::{Refusal, Service};
use crate::report::plain;

/// Where a run sends its rows.
pub(super) struct Place {
    /// In words that are the same for the same place.
    pub target: String,
    /// The account, or why it is not known.
    pub account: Result<String, String>,
    access_key: String,
    is_rehearsal: bool,
    /// A proxy of the environment.
    proxy: Option<String>,
}

impl Place {
    /// Asks the service.
    ///
    /// # Errors
    /// [`Refusal::OtherAccount`] where the account is not the `expected` one, or cannot be known.
    pub(super) fn of(service: &Service, expected: Option<&str>) -> Result<Self, Refusal> {
        let account = match service.rehearsal {
            Some(_) => Err("there is none in a rehearsal".to_owned()),
            None if expected.is_none() && service.cognito.custom_endpoint().is_some() => {
                Err("it is not asked for behind a custom endpoint".to_owned())
            }
            None => service.runtime.block_on(service.cognito.account()),
        };
        if let Some(expected) = expected {
            refuse_other_account(expected, &account)?;
        }
        let access_key = service.runtime.block_on(service.cognito.access_key()).unwrap_or_default();
        let (is_rehearsal, proxy) = (service.rehearsal.is_some(), service.cognito.proxy());
        Ok(Self { target: service.target(), account, access_key, is_rehearsal, proxy })
    }

    /// The lines of the plan.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        if self.is_rehearsal {
            return vec![("target", format!("{}: a Cognito of this process; nothing goes to AWS", self.target))];
        }
        let account = match &self.account {
            Ok(account) => plain(account).into_owned(),
            Err(why) => format!("not known: {}", plain(why)),
        };
        let mut lines = vec![
            ("target", plain(&self.target).into_owned()),
            ("account", format!("{account}; requests are signed with the access key {}", plain(&self.access_key))),
        ];
        if let Some(proxy) = &self.proxy {
            lines.push(("proxy", format!("{}, which the environment names; requests go through it by CONNECT", plain(proxy))));
        }
        lines
    }

    /// Refuses to resume a run of another place.
    ///
    /// # Errors
    /// [`Refusal::AnotherTarget`] then.
    pub(super) fn refuse_another(&self, journal: &Path, start: &Start) -> Result<(), Refusal> {
        let account_differs = matches!((&start.account, &self.account), (Some(then), Ok(now)) if then != now);
        if start.target == self.target && !account_differs {
            return Ok(());
        }
        let in_words = |target: &str, account: Option<&String>| match account {
            Some(account) => format!("{target}, account {account}"),
            None => target.to_owned(),
        };
        Err(Refusal::AnotherTarget {
            journal: journal.to_owned(),
            then: in_words(&start.target, start.account.as_ref()),
            now: in_words(&self.target, self.account.as_ref().ok()),
        })
    }
}

fn refuse_other_account(expected: &str, account: &Result<String, String>) -> Result<(), Refusal> {
    let found = match account {
        Ok(account) if account == expected => return Ok(()),
        Ok(account) => format!("the credentials belong to the account {account}"),
        Err(why) => format!("it is not known which account the credentials belong to: {why}"),
    };
    Err(Refusal::OtherAccount { expected: expected.to_owned(), found })
}
