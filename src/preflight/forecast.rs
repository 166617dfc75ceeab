//! What sending the rows of a file will come to: said by `check`, and by `run` before it asks for consent.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::Census;
use crate::execute::cap::Cap;
use crate::report::{count, plain, rows, span};
use crate::row::PoolId;
use crate::sandbox::DOCUMENTED_QUOTA;
use crate::validate::{Policies, PoolRows, Survey};

/// In seconds.
const A_YEAR: f64 = 365.0 * 86_400.0;
/// How many pools or Regions are named.
const SHOWN: usize = 10;

/// What a forecast is made of.
pub struct Forecast<'a> {
    /// What the file holds.
    pub survey: &'a Survey,
    /// The pools' policies, as far as they are known.
    pub policies: &'a Policies<'a>,
    /// The rate.
    pub cap: Cap,
    /// The rows by Region that are left to send, where an earlier run has sent some.
    pub left: Option<&'a BTreeMap<String, u64>>,
    /// What the rows meet in the live pools, where that was looked at.
    pub census: Option<&'a Census>,
    /// The calls of DescribeUserPool that were made.
    pub described: u64,
    /// What an active user of a month costs.
    pub mau_price: Option<f64>,
}

impl Forecast<'_> {
    /// The forecast, a line each.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let regions = self.regions();
        let mut lines = vec![("pools", pools(&self.survey.pools))];
        if regions.len() > 1 {
            lines.push(("regions", format!("{}, side by side", named(regions.iter().map(|(region, rows)| (region.as_str(), *rows))))));
        }
        lines.push(("policy", policy(self.policies)));
        lines.push(("rows", self.rows()));
        lines.extend(self.census.iter().flat_map(|census| census.lines()));
        lines.extend(rate(self.cap, regions.values().copied().max().unwrap_or_default()));
        lines.push(("requests", self.requests()));
        lines.push(("billing", self.billing()));
        lines
    }

    /// The rows that will be sent.
    pub fn to_send(&self) -> u64 {
        match self.left {
            Some(left) => left.values().sum(),
            None => self.survey.valid - self.left_out(),
        }
    }

    fn left_out(&self) -> u64 {
        self.census.map_or(0, |census| census.left_out.count())
    }

    /// The rows that will be sent, by Region: Regions go side by side, and the one that has most takes longest.
    pub fn regions(&self) -> BTreeMap<String, u64> {
        if let Some(left) = self.left {
            return left.clone();
        }
        let mut regions = self.survey.regions();
        if let Some(census) = self.census {
            regions.iter_mut().for_each(|(region, rows)| *rows -= census.left_out_of(region));
            regions.retain(|_, rows| *rows > 0);
        }
        regions
    }

    fn rows(&self) -> String {
        let (survey, to_send) = (self.survey, self.to_send());
        let mut text = match to_send == survey.valid {
            true => format!("{} to send: {} permanent, {} temporary", count(to_send), count(survey.permanent), count(survey.temporary)),
            false => format!("{} to send of {}", count(to_send), count(survey.rows)),
        };
        let left_out = "left out after a look at the pool";
        let skipped = "skipped for another row of the same user";
        for (number, what) in [(survey.invalid, "invalid"), (survey.skipped, skipped), (self.left_out(), left_out)] {
            if number > 0 {
                text += &format!("; {} {what}", count(number));
            }
        }
        text
    }

    /// Requests by the category of quota that they draw on. Throttled ones and those without an answer are made again.
    fn requests(&self) -> String {
        let mut text = format!("{} of UserAccountRecovery", count(self.to_send()));
        for (number, category) in [(self.described, "UserPoolRead"), (self.census.map_or(0, |census| census.calls), "UserList")] {
            if number > 0 {
                text += &format!("; {} of {category}, made", count(number));
            }
        }
        text
    }

    fn billing(&self) -> String {
        let users = if self.left.is_some() { self.to_send() } else { self.census.map_or_else(|| self.to_send(), Census::users) };
        let cost = self.mau_price.map(|price| {
            let cost = users as f64 * price;
            format!("; at {price} each that is {cost:.2}, or less for those who are active this month already or within a free tier")
        });
        let users =
            if users == 1 { "1 user counts as an active user".to_owned() } else { format!("{} users count as active users", count(users)) };
        format!("{users} of this month{}", cost.unwrap_or_default())
    }
}

fn pools(pools: &BTreeMap<PoolId, PoolRows>) -> String {
    format!("{}: {}", pools.len(), named(pools.iter().map(|(pool, counted)| (pool.as_str(), counted.rows))))
}

/// Names, each with its rows: the first few.
fn named<'a>(all: impl ExactSizeIterator<Item = (&'a str, u64)>) -> String {
    let more = all.len().saturating_sub(SHOWN);
    let shown: Vec<String> = all.take(SHOWN).map(|(name, number)| format!("{} ({})", plain(name), rows(number))).collect();
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn policy(policies: &Policies<'_>) -> String {
    let known = policies.known().filter(|(_, policy)| policy.is_some()).count();
    match policies.known().count() {
        all if known == all => "passwords are checked against that of every pool".to_owned(),
        all => format!("NOT KNOWN for {} of {all} pools: their passwords are checked against the API's own rules alone", all - known),
    }
}

/// The rate, and how long `slowest` rows take at it, or at the quota where that is less.
fn rate(cap: Cap, slowest: u64) -> Vec<(&'static str, String)> {
    let share = cap.per_second().map_or(f64::INFINITY, |rate| (rate / DOCUMENTED_QUOTA * 100.0).round());
    let text = match share {
        share if share > 100.0 => format!("{cap} for each Region: it may take the whole quota of {DOCUMENTED_QUOTA}/s from real users"),
        share => {
            let share = if share < 1.0 { "less than 1".to_owned() } else { share.to_string() };
            format!("at most {cap} for each Region, {share} % of the quota of {DOCUMENTED_QUOTA}/s that real users share")
        }
    };
    let (per_second, which) = match cap.per_second() {
        Some(rate) if rate <= DOCUMENTED_QUOTA => (rate, "that rate".to_owned()),
        _ => (DOCUMENTED_QUOTA, format!("the quota of {DOCUMENTED_QUOTA}/s")),
    };
    let takes = slowest as f64 / per_second;
    let mut lines = vec![("rate", text)];
    if takes < A_YEAR {
        let takes = Duration::from_secs_f64(takes);
        let finish = humantime::format_rfc3339_seconds(SystemTime::now() + takes);
        lines.push(("takes", format!("about {} at {which}, until {finish}", span(takes))));
    } else {
        lines.push(("takes", format!("more than a year at {which}")));
    }
    lines
}
