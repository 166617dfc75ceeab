//! SIGINT and SIGTERM: the first drains, the second exits at once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

use crate::execute::{Reason, Stop};
use crate::report::{plain, span};

/// What the last words are given.
const A_MOMENT: Duration = Duration::from_millis(50);

/// Watches for signals on `runtime` for as long as the process lives. It acts before it speaks: standard error may be gone.
///
/// # Errors
/// Those of the system, when it lets no handler be installed.
pub(super) fn watch(runtime: &Handle, stop: &Stop, grace: Duration, journal: &Path) -> std::io::Result<()> {
    let journal = plain(&journal.to_string_lossy()).into_owned();
    let arrived = Arc::new(AtomicBool::new(false));
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let _entered = runtime.enter();
        let mut arrivals = signal(kind)?;
        let (stop, number, journal, arrived) = (stop.clone(), kind.as_raw_value(), journal.clone(), Arc::clone(&arrived));
        runtime.spawn(async move {
            while arrivals.recv().await.is_some() {
                stop.pull(Reason::Signal(number));
                if arrived.swap(true, Ordering::Relaxed) {
                    // On a thread of its own, for a terminal that is stopped would hold it back.
                    let journal = journal.clone();
                    std::thread::spawn(move || {
                        say!("\nending at once: the journal {journal} has what was sent; calls in flight are unknown")
                    });
                    tokio::time::sleep(A_MOMENT).await;
                    std::process::exit(128 + number);
                }
                std::thread::spawn(move || say!("\nstopping: calls in flight may take up to {}; once more to exit at once", span(grace)));
            }
        });
    }
    Ok(())
}
