//! Request quotas: a token bucket for each category of operations and Region, as the quotas hold for an account. The service does not
//! document its bursts, nor whether refused calls count; here a bucket holds one burst, and a refused call takes nothing.

use std::collections::HashMap;
use std::sync::Mutex;

use tokio::time::Instant;

use super::protocol::Operation;
use super::settings::Settings;

/// A category of operations that share a quota, as the developer guide's page on quotas names them.
#[expect(clippy::enum_variant_names, reason = "the names are the service's")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Category {
    UserAccountRecovery,
    UserCreation,
    UserList,
    UserPoolRead,
    UserRead,
}

impl Category {
    /// The category of an operation, where it is one that the sandbox limits.
    pub(super) fn of(operation: Operation) -> Option<Self> {
        match operation {
            Operation::AdminSetUserPassword => Some(Self::UserAccountRecovery),
            Operation::AdminCreateUser => Some(Self::UserCreation),
            Operation::ListUsers => Some(Self::UserList),
            Operation::DescribeUserPool => Some(Self::UserPoolRead),
            Operation::AdminGetUser => Some(Self::UserRead),
            Operation::CreateUserPool => None,
        }
    }
}

/// Tokens a second, and the most that a bucket holds.
#[derive(Clone, Copy)]
struct Rate {
    per_second: f64,
    burst: f64,
}

struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// Takes a token if there is one.
    fn take(&mut self, rate: Rate, now: Instant) -> bool {
        let gained = (now - self.filled).as_secs_f64() * rate.per_second;
        self.tokens = (self.tokens + gained).min(rate.burst);
        self.filled = now;
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

/// The buckets of all categories and Regions.
pub(super) struct Quotas {
    recovery: Option<Rate>,
    buckets: Mutex<HashMap<Category, HashMap<Box<str>, Bucket>>>,
}

impl Quotas {
    pub(super) fn new(settings: &Settings) -> Self {
        let recovery = settings.quota.map(|per_second| Rate { per_second, burst: f64::from(settings.burst) });
        Self { recovery, buckets: Mutex::default() }
    }

    /// Whether the quota of `category` admits one more request in `region`.
    pub(super) fn admits(&self, category: Category, region: &str) -> bool {
        let Some(rate) = self.rate(category) else { return true };
        let mut buckets = self.buckets.lock().expect("no bucket panics while it holds the lock");
        let regions = buckets.entry(category).or_default();
        let now = Instant::now();
        if let Some(bucket) = regions.get_mut(region) {
            return bucket.take(rate, now);
        }
        regions.entry(region.into()).or_insert(Bucket { tokens: rate.burst, filled: now }).take(rate, now)
    }

    /// The documented default quotas; that of UserAccountRecovery is the one set.
    fn rate(&self, category: Category) -> Option<Rate> {
        let recovery = self.recovery?;
        let documented = |per_second| Rate { per_second, burst: per_second };
        Some(match category {
            Category::UserAccountRecovery => recovery,
            Category::UserCreation => documented(50.0),
            Category::UserList => documented(30.0),
            Category::UserPoolRead => documented(15.0),
            Category::UserRead => documented(120.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        let quotas = quotas(Some(0.5), 1);
        assert_eq!(admitted(&quotas, "us-east-1"), 1);
        tokio::time::advance(Duration::from_millis(1900)).await;
        assert_eq!(admitted(&quotas, "us-east-1"), 0);
        tokio::time::advance(Duration::from_millis(200)).await;
        assert_eq!(admitted(&quotas, "us-east-1"), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_quota_everything_is_admitted() {
        assert_eq!(admitted(&quotas(None, 1), "us-east-1"), 1000);
    }
}
