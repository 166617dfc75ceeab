//! What the controller promises, by example. How well it does over minutes and nights is measured in `tests/bench/pace.rs`.

use super::tuning::{APPROACH, APPROACH_PRICE, CUT, FAR, FEW_EXCESS, FEW_IN_FLIGHT, FINE_EXCESS, GROWTH, HEADROOM, NEAR, REST};
use super::*;

const SECOND: Duration = Duration::from_secs(1);
const ROUND_TRIP: Duration = Duration::from_millis(80);

/// So many requests leave as the rate allows in this time.
fn leave(controller: &mut Controller, start: Instant, length: Duration) {
    (0..(controller.rate * length.as_secs_f64()).ceil() as u32).for_each(|_| controller.sent(start, 0.5));
}

/// A round trip after the other, in each of which a request is let through. Gives the moment after the last.
fn admit(controller: &mut Controller, start: Instant, length: Duration) -> Instant {
    let mut now = start;
    while now < start + length {
        leave(controller, now, ROUND_TRIP);
        controller.admitted(now + Duration::from_millis(1), now + ROUND_TRIP);
        now += ROUND_TRIP;
    }
    now
}

/// A controller that was throttled at `start` and is thought to sustain 20 a second.
fn sustaining(known: Known, start: Instant) -> Controller {
    let mut controller = Controller::new(Some(200.0), start);
    controller.throttled(start, start, None);
    controller.rate = 20.0;
    controller.sustained = 20.0;
    controller.known = known;
    controller.begin_anew(SinceCut::new(start, start));
    controller
}

/// How long the controller above rests for one throttled answer.
fn rest() -> Duration {
    Duration::from_secs_f64(REST.0 * (20.0 / DOCUMENTED_QUOTA).sqrt())
}

#[test]
fn a_cut_holds_from_the_next_request_on() {
    let start = Instant::now();
    let mut controller = Controller::new(Some(20.0), start);
    controller.throttled(start, start, None);
    controller.sent(start + SECOND, 0.5);
    controller.rate = 5.0;
    assert_eq!(controller.due(), start + SECOND + SECOND / 5);
}

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
fn what_leaves_late_is_followed_no_sooner_than_the_rate_has_it() {
    let start = Instant::now();
    let mut controller = sustaining(Known::Well, start);
    let (interval, late) = (SECOND / 20, Duration::from_millis(3));
    controller.sent(start, 0.5);
    assert_eq!(controller.due(), start + interval);
    controller.left(start + late);
    assert_eq!(controller.due(), start + late + interval);
    controller.sent(start + late + interval, 0.5);
    controller.left(start + interval);
    assert_eq!(controller.due(), start + late + interval * 2, "nothing is made up for");
}

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
    controller.tested = 21.0;
    controller.admitted(start, start);
    let now = start + SECOND * 9;
    controller.stepped = now;
    controller.throttled(now, now, None);
    assert_eq!(controller.allowed(), Some(21.0 * (1.0 - CUT)));
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
fn one_throttled_answer_on_the_way_up_from_the_summit_is_chance_and_two_are_not() {
    let start = Instant::now();
    let mut controller = resting(start);
    controller.since_cut = Some(SinceCut::guessed(start));
    let now = admit(&mut controller, start, ROUND_TRIP * 2);
    let rate = controller.rate;
    controller.throttled(now, now, None);
    assert!(rate > 80.0 && controller.rate == rate);
    controller.throttled(now, now + ROUND_TRIP, None);
    assert_eq!(controller.rate, 80.0);
}

#[test]
fn where_few_requests_are_in_flight_a_probe_begins_with_a_long_step() {
    let start = Instant::now();
    for (rate, first) in [(FEW_IN_FLIGHT * 0.9, FEW_EXCESS), (FEW_IN_FLIGHT * 1.1, FINE_EXCESS)] {
        let mut controller = sustaining(Known::Well, start);
        (controller.rate, controller.sustained, controller.credit) = (rate, rate, 1.0);
        controller.begin_anew(SinceCut::new(start, start));
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
        let mut controller = sustaining(Known::Well, start);
        (controller.rate, controller.sustained) = (rate, rate);
        controller.begin_anew(SinceCut::new(start, start));
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
fn a_storm_slows_the_run_to_the_floor_with_full_jitter_and_the_first_answers_bring_it_back() {
    let start = Instant::now();
    let mut controller = Controller::new(Some(20.0), start);
    let mut now = start;
    for _ in 0..10 {
        now += SECOND;
        controller.throttled(now, now, None);
    }
    assert_eq!(controller.allowed(), Some(FLOOR));
    controller.sent(now, 0.0);
    assert_eq!(controller.due(), now);
    controller.sent(now, 1.0);
    assert_eq!(controller.due(), now + SECOND.mul_f64(2.0 / FLOOR));
    let mut answers = 0;
    while controller.rate < 19.0 {
        let left = now + SECOND.div_f64(controller.rate);
        now = left + ROUND_TRIP;
        controller.sent(left, 0.5);
        controller.admitted(left, now);
        answers += 1;
    }
    assert!(answers <= 6 && now < start + SECOND * 15, "{answers} answers");
}

#[test]
fn a_storm_slows_no_run_to_a_rate_above_its_cap() {
    let start = Instant::now();
    let mut controller = Controller::new(Some(FLOOR / 5.0), start);
    (1..5).for_each(|n| controller.throttled(start + SECOND * n, start + SECOND * n, None));
    assert_eq!(controller.rate, FLOOR / 5.0);
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
fn the_service_is_asked_no_sooner_than_it_said() {
    let start = Instant::now();
    let mut controller = Controller::new(Some(20.0), start);
    controller.throttled(start, start, Some(SECOND * 7));
    assert_eq!(controller.due(), start + SECOND * 7);
}

#[test]
fn a_run_without_a_cap_holds_back_only_once_it_is_throttled() {
    let start = Instant::now();
    let mut controller = Controller::new(None, start);
    controller.sent(start, 0.5);
    assert_eq!(controller.due(), start);
    controller.throttled(start, start + SECOND, None);
    controller.sent(start + SECOND, 0.5);
    assert!(controller.due() > start + SECOND);
}

/// A controller at rest above `NOISY`, whose last cut was at 100 a second.
fn resting(start: Instant) -> Controller {
    let mut controller = sustaining(Known::Well, start);
    controller.rate = 80.0;
    controller.sustained = 80.0;
    controller.ceiling = 100.0;
    controller.begin_anew(SinceCut::new(start, start));
    controller
}

#[test]
fn at_rest_a_throttled_answer_among_many_is_chance_and_one_among_few_cuts_the_rate() {
    let start = Instant::now();
    let mut controller = resting(start);
    let now = start + SECOND;
    let answer = |controller: &mut Controller, admitted: u32| {
        for _ in 0..admitted {
            controller.admitted(now, start);
        }
        controller.throttled(now, now, None);
    };
    for _ in 0..100 {
        answer(&mut controller, (2.0 / BUDGET) as u32);
    }
    assert_eq!(controller.allowed(), Some(80.0));
    for _ in 0..3 {
        answer(&mut controller, 1);
    }
    assert!(controller.allowed().is_some_and(|rate| rate < 80.0));
}

#[test]
fn at_rest_a_steady_share_of_throttled_answers_is_chance_only_while_the_budget_bears_it() {
    let start = Instant::now();
    let now = start + SECOND;
    for (credit, is_cut) in [(MOST_OWED, false), (-MOST_OWED, true)] {
        let mut controller = resting(start);
        for _ in 0..3 {
            controller.credit = credit;
            (0..(1.5 / NOISE) as u32).for_each(|_| controller.admitted(now, start));
            controller.credit = credit;
            controller.throttled(now, now, None);
        }
        assert_eq!(controller.rate < 80.0, is_cut);
    }
}

/// Has so many requests let through at once that the way to the ceiling is paid for, but for one.
fn pay_for_the_approach(controller: &mut Controller, start: Instant) {
    (1..APPROACH_PRICE).for_each(|_| controller.admitted(start, start));
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
    controller.throttled(now + MEASURE - ROUND_TRIP, now + MEASURE, None);
    assert!(!controller.saves_up && controller.rate > arrived_at * 0.9, "{} of {arrived_at}", controller.rate);
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
