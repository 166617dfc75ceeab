//! How far the first pass over a file has come, in bytes, on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::input::Reader;

/// How often it is redrawn.
const REFRESH: Duration = Duration::from_millis(100);

/// A bar that is there while a file is read, and gone afterwards.
pub struct Reading(ProgressBar);

impl Reading {
    /// A bar as long as the file, or none.
    pub fn new(reader: &Reader, shown: bool) -> Self {
        let bar = match reader.size() {
            Some(size) if shown => ProgressBar::new(size).with_style(
                ProgressStyle::with_template("{bar:30} {percent:>3}%  {bytes} of {total_bytes}, {bytes_per_sec}, {msg} rows, {eta} left")
                    .expect("a sound template"),
            ),
            _ => ProgressBar::hidden(),
        };
        if !bar.is_hidden() {
            bar.enable_steady_tick(REFRESH);
        }
        Self(bar)
    }

    /// So many bytes and rows were read.
    pub fn at(&self, bytes: u64, rows: u64) {
        if !self.0.is_hidden() {
            self.0.set_position(bytes);
            self.0.set_message(crate::report::count(rows));
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
