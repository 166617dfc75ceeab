//! Request quotas: for each category of operations and Region, as the quotas hold for an account, a token bucket or a window of one
//! second. The service documents neither its bursts, nor its windows, nor whether refused calls count; here a bucket holds one burst,
//! a window begins with the second, and a refused call takes nothing.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Mutex, RwLock};
use std::time::Duration;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use tokio::time::Instant;

use super::protocol::Operation;
use super::settings::Settings;

/// A category of operations that share a quota, as the developer guide's page on quotas names them. Operations of other categories
/// are not limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum Category {
    /// AdminSetUserPassword, AdminResetUserPassword, the answers to NEW_PASSWORD_REQUIRED.
    UserAccountRecovery,
    /// InitiateAuth, AdminInitiateAuth. Not limited unless a quota is given.
    UserAuthentication,
    /// AdminCreateUser, SignUp, AdminConfirmSignUp.
    UserCreation,
    /// ListUsers.
    UserList,
    /// DescribeUserPool.
    UserPoolRead,
    /// AdminGetUser.
    UserRead,
    /// AdminUserGlobalSignOut.
    UserUpdate,
}

impl Category {
    /// The category with this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name: StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }

    /// The category of an operation, where it is one that the sandbox limits.
    pub(super) fn of(operation: Operation) -> Option<Self> {
        Some(match operation {
            Operation::AdminSetUserPassword
            | Operation::AdminResetUserPassword
            | Operation::RespondToAuthChallenge
            | Operation::AdminRespondToAuthChallenge => Self::UserAccountRecovery,
            Operation::InitiateAuth | Operation::AdminInitiateAuth => Self::UserAuthentication,
            Operation::AdminCreateUser | Operation::SignUp | Operation::AdminConfirmSignUp => Self::UserCreation,
            Operation::ListUsers => Self::UserList,
            Operation::DescribeUserPool => Self::UserPoolRead,
            Operation::AdminGetUser => Self::UserRead,
            Operation::AdminUserGlobalSignOut => Self::UserUpdate,
            Operation::AdminDeleteUser
            | Operation::AdminDisableUser
            | Operation::AdminEnableUser
            | Operation::CreateUserPool
            | Operation::CreateUserPoolClient
            | Operation::DeleteUserPool
            | Operation::GetProvisionedLimit
            | Operation::UpdateUserPool => return None,
        })
    }

    /// The documented default in requests a second.
    pub(super) fn documented(self) -> Option<f64> {
        Some(match self {
            Self::UserAccountRecovery | Self::UserList => 30.0,
            Self::UserCreation => 50.0,
            Self::UserPoolRead => 15.0,
            Self::UserRead => 120.0,
            Self::UserUpdate => 25.0,
            Self::UserAuthentication => return None,
        })
    }

    /// Whether an account can have more than the default.
    pub(super) fn is_adjustable(self) -> bool {
        matches!(self, Self::UserAuthentication | Self::UserCreation | Self::UserRead)
    }
}

/// A quota for one category: as a text, `UserRead=500`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CategoryQuota {
    /// Which.
    pub category: Category,
    /// Requests a second, above 0.
    pub per_second: f64,
}

/// A text is no quota for a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected CATEGORY=N, for example UserRead=500, with a category of the Cognito quotas and N above 0")]
pub struct CategoryQuotaError;

impl FromStr for CategoryQuota {
    type Err = CategoryQuotaError;

    fn from_str(text: &str) -> Result<Self, CategoryQuotaError> {
        let (category, per_second) = text.split_once('=').ok_or(CategoryQuotaError)?;
        let category = Category::named(category).ok_or(CategoryQuotaError)?;
        let per_second = per_second.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0).ok_or(CategoryQuotaError)?;
        Ok(Self { category, per_second })
    }
}

/// How a quota is counted. The service's own way is undocumented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QuotaWindow {
    /// A token bucket: a burst at once after a pause, then the rate.
    #[default]
    Bucket,
    /// As many as the rate in each second from the sandbox's start, however they are spread in it; bursts are not looked at.
    Aligned,
}

/// Requests a second, and the most that a bucket holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rate {
    pub(super) per_second: f64,
    burst: f64,
}

/// The rates that hold for each category.
#[derive(Clone)]
pub(super) struct Rates {
    recovery: Option<Rate>,
    given: Vec<CategoryQuota>,
}

impl Rates {
    pub(super) fn new(settings: &Settings) -> Self {
        let recovery = settings.quota.map(|per_second| Rate { per_second, burst: f64::from(settings.burst) });
        Self { recovery, given: settings.quotas.clone() }
    }

    /// The rate of a category: the one given last, that of UserAccountRecovery, the documented one. Without a quota on
    /// UserAccountRecovery only those given hold.
    pub(super) fn of(&self, category: Category) -> Option<Rate> {
        let rate = |per_second: f64| Rate { per_second, burst: per_second.max(1.0) };
        if let Some(given) = self.given.iter().rev().find(|given| given.category == category) {
            return Some(rate(given.per_second));
        }
        let recovery = self.recovery?;
        if category == Category::UserAccountRecovery { Some(recovery) } else { category.documented().map(rate) }
    }
}

/// What one category has used in one Region.
enum Usage {
    Bucket { tokens: f64, filled: Instant },
    Window { number: u64, taken: f64 },
}

impl Usage {
    fn new(window: QuotaWindow, rate: Rate, now: Instant) -> Self {
        match window {
            QuotaWindow::Bucket => Self::Bucket { tokens: rate.burst, filled: now },
            QuotaWindow::Aligned => Self::Window { number: 0, taken: 0.0 },
        }
    }

    /// Takes one request if there is one left.
    fn take(&mut self, rate: Rate, now: Instant, since_start: Duration) -> bool {
        match self {
            Self::Bucket { tokens, filled } => {
                let gained = (now - *filled).as_secs_f64() * rate.per_second;
                *tokens = (*tokens + gained).min(rate.burst);
                *filled = now;
                let is_admitted = *tokens >= 1.0;
                *tokens -= f64::from(u8::from(is_admitted));
                is_admitted
            }
            Self::Window { number, taken } => {
                // A rate below one a second needs a window in which one request fits.
                let length = (1.0 / rate.per_second).max(1.0);
                let current = (since_start.as_secs_f64() / length) as u64;
                if *number != current {
                    (*number, *taken) = (current, 0.0);
                }
                let is_admitted = *taken + 1.0 <= rate.per_second * length;
                *taken += f64::from(u8::from(is_admitted));
                is_admitted
            }
        }
    }
}

/// The quotas of all categories and Regions, and what is used of them.
pub(super) struct Quotas {
    rates: RwLock<Rates>,
    window: QuotaWindow,
    start: Instant,
    usage: Mutex<HashMap<Category, HashMap<Box<str>, Usage>>>,
}

impl Quotas {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { rates: RwLock::new(Rates::new(settings)), window: settings.quota_window, start: Instant::now(), usage: Mutex::default() }
    }

    /// Changes the quota of UserAccountRecovery, in requests a second; the burst stays. What a bucket holds by now it keeps.
    pub(super) fn change(&self, per_second: f64) {
        let mut rates = self.rates.write().expect("no change panics");
        let burst = rates.recovery.map_or(per_second.max(1.0), |rate| rate.burst);
        rates.recovery = Some(Rate { per_second, burst });
    }

    /// Whether the quota of `category` admits one more request in `region`.
    pub(super) fn admits(&self, category: Category, region: &str) -> bool {
        let Some(rate) = self.rates.read().expect("no change panics").of(category) else { return true };
        let mut usage = self.usage.lock().expect("no count panics while it holds the lock");
        let regions = usage.entry(category).or_default();
        let now = Instant::now();
        if let Some(used) = regions.get_mut(region) {
            return used.take(rate, now, now - self.start);
        }
        regions.entry(region.into()).or_insert(Usage::new(self.window, rate, now)).take(rate, now, now - self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotas(quota: Option<f64>, burst: u32) -> Quotas {
        Quotas::new(&Settings { quota, burst, ..Settings::default() })
    }

    fn admitted(quotas: &Quotas, region: &str) -> usize {
        (0..1000).filter(|_| quotas.admits(Category::UserAccountRecovery, region)).count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_gives_its_burst_and_then_its_rate() {
        let quotas = quotas(Some(30.0), 5);
        assert_eq!(admitted(&quotas, "us-east-1"), 5);
        tokio::time::advance(Duration::from_millis(100)).await;
        assert_eq!(admitted(&quotas, "us-east-1"), 3);
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(admitted(&quotas, "us-east-1"), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn each_region_and_category_has_a_quota_of_its_own() {
        let quotas = quotas(Some(30.0), 5);
        assert_eq!(admitted(&quotas, "us-east-1"), 5);
        assert_eq!(admitted(&quotas, "eu-west-1"), 5);
        assert!(quotas.admits(Category::UserRead, "us-east-1"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_below_one_a_second_admits_one_after_its_time() {
        for window in [QuotaWindow::Bucket, QuotaWindow::Aligned] {
            let quotas = Quotas::new(&Settings { quota: Some(0.5), burst: 1, quota_window: window, ..Settings::default() });
            assert_eq!(admitted(&quotas, "us-east-1"), 1);
            tokio::time::advance(Duration::from_millis(1900)).await;
            assert_eq!(admitted(&quotas, "us-east-1"), 0);
            tokio::time::advance(Duration::from_millis(200)).await;
            assert_eq!(admitted(&quotas, "us-east-1"), 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_aligned_window_admits_its_rate_in_each_second_and_saves_nothing() {
        let quotas = Quotas::new(&Settings { quota: Some(30.0), quota_window: QuotaWindow::Aligned, ..Settings::default() });
        tokio::time::advance(Duration::from_millis(900)).await;
        assert_eq!(admitted(&quotas, "us-east-1"), 30);
        tokio::time::advance(Duration::from_millis(150)).await;
        assert_eq!(admitted(&quotas, "us-east-1"), 30, "sixty within 150 ms, where two windows meet");
        tokio::time::advance(Duration::from_millis(900)).await;
        assert_eq!(admitted(&quotas, "us-east-1"), 0);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(admitted(&quotas, "us-east-1"), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_that_is_changed_holds_from_then_on() {
        let quotas = quotas(Some(30.0), 5);
        quotas.change(10.0);
        assert_eq!(admitted(&quotas, "us-east-1"), 5);
        tokio::time::advance(Duration::from_millis(300)).await;
        assert_eq!(admitted(&quotas, "us-east-1"), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_quota_everything_is_admitted() {
        assert_eq!(admitted(&quotas(None, 1), "us-east-1"), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_given_to_a_category_takes_the_documented_ones_place() {
        let quotas = vec!["UserRead=2".parse().expect("a quota"), "UserAuthentication=1".parse().expect("a quota")];
        let quotas = Quotas::new(&Settings { quotas, ..Settings::default() });
        let admitted = |category| (0..1000).filter(|_| quotas.admits(category, "us-east-1")).count();
        assert_eq!([Category::UserRead, Category::UserAuthentication, Category::UserList].map(admitted), [2, 1, 30]);
    }

    #[test]
    fn what_is_no_quota_of_a_category_is_refused() {
        for text in ["", "UserRead", "UserRead=0", "UserRead=-1", "UserRead=x", "UserRead=inf", "Users=5"] {
            assert_eq!(text.parse::<CategoryQuota>(), Err(CategoryQuotaError), "{text}");
        }
    }
}
