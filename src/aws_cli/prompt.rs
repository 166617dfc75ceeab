//! Questions on the terminal: a password without echo and twice, a line, a yes or no.

use std::io::{self, BufRead, IsTerminal, Write};

use super::failure::Failure;
use super::interrupt;
use crate::report::plain;
use crate::secret::Password;

/// How often two passwords may differ.
const TRIES: usize = 3;

/// Whether there is somebody to ask.
pub(super) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for the password, twice.
///
/// # Errors
/// [`Failure`] where none is given, or Ctrl-C is.
pub(super) fn new_password(username: &str) -> Result<Password<'static>, Failure> {
    for _ in 0..TRIES {
        let first = hidden(&format!("New password for {}: ", plain(username)))?;
        if first.expose().is_empty() {
            return Err(none_given());
        }
        if hidden("The same again: ")?.expose() == first.expose() {
            return Ok(first);
        }
        say!("The two are not the same.");
    }
    Err(Failure::Invalid("No password was entered twice alike.".to_owned()))
}

fn none_given() -> Failure {
    Failure::Invalid("No password was entered.".to_owned())
}

fn hidden(question: &str) -> Result<Password<'static>, Failure> {
    let question = question.to_owned();
    match interrupt::or(move || rpassword::prompt_password(question)) {
        Some(Ok(password)) => Ok(Password::new(password)),
        Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => Err(Failure::Interrupted),
        Some(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
            say!("");
            Err(none_given())
        }
        Some(Err(error)) => Err(Failure::Invalid(format!("The password cannot be asked for: {error}"))),
        None => Err(Failure::Interrupted),
    }
}

/// Asks for a line. Ctrl-D ends the program as a missing value does.
///
/// # Errors
/// [`Failure`] where there is no answer.
pub(super) fn line(question: &str) -> Result<String, Failure> {
    say_on!("{question}");
    let _ = io::stderr().flush();
    let read = interrupt::or(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|length| (length > 0).then_some(line))
    });
    match read {
        None => Err(Failure::Interrupted),
        Some(Ok(Some(line))) => Ok(line.trim_end_matches(['\n', '\r']).to_owned()),
        Some(_) => {
            say!("");
            Err(Failure::Invalid("The prompt was left. Nothing was done.".to_owned()))
        }
    }
}
