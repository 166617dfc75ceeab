//! The rate of a run: what it reaches, what holds it back, and what it needs for that.

use std::sync::Arc;
use std::time::Duration;

use super::script::{Script, rows, run, settings};
use crate::execute::Settings;
use crate::execute::cap::Cap;
use crate::outcome::{Class, HeldBack, Outcome};

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

/// A run of a thousand rows at 40 a second, with so many calls in flight at the most.
fn of_a_thousand(delay: u64, class: Class, calls: usize) -> (HeldBack, usize) {
    let classes = vec![Class::Set, class, Class::Set, Class::Set];
    let script = Arc::new(Script { classes, delays: vec![delay], ..Script::default() });
    let (told, _) = run(rows(1_000, &["us-east-1"]), &script, &settings("40", calls), async |_| {});
    let most_at_once = script.seen.lock().unwrap().most_at_once;
    (told.held_back["us-east-1"], most_at_once)
}

#[test]
fn a_run_knows_whether_the_cap_throttling_or_latency_held_it_back() {
    let (by_cap, _) = of_a_thousand(80, Class::Set, 120);
    assert!(by_cap.by_cap > Duration::from_secs(20) && by_cap.by_service.is_zero() && by_cap.by_answers < by_cap.by_cap / 10, "{by_cap:?}");
    let (by_service, _) = of_a_thousand(80, Class::Throttled { retry_after: None }, 120);
    assert!(by_service.by_service > by_service.by_cap + by_service.by_answers, "{by_service:?}");
    let (by_answers, _) = of_a_thousand(500, Class::Set, 4);
    assert!(by_answers.by_answers > Duration::from_secs(100) && by_answers.by_cap.is_zero(), "{by_answers:?}");
}

#[test]
fn the_rate_is_held_when_answers_take_two_seconds_and_no_more_calls_are_in_flight_than_that_needs() {
    for (delay, needed) in [(2_000, 80), (80, 4)] {
        let ceiling = Settings::concurrency_for("40".parse().unwrap()).get();
        let (held_back, most_at_once) = of_a_thousand(delay, Class::Set, ceiling);
        assert!(held_back.by_answers < held_back.by_cap / 10, "{delay} ms: {held_back:?}");
        assert!((needed..=needed + 1).contains(&most_at_once), "{delay} ms: {most_at_once} calls at once");
    }
}

#[test]
fn a_service_that_throttles_below_the_cap_has_few_rows_made_ready_and_is_said_to_be_the_limit() {
    for cap in ["unlimited", "5000"] {
        let script = Arc::new(Script { classes: vec![Class::Set], delays: vec![80], quota: Some((30.0, 30.0)), ..Script::default() });
        let settings = Settings { cap: cap.parse().unwrap(), ..settings("1", 64) };
        let (told, _) = run(rows(1_000, &["us-east-1"]), &script, &settings, async |_| {});
        assert_eq!(told.tally.of(Outcome::Set), 1_000);
        let HeldBack { by_cap, by_service, by_answers } = told.held_back["us-east-1"];
        assert!(by_service > (by_cap + by_answers) * 10, "{cap}: {:?}", told.held_back);
        assert!(told.most_ready <= 5, "{cap}: {} rows were ready at once", told.most_ready);
    }
}

#[test]
fn a_rate_is_held_though_an_intent_takes_long_to_be_written() {
    for cap in ["40", "400"] {
        let intent = Duration::from_millis(150);
        let script = Arc::new(Script { classes: vec![Class::Set], delays: vec![80], intent, ..Script::default() });
        let rate: f64 = cap.parse().unwrap();
        let count = rate as u64 * 30;
        run(rows(count, &["us-east-1"]), &script, &settings(cap, 512), async |_| {});
        let seen = script.seen.lock().unwrap();
        let after = |seconds: u64| seen.calls.partition_point(|at| *at < seen.calls[0] + Duration::from_secs(seconds)) as f64;
        assert!(after(25) - after(5) >= 20.0 * rate * 0.98, "{cap}: {}", after(25) - after(5));
    }
}
