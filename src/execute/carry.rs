//! One row, from its first attempt to its end.
//!
//! Read [`carry`] from top to bottom and you have the row's whole life. What follows from an answer is decided in `retry`, and when an
//! attempt may leave in `pace`.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::lane::{Lane, Turn};
use super::retry::{Decision, History, decide, unfinished};
use super::{Errand, Reason};
use crate::cognito::SetPassword;
use crate::outcome::{Answer, Class, Detail, Fate, Outcome};
use crate::validate::ValidRow;

/// So long before it leaves a call is begun: getting it ready takes 0.2 ms, tokio's timer wakes up to 2 ms late.
const AHEAD: Duration = Duration::from_millis(4);

/// What came of a turn.
enum Attempt {
    /// The call left at this moment, or was begun then and could not leave, and this is its answer. Its place among the calls in flight is
    /// given up when what follows from the answer is on its way to the journal: so that however the run ends, no more intents stand without
    /// an end than calls may be in flight.
    Answered(Instant, Answer, OwnedSemaphorePermit),
    /// The call left, and the run ended before its answer.
    Abandoned,
    /// The run ended before the call left.
    Withdrawn,
}

/// Carries a row to its end, and tells it. `turn` is for its first attempt.
pub(super) async fn carry<C: SetPassword>(lane: &Lane<C>, Errand { row, in_doubt }: Errand, turn: Turn) {
    let past = Past { in_doubt_since: in_doubt.then(Instant::now), ..Past::default() };
    let (fate, _in_flight) = to_its_end(lane, &row, turn, past).await;
    lane.tell_end(&row, fate).await;
}

async fn to_its_end<C: SetPassword>(lane: &Lane<C>, row: &ValidRow, first: Turn, mut past: Past) -> (Fate, Option<OwnedSemaphorePermit>) {
    let mut turn = first;
    loop {
        let (sent, answer, in_flight) = match attempt(lane, row, turn, past.attempts + 1).await {
            Attempt::Answered(sent, answer, in_flight) => (sent, answer, in_flight),
            Attempt::Abandoned => return (unanswered(past.attempts + 1), None),
            Attempt::Withdrawn => return (unfinished(past.history(lane), run_ended("the run ended before its turn")), None),
        };
        let class = answer.class;
        lane.contact.note(class, sent);
        match class {
            Class::Throttled { retry_after } => lane.pacer.throttled(sent, retry_after),
            Class::Set | Class::Rejected => {
                lane.pacer.admitted(sent);
                past.count(class, sent);
            }
            _ => past.count(class, sent),
        }
        let said = answer.detail.clone();
        let pause = match decide(answer, past.history(lane), &lane.limits, rand::random()) {
            Decision::End(fate) => return (fate, Some(in_flight)),
            Decision::Stop(fate, why) => {
                lane.stop.pull(Reason::Fatal(why));
                return (fate, Some(in_flight));
            }
            Decision::AgainAtOnce => Duration::ZERO,
            Decision::AgainAfter(pause) => pause,
        };
        lane.tell_retry(row, class, unfinished(past.history(lane), said)).await;
        drop(in_flight);
        let next = async {
            tokio::time::sleep(pause).await;
            lane.turn().await
        };
        turn = match lane.stop.unless_pulled(next).await {
            Some(turn) => turn,
            None => return (unfinished(past.history(lane), run_ended("the run ended before its next attempt")), None),
        };
    }
}

/// What the row has been through so far.
#[derive(Default)]
struct Past {
    attempts: u32,
    in_doubt_since: Option<Instant>,
    unconnected: u32,
}

impl Past {
    fn count(&mut self, class: Class, sent: Instant) {
        if class == Class::NotSent {
            self.unconnected += 1;
            return;
        }
        if class == Class::Ambiguous {
            self.in_doubt_since.get_or_insert(sent);
        }
        self.attempts += 1;
        self.unconnected = 0;
    }

    fn history<C>(&self, lane: &Lane<C>) -> History {
        History {
            attempts: self.attempts,
            doubtful_for: self.in_doubt_since.map(|since| since.elapsed()),
            unconnected: self.unconnected,
            unconnected_for: lane.contact.lost_for(),
            answered: lane.contact.was_made(),
        }
    }
}

async fn attempt<C: SetPassword>(lane: &Lane<C>, row: &ValidRow, turn: Turn, number: u32) -> Attempt {
    match lane.stop.unless_pulled(lane.cognito.prepare()).await {
        Some(Ok(())) => {}
        Some(Err(answer)) => return Attempt::Answered(Instant::now(), answer, turn.in_flight),
        None => return Attempt::Withdrawn,
    }
    let Some(pass) = lane.stop.unless_pulled(lane.outage.pass()).await else {
        return Attempt::Withdrawn;
    };
    if lane.intend(row, number).await.is_none() {
        return Attempt::Withdrawn;
    }
    let Some(slot) = lane.stop.unless_pulled(lane.pacer.slot(AHEAD)).await else {
        return Attempt::Withdrawn;
    };
    lane.leave(turn.ready);
    let begun = Instant::now();
    let left = Arc::new(OnceLock::new());
    let departure = {
        let (pacer, left) = (Arc::clone(&lane.pacer), Arc::clone(&left));
        async move { left.set(pacer.depart(slot).await).expect("a call leaves once") }
    };
    let call = lane.cognito.set_password(row.user(), row.password(), row.lifetime(), departure);
    let answer = lane.stop.within_grace(lane.grace, call).await;
    let left = left.get().copied();
    let Some(answer) = answer else { return if left.is_some() { Attempt::Abandoned } else { Attempt::Withdrawn } };
    if let Some(pause) = lane.outage.answered(pass, answer.class) {
        lane.tell_pause(pause).await;
    }
    Attempt::Answered(left.unwrap_or(begun), answer, turn.in_flight)
}

fn unanswered(attempts: u32) -> Fate {
    Fate { outcome: Outcome::Unknown, detail: run_ended("the run ended before the answer came"), attempts }
}

fn run_ended(message: &str) -> Detail {
    Detail { code: "run_ended".to_owned(), message: message.to_owned(), request_id: String::new() }
}
