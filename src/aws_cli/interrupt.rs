//! Ctrl-C while something blocks: the wait ends, the terminal is as it was, and the program can say so with its exit code.

use std::time::Duration;

use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// How long the work may take to notice a Ctrl-C that it saw itself.
const NOTICE: Duration = Duration::from_millis(200);

/// Does `work` on a thread of its own. `None` where SIGINT came first.
pub(super) fn or<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Some(work());
    };
    let terminal = std::io::stdin();
    let before = tcgetattr(&terminal).ok();
    let result = runtime.block_on(async {
        let (done, mut result) = oneshot::channel();
        let interrupted = signal(SignalKind::interrupt());
        std::thread::spawn(move || done.send(work()));
        let Ok(mut interrupted) = interrupted else { return result.await.ok() };
        tokio::select! {
            result = &mut result => result.ok(),
            _ = interrupted.recv() => {
                let _ = tokio::time::timeout(NOTICE, result).await;
                None
            }
        }
    });
    if let (None, Some(before)) = (&result, before) {
        let _ = tcsetattr(&terminal, OptionalActions::Now, &before);
    }
    result
}
