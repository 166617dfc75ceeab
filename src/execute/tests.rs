//! The executor against a scripted service on a paused clock, where nine hours take a second. What a real service does is tested in
//! `tests/`, against real servers.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::script::{Script, rows, run, run_errands, settings};
use super::{Errand, Reason, Stop, execute};
use crate::outcome::{Class, Event, Fate, Outcome};

mod rate;
mod script;

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
                    Event::Read(_) | Event::Pausing(_) | Event::Allowed { .. } | Event::AllBegun { .. } => {}
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
