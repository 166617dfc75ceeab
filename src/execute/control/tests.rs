//! What the controller promises, by example. How well it does over minutes and nights is measured in `tests/bench/pace.rs`.

use super::tuning::{APPROACH_PRICE, REST};
use super::*;

mod cuts;
mod growth;

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

/// A controller that was throttled at `start` and is thought to sustain `rate` a second.
fn sustaining_at(rate: f64, known: Known, start: Instant) -> Controller {
    let mut controller = Controller::new(Some(200.0), start);
    controller.throttled(start, start, None);
    controller.rate = rate;
    controller.sustained = rate;
    controller.known = known;
    controller.begin_anew(SinceCut::new(start, start));
    controller
}

/// One that is thought to sustain 20 a second.
fn sustaining(known: Known, start: Instant) -> Controller {
    sustaining_at(20.0, known, start)
}

/// How long the controller above rests for one throttled answer.
fn rest() -> Duration {
    Duration::from_secs_f64(REST.0 * (20.0 / DOCUMENTED_QUOTA).sqrt())
}

/// A controller at rest above `NOISY`, whose last cut was at 100 a second.
fn resting(start: Instant) -> Controller {
    Controller { ceiling: 100.0, ..sustaining_at(80.0, Known::Well, start) }
}

/// Has so many requests let through at once that the way to the ceiling is paid for, but for one.
fn pay_for_the_approach(controller: &mut Controller, start: Instant) {
    (1..APPROACH_PRICE).for_each(|_| controller.admitted(start, start));
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
