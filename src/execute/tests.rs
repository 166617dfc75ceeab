//! The executor against a scripted service on a paused clock, where nine hours take a second. What a real service does is tested in
//! `tests/`, against real servers.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::alarm::Alarm;
use super::cap::Cap;
use super::{Errand, Reason, Settings, Stop, execute, retry};
use crate::cognito::SetPassword;
use crate::outcome::{Answer, Class, Detail, Event, Fate, HeldBack, Outcome, Tally};
use crate::row::{Lifetime, PoolId, User};
use crate::secret::Password;
use crate::validate::ValidRow;

/// Answers each call with the next class of its script, after the next delay, and keeps watch over the calls.
#[derive(Default)]
struct Script {
    classes: Vec<Class>,
    delays: Vec<u64>,
    /// How long a call takes to be got ready, if at all.
    getting_ready: Option<Duration>,
    code: Option<&'static str>,
    /// The service is down until then, whatever the script says.
    down: Option<(Instant, Instant)>,
    /// What it allows, where it is not as much as comes: requests a second, and at once.
    quota: Option<(f64, f64)>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    calls: Vec<Instant>,
    in_flight: HashMap<String, usize>,
    most_for_a_user: usize,
    most_at_once: usize,
    set: Vec<String>,
    /// What is left of the quota, and as of when.
    tokens: Option<(f64, Instant)>,
}

impl Seen {
    /// Whether a token bucket lets a request through now.
    fn is_admitted(&mut self, (rate, burst): (f64, f64)) -> bool {
        let now = Instant::now();
        let (left, since) = self.tokens.unwrap_or((burst, now));
        let left = (left + rate * (now - since).as_secs_f64()).min(burst);
        self.tokens = Some((if left < 1.0 { left } else { left - 1.0 }, now));
        left >= 1.0
    }
}

impl SetPassword for Script {
    async fn prepare(&self) -> Result<(), Answer> {
        Ok(())
    }

    async fn set_password(
        &self,
        user: &User,
        _: &Password<'_>,
        _: Lifetime,
        departure: impl Future<Output = ()> + Send + 'static,
    ) -> Answer {
        if let Some(length) = self.getting_ready {
            tokio::time::sleep(length).await;
        }
        departure.await;
        let (number, is_throttled) = {
            let mut seen = self.seen.lock().unwrap();
            seen.calls.push(Instant::now());
            *seen.in_flight.entry(user.username.to_string()).or_default() += 1;
            seen.most_for_a_user = seen.most_for_a_user.max(seen.in_flight[&*user.username]);
            seen.most_at_once = seen.most_at_once.max(seen.in_flight.values().sum());
            let is_throttled = self.quota.is_some_and(|quota| !seen.is_admitted(quota));
            (seen.calls.len() - 1, is_throttled)
        };
        tokio::time::sleep(Duration::from_millis(self.delays[number % self.delays.len()])).await;
        let is_down = self.down.is_some_and(|(from, until)| (from..until).contains(&Instant::now()));
        let class = match (is_down, is_throttled) {
            (true, _) => Class::Ambiguous,
            (false, true) => Class::Throttled { retry_after: None },
            (false, false) => self.classes[number % self.classes.len()],
        };
        let mut seen = self.seen.lock().unwrap();
        *seen.in_flight.get_mut(&*user.username).unwrap() -= 1;
        if class == Class::Set {
            seen.set.push(user.username.to_string());
        }
        let code = self.code.map_or_else(|| format!("{class:?}"), str::to_owned);
        Answer { class, detail: Detail { code, ..Detail::default() } }
    }
}

/// What a run told: the fates by row, and the rows that had an intent.
#[derive(Default)]
struct Told {
    fates: BTreeMap<u64, Fate>,
    intents: BTreeMap<u64, u32>,
    tally: Tally,
}

fn rows(count: u64, regions: &[&str]) -> Vec<ValidRow> {
    let row = |number: u64| {
        let pool = format!("{}_a", regions[number as usize % regions.len()]);
        let user = User { pool: PoolId::parse(&pool).unwrap(), username: format!("user-{number}").into() };
        ValidRow::for_test(number, user, "Passw0rd!", Lifetime::Permanent)
    };
    (1..=count).map(row).collect()
}

fn settings(cap: &str, calls: usize) -> Settings {
    Settings {
        alarm: Alarm::of_tokio,
        cap: cap.parse().unwrap(),
        max_concurrency: calls.try_into().unwrap(),
        grace: Duration::from_secs(20),
        limits: retry::Limits::default(),
    }
}

/// Runs `rows` against `script`; `during` runs beside it.
fn run(rows: Vec<ValidRow>, script: &Arc<Script>, settings: &Settings, during: impl AsyncFn(&Stop)) -> (Told, Stop) {
    let errands = rows.into_iter().map(|row| Errand { row, in_doubt: false }).collect();
    run_errands(errands, script, settings, during)
}

fn run_errands(errands: Vec<Errand>, script: &Arc<Script>, settings: &Settings, during: impl AsyncFn(&Stop)) -> (Told, Stop) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (row_sender, row_receiver) = mpsc::channel(4);
        let (event_sender, mut events) = mpsc::channel(4);
        let stop = Stop::default();
        let feed = async {
            for errand in errands {
                if row_sender.send(errand).await.is_err() {
                    break;
                }
            }
            drop(row_sender);
        };
        let listen = async {
            let mut told = Told::default();
            while let Some(event) = events.recv().await {
                match event {
                    Event::Intent { row, attempt, durable, .. } => {
                        told.intents.insert(row.0, attempt);
                        let _ = durable.send(());
                    }
                    Event::Finished { row, fate, .. } => {
                        told.tally.add(fate.outcome);
                        assert!(told.fates.insert(row.0, fate).is_none(), "row {row} ended twice");
                    }
                    Event::Retrying { .. } | Event::Read(_) | Event::Pausing(_) | Event::AllBegun { .. } => {}
                }
            }
            told
        };
        let work = execute(vec![row_receiver], Arc::clone(script), settings, event_sender, stop.clone());
        let (told, (), (), ()) = tokio::join!(listen, feed, work, during(&stop));
        (told, stop)
    })
}

fn classes() -> impl Strategy<Value = Class> {
    prop_oneof![
        8 => Just(Class::Set),
        1 => Just(Class::Rejected),
        1 => Just(Class::Throttled { retry_after: None }),
        1 => Just(Class::NotSent),
        2 => Just(Class::Ambiguous),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_row_taken_ends_once_and_is_called_set_only_if_the_service_said_so(
        mut script in prop::collection::vec(classes(), 1..40),
        delays in prop::collection::vec(0u64..3_000, 1..20),
        calls in 1usize..20,
        count in 1u64..120,
    ) {
        script.push(Class::Set);
        let script = Arc::new(Script { classes: script, delays, ..Script::default() });
        let (told, stop) = run(rows(count, &["us-east-1", "eu-west-1"]), &script, &settings("200", calls), async |_| {});
        let seen = script.seen.lock().unwrap();
        let set: Vec<String> = told.fates.iter().filter(|(_, fate)| fate.outcome == Outcome::Set).map(|(row, _)| format!("user-{row}")).collect();
        let mut confirmed = seen.set.clone();
        confirmed.sort_by_key(|user| user[5..].parse::<u64>().unwrap());
        prop_assert_eq!(set, confirmed);
        prop_assert_eq!(seen.most_for_a_user, 1);
        prop_assert!(seen.most_at_once <= calls * 2);
        if stop.reason().is_none() {
            prop_assert_eq!(told.tally.rows(), count);
        }
        prop_assert_eq!(told.tally.rows(), told.fates.len() as u64);
    }

    #[test]
    fn a_stop_at_any_moment_leaves_no_row_without_an_end_and_answers_in_flight_are_awaited(
        after in 0u64..5_000,
        delay in 1u64..3_000,
        count in 1u64..200,
    ) {
        let script = Arc::new(Script { classes: vec![Class::Set], delays: vec![delay], ..Script::default() });
        let (told, stop) = run(rows(count, &["us-east-1"]), &script, &settings("50", 30), async |stop| {
            tokio::time::sleep(Duration::from_millis(after)).await;
            stop.pull(Reason::Signal(2));
        });
        prop_assert!(stop.is_pulled());
        for row in told.intents.keys() {
            prop_assert!(told.fates.contains_key(row), "row {row} has an intent and no end");
        }
        prop_assert_eq!(told.tally.of(Outcome::Unknown), 0);
        prop_assert_eq!(told.tally.of(Outcome::Set), script.seen.lock().unwrap().set.len() as u64);
    }
}

#[test]
fn the_rate_of_a_lane_is_its_own() {
    let script = Arc::new(Script { classes: vec![Class::Set], delays: vec![80], ..Script::default() });
    let started = std::time::Instant::now();
    let (told, _) = run(rows(600, &["us-east-1", "eu-west-1"]), &script, &settings("10", 10), async |_| {});
    assert_eq!(told.tally.of(Outcome::Set), 600);
    let seen = script.seen.lock().unwrap();
    let took = seen.calls[599] - seen.calls[0];
    assert!((29.0..31.0).contains(&took.as_secs_f64()), "{took:?} on the paused clock, {:?} in real time", started.elapsed());
}

#[test]
fn a_fatal_answer_ends_the_run_with_the_rows_in_flight_and_rejects_none() {
    let script = Arc::new(Script { classes: vec![Class::Set, Class::Fatal], delays: vec![500], ..Script::default() });
    let (told, stop) = run(rows(1_000, &["us-east-1"]), &script, &settings("100", 8), async |_| {});
    assert!(matches!(stop.reason(), Some(Reason::Fatal(_))));
    assert!(script.seen.lock().unwrap().calls.len() <= 16);
    assert_eq!(told.tally.of(Outcome::Rejected) + told.tally.of(Outcome::Unknown), 0);
}

#[test]
fn what_is_wrong_with_every_call_is_found_out_with_one() {
    let script = Arc::new(Script { classes: vec![Class::Fatal], delays: vec![500], ..Script::default() });
    run(rows(1_000, &["us-east-1"]), &script, &settings("100", 8), async |_| {});
    assert_eq!(script.seen.lock().unwrap().calls.len(), 1);
}

#[test]
fn a_call_that_does_not_answer_within_the_grace_is_unknown() {
    let delays = [&[10][..], &[60_000; 9]].concat();
    let script = Arc::new(Script { classes: vec![Class::Set], delays, ..Script::default() });
    let (told, _) = run(rows(10, &["us-east-1"]), &script, &settings("100", 4), async |stop| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stop.pull(Reason::Signal(15));
    });
    assert_eq!(told.tally.of(Outcome::Unknown), 4);
    assert_eq!(told.tally.of(Outcome::Set), 1);
}

#[test]
fn a_call_that_has_not_left_within_the_grace_is_not_sent() {
    let script =
        Arc::new(Script { classes: vec![Class::Set], delays: vec![10], getting_ready: Some(Duration::from_secs(60)), ..Script::default() });
    let (told, _) = run(rows(10, &["us-east-1"]), &script, &settings("100", 4), async |stop| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stop.pull(Reason::Signal(15));
    });
    assert!(script.seen.lock().unwrap().calls.is_empty());
    assert!(!told.intents.is_empty());
    assert!(told.intents.keys().all(|row| told.fates[row].outcome == Outcome::NotSent), "{:?}", told.fates);
}

#[test]
fn a_journal_that_cannot_be_written_lets_no_call_leave() {
    let script = Arc::new(Script { classes: vec![Class::Set], delays: vec![10], ..Script::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let stop = Stop::default();
    runtime.block_on(async {
        let (row_sender, row_receiver) = mpsc::channel(16);
        for row in rows(10, &["us-east-1"]) {
            row_sender.send(Errand { row, in_doubt: false }).await.unwrap();
        }
        drop(row_sender);
        let (event_sender, mut events) = mpsc::channel::<Event>(4);
        let settings = settings("unlimited", 4);
        let deaf = async { while events.recv().await.is_some() {} };
        tokio::join!(execute(vec![row_receiver], Arc::clone(&script), &settings, event_sender, stop.clone()), deaf);
    });
    assert!(matches!(stop.reason(), Some(Reason::Journal(_))));
    assert!(script.seen.lock().unwrap().calls.is_empty());
}

#[test]
fn an_unlimited_run_is_held_back_by_its_concurrency_alone() {
    let script = Arc::new(Script { classes: vec![Class::Set], delays: vec![100], ..Script::default() });
    let settings = Settings { cap: Cap::Unlimited, ..settings("1", 50) };
    let (told, _) = run(rows(1_000, &["us-east-1"]), &script, &settings, async |_| {});
    let seen = script.seen.lock().unwrap();
    assert_eq!((told.tally.of(Outcome::Set), seen.most_at_once), (1_000, 50));
    // The first goes alone, and 999 others in twenty waves.
    assert_eq!(seen.calls[999] - seen.calls[0], Duration::from_millis(2_000));
}

#[test]
fn a_run_uses_nearly_all_that_the_service_allows_and_wastes_nearly_nothing() {
    for (rate, burst, latency) in [(30.0, 30.0, 80), (30.0, 30.0, 300), (12.0, 5.0, 80), (100.0, 100.0, 40)] {
        let quota = Some((rate, burst));
        let script = Arc::new(Script { classes: vec![Class::Set], delays: vec![latency], quota, ..Script::default() });
        let count = (rate * 120.0) as u64;
        let (told, _) = run(rows(count, &["us-east-1"]), &script, &settings("200", 256), async |_| {});
        assert_eq!(told.tally.of(Outcome::Set), count);
        let seen = script.seen.lock().unwrap();
        let took = (*seen.calls.last().unwrap() - seen.calls[0]).as_secs_f64();
        let (goodput, throttled) = (count as f64 / (rate * took + burst), 1.0 - count as f64 / seen.calls.len() as f64);
        assert!(goodput > 0.93 && throttled < 0.03, "{rate}/s, {burst} at once, {latency} ms: {goodput:.3}, {throttled:.3} throttled");
    }
}

/// What a run at 40 a second, with so many calls in flight at the most, is told to have been held back by, and the most that it had.
fn held_back(delay: u64, class: Class, calls: usize) -> (HeldBack, usize) {
    let classes = vec![Class::Set, class, Class::Set, Class::Set];
    let script = Arc::new(Script { classes, delays: vec![delay], ..Script::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let held_back = runtime.block_on(async {
        let (row_sender, row_receiver) = mpsc::channel(1_000);
        for row in rows(1_000, &["us-east-1"]) {
            row_sender.send(Errand { row, in_doubt: false }).await.unwrap();
        }
        drop(row_sender);
        let (event_sender, mut events) = mpsc::channel(64);
        let listen = async {
            let mut told = None;
            while let Some(event) = events.recv().await {
                match event {
                    Event::Intent { durable, .. } => drop(durable.send(())),
                    Event::AllBegun { region, held_back } => assert!(told.replace(held_back).is_none() && region == "us-east-1"),
                    _ => {}
                }
            }
            told.expect("it is told once")
        };
        let settings = settings("40", calls);
        tokio::join!(execute(vec![row_receiver], Arc::clone(&script), &settings, event_sender, Stop::default()), listen).1
    });
    let most_at_once = script.seen.lock().unwrap().most_at_once;
    (held_back, most_at_once)
}

#[test]
fn a_run_knows_whether_the_cap_throttling_or_latency_held_it_back() {
    let (by_cap, _) = held_back(80, Class::Set, 120);
    assert!(by_cap.by_cap > Duration::from_secs(20) && by_cap.by_service.is_zero() && by_cap.by_answers < by_cap.by_cap / 10, "{by_cap:?}");
    let (by_service, _) = held_back(80, Class::Throttled { retry_after: None }, 120);
    assert!(by_service.by_service > by_service.by_cap + by_service.by_answers, "{by_service:?}");
    let (by_answers, _) = held_back(500, Class::Set, 4);
    assert!(by_answers.by_answers > Duration::from_secs(100) && by_answers.by_cap.is_zero(), "{by_answers:?}");
}

#[test]
fn the_rate_is_held_when_answers_take_two_seconds_and_no_more_calls_are_in_flight_than_that_needs() {
    for (delay, needed) in [(2_000, 80), (80, 4)] {
        let ceiling = Settings::concurrency_for("40".parse().unwrap()).get();
        let (held_back, most_at_once) = held_back(delay, Class::Set, ceiling);
        assert!(held_back.by_answers < held_back.by_cap / 10, "{delay} ms: {held_back:?}");
        assert!((needed..=needed + 1).contains(&most_at_once), "{delay} ms: {most_at_once} calls at once");
    }
}

/// What becomes of a row that an earlier run left in doubt, when every call is answered so.
fn in_doubt(class: Class, code: &'static str) -> Fate {
    let script = Arc::new(Script { classes: vec![class], delays: vec![10], code: Some(code), ..Script::default() });
    let errands = rows(1, &["us-east-1"]).into_iter().map(|row| Errand { row, in_doubt: true }).collect();
    let (mut told, _) = run_errands(errands, &script, &settings("100", 4), async |_| {});
    told.fates.remove(&1).unwrap()
}

#[test]
fn doubt_from_an_earlier_run_is_not_forgotten() {
    let history = in_doubt(Class::Rejected, "PasswordHistoryPolicyViolationException");
    assert_eq!((history.outcome, history.detail.code.as_str()), (Outcome::Unknown, "probably_applied"));
    assert_eq!(in_doubt(Class::Fatal, "ExpiredTokenException").outcome, Outcome::Unknown);
    assert_eq!(in_doubt(Class::NotSent, "not_connected").outcome, Outcome::Unknown);
    assert_eq!(in_doubt(Class::Rejected, "UserNotFoundException").outcome, Outcome::Rejected);
    assert_eq!(in_doubt(Class::Set, "").outcome, Outcome::Set);
}

#[test]
fn what_would_become_of_a_row_should_the_run_end_now_is_told_before_its_place_among_the_calls_is_given_up() {
    // Each retry is told with an outcome that is true at that moment, and no more intents are open than calls may be in flight.
    let classes = vec![Class::Throttled { retry_after: None }, Class::NotSent, Class::Ambiguous, Class::NotSent, Class::Set];
    let script = Arc::new(Script { classes, delays: vec![30, 5, 50], ..Script::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (row_sender, row_receiver) = mpsc::channel(500);
        for row in rows(200, &["us-east-1"]) {
            row_sender.send(Errand { row, in_doubt: false }).await.unwrap();
        }
        drop(row_sender);
        let (event_sender, mut events) = mpsc::channel(64);
        let settings = settings("1000", 8);
        let listen = async {
            let (mut open, mut doubtful) = (HashSet::new(), HashSet::new());
            while let Some(event) = events.recv().await {
                match event {
                    Event::Intent { row, durable, .. } => {
                        assert!(open.insert(row) && open.len() <= 8, "{} intents are open", open.len());
                        let _ = durable.send(());
                    }
                    Event::Retrying { row, class, so_far, .. } => {
                        if class == Class::Ambiguous {
                            doubtful.insert(row);
                        }
                        let expected = if doubtful.contains(&row) { Outcome::Unknown } else { Outcome::NotSent };
                        assert!(open.remove(&row) && so_far.outcome == expected);
                    }
                    // A row that waits for its next attempt when the run ends has no intent that is open.
                    Event::Finished { row, .. } => drop(open.remove(&row)),
                    Event::Read(_) | Event::Pausing(_) | Event::AllBegun { .. } => {}
                }
            }
        };
        tokio::join!(execute(vec![row_receiver], Arc::clone(&script), &settings, event_sender, Stop::default()), listen);
    });
}

#[test]
fn an_outage_of_an_hour_costs_few_rows_and_the_run_goes_on_by_itself() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let now = runtime.block_on(async { Instant::now() });
    drop(runtime);
    let (from, until) = (now + Duration::from_secs(60), now + Duration::from_secs(3_660));
    let script = Arc::new(Script { classes: vec![Class::Set], delays: vec![100], down: Some((from, until)), ..Script::default() });
    let (told, stop) = run(rows(3_000, &["us-east-1"]), &script, &settings("15", 45), async |_| {});
    assert_eq!(stop.reason(), None);
    let unknown = told.tally.of(Outcome::Unknown);
    assert_eq!(told.tally.of(Outcome::Set) + unknown, 3_000);
    // At full rate it would be three rows a second: all of them.
    assert!((1..=150).contains(&unknown), "{unknown} rows were lost in the outage");
}
