//! Calls that only read: paced for each Region on the quota of their own category, and made again where that may help.
//!
//! Asking twice does no harm, so that what came back broken is simply asked for again. What the answers mean is left to the caller.

use std::collections::BTreeMap;

use crate::execute::cap::Cap;
use crate::execute::pace::Pacer;
use crate::execute::retry::backoff;
use crate::outcome::{Answer, Class, Detail};

/// The most attempts that get no answer.
const ATTEMPTS: u32 = 5;
/// The most answers in a row that say "slow down". The pacer has gone down to one attempt in two seconds long before.
const THROTTLED: u32 = 50;

/// The calls of one category.
pub(super) struct Asking {
    cap: Cap,
    pacers: BTreeMap<String, Pacer>,
    calls: u64,
    answered: bool,
}

impl Asking {
    /// At most `cap` calls a second, for each Region.
    pub(super) fn new(cap: Cap) -> Self {
        Self { cap, pacers: BTreeMap::new(), calls: 0, answered: false }
    }

    /// The calls made so far.
    pub(super) fn calls(&self) -> u64 {
        self.calls
    }

    /// Makes a call in a Region, until it is answered.
    ///
    /// # Errors
    /// A refusal, or the last of several failures. A service that never answered is asked once: most likely the endpoint is wrong.
    pub(super) async fn ask<T>(&mut self, region: &str, call: impl AsyncFn() -> Result<T, Answer>) -> Result<T, Detail> {
        if !self.pacers.contains_key(region) {
            self.pacers.insert(region.to_owned(), Pacer::new(self.cap));
        }
        let pacer = &self.pacers[region];
        let (mut failed, mut throttled) = (0, 0);
        loop {
            let sent = pacer.ready().await;
            self.calls += 1;
            let Answer { class, detail } = match call().await {
                Ok(answer) => {
                    pacer.admitted(sent);
                    self.answered = true;
                    return Ok(answer);
                }
                Err(answer) => answer,
            };
            match class {
                Class::Throttled { retry_after } if throttled < THROTTLED => {
                    throttled += 1;
                    pacer.throttled(sent, retry_after);
                }
                Class::NotSent if !self.answered => return Err(detail),
                Class::Ambiguous | Class::NotSent if failed + 1 < ATTEMPTS => {
                    failed += 1;
                    tokio::time::sleep(backoff(failed, 1.0)).await;
                }
                _ => return Err(detail),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// What `ask` makes of these answers, the last of which comes again and again, and how many calls it made.
    fn ask(answered: bool, classes: &[Option<Class>]) -> (bool, u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(async {
            let mut asking = Asking { answered, ..Asking::new(Cap::DEFAULT) };
            let left = RefCell::new(classes.iter().copied());
            let last = classes[classes.len() - 1];
            let call = async || match left.borrow_mut().next().unwrap_or(last) {
                None => Ok(()),
                Some(class) => Err(Answer { class, detail: Detail::default() }),
            };
            (asking.ask("us-east-1", call).await.is_ok(), asking.calls())
        })
    }

    const THROTTLED_ONCE: Option<Class> = Some(Class::Throttled { retry_after: None });

    #[test]
    fn what_may_pass_is_asked_again_and_a_refusal_is_not() {
        assert_eq!(ask(false, &[None]), (true, 1));
        assert_eq!(ask(false, &[THROTTLED_ONCE, Some(Class::Ambiguous), THROTTLED_ONCE, None]), (true, 4));
        for class in [Class::Fatal, Class::Rejected] {
            assert_eq!(ask(false, &[Some(class), None]), (false, 1), "{class:?}");
        }
    }

    #[test]
    fn nothing_is_asked_for_ever() {
        assert_eq!(ask(false, &[Some(Class::Ambiguous)]), (false, u64::from(ATTEMPTS)));
        assert_eq!(ask(false, &[THROTTLED_ONCE]), (false, u64::from(THROTTLED) + 1));
    }

    #[test]
    fn a_service_that_never_answered_is_not_waited_for() {
        assert_eq!(ask(false, &[Some(Class::NotSent), None]), (false, 1));
        assert_eq!(ask(true, &[Some(Class::NotSent), None]), (true, 2));
    }
}
