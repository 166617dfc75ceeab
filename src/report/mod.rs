//! What people and programs are told: progress while a run goes on, and afterwards every row's outcome.
//!
//! The report is a pure function of input and journal, in input order ([`write_all`]), so that it can be made again at any time. What
//! the exit code is, and what to do next, is left to the commands.

mod bug;
mod early_sync;
mod limit;
mod line;
mod log;
mod on_terminal;
mod output;
mod progress;
mod results;
mod same_input;
mod summary;
mod terminal;

pub use self::bug::end_on_a_bug;
pub use self::limit::{Allowed, Limit};
pub use self::line::Form;
pub use self::log::{LogForm, begin_log};
pub use self::output::{Output, OutputError};
pub use self::progress::{Pace, Progress, Style};
pub use self::results::{ReportError, Source, count_all, write_all};
pub use self::same_input::{AnotherInput, SameInput};
pub use self::summary::{Account, Summary};
pub use self::terminal::{count, counted, plain, plain_lines, rows, say, span};
