//! What follows from an answer: the end of the row, another attempt, or the end of the run.
//!
//! A pure function of the answer and of the row's history, so that every case can be read and tested. Waiting, sending and the choice
//! of the random number are left to `carry`.

use std::time::Duration;

use crate::outcome::{Answer, Class, Detail, Fate, Outcome};

/// The first back-off is anything up to this; each further one up to twice as much.
const FIRST_BACKOFF: Duration = Duration::from_millis(250);
/// No back-off is longer.
const LONGEST_BACKOFF: Duration = Duration::from_secs(20);

/// When a row is given up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most attempts. Throttled ones are not counted, nor those whose connection was never made; of these it is the most in a run
    /// whose service has not answered once.
    pub attempts: u32,
    /// The longest time from the first attempt that may have been applied.
    pub patience: Duration,
    /// How long a service that has answered in this run may be out of reach. Nothing is sent meanwhile, so that waiting costs nothing.
    pub outage: Duration,
}

impl Default for Limits {
    /// 5 attempts, 2 minutes, and an outage of 5 minutes.
    fn default() -> Self {
        Self { attempts: 5, patience: Duration::from_secs(120), outage: Duration::from_secs(300) }
    }
}

/// What a row has been through.
#[derive(Clone, Copy, Debug, Default)]
pub struct History {
    /// Attempts that counted.
    pub attempts: u32,
    /// How long ago the first attempt left that may have been applied.
    pub doubtful_for: Option<Duration>,
    /// Connections in a row that could not be made for this row.
    pub unconnected: u32,
    /// For how long the service has been out of reach, whatever row found it so.
    pub unconnected_for: Duration,
    /// Whether the service has answered in this run.
    pub answered: bool,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The row has ended.
    End(Fate),
    /// Try again at the next turn. The attempt did not count.
    AgainAtOnce,
    /// Try again after this long.
    AgainAfter(Duration),
    /// The row has ended, and the run with it.
    Stop(Fate, Detail),
}

/// Decides what follows from `answer`. `history` already counts the attempt that it answers, unless it was throttled. `jitter`, from
/// 0 to 1, picks the back-off out of its range ("full jitter").
pub fn decide(answer: Answer, history: History, limits: &Limits, jitter: f64) -> Decision {
    let Answer { class, detail } = answer;
    let end = |outcome, detail| Decision::End(Fate { outcome, detail, attempts: history.attempts });
    let in_doubt = history.doubtful_for.is_some();
    let exhausted = history.attempts >= limits.attempts || history.doubtful_for.is_some_and(|since| since >= limits.patience);
    match class {
        Class::Set => end(Outcome::Set, detail),
        Class::Rejected if in_doubt && detail.code == "PasswordHistoryPolicyViolationException" => {
            end(Outcome::Unknown, Detail { code: "probably_applied".to_owned(), ..detail })
        }
        Class::Rejected => end(Outcome::Rejected, detail),
        Class::Throttled { .. } => Decision::AgainAtOnce,
        Class::Fatal => Decision::Stop(unfinished(history, detail.clone()), detail),
        Class::NotSent if out_of_reach(history, limits) => Decision::Stop(unfinished(history, detail.clone()), detail),
        Class::NotSent => Decision::AgainAfter(backoff(history.unconnected, jitter)),
        Class::Ambiguous if exhausted => end(Outcome::Unknown, detail),
        Class::Ambiguous => Decision::AgainAfter(backoff(history.attempts, jitter)),
    }
}

/// An endpoint that never answered is most likely wrong; one that did is most likely coming back.
fn out_of_reach(history: History, limits: &Limits) -> bool {
    if history.answered { history.unconnected_for >= limits.outage } else { history.unconnected >= limits.attempts }
}

/// The end of a row that the run leaves behind: unknown if an attempt may have been applied, else not sent.
pub fn unfinished(history: History, detail: Detail) -> Fate {
    let outcome = if history.doubtful_for.is_some() { Outcome::Unknown } else { Outcome::NotSent };
    Fate { outcome, detail, attempts: history.attempts }
}

/// How long to wait after so many attempts: a share of `jitter`, from 0 to 1, of 250 ms doubled for each attempt behind the first, or of
/// 20 s where that is less.
pub fn backoff(attempts: u32, jitter: f64) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    (FIRST_BACKOFF * 2u32.pow(doublings)).min(LONGEST_BACKOFF).mul_f64(jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(class: Class, code: &str) -> Answer {
        Answer { class, detail: Detail { code: code.to_owned(), ..Detail::default() } }
    }

    fn after(class: Class, code: &str, attempts: u32, doubtful_for: Option<u64>) -> Decision {
        let history = History { attempts, doubtful_for: doubtful_for.map(Duration::from_secs), ..History::default() };
        decide(answer(class, code), history, &Limits::default(), 0.5)
    }

    fn outcome(decision: &Decision) -> Option<(Outcome, &str)> {
        match decision {
            Decision::End(fate) | Decision::Stop(fate, _) => Some((fate.outcome, &fate.detail.code)),
            _ => None,
        }
    }

    #[test]
    fn only_the_services_own_200_is_called_set() {
        for class in [Class::Rejected, Class::Throttled { retry_after: None }, Class::Fatal, Class::NotSent, Class::Ambiguous] {
            for attempts in 1..=5 {
                for doubt in [None, Some(0), Some(1000)] {
                    let decision = after(class, "X", attempts, doubt);
                    assert!(outcome(&decision).is_none_or(|(outcome, _)| outcome != Outcome::Set), "{class:?}");
                }
            }
        }
        assert_eq!(outcome(&after(Class::Set, "", 3, Some(5))), Some((Outcome::Set, "")));
    }

    #[test]
    fn an_ambiguous_row_is_tried_five_times_and_for_two_minutes_and_is_then_unknown() {
        assert_eq!(after(Class::Ambiguous, "timeout", 1, Some(0)), Decision::AgainAfter(FIRST_BACKOFF / 2));
        assert_eq!(after(Class::Ambiguous, "timeout", 4, Some(119)), Decision::AgainAfter(FIRST_BACKOFF * 4));
        assert_eq!(outcome(&after(Class::Ambiguous, "timeout", 5, Some(1))), Some((Outcome::Unknown, "timeout")));
        assert_eq!(outcome(&after(Class::Ambiguous, "timeout", 2, Some(120))), Some((Outcome::Unknown, "timeout")));
    }

    #[test]
    fn a_history_violation_is_a_rejection_only_when_no_earlier_attempt_is_in_doubt() {
        let code = "PasswordHistoryPolicyViolationException";
        assert_eq!(outcome(&after(Class::Rejected, code, 1, None)), Some((Outcome::Rejected, code)));
        assert_eq!(outcome(&after(Class::Rejected, code, 2, Some(1))), Some((Outcome::Unknown, "probably_applied")));
    }

    #[test]
    fn a_fatal_answer_stops_the_run_and_calls_no_row_rejected() {
        assert!(matches!(after(Class::Fatal, "ExpiredTokenException", 1, None),
            Decision::Stop(fate, why) if fate.outcome == Outcome::NotSent && why.code == "ExpiredTokenException"));
        assert!(matches!(after(Class::Fatal, "X", 2, Some(1)), Decision::Stop(fate, _) if fate.outcome == Outcome::Unknown));
    }

    #[test]
    fn a_service_that_never_answered_is_given_up_after_five_connections_and_one_that_did_after_five_minutes() {
        let after = |unconnected, seconds, answered| {
            let unconnected_for = Duration::from_secs(seconds);
            let history = History { unconnected, unconnected_for, answered, ..History::default() };
            decide(answer(Class::NotSent, "not_connected"), history, &Limits::default(), 0.5)
        };
        assert!(matches!(after(4, 3, false), Decision::AgainAfter(_)));
        assert!(matches!(after(5, 3, false), Decision::Stop(fate, _) if fate.outcome == Outcome::NotSent && fate.attempts == 0));
        assert!(matches!(after(40, 299, true), Decision::AgainAfter(pause) if pause <= LONGEST_BACKOFF));
        assert!(matches!(after(41, 300, true), Decision::Stop(fate, _) if fate.outcome == Outcome::NotSent));
    }

    #[test]
    fn throttling_costs_a_row_nothing_however_long_it_lasts() {
        assert_eq!(after(Class::Throttled { retry_after: None }, "TooManyRequestsException", 5, Some(500)), Decision::AgainAtOnce);
    }

    #[test]
    fn back_off_doubles_up_to_its_ceiling_and_jitter_spans_it_all() {
        assert_eq!(backoff(1, 0.0), Duration::ZERO);
        assert_eq!(backoff(1, 1.0), FIRST_BACKOFF);
        assert_eq!(backoff(3, 1.0), FIRST_BACKOFF * 4);
        assert_eq!(backoff(u32::MAX, 1.0), LONGEST_BACKOFF);
    }
}
