//! Judges a run by the sandbox's call log: what was used of what the service allowed.

use std::path::Path;

use serde::Deserialize;

/// The code of a throttled call.
const THROTTLED: &str = "TooManyRequestsException";

/// A call as the sandbox logged it.
#[derive(Deserialize)]
struct Logged {
    /// In seconds since 1970.
    arrived: f64,
    user_pool_id: String,
    username: String,
    status: Option<u16>,
    code: String,
}

/// What came of a scenario.
pub struct Judged {
    /// Calls let through, in percent of what the service allowed, or of the cap where that is less; of the pool that had fewest.
    pub goodput: f64,
    /// Calls throttled, in percent of all.
    pub throttled: f64,
    /// The most arrivals in any half-open second, for any pool.
    pub worst_second: usize,
    /// Seconds from the last change of the quota until 90 % of it was used, over five seconds.
    pub found_again: Option<f64>,
}

/// Judges the calls for `pools` from the first on. The service allowed each of `quotas` for `phase` seconds, and `burst` at once; without
/// quotas as much as came, for one phase. What others, who are called `live`, were let through is not the run's to use.
pub fn judge(log: &Path, pools: &[String], cap: f64, quotas: &[f64], burst: u32, phase: f64) -> Judged {
    let text = std::fs::read_to_string(log).expect("the log");
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let mut calls: Vec<Logged> = text[..whole].lines().map(|line| serde_json::from_str(line).expect("a call")).collect();
    calls.sort_by(|one, other| one.arrived.total_cmp(&other.arrived));
    let start = calls.first().expect("a call").arrived;
    let end = start + phase * quotas.len().max(1) as f64;
    let (live, ours): (Vec<_>, Vec<_>) = calls.into_iter().filter(|call| call.arrived < end).partition(|call| call.username == "live");
    let is_set = |call: &&Logged| call.status == Some(200);
    // They need not exist: what counts is that they were let through.
    let taken_by_others = live.iter().filter(|call| call.code != THROTTLED).count() as f64;
    let by_quota = quotas.iter().map(|quota| quota.min(cap) * phase).sum::<f64>() + f64::from(burst) - taken_by_others;
    let allowed = if quotas.is_empty() { cap * phase } else { by_quota.min(cap * (end - start)) };

    let (mut goodput, mut worst_second) = (f64::INFINITY, 0);
    for pool in pools {
        let calls: Vec<_> = ours.iter().filter(|call| call.user_pool_id == *pool).collect();
        let set = calls.iter().copied().filter(is_set).count();
        goodput = goodput.min(set as f64 / allowed * 100.0);
        let arrivals: Vec<f64> = calls.iter().map(|call| call.arrived).collect();
        let within = |first: usize| arrivals.partition_point(|at| *at < arrivals[first] + 1.0) - first;
        worst_second = worst_second.max((0..arrivals.len()).map(within).max().unwrap_or(0));
    }
    let throttled = ours.iter().filter(|call| call.code == THROTTLED).count() as f64 / ours.len() as f64 * 100.0;
    let set: Vec<f64> = ours.iter().filter(is_set).map(|call| call.arrived).collect();
    let found_again = (quotas.len() > 1).then(|| found_again(&set, end - phase, quotas[quotas.len() - 1].min(cap)));
    Judged { goodput, throttled, worst_second, found_again }
}

fn found_again(set: &[f64], changed: f64, quota: f64) -> f64 {
    const OVER: f64 = 5.0;
    let in_span = |from: f64| set.partition_point(|at| *at < from + OVER) - set.partition_point(|at| *at < from);
    let spans = (0..).map(|tenth| changed + f64::from(tenth) / 10.0).take_while(|from| set.last().is_some_and(|last| from + OVER <= *last));
    spans.into_iter().find(|from| in_span(*from) as f64 >= 0.9 * quota * OVER).map_or(f64::INFINITY, |from| from + OVER - changed)
}
