//! Waits until a moment. Tokio's own timer counts in milliseconds, which at 120 requests a second is an eighth of the time between two:
//! a service that lets nothing through early then throttles a run at its very quota (`tests/bench/rate.rs`). A thread that waits on the
//! system's timer is some fifty microseconds late.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};

use tokio::sync::oneshot;
use tokio::time::Instant;

/// Whatever wakes those who wait for a moment.
pub struct Alarm(Kind);

enum Kind {
    /// Tokio's timer: the only one that a paused clock moves.
    OfTokio,
    /// A thread, which ends when this does.
    OfTheSystem(Sender<Wake>),
}

/// Whom to wake, and when.
struct Wake {
    moment: Instant,
    sleeper: oneshot::Sender<()>,
}

impl Alarm {
    /// Tokio's timer.
    pub fn of_tokio() -> Self {
        Self(Kind::OfTokio)
    }

    /// The system's timer, in a thread of its own.
    pub fn of_the_system() -> Self {
        let (sender, wakes) = channel();
        std::thread::spawn(move || wake_all(&wakes));
        Self(Kind::OfTheSystem(sender))
    }

    /// Waits until `moment`.
    pub async fn until(&self, moment: Instant) {
        // Tokio rounds up to its next millisecond even what is past.
        if moment <= Instant::now() {
            return;
        }
        if let Kind::OfTheSystem(wakes) = &self.0 {
            let (sleeper, awake) = oneshot::channel();
            if wakes.send(Wake { moment, sleeper }).is_ok() {
                // Unanswered where the thread is gone; then the other timer is good enough.
                let _ = awake.await;
            }
        }
        if Instant::now() < moment {
            tokio::time::sleep_until(moment).await;
        }
    }
}

/// Wakes every sleeper at its moment, until nobody can ask any more.
fn wake_all(wakes: &Receiver<Wake>) {
    let mut sleepers: BTreeMap<(Instant, u64), oneshot::Sender<()>> = BTreeMap::new();
    let mut asked = 0u64;
    loop {
        let next = match sleepers.first_key_value() {
            None => wakes.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some((&(moment, _), _)) => wakes.recv_timeout(moment.saturating_duration_since(Instant::now())),
        };
        match next {
            Ok(Wake { moment, sleeper }) => {
                sleepers.insert((moment, asked), sleeper);
                asked += 1;
            }
            Err(RecvTimeoutError::Disconnected) => return,
            // A sleeper that has gone need not be woken.
            Err(RecvTimeoutError::Timeout) => drop(sleepers.pop_first().map(|(_, sleeper)| sleeper.send(()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn no_alarm_is_early_be_there_waits_that_were_dropped_or_not() {
        for alarm in [Alarm::of_tokio(), Alarm::of_the_system()] {
            for micros in [0, 1, 300, 1_700, 12_000] {
                let moment = Instant::now() + Duration::from_micros(micros);
                let an_hour = alarm.until(Instant::now() + Duration::from_secs(3_600));
                assert!(tokio::time::timeout(Duration::from_micros(200), an_hour).await.is_err());
                alarm.until(moment).await;
                assert!(Instant::now() >= moment, "{micros}");
            }
        }
    }

    #[test]
    fn sleepers_who_asked_in_any_order_are_each_woken_in_time() {
        let (sender, wakes) = channel();
        std::thread::spawn(move || wake_all(&wakes));
        let now = Instant::now();
        let asked = [9, 3, 6].map(|millis| {
            let (sleeper, awake) = oneshot::channel();
            let moment = now + Duration::from_millis(millis);
            sender.send(Wake { moment, sleeper }).expect("the thread waits");
            (moment, awake)
        });
        for (moment, awake) in asked {
            awake.blocking_recv().expect("nobody is forgotten");
            assert!(Instant::now() >= moment);
        }
    }
}
