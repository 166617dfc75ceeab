//! What follows a throttled answer.

use super::*;
use crate::execute::control::tuning::{CUT, FAR, GROWTH, HEADROOM, REST_CUT, SURELY_GROWN};

#[test]
fn an_episode_of_throttled_answers_cuts_the_rate_once() {
    let start = Instant::now();
    let mut controller = Controller::new(Some(20.0), start);
    for _ in 0..10 {
        controller.throttled(start, start + SECOND, None);
    }
    assert_eq!(controller.allowed(), Some(20.0 * (1.0 - CUT)));
}

#[test]
fn where_throttling_goes_on_the_rate_falls_to_the_mean_of_what_was_sent_and_what_is_still_admitted() {
    let start = Instant::now();
    let mut controller = Controller::new(Some(20.0), start);
    controller.throttled(start, start, None);
    let soon = start + MEASURE / 2;
    for _ in 0..6 {
        controller.admitted(soon, soon);
    }
    controller.throttled(soon, soon, None);
    assert_eq!(controller.allowed(), Some(20.0 * (1.0 - CUT)), "too little was answered to judge by");
    controller.throttled(start + SECOND / 2, start + SECOND / 2, None);
    assert_eq!(controller.allowed(), Some(20.0 * (1.0 - CUT) * (6.0f64 / 8.0).sqrt()));
}

#[test]
fn a_growth_that_was_throttled_is_cut_back_by_two_steps() {
    let start = Instant::now();
    let mut controller = sustaining(Known::Roughly, start);
    controller.rate = 70.0;
    controller.before = 70.0;
    leave(&mut controller, start, SECOND * 9);
    let now = admit(&mut controller, start + SECOND * 9, ROUND_TRIP * 2);
    assert_eq!(controller.rate, 70.0 * GROWTH * GROWTH);
    controller.throttled(now, now, None);
    assert_eq!(controller.allowed(), Some(70.0 * (1.0 - CUT)));
}

#[test]
fn a_growth_that_is_throttled_again_at_once_was_an_illusion_and_is_taken_back() {
    let start = Instant::now();
    let mut controller = sustaining(Known::Roughly, start);
    controller.rate = 22.0;
    controller.tested = 21.5;
    controller.admitted(start, start);
    let now = start + SECOND * 9;
    controller.stepped = now;
    controller.throttled(now, now, None);
    assert_eq!(controller.allowed(), Some(21.5 * (1.0 - CUT)));
    controller.admitted(now, now);
    controller.throttled(now + SECOND, now + SECOND, None);
    assert_eq!(controller.allowed(), Some(20.0));
    assert!(controller.saves_up);
}

#[test]
fn what_is_throttled_at_the_rate_itself_shows_that_the_one_before_was_let_through() {
    let start = Instant::now();
    let stepped = start + SECOND * 9;
    let late = Duration::from_millis(1);
    for (left, let_through, throttled) in [(stepped + late, 24.0, 30.0), (stepped + SECOND / 36 + late, 30.0, 36.0)] {
        let mut controller = sustaining(Known::Roughly, start);
        controller.admitted(start, start);
        (controller.tested, controller.before, controller.rate) = (24.0, 30.0, 36.0);
        controller.stepped = stepped;
        controller.sent(left, 0.5);
        controller.throttled(left, left + ROUND_TRIP, None);
        assert_eq!((controller.rate, controller.ceiling), (let_through * (1.0 - CUT), throttled));
    }
}

#[test]
fn a_growth_that_went_far_was_an_illusion_if_hardly_more_than_before_is_let_through_after_it() {
    let start = Instant::now();
    for (let_through, is_illusion) in [(0, true), (3, false)] {
        let mut controller = sustaining(Known::Well, start);
        controller.rate = 20.0 * FAR * 1.4;
        controller.tested = 20.0 * FAR * 1.2;
        (0..100).for_each(|_| controller.admitted(start, start));
        let now = start + SECOND * 5;
        controller.stepped = now;
        controller.throttled(now, now, None);
        assert_eq!(controller.allowed(), Some(20.0 * FAR * 1.2 * (1.0 - CUT)));
        let later = now + MEASURE;
        (0..let_through).for_each(|_| controller.admitted(later, now));
        controller.admitted(now, now);
        (0..2).for_each(|_| controller.throttled(later, later, None));
        assert_eq!((controller.rate == 20.0, controller.saves_up), (is_illusion, is_illusion), "{}", controller.rate);
    }
}

#[test]
fn a_service_that_saves_up_is_thought_to_sustain_what_it_admitted_between_two_episodes() {
    let start = Instant::now();
    let mut controller = sustaining(Known::Well, start);
    controller.saves_up = true;
    controller.rate = 24.0;
    for _ in 0..205 {
        controller.admitted(start, start);
    }
    controller.throttled(start + SECOND * 10, start + SECOND * 10, None);
    assert_eq!(controller.allowed(), Some(20.5));
}

#[test]
fn a_climb_that_was_throttled_begins_again_where_it_began() {
    let start = Instant::now();
    let mut controller = Controller::new(Some(200.0), start);
    let now = admit(&mut controller, start, SECOND);
    assert!(controller.rate > 60.0);
    controller.throttled(now, now, None);
    assert!(controller.allowed().is_some_and(|rate| (DOCUMENTED_QUOTA * (1.0 - CUT)..=DOCUMENTED_QUOTA).contains(&rate)));
    admit(&mut controller, now, SECOND * 3);
    assert!(controller.rate > 60.0);
}

#[test]
fn a_climb_begins_again_where_it_began_unless_much_of_what_was_in_flight_at_its_summit_was_admitted() {
    let start = Instant::now();
    let after_the_summit = |admitted: u32, throttled: u32| {
        let mut controller = Controller::new(Some(200.0), start);
        let now = admit(&mut controller, start, SECOND);
        let summit = controller.before;
        let left = now - ROUND_TRIP / 2;
        (0..throttled).for_each(|_| controller.throttled(left, now, None));
        (0..20).for_each(|_| controller.admitted(left - ROUND_TRIP / 2, now));
        (0..admitted).for_each(|_| controller.admitted(left, now + ROUND_TRIP / 2));
        controller.admitted(now + ROUND_TRIP, now + ROUND_TRIP * 2);
        (controller.rate / summit, controller)
    };
    let (_, controller) = after_the_summit(2, 8);
    assert!(controller.known == Known::Climbing && controller.sustained <= DOCUMENTED_QUOTA);
    let (left, mut controller) = after_the_summit(6, 4);
    assert!((0.59..0.61).contains(&left), "{left}");
    admit(&mut controller, start + SECOND * 2, SECOND);
    let (rate, ceiling) = (controller.rate, controller.ceiling);
    assert!((ceiling * (1.0 - 2.0 * HEADROOM)..ceiling).contains(&rate), "{rate} is near {ceiling}, and was approached at once");
}

#[test]
fn a_run_without_a_cap_begins_again_from_what_really_left_and_not_from_the_highest_rate() {
    let start = Instant::now();
    let mut controller = Controller::new(None, start);
    let now = start + SECOND / 8;
    (0..4).for_each(|_| controller.throttled(start, now, None));
    (0..6).for_each(|_| controller.admitted(start, now));
    controller.admitted(now + SECOND, now + SECOND * 2);
    assert_eq!((controller.rate, controller.ceiling), (6.0 * 8.0, 10.0 * 8.0));
}

#[test]
fn where_throttling_goes_on_the_rate_falls_by_much_however_slow_the_answers_and_however_long_the_service_asked_to_wait() {
    let start = Instant::now();
    for (round_trip, wait) in [(ROUND_TRIP, None), (SECOND, None), (ROUND_TRIP, Some(SECOND * 5))] {
        let mut controller = sustaining(Known::Well, start);
        controller.admitted(start, start);
        controller.throttled(start + SECOND * 3 - ROUND_TRIP, start + SECOND * 3, wait);
        let cut = controller.rate;
        let left = start + SECOND * 3 + wait.unwrap_or_default() + Duration::from_millis(1);
        controller.admitted(left, left + round_trip);
        let left = left + MEASURE.max(round_trip);
        controller.throttled(left, left + round_trip, wait);
        controller.throttled(left, left + round_trip, wait);
        assert!((cut * 0.5..cut * 0.8).contains(&controller.rate), "{round_trip:?} {wait:?}: {cut} -> {}", controller.rate);
    }
}

#[test]
fn what_is_throttled_right_after_the_ceiling_was_arrived_at_is_no_sign_of_saved_up_requests() {
    let start = Instant::now();
    let mut controller = sustaining(Known::Well, start);
    controller.ceiling = 25.0;
    controller.fallback = 15.0;
    pay_for_the_approach(&mut controller, start);
    let mut now = start;
    while controller.sustained == 20.0 && now < start + SECOND * 5 {
        now = admit(&mut controller, now, ROUND_TRIP);
    }
    let arrived_at = controller.sustained;
    assert!(arrived_at > 20.0 && controller.rate == arrived_at);
    // Too soon for a step.
    (0..20).for_each(|_| controller.admitted(now + STEP / 2, now + STEP / 2));
    controller.throttled(now + ROUND_TRIP, now + ROUND_TRIP * 2, None);
    assert!(!controller.saves_up && (arrived_at * 0.9..arrived_at).contains(&controller.rate), "{} of {arrived_at}", controller.rate);
}

/// A controller that was cut to `left` after a growth from 20 a second, and is throttled again at once.
fn throttled_again_at(left: f64, known: Known) -> Controller {
    let start = Instant::now();
    let mut controller = Controller { fallback: 20.0, ..sustaining_at(left, known, start) };
    let sent = start + ROUND_TRIP;
    (0..20).for_each(|_| controller.admitted(sent, start + STEP / 2));
    controller.throttled(sent, sent + ROUND_TRIP, None);
    controller
}

#[test]
fn a_growth_of_which_nearly_nothing_was_left_is_no_illusion_unless_it_is_the_first_climb() {
    for (left, known, is_illusion) in [
        (20.0 * (1.0 + SURELY_GROWN) + 0.1, Known::Well, true),
        (20.0 * (1.0 + SURELY_GROWN) - 0.1, Known::Well, false),
        (20.3, Known::Well, false),
        (20.3, Known::Climbing, true),
        (20.0, Known::Climbing, false),
    ] {
        let controller = throttled_again_at(left, known);
        assert_eq!(controller.rate == 20.0, is_illusion, "{left}: {}", controller.rate);
        assert!(controller.rate < left);
    }
}

#[test]
fn the_sustained_rate_itself_is_cut_by_more_than_one_above_it() {
    let start = Instant::now();
    let mut controller = sustaining(Known::Well, start);
    (0..200).for_each(|_| controller.admitted(start + SECOND, start + STEP / 2));
    controller.throttled(start + SECOND * 9, start + SECOND * 9, None);
    assert_eq!(controller.allowed(), Some(20.0 * (1.0 - REST_CUT)));
}

#[test]
fn what_is_throttled_on_the_way_to_the_ceiling_lowers_it_and_not_the_sustained_rate_unless_it_is_chance() {
    let start = Instant::now();
    let mut controller = resting(start);
    pay_for_the_approach(&mut controller, start);
    let now = admit(&mut controller, start, ROUND_TRIP * 2);
    let when_it_left = controller.before;
    let rate = controller.rate;
    assert!((80.0..rate).contains(&when_it_left));
    controller.throttled(now, now, None);
    assert_eq!(controller.rate, rate);
    controller.throttled(now, now, None);
    assert_eq!((controller.rate, controller.sustained, controller.ceiling), (80.0, 80.0, when_it_left));
}
