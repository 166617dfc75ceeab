//! How many rows may be made ready ahead of their turn.
//!
//! A row that is ready has its intent in the journal, so that a crash leaves it `unknown` though its call never left. As many are needed
//! as calls leave while the disk takes an intent, and no more: which follows from the rate at which they leave, the cap's or, where it
//! throttles, the service's. When one of them leaves is left to `pace`.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::cap::Cap;

/// What a flush of the journal is given, in seconds: 20 ms cover a disk; a solid-state one takes well under 5.
const FLUSH: f64 = 0.020;

/// The places for rows made ready.
pub(super) struct Ready {
    cap: Cap,
    calls: NonZeroUsize,
    places: Arc<Semaphore>,
    /// How many places there are, taken ones included.
    all: Mutex<usize>,
}

impl Ready {
    /// Places for calls that leave at `cap`, of which so many may be in flight.
    pub fn new(cap: Cap, calls: NonZeroUsize) -> Self {
        let all = needed(cap.per_second(), calls);
        Self { cap, calls, places: Arc::new(Semaphore::new(all)), all: Mutex::new(all) }
    }

    /// Waits for a place. Dropped, it is free again.
    pub async fn place(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.places).acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Gives back the place of a call that leaves now, and sees to it that there are as many as are needed at the rate that the service
    /// `allowed`, in attempts a second, where that is below the cap.
    pub fn leave(&self, place: OwnedSemaphorePermit, allowed: Option<f64>) {
        let needed = needed(allowed.or(self.cap.per_second()), self.calls);
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if *all > needed {
            *all -= 1;
            return place.forget();
        }
        drop(place);
        self.places.add_permits(needed - *all);
        *all = needed;
    }
}

fn needed(rate: Option<f64>, calls: NonZeroUsize) -> usize {
    rate.map_or(calls.get(), |rate| ((rate * FLUSH).ceil() as usize + 1).min(calls.get()))
}
