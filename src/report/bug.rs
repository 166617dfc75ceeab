//! A bug that shows itself: a panic in any thread ends the process, and says where it was, not with which values.
//!
//! What would be left goes on with a part missing, so it does not go on; the journal is as it is after a `kill -9`. The message of a panic
//! may hold data (a text that was cut in the middle of a character is quoted whole, and it might be a password), so that only one that was
//! written down as it stands is repeated.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::PanicHookInfo;

use super::terminal::say;

/// The exit code of a bug: that of every Rust program.
const BUG: i32 = 101;

/// Makes every panic end the process so. The first thing that `main` does.
pub fn end_on_a_bug() {
    std::panic::set_hook(Box::new(|panic| {
        say(format_args!("{}\n", describe(panic)));
        std::process::exit(BUG);
    }));
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or_else(String::new, |place| format!(" at {place}"));
    let what = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("what it says is withheld, for it may hold data");
    let trace = Backtrace::capture();
    let trace = match trace.status() {
        BacktraceStatus::Captured => format!("\n{trace}"),
        _ => String::new(),
    };
    format!(
        "error: a bug in cognito-passwd{place}: {what}\n       \
         a journal has what was sent until now, and `--resume` goes on from it; please report the bug{trace}"
    )
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Runs one of the tests below, which is ignored otherwise, in a process of its own, and gives what it says when it ends so.
    fn said_by(test: &str) -> String {
        let name = format!("report::bug::tests::{test}");
        let mut child = Command::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", &name, "--ignored", "--nocapture"]).env("RUST_BACKTRACE", "full").output().unwrap();
        assert_eq!(output.status.code(), Some(BUG), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    #[test]
    fn a_bug_tells_where_it_is_and_no_value() {
        let said = said_by("cuts_a_password");
        assert!(said.contains(file!()) && said.contains("withheld") && said.contains("cuts_a_password"), "{said}");
        assert!(!said.contains("Sw0rdf"), "{said}");
    }

    #[test]
    fn a_bug_in_a_thread_ends_the_process_and_a_fixed_text_is_said() {
        assert!(said_by("panics_in_a_thread").contains("the sky has fallen"));
    }

    #[test]
    #[ignore = "a_bug_tells_where_it_is_and_no_value runs it, for it ends the process"]
    fn cuts_a_password() {
        end_on_a_bug();
        let password = String::from("Sw0rdfïsh");
        let middle = password.find('s').map_or(0, |at| at - 1);
        let cut = &password[..middle];
        unreachable!("{cut} was cut in the middle of a character");
    }

    #[test]
    #[ignore = "a_bug_in_a_thread_ends_the_process_and_a_fixed_text_is_said runs it, for it ends the process"]
    fn panics_in_a_thread() {
        end_on_a_bug();
        let _ = std::thread::spawn(|| panic!("the sky has fallen")).join();
        std::process::exit(0);
    }
}
