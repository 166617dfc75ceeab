//! SIGINT and SIGTERM: the first drains, the second exits at once.

use std::path::Path;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

use crate::execute::{Reason, Stop};
use crate::report::{plain, span};

/// Watches for signals on `runtime` for as long as the process lives.
///
/// # Errors
/// Those of the system, when it lets no handler be installed.
pub(super) fn watch(runtime: &Handle, stop: &Stop, grace: Duration, journal: &Path) -> std::io::Result<()> {
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let _entered = runtime.enter();
        let mut arrivals = signal(kind)?;
        let (stop, number) = (stop.clone(), kind.as_raw_value());
        let journal = plain(&journal.to_string_lossy()).into_owned();
        runtime.spawn(async move {
            while arrivals.recv().await.is_some() {
                if stop.is_pulled() {
                    eprintln!("\nending at once: the journal {journal} has what was sent; calls in flight are unknown");
                    std::process::exit(128 + number);
                }
                eprintln!("\nstopping: calls in flight may take up to {}; once more to exit at once", span(grace));
                stop.pull(Reason::Signal(number));
            }
        });
    }
    Ok(())
}
