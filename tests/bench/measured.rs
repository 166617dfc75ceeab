//! A process from its start to its end: how long it took, how much of the processors, and the most memory that it ever held.

use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

/// What a process took.
pub struct Measured {
    /// How it ended.
    pub status: ExitStatus,
    /// From its start to its end, in seconds.
    pub seconds: f64,
    /// Time on processors, its own and the system's for it, in seconds. Linux counts it in hundredths.
    pub cpu: f64,
    /// The most memory that it ever held, in KiB, as Linux counts it.
    pub peak: u64,
}

/// Runs `command` to its end. It is looked at every two milliseconds, so that what it does at the very last is missed.
pub fn measured(command: &mut Command) -> Measured {
    let started = Instant::now();
    let mut child = command.spawn().expect("it runs");
    let (mut cpu, mut peak) = (0.0f64, 0);
    let id = child.id();
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{id}/{file}")).unwrap_or_default();
    let status = loop {
        cpu = cpu.max(cpu_seconds(&read("stat")));
        peak = peak.max(peak_memory(&read("status")));
        match child.try_wait().expect("it can be waited for") {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    Measured { status, seconds: started.elapsed().as_secs_f64(), cpu, peak }
}

/// What `/proc/PID/stat` says: `4711 (name) R` and then numbers, of which the twelfth and thirteenth are times in hundredths of a second.
fn cpu_seconds(stat: &str) -> f64 {
    let behind_the_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    behind_the_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn peak_memory(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
