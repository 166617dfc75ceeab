//! Credentials that are at hand when a call leaves.
//!
//! The SDK resolves them inside a call, after the pacer gave its turn: calls that wait for a refresh would miss theirs, all together. So
//! they are held here, and renewed before a turn is asked for; inside a call they are only copied. Where they come from is left to the
//! SDK's own chain.

use std::fmt;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future;
use aws_sdk_cognitoidentityprovider::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use tokio::sync::Mutex;

/// Credentials are renewed so long before they end, or at half their time where they are shorter-lived: longer than any wait between the
/// renewal and the call that it is for.
const MARGIN: Duration = Duration::from_secs(120);
/// How long a source may take: a process that asks for a second factor waits for a person.
const PATIENCE: Duration = Duration::from_secs(90);

/// A source of credentials and what it gave last.
#[derive(Debug)]
pub(super) struct HeldCredentials {
    source: Option<SharedCredentialsProvider>,
    held: RwLock<Option<Held>>,
    /// Whoever renews them holds this.
    renewing: Mutex<()>,
}

#[derive(Clone, Debug)]
struct Held {
    credentials: Credentials,
    /// When to renew them; `None` if they never end.
    renew_at: Option<SystemTime>,
}

impl Held {
    fn since_now(credentials: Credentials) -> Self {
        let renew_at = credentials.expiry().map(|end| {
            let left = end.duration_since(SystemTime::now()).unwrap_or_default();
            end - MARGIN.min(left / 2)
        });
        Self { credentials, renew_at }
    }

    fn is_due(&self) -> bool {
        self.renew_at.is_some_and(|at| at <= SystemTime::now())
    }

    fn has_ended(&self) -> bool {
        self.credentials.expiry().is_some_and(|end| end <= SystemTime::now())
    }
}

/// Why there are none.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NoCredentials(pub String);

impl HeldCredentials {
    /// Holds what `config`'s source gives, once it is asked for.
    pub(super) fn of(config: &SdkConfig) -> Self {
        Self { source: config.credentials_provider(), held: RwLock::default(), renewing: Mutex::default() }
    }

    /// Credentials, renewed if they are due. While one caller renews them the others go on with those held, if these have not ended; so
    /// do all where the source fails.
    ///
    /// # Errors
    /// [`NoCredentials`] where there are none.
    pub(super) async fn fresh(&self) -> Result<Credentials, NoCredentials> {
        match self.held() {
            Some(held) if !held.is_due() => return Ok(held.credentials),
            Some(held) if !held.has_ended() && self.renewing.try_lock().is_err() => return Ok(held.credentials),
            _ => {}
        }
        let _renewing = self.renewing.lock().await;
        match self.held() {
            Some(held) if !held.is_due() => return Ok(held.credentials),
            _ => {}
        }
        match (self.renewed().await, self.held()) {
            (Ok(credentials), _) => {
                *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(Held::since_now(credentials.clone()));
                Ok(credentials)
            }
            (Err(_), Some(held)) if !held.has_ended() => Ok(held.credentials),
            (Err(error), _) => Err(error),
        }
    }

    /// Those held, if they have not ended: inside a call nothing is waited for that can be helped.
    async fn at_hand(&self) -> Result<Credentials, NoCredentials> {
        match self.held() {
            Some(held) if !held.has_ended() => Ok(held.credentials),
            _ => self.fresh().await,
        }
    }

    fn held(&self) -> Option<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn renewed(&self) -> Result<Credentials, NoCredentials> {
        let Some(source) = &self.source else { return Err(NoCredentials("no source of credentials is set up".to_owned())) };
        match tokio::time::timeout(PATIENCE, source.provide_credentials()).await {
            Ok(given) => given.map_err(|error| NoCredentials(super::classify::explain(&error))),
            Err(_) => Err(NoCredentials(format!("their source did not answer within {} s", PATIENCE.as_secs()))),
        }
    }
}

/// The same credentials for the SDK's clients.
#[derive(Clone)]
pub(super) struct AtHand(pub std::sync::Arc<HeldCredentials>);

impl ProvideCredentials for AtHand {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { self.0.at_hand().await.map_err(CredentialsError::provider_error) })
    }
}

impl fmt::Debug for AtHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AtHand")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Gives credentials that last so long, and counts how often it was asked.
    #[derive(Debug)]
    struct Source {
        lasts: Duration,
        asked: &'static AtomicU32,
    }

    impl ProvideCredentials for Source {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let number = self.asked.fetch_add(1, Ordering::Relaxed);
            let credentials = Credentials::new(format!("key{number}"), "secret", None, Some(SystemTime::now() + self.lasts), "test");
            future::ProvideCredentials::ready(if number < 2 { Ok(credentials) } else { Err(CredentialsError::not_loaded("gone")) })
        }
    }

    fn held(lasts: Duration, asked: &'static AtomicU32) -> HeldCredentials {
        HeldCredentials {
            source: Some(SharedCredentialsProvider::new(Source { lasts, asked })),
            held: RwLock::default(),
            renewing: Mutex::default(),
        }
    }

    #[tokio::test]
    async fn credentials_are_renewed_before_they_end_and_not_asked_for_again_while_they_last() {
        static LONG: AtomicU32 = AtomicU32::new(0);
        let long = held(Duration::from_secs(3_600), &LONG);
        for _ in 0..3 {
            assert_eq!(long.fresh().await.expect("credentials").access_key_id(), "key0");
        }
        static SHORT: AtomicU32 = AtomicU32::new(0);
        let short = held(Duration::from_secs(2), &SHORT);
        for key in ["key0", "key0"] {
            assert_eq!(short.fresh().await.expect("credentials").access_key_id(), key);
        }
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        assert_eq!(short.fresh().await.expect("credentials").access_key_id(), "key1");
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        assert_eq!(short.fresh().await.expect("those that still last").access_key_id(), "key1");
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        short.fresh().await.expect_err("they have ended, and the source gives no others");
    }

    #[tokio::test]
    async fn a_source_that_fails_is_told_in_its_own_words() {
        static GONE: AtomicU32 = AtomicU32::new(2);
        let error = held(Duration::from_secs(60), &GONE).fresh().await.expect_err("there are none");
        assert!(error.to_string().contains("gone") || error.to_string().contains("not enabled"), "{error}");
    }
}
