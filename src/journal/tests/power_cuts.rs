//! A run over the simulated disk, cut off at random and taken up again: whatever the disk lost, no row is called set that was not, and no
//! row whose call may have left is called not sent. `COGNITO_PASSWD_SOAK=1` tries 10,000 seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::disk::{Disk, Fault};
use super::*;

const ROWS: u64 = 24;
const CALLS_IN_FLIGHT: usize = 6;

/// What is true, whatever the journal says.
#[derive(Default)]
struct World {
    /// Rows that Cognito set and said so.
    confirmed: BTreeSet<u64>,
    /// Rows whose calls left and may have been applied.
    touched: BTreeSet<u64>,
    /// Results that were flushed, and are the last thing that was.
    durable: BTreeMap<u64, Outcome>,
    /// Whether any call left at all.
    sent: bool,
}

/// A run that goes on until it is cut off or the disk fails.
struct Run<'a> {
    writer: Writer<Disk>,
    world: &'a mut World,
    rng: &'a mut StdRng,
    waiting: Vec<u64>,
    in_flight: Vec<u64>,
}

impl Run<'_> {
    /// Notes a few things and flushes them together, as the scribe does; the calls leave once that has worked. An intent is noted behind
    /// the results that made room for it.
    fn group(&mut self) -> Result<(), JournalError> {
        let mut results = BTreeMap::new();
        for _ in 0..self.rng.random_range(0..=self.in_flight.len()) {
            let row = self.in_flight.swap_remove(self.rng.random_range(0..self.in_flight.len()));
            let outcome = [Outcome::Set, Outcome::Rejected, Outcome::NotSent, Outcome::Unknown][self.rng.random_range(0..4)];
            if outcome == Outcome::Set {
                self.world.confirmed.insert(row);
            }
            if matches!(outcome, Outcome::NotSent | Outcome::Rejected) {
                self.world.touched.remove(&row);
            }
            let message = "x".repeat(self.rng.random_range(0..900));
            let fate = Fate { outcome, detail: Detail { code: String::new(), message, request_id: String::new() }, attempts: 1 };
            self.writer.result(RowNumber(row), Some(Digest(row)), &fate, moment(1));
            self.world.durable.remove(&row);
            results.insert(row, outcome);
        }
        let mut leaving = Vec::new();
        while self.in_flight.len() + leaving.len() < CALLS_IN_FLIGHT && !self.waiting.is_empty() && self.rng.random_bool(0.8) {
            let row = self.waiting.remove(0);
            self.writer.intent(RowNumber(row), Digest(row), 1);
            self.world.durable.remove(&row);
            leaving.push(row);
        }
        self.writer.flush()?;
        self.world.durable.extend(results);
        for row in leaving {
            assert!(self.world.touched.insert(row), "row {row} was sent though it may have been applied");
            self.world.sent = true;
            self.in_flight.push(row);
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.in_flight.is_empty()
    }
}

/// Reads what is left, holds it to what is true, and gives the rows that may be sent, the sound bytes, and whether they are the whole.
fn judge(path: &PathBuf, left: &[u8], world: &World, told: &str) -> Option<(Vec<u64>, u64)> {
    std::fs::write(path, left).expect("written");
    let mut ledger = match Ledger::open(path) {
        Ok(ledger) => ledger,
        // A journal is begun before it has its name, so only one that was never flushed may be unreadable.
        Err(error) => {
            assert!(!world.sent && matches!(error, JournalError::Foreign { .. }), "{told}: {error}");
            return None;
        }
    };
    assert!(!ledger.goes_on_behind(), "{told}: a torn end is taken for damage");
    let mut sendable = Vec::new();
    for row in 1..=ROWS {
        let mark = ledger.mark(RowNumber(row)).expect("read");
        let outcome = match &mark {
            Mark::None | Mark::Lost => None,
            Mark::Open { .. } => Some(Outcome::Unknown),
            Mark::Ended { fate, .. } => Some(fate.outcome),
        };
        assert!(outcome != Some(Outcome::Set) || world.confirmed.contains(&row), "{told}: row {row} is falsely set");
        if matches!(outcome, None | Some(Outcome::NotSent)) {
            assert!(!world.touched.contains(&row), "{told}: row {row} may have been applied, and is called not sent");
            sendable.push(row);
        }
        if let Some(durable) = world.durable.get(&row) {
            assert_eq!(outcome, Some(*durable), "{told}: the result of row {row} was on the disk");
        }
    }
    Some((sendable, ledger.end()))
}

/// A run that is cut off and taken up again until it has been begun `lives` times.
fn live(seed: u64, lives: usize, path: &PathBuf) {
    let rng = &mut StdRng::seed_from_u64(seed);
    let mut world = World::default();
    let (mut sound, mut waiting) = (Vec::new(), (1..=ROWS).collect::<Vec<_>>());
    for life in 0..lives {
        let told = format!("seed {seed}, life {life}");
        let fault = rng.random_bool(0.3).then(|| {
            let kinds = [Fault::Error, Fault::Short, Fault::Nothing, Fault::HalfThenError];
            (rng.random_range(1..40), kinds[rng.random_range(0..kinds.len())])
        });
        let disk = Disk::holding(sound.clone(), fault);
        let begun = if sound.is_empty() {
            Writer::begin(disk.clone(), path, &start())
        } else {
            Writer::go_on(disk.clone(), path, sound.len() as u64)
        };
        if let Ok(writer) = begun {
            let mut run = Run { writer, world: &mut world, rng, waiting, in_flight: Vec::new() };
            for _ in 0..run.rng.random_range(0..25) {
                if run.is_done() || run.group().is_err() {
                    break;
                }
            }
        }
        let left = if rng.random_bool(0.7) { disk.after_power_cut(rng) } else { disk.after_kill() };
        match judge(path, &left, &world, &told) {
            Some((sendable, end)) => (sound, waiting) = (left[..end as usize].to_vec(), sendable),
            None => (sound, waiting) = (Vec::new(), (1..=ROWS).collect()),
        }
    }
}

#[test]
fn whatever_a_power_cut_leaves_no_row_is_falsely_set_and_none_that_may_have_been_applied_is_called_not_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.journal");
    for seed in 0..soak(10_000, 400) {
        live(seed, 4, &path);
    }
}

#[test]
fn an_error_or_a_short_write_at_any_call_ends_the_journal_there_and_what_it_says_is_true() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.journal");
    for fault in [Fault::Error, Fault::Short, Fault::Nothing, Fault::HalfThenError] {
        let mut call = 1;
        loop {
            let rng = &mut StdRng::seed_from_u64(7);
            let mut world = World::default();
            let disk = Disk::holding(Vec::new(), Some((call, fault)));
            let mut failure = None;
            match Writer::begin(disk.clone(), &path, &start()) {
                Err(error) => failure = Some(error),
                Ok(writer) => {
                    let mut run = Run { writer, world: &mut world, rng, waiting: (1..=ROWS).collect(), in_flight: Vec::new() };
                    while failure.is_none() && !run.is_done() {
                        failure = run.group().err();
                    }
                    if failure.is_some() {
                        let again = run.writer.flush().expect_err("it takes nothing more");
                        assert!(again.to_string().contains("an earlier write failed"), "{again}");
                    }
                }
            }
            let told = format!("{fault:?} at call {call}");
            if let Some(failure) = &failure {
                assert!(failure.to_string().contains("a.journal"), "{told}: {failure}");
            }
            judge(&path, &disk.after_kill(), &world, &told);
            judge(&path, &disk.after_power_cut(rng), &world, &told);
            if disk.calls() < call {
                assert!(call > 20, "the run made {} calls to the disk", disk.calls());
                break;
            }
            let harmless = fault == Fault::Short && failure.is_none();
            assert!(harmless || failure.is_some(), "{told} went unnoticed");
            call += 1;
        }
    }
}
