//! How many rows may be made ready ahead of their turn.
//!
//! A row that is ready has its intent in the journal, so that a crash leaves it `unknown` though its call never left. As many are needed
//! as calls leave while an intent is written: which follows from how long that takes, and from the rate at which calls leave, the cap's
//! or, once it has throttled, the service's. When one of them leaves is left to `pace`.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::cap::Cap;

/// What an intent is given, in seconds, however soon the last ones were written: a solid-state disk flushes in well under 5 ms, and now
/// and then it does not.
const LEAST: f64 = 0.020;
/// The longest that one intent counts for, in seconds: a terminal that is stopped, or a machine, says nothing about the disk.
const MOST: f64 = 0.5;
/// The share of its latest length in what an intent is thought to take.
const LATEST: f64 = 0.125;

/// The places for rows made ready.
pub(super) struct Ready {
    cap: Cap,
    calls: NonZeroUsize,
    places: Arc<Semaphore>,
    seen: Mutex<Seen>,
}

struct Seen {
    /// How many places there are, taken ones included.
    places: usize,
    /// How long an intent takes, in seconds: an exponential moving average.
    intent: f64,
}

impl Ready {
    /// Places for calls that leave at `cap`, of which so many may be in flight.
    pub fn new(cap: Cap, calls: NonZeroUsize) -> Self {
        let places = needed(cap.per_second(), 0.0, calls);
        Self { cap, calls, places: Arc::new(Semaphore::new(places)), seen: Mutex::new(Seen { places, intent: 0.0 }) }
    }

    /// Waits for a place. Dropped, it is free again.
    pub async fn place(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.places).acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Takes note of how long an intent took to be written.
    pub fn written_in(&self, took: Duration) {
        let mut seen = self.seen();
        seen.intent += (took.as_secs_f64().min(MOST) - seen.intent) * LATEST;
    }

    /// Gives back the place of a call that leaves now, and sees to it that there are as many as are needed at the rate that the service
    /// `allowed`, in attempts a second, where that is below the cap.
    pub fn leave(&self, place: OwnedSemaphorePermit, allowed: Option<f64>) {
        let mut seen = self.seen();
        let needed = needed(allowed.or(self.cap.per_second()), seen.intent, self.calls);
        if seen.places > needed {
            seen.places -= 1;
            return place.forget();
        }
        drop(place);
        self.places.add_permits(needed - seen.places);
        seen.places = needed;
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn needed(rate: Option<f64>, intent: f64, calls: NonZeroUsize) -> usize {
    rate.map_or(calls.get(), |rate| ((rate * intent.max(LEAST)).ceil() as usize + 1).min(calls.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(cap: &str, calls: usize) -> Ready {
        Ready::new(cap.parse().expect("a cap"), calls.try_into().expect("calls"))
    }

    /// How many places are free, once so many calls have taken one and left at a rate.
    fn free_after(ready: &Ready, calls: usize, allowed: Option<f64>) -> usize {
        for _ in 0..calls {
            let place = Arc::clone(&ready.places).try_acquire_owned().expect("a place is free");
            ready.leave(place, allowed);
        }
        ready.places.available_permits()
    }

    #[test]
    fn there_are_as_many_places_as_calls_leave_while_an_intent_is_written_and_one() {
        for (cap, calls, places) in [("15", 45, 2), ("200", 512, 5), ("5000", 512, 101), ("5000", 50, 50), ("unlimited", 64, 64)] {
            assert_eq!(ready(cap, calls).places.available_permits(), places, "{cap}");
        }
    }

    #[test]
    fn they_become_fewer_as_calls_leave_where_the_service_throttles_and_more_at_once_where_it_does_so_no_longer() {
        for cap in ["5000", "unlimited"] {
            let ready = ready(cap, 64);
            assert_eq!(free_after(&ready, 10, Some(30.0)), 54, "{cap}");
            assert_eq!(free_after(&ready, 100, Some(30.0)), 2, "{cap}");
            assert_eq!(free_after(&ready, 1, Some(200.0)), 5, "{cap}");
            assert_eq!(free_after(&ready, 1, None), 64, "{cap}");
        }
    }

    #[test]
    fn a_place_that_is_taken_when_they_become_fewer_is_one_of_them() {
        let ready = ready("unlimited", 4);
        let [first, second, third] = [(); 3].map(|()| Arc::clone(&ready.places).try_acquire_owned().expect("a place is free"));
        ready.leave(first, Some(30.0));
        ready.leave(second, Some(30.0));
        assert_eq!(ready.places.available_permits(), 1);
        drop(third);
        assert_eq!(ready.places.available_permits(), 2, "one that was never used is free again");
    }

    #[test]
    fn a_slow_disk_has_more() {
        let ready = ready("30", 90);
        (0..100).for_each(|_| ready.written_in(Duration::from_millis(150)));
        assert_eq!(free_after(&ready, 1, None), 6);
        (0..100).for_each(|_| ready.written_in(Duration::from_millis(2)));
        assert_eq!(free_after(&ready, 10, None), 2);
    }
}
