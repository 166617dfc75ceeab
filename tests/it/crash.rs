//! Runs that are killed or stopped at random moments under full load and resumed until they are done, with the sandbox's call log as
//! the judge. `COGNITO_PASSWD_SOAK=1` makes them long.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustix::process::Signal;

use crate::harness::{Finished, Project, Report, Running, Sandbox, Witness, csv, journal_of, rows, soak};

const CONCURRENCY: usize = 16;
const ROWS: usize = 800;
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
        let sandbox = project.sandbox(&rows, &["--latency", "20"]);
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

    /// Interrupts a run at a random moment: mostly while it sends, sometimes while it starts or ends. `None` where it ended before.
    fn interrupt(&mut self, signal: Signal) -> Option<Finished> {
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
        Some(running.finish_within(Duration::from_secs(21)))
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

/// Takes one of what is left.
fn take(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

/// Kills runs `kills` times in all, and holds each to its promises.
fn killed(kills: usize, unknown: &'static str) {
    let left = AtomicUsize::new(kills);
    let worst = AtomicUsize::new(0);
    let seeds = AtomicUsize::new(1);
    scope(|scope| {
        for _ in 0..CHAINS.min(kills) {
            scope.spawn(|| {
                while left.load(Ordering::Relaxed) > 0 {
                    let seed = seeds.fetch_add(1, Ordering::Relaxed) as u64;
                    worst.fetch_max(one_chain(seed, unknown, &left), Ordering::Relaxed);
                }
            });
        }
    });
    println!("{kills} kills with --unknown {unknown}: at most {} new unknown rows a kill", worst.into_inner());
}

/// Kills one run again and again until it is done or `left` is used up, and gives the most rows that a kill made unknown.
fn one_chain(seed: u64, unknown: &'static str, left: &AtomicUsize) -> usize {
    let mut chain = Chain::new(seed, unknown);
    let (mut kills, mut unknown_before, mut worst) = (0, 0, 0);
    while take(left) {
        let Some(_) = chain.interrupt(Signal::KILL) else {
            left.fetch_add(1, Ordering::Relaxed);
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

#[test]
fn killed_at_random_moments_and_resumed_no_row_is_lost_falsely_set_or_sent_twice() {
    killed(soak(700, 140), "hold");
}

#[test]
fn killed_at_random_moments_and_resent_at_most_the_calls_in_flight_are_sent_again() {
    killed(soak(300, 60), "resend");
}
