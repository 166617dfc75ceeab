//! SIGINT, SIGTERM and, unless `nohup` has it ignored, SIGHUP: the first drains, the second exits at once.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

use super::Job;
use crate::execute::{Reason, Stop};
use crate::report::plain;

/// The longest that the last words are waited for, and how often it is looked whether they are spoken.
const PATIENCE: Duration = Duration::from_millis(500);
const A_MOMENT: Duration = Duration::from_millis(5);

/// Watches for signals on `runtime` for as long as the process lives. It acts before it speaks: standard error may be gone. `can_resume`
/// says whether the job can be resumed.
///
/// # Errors
/// Those of the system, when it lets no handler be installed.
pub(super) fn watch(runtime: &Handle, stop: &Stop, job: &Job, can_resume: bool) -> std::io::Result<()> {
    let grace = job.sending.grace;
    let last_words = Arc::new(LastWords { journal: job.journal.clone(), resume: can_resume.then(|| job.resume_command.clone()) });
    let arrived = Arc::new(AtomicBool::new(false));
    let hangup = (!ignores(SignalKind::hangup())).then(SignalKind::hangup);
    for kind in [SignalKind::interrupt(), SignalKind::terminate()].into_iter().chain(hangup) {
        let _entered = runtime.enter();
        let mut arrivals = signal(kind)?;
        let (stop, number, arrived, last_words) = (stop.clone(), kind.as_raw_value(), Arc::clone(&arrived), Arc::clone(&last_words));
        runtime.spawn(async move {
            while arrivals.recv().await.is_some() {
                stop.pull(Reason::Signal(number));
                if arrived.swap(true, Ordering::Relaxed) {
                    // On a thread of its own, for a terminal that is stopped would hold it back.
                    let last_words = Arc::clone(&last_words);
                    let speaks = std::thread::spawn(move || say!("\nending at once: {}", last_words.text()));
                    let patience = Instant::now();
                    while !speaks.is_finished() && patience.elapsed() < PATIENCE {
                        tokio::time::sleep(A_MOMENT).await;
                    }
                    std::process::exit(128 + number);
                }
                std::thread::spawn(move || {
                    say!("\nstopping: calls in flight may take up to {}; once more to exit at once", humantime::format_duration(grace))
                });
            }
        });
    }
    Ok(())
}

/// What is said of a run that ends at once.
struct LastWords {
    journal: PathBuf,
    /// The command that resumes the run, if it can be resumed.
    resume: Option<String>,
}

impl LastWords {
    fn text(&self) -> String {
        let path = self.journal.to_string_lossy();
        if !self.journal.exists() {
            return format!("there is no journal {}", plain(&path));
        }
        let words = format!("the journal {} has what was sent; calls in flight are unknown", plain(&path));
        match &self.resume {
            Some(command) => format!("{words}\nnext: go on where this ended:\n  {}", plain(command)),
            None => words,
        }
    }
}

/// Whether whoever started the process has it ignore a signal, where Linux tells: the mask `SigIgn` in hex, its lowest bit for signal 1.
/// Where nothing tells, it is taken to, so that the signal keeps its effect.
fn ignores(kind: SignalKind) -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return true };
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
}
