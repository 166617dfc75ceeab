//! The log: what the program does, said on standard error for whoever asked with `-v`, as text or as JSON Lines.
//!
//! No variable of the environment raises it, `RUST_LOG` least of all. What libraries say is heard from WARN up, for below that the SDK
//! describes requests; its TRACE lines, which hold whole bodies, are not even compiled in (the features of `tracing` in Cargo.toml).

use std::fmt::Write as _;
use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::time::SystemTime;
use tracing_subscriber::layer::{Layer, SubscriberExt};

use super::terminal::{is_tricky, plain, say};

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogForm {
    /// For people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// Begins the log: none with `verbosity` 0, the steps of a run with 1, from 2 on each answer as well. Once for a process.
pub fn begin_log(verbosity: u8, form: LogForm) {
    let level = match verbosity {
        0 => return,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let heard = Targets::new().with_default(LevelFilter::WARN).with_target(env!("CARGO_CRATE_NAME"), level);
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_timer(SystemTime).log_internal_errors(false);
    let lines = match form {
        LogForm::Text => lines.with_writer(move || Lines(form)).boxed(),
        LogForm::Json => lines.json().flatten_event(true).with_writer(move || Lines(form)).boxed(),
    };
    // Whoever has set up a log before keeps it.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines.with_filter(heard)));
}

/// Takes a line at a time, and makes it fit for a terminal.
struct Lines(LogForm);

impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches('\n');
        match self.0 {
            LogForm::Text => say(format_args!("{}\n", plain(text))),
            LogForm::Json => say(format_args!("{}\n", escaped_in_json(text))),
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The same JSON without a character that a terminal obeys or hides: such a one stands in a string.
fn escaped_in_json(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut out, c| {
        let mut units = [0; 2];
        match is_tricky(c) {
            true => c.encode_utf16(&mut units).iter().for_each(|unit| write!(out, "\\u{unit:04x}").expect("a string takes everything")),
            false => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_json_means_the_same() {
        let value = serde_json::json!({"username": "a\u{202e}\u{1b}[2J\u{e0001}"});
        let text = escaped_in_json(&value.to_string());
        assert!(text.is_ascii(), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
