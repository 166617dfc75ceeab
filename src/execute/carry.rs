//! One row, from its first attempt to its end.
//!
//! Read [`carry`] from top to bottom and you have the row's whole life. What follows from an answer is decided in `retry`, and when an
//! attempt may leave in `pace`.

use std::time::Duration;

use tokio::time::Instant;

use super::Reason;
use super::lane::{Lane, Turn};
use super::retry::{Decision, History, decide, unfinished};
use crate::cognito::SetPassword;
use crate::outcome::{Answer, Class, Detail, Fate, Outcome};
use crate::validate::ValidRow;

/// What came of a turn.
enum Attempt {
    /// The call left at this moment, and this is its answer.
    Answered(Instant, Answer),
    /// The call left, and the run ended before its answer.
    Abandoned,
    /// The run ended before the call left.
    Withdrawn,
}

/// Carries `row` to its end, and tells it. `turn` is for its first attempt.
pub(super) async fn carry<C: SetPassword>(lane: &Lane<C>, row: ValidRow, turn: Turn) {
    let fate = to_its_end(lane, &row, turn).await;
    lane.tell_end(&row, fate).await;
}

async fn to_its_end<C: SetPassword>(lane: &Lane<C>, row: &ValidRow, first: Turn) -> Fate {
    let mut turn = first;
    let mut past = Past::default();
    loop {
        let (sent, answer) = match attempt(lane, row, turn, past.attempts + 1).await {
            Attempt::Answered(sent, answer) => (sent, answer),
            Attempt::Abandoned => return unanswered(past.attempts + 1),
            Attempt::Withdrawn => return unfinished(past.history(), run_ended("the run ended before its turn")),
        };
        let class = answer.class;
        match class {
            Class::Throttled { retry_after } => lane.pacer.throttled(sent, retry_after),
            Class::Set | Class::Rejected => {
                lane.pacer.admitted();
                past.count(class, sent);
            }
            _ => past.count(class, sent),
        }
        let pause = match decide(answer, past.history(), &lane.limits, rand::random()) {
            Decision::End(fate) => return fate,
            Decision::Stop(fate, why) => {
                lane.stop.pull(Reason::Fatal(why));
                return fate;
            }
            Decision::AgainAtOnce => Duration::ZERO,
            Decision::AgainAfter(pause) => pause,
        };
        lane.tell_retry(class).await;
        let next = async {
            tokio::time::sleep(pause).await;
            lane.turn().await
        };
        turn = match lane.stop.unless_pulled(next).await {
            Some(turn) => turn,
            None => return unfinished(past.history(), run_ended("the run ended before its next attempt")),
        };
    }
}

/// The attempts so far that counted.
#[derive(Default)]
struct Past {
    attempts: u32,
    in_doubt_since: Option<Instant>,
}

impl Past {
    fn count(&mut self, class: Class, sent: Instant) {
        self.attempts += 1;
        if class == Class::Ambiguous {
            self.in_doubt_since.get_or_insert(sent);
        }
    }

    fn history(&self) -> History {
        History { attempts: self.attempts, doubtful_for: self.in_doubt_since.map(|since| since.elapsed()) }
    }
}

async fn attempt<C: SetPassword>(lane: &Lane<C>, row: &ValidRow, turn: Turn, number: u32) -> Attempt {
    if lane.intend(row, number).await.is_none() {
        return Attempt::Withdrawn;
    }
    let Some(sent) = lane.stop.unless_pulled(lane.pacer.ready()).await else {
        return Attempt::Withdrawn;
    };
    drop(turn.ready_ahead);
    let call = lane.cognito.set_password(row.user(), row.password(), row.lifetime());
    let answer = lane.stop.within_grace(lane.grace, call).await;
    drop(turn.in_flight);
    answer.map_or(Attempt::Abandoned, |answer| Attempt::Answered(sent, answer))
}

fn unanswered(attempts: u32) -> Fate {
    Fate { outcome: Outcome::Unknown, detail: run_ended("the run ended before the answer came"), attempts }
}

fn run_ended(message: &str) -> Detail {
    Detail { code: "run_ended".to_owned(), message: message.to_owned(), request_id: String::new() }
}
