//! A disk that loses, tears and reorders what was not synced, and that fails when it is told to.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard};

use rand::RngExt;
use rand::rngs::StdRng;

use super::super::storage::Storage;

/// A disk writes so many bytes at once, or none of them.
const SECTOR: usize = 512;

/// What happens at one call to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails.
    Error,
    /// It takes half of what it is given and says so; of a sync, nothing happens.
    Short,
    /// It takes nothing and says so.
    Nothing,
    /// It takes half of what it is given, then fails.
    HalfThenError,
}

/// The disk. Clones are the same disk.
#[derive(Clone, Default)]
pub struct Disk(Arc<Mutex<Content>>);

#[derive(Default)]
struct Content {
    /// What a process reads: everything written.
    seen: Vec<u8>,
    /// How much of it is on the disk for certain.
    synced: usize,
    calls: usize,
    fault: Option<(usize, Fault)>,
}

impl Disk {
    /// A disk that holds these bytes for certain, and has this fault at the call of that number.
    pub fn holding(bytes: Vec<u8>, fault: Option<(usize, Fault)>) -> Self {
        Self(Arc::new(Mutex::new(Content { synced: bytes.len(), seen: bytes, calls: 0, fault })))
    }

    /// The calls so far.
    pub fn calls(&self) -> usize {
        self.content().calls
    }

    /// What the next process reads when this one is killed.
    pub fn after_kill(&self) -> Vec<u8> {
        self.content().seen.clone()
    }

    /// What is left after a power cut: what was synced, and of the rest any sectors, any length, and anything torn.
    pub fn after_power_cut(&self, rng: &mut StdRng) -> Vec<u8> {
        let content = self.content();
        let (synced, seen) = (content.synced, &content.seen);
        let mut left = seen[..rng.random_range(synced..=seen.len())].to_vec();
        let mut at = synced;
        while at < left.len() {
            let end = ((at / SECTOR + 1) * SECTOR).min(left.len());
            match rng.random_range(0..4) {
                0 => left[at..end].fill(0),
                1 => rng.fill(&mut left[at..end]),
                2 => {
                    let torn = rng.random_range(at..=end);
                    left[torn..end].fill(0);
                }
                _ => {}
            }
            at = end;
        }
        left
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().expect("no holder panics")
    }
}

impl Content {
    /// The fault of the call that is made now.
    fn call(&mut self) -> Option<Fault> {
        self.calls += 1;
        self.fault.filter(|(call, _)| *call == self.calls).map(|(_, fault)| fault)
    }
}

fn failed() -> io::Error {
    io::Error::from(io::ErrorKind::StorageFull)
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut content = self.content();
        let half = bytes.len() / 2;
        let (taken, answer) = match content.call() {
            None => (bytes.len(), Ok(bytes.len())),
            Some(Fault::Short) => (half.max(1), Ok(half.max(1))),
            Some(Fault::Nothing) => (0, Ok(0)),
            Some(Fault::Error) => (0, Err(failed())),
            Some(Fault::HalfThenError) => (half, Err(failed())),
        };
        content.seen.extend_from_slice(&bytes[..taken]);
        answer
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Storage for Disk {
    fn sync(&mut self) -> io::Result<()> {
        let mut content = self.content();
        match content.call() {
            None => {
                content.synced = content.seen.len();
                Ok(())
            }
            Some(_) => Err(failed()),
        }
    }
}
