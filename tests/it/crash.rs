//! Runs that are killed or stopped at random moments under full load and resumed until they are done, with the sandbox's call log as
//! the judge. `COGNITO_PASSWD_SOAK=1` makes them long.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustix::process::Signal;

use crate::harness::{Finished, Project, Report, Running, Sandbox, Witness, csv, journal_of, rows, soak};

const CONCURRENCY: usize = 16;
const ROWS: usize = 400;
/// Runs that are interrupted side by side: most of their time they wait.
const CHAINS: usize = 12;

/// One file, run and interrupted again and again.
struct Chain {
    project: Project,
    sandbox: Sandbox,
    unknown: &'static str,
    seed: StdRng,
}

impl Chain {
    fn new(seed: u64, unknown: &'static str) -> Self {
        let project = Project::new();
        let rows = rows("us-east-1_Crash0000", ROWS);
        project.give("users.csv", csv(&rows));
        let sandbox = project.sandbox(&rows, &["--latency", "60"]);
        Self { project, sandbox, unknown, seed: StdRng::seed_from_u64(seed) }
    }

    /// Starts the run, or takes it up again.
    fn start(&self) -> Running<'_> {
        let concurrency = CONCURRENCY.to_string();
        let mut args = vec!["run", "users.csv", "--yes", "--quiet", "--rate", "unlimited", "--max-concurrency", &concurrency];
        args.extend(["--policy", "none", "--endpoint-url", &self.sandbox.url, "-o", "results.csv"]);
        if self.project.has(&journal_of("results.csv")) {
            args.extend(["--resume", "--unknown", self.unknown]);
        }
        self.project.start(self.project.command(&args))
    }

    /// Interrupts a run at a random moment: mostly while it sends, sometimes while it starts or ends; and how long its end took. `None`
    /// where it ended before.
    fn interrupt(&mut self, signal: Signal) -> Option<(Finished, Duration)> {
        let (while_it_sends, moment) = (self.seed.random_bool(0.8), self.seed.random::<f64>());
        let log = self.sandbox.log_length();
        let mut running = self.start();
        let started = Instant::now();
        if while_it_sends {
            while self.sandbox.log_length() == log && started.elapsed() < Duration::from_secs(20) && !running.has_ended() {
                sleep(Duration::from_millis(2));
            }
            sleep(Duration::from_secs_f64(moment * 0.2));
        } else {
            sleep(Duration::from_secs_f64(moment * 1.6));
        }
        if running.has_ended() {
            running.finish();
            return None;
        }
        running.signal(signal);
        let signalled = Instant::now();
        Some((running.finish_within(Duration::from_secs(21)), signalled.elapsed()))
    }

    /// What the journal says now; nothing where there is none yet.
    fn told(&self) -> Report {
        let journal = journal_of("results.csv");
        if !self.project.has(&journal) {
            return Report(Vec::new());
        }
        Report::of_csv(&self.project.run(&["report", &journal]).stdout)
    }

    /// Goes on until the run is done, and gives its report.
    fn to_the_end(&self) -> Report {
        let finished = self.start().finish();
        assert!(matches!(finished.code(), Some(0 | 4)), "{finished}");
        Report::read(&self.project, "results.csv")
    }
}

/// Spends `interruptions` on runs side by side. `chain` is given a seed, takes interruptions with [`take`], and gives a figure of which
/// the highest is returned.
fn side_by_side(interruptions: usize, chain: impl Fn(u64, &AtomicUsize) -> usize + Sync) -> usize {
    let (left, seeds, highest) = (AtomicUsize::new(interruptions), AtomicU64::new(1), AtomicUsize::new(0));
    scope(|scope| {
        for _ in 0..CHAINS.min(interruptions) {
            scope.spawn(|| {
                while left.load(Ordering::Relaxed) > 0 {
                    highest.fetch_max(chain(seeds.fetch_add(1, Ordering::Relaxed), &left), Ordering::Relaxed);
                }
            });
        }
    });
    highest.into_inner()
}

/// Takes one of what is left.
fn take(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

/// Puts one back.
fn put_back(left: &AtomicUsize) {
    left.fetch_add(1, Ordering::Relaxed);
}

/// Kills one run again and again until it is done or `left` is used up, and gives the most rows that a kill made unknown.
fn killed(seed: u64, unknown: &'static str, left: &AtomicUsize) -> usize {
    let mut chain = Chain::new(seed, unknown);
    let (mut kills, mut unknown_before, mut worst) = (0, 0, 0);
    while take(left) {
        let Some(_) = chain.interrupt(Signal::KILL) else {
            put_back(left);
            break;
        };
        kills += 1;
        let told = chain.told();
        Witness::of(&[&chain.sandbox]).confirms(&told);
        let unknown_now = told.count("unknown");
        assert!(unknown_now <= unknown_before + CONCURRENCY, "seed {seed}: {unknown_before} unknown, then {unknown_now} after a kill");
        worst = worst.max(unknown_now.saturating_sub(unknown_before));
        unknown_before = unknown_now;
    }
    let report = chain.to_the_end();
    let witness = Witness::of(&[&chain.sandbox]);
    witness.confirms(&report);
    assert_eq!(report.0.len(), ROWS, "no row is lost");
    if unknown == "hold" {
        assert_eq!(report.count("set") + report.count("unknown"), ROWS);
        assert_eq!(witness.sent_again(), 0, "with hold no row is sent twice");
    } else {
        report.holds(&[("set", ROWS)]);
        assert!(witness.sent_again() <= CONCURRENCY * kills, "{} calls were sent again after {kills} kills", witness.sent_again());
    }
    worst
}

/// Interrupts one run again and again until it is done or `left` is used up, and gives the longest that an end took, in milliseconds.
fn stopped(seed: u64, left: &AtomicUsize) -> usize {
    let mut chain = Chain::new(seed, "hold");
    let mut longest = 0;
    while take(left) {
        let signal = if chain.seed.random() { Signal::INT } else { Signal::TERM };
        let Some((finished, took)) = chain.interrupt(signal) else {
            put_back(left);
            break;
        };
        // Before there is anything to drain the signal ends the process itself.
        assert!(matches!(finished.code(), None | Some(0 | 130 | 143)), "{finished}");
        longest = longest.max(took.as_millis() as usize);
        let told = chain.told();
        Witness::of(&[&chain.sandbox]).confirms(&told);
        assert_eq!(told.count("unknown"), 0, "the service answers: {finished}");
        if !matches!(finished.code(), None | Some(0)) {
            assert_eq!(Report::read(&chain.project, "results.csv"), told, "the report says what the journal says");
        }
    }
    chain.to_the_end().holds(&[("set", ROWS)]);
    assert_eq!(Witness::of(&[&chain.sandbox]).sent_again(), 0);
    longest
}

#[test]
fn killed_at_random_moments_and_resumed_no_row_is_lost_falsely_set_or_sent_twice() {
    let kills = soak(700, 140);
    let worst = side_by_side(kills, |seed, left| killed(seed, "hold", left));
    println!("{kills} kills, --unknown hold: 0 lost, 0 falsely set, 0 sent twice, at most {worst} of {CONCURRENCY} unknown a kill");
}

#[test]
fn killed_at_random_moments_and_resent_at_most_the_calls_in_flight_are_sent_again() {
    let kills = soak(300, 60);
    let worst = side_by_side(kills, |seed, left| killed(seed, "resend", left));
    println!("{kills} kills, --unknown resend: 0 lost, 0 falsely set, at most {worst} of {CONCURRENCY} unknown a kill");
}

#[test]
fn stopped_by_sigint_or_sigterm_at_random_moments_the_report_is_true_and_nothing_is_unknown() {
    let stops = soak(200, 40);
    let longest = side_by_side(stops, stopped);
    assert!(longest < 21_000, "{longest} ms from the signal to the end");
    println!("{stops} signals: 0 unknown, every report true, at most {longest} ms from the signal to the end");
}
