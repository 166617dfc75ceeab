//! How the rate grows, and how long it rests before that.

use super::*;
use crate::execute::control::tuning::{APPROACH, FEW_EXCESS, FEW_IN_FLIGHT, FINE_EXCESS, HEADROOM, NEAR, REST};

#[test]
fn the_rate_rests_then_probes_then_climbs_back_to_the_cap_and_no_further() {
    let start = Instant::now();
    let mut controller = sustaining(Known::Well, start);
    let now = admit(&mut controller, start, rest() - ROUND_TRIP);
    assert_eq!(controller.allowed(), Some(20.0));
    let now = admit(&mut controller, now, SECOND);
    assert!(controller.allowed().is_some_and(|rate| (20.0 * (1.0 + FINE_EXCESS)..=20.0 * (1.0 + NEAR)).contains(&rate)));
    let now = admit(&mut controller, now, SECOND * 20);
    assert_eq!(controller.allowed(), None);
    admit(&mut controller, now, SECOND * 1_000);
    assert_eq!(controller.rate, 200.0);
}

#[test]
fn the_rate_rests_longer_after_a_costly_episode_but_only_while_the_budget_is_overdrawn() {
    let start = Instant::now();
    let mut controller = sustaining(Known::Well, start);
    controller.throttled(start, start, None);
    let now = admit(&mut controller, start, rest() * 3 / 2);
    assert_eq!(controller.allowed(), Some(20.0));
    controller.credit = 1.0;
    admit(&mut controller, now, SECOND * 2);
    assert!(controller.allowed().is_some_and(|rate| rate > 20.0));
}

#[test]
fn a_rate_that_is_not_used_is_not_raised() {
    let start = Instant::now();
    // Four calls at once, as if no more were allowed in flight, and a round trip so slow or so fast.
    for (round_trip, is_raised) in [(ROUND_TRIP * 2, true), (ROUND_TRIP * 8, false)] {
        let mut controller = sustaining(Known::Well, start);
        controller.credit = MOST_OWED;
        let mut now = start;
        for _ in 0..20 {
            (0..4).for_each(|_| controller.sent(now, 0.5));
            (0..4).for_each(|_| controller.admitted(now + Duration::from_millis(1), now + round_trip));
            now += round_trip;
        }
        assert_eq!(controller.rate > 20.0, is_raised, "{round_trip:?}");
    }
}

#[test]
fn nothing_grows_while_answers_are_throttled() {
    let start = Instant::now();
    let highest = |throttled: bool| {
        let mut controller = sustaining(Known::Well, start);
        controller.credit = MOST_OWED;
        let (mut now, mut highest) = (start, 0.0f64);
        while now + STEP < start + MEASURE {
            leave(&mut controller, now, STEP);
            now += STEP;
            if throttled {
                controller.throttled(now - STEP / 2, now - STEP / 4, None);
            }
            controller.admitted(now - STEP / 4, now);
            highest = highest.max(controller.rate);
        }
        highest
    };
    assert!(highest(false) > 20.0);
    assert_eq!(highest(true), 20.0);
}

#[test]
fn a_cap_above_the_documented_quota_is_approached_from_it_and_one_step_a_round_trip() {
    let start = Instant::now();
    let mut controller = Controller::new(Some(5_000.0), start);
    assert_eq!(controller.rate, DOCUMENTED_QUOTA);
    leave(&mut controller, start, SECOND * 3);
    for _ in 0..100 {
        controller.admitted(start + SECOND, start + SECOND * 3);
    }
    assert_eq!(controller.rate, DOCUMENTED_QUOTA * LARGEST_STEP);
    admit(&mut controller, start + SECOND * 3, SECOND * 2);
    assert_eq!(controller.rate, 5_000.0);
}

#[test]
fn where_few_requests_are_in_flight_a_probe_begins_with_a_long_step() {
    let start = Instant::now();
    for (rate, first) in [(FEW_IN_FLIGHT * 0.9, FEW_EXCESS), (FEW_IN_FLIGHT * 1.1, FINE_EXCESS)] {
        let mut controller = Controller { credit: 1.0, ..sustaining_at(rate, Known::Well, start) };
        admit(&mut controller, start, ROUND_TRIP);
        assert_eq!(controller.rate, rate + rate * first);
    }
}

#[test]
fn where_few_requests_are_in_flight_a_costly_episode_is_followed_by_no_longer_a_rest_than_another() {
    let start = Instant::now();
    let rate = FEW_IN_FLIGHT / 2.0;
    let rest = Duration::from_secs_f64(REST.0 * (rate / DOCUMENTED_QUOTA).sqrt());
    for episode in [1, 5] {
        let mut controller = sustaining_at(rate, Known::Well, start);
        (1..episode).for_each(|_| controller.throttled(start, start, None));
        let now = admit(&mut controller, start, rest - ROUND_TRIP);
        assert_eq!(controller.allowed(), Some(rate));
        admit(&mut controller, now, ROUND_TRIP * 2);
        assert!(controller.allowed() > Some(rate));
    }
}

#[test]
fn where_the_service_saves_up_the_rests_are_longer() {
    let start = Instant::now();
    let mut controller = sustaining(Known::Well, start);
    controller.saves_up = true;
    controller.credit = -1.0;
    let now = admit(&mut controller, start, rest() * 5 / 4);
    assert_eq!(controller.rate, 20.0);
    admit(&mut controller, now, rest());
    assert!(controller.rate > 20.0);
}

#[test]
fn the_ceiling_is_approached_and_what_is_not_throttled_below_it_becomes_the_sustained_rate() {
    let start = Instant::now();
    let mut controller = resting(start);
    let now = admit(&mut controller, start, ROUND_TRIP);
    assert_eq!(controller.allowed(), Some(80.0), "the throttled answer is paid for first");
    pay_for_the_approach(&mut controller, start);
    let now = admit(&mut controller, now, ROUND_TRIP);
    assert_eq!(controller.allowed(), Some(80.0 + (100.0 * (1.0 - HEADROOM) - 80.0) * APPROACH));
    admit(&mut controller, now, SECOND);
    let arrived = (100.0 * (1.0 - 2.0 * HEADROOM))..=(100.0 * (1.0 - HEADROOM));
    assert!(arrived.contains(&controller.sustained) && controller.rate >= controller.sustained);
}
