//! `--cli-auto-prompt`: asks for what is missing, shows the command, and asks before it is run.

use super::command_line::{self, Asked};
use super::failure::Failure;
use super::prompt;
use crate::cognito::variable;
use crate::report::plain;
use crate::secret::Password;

/// Whether the command line or the environment asks for it.
///
/// # Errors
/// [`Failure::Invalid`] where the command line asks for it and against it.
pub(super) fn is_wanted(args: &[String]) -> Result<bool, Failure> {
    let has = |name: &str| args.iter().any(|arg| arg == name);
    match (has("--cli-auto-prompt"), has("--no-cli-auto-prompt")) {
        (true, true) => {
            let message = "Both --cli-auto-prompt and --no-cli-auto-prompt cannot be specified at the same time.";
            Err(Failure::Invalid(message.to_owned()))
        }
        _ if has("help") || has("--version") => Ok(false),
        (on, off) => Ok(on || (!off && variable("AWS_CLI_AUTO_PROMPT").is_some_and(|mode| mode.eq_ignore_ascii_case("on")))),
    }
}

/// The command line with what was missing, and the password where that was asked for too.
///
/// # Errors
/// [`Failure`] where there is no terminal, no answer or no consent.
pub(super) fn complete(args: &[String]) -> Result<(Vec<String>, Option<Password<'static>>), Failure> {
    if !prompt::is_possible() {
        let message = "--cli-auto-prompt needs a terminal to ask on. Give the values as options, or run without it.";
        return Err(Failure::Invalid(message.to_owned()));
    }
    let (_, rest) = command_line::globals(args)?;
    let Asked::Operation(operation) = command_line::operation(&rest)? else { return Ok((args.to_vec(), None)) };
    let mut args: Vec<String> = args.iter().filter(|arg| *arg != "--cli-auto-prompt").cloned().collect();
    for (option, question) in [("--user-pool-id", "User pool id: "), ("--username", "Username: ")] {
        if operation.missing.contains(&option) {
            args.push(format!("{option}={}", answer(question)?));
        }
    }
    let password = operation.missing.contains(&"--password").then(|| prompt::new_password("the user")).transpose()?;
    if operation.permanent().is_none() {
        let permanent = yes("Permanent? Otherwise the user must set another one at the next sign-in. [y/N] ")?;
        args.push(if permanent { "--permanent" } else { "--no-permanent" }.to_owned());
    }
    say!("cognito-passwd {}", shown(&args));
    if yes("Run it? [y/N] ")? { Ok((args, password)) } else { Err(Failure::Invalid("Not confirmed. Nothing was done.".to_owned())) }
}

/// A line that is not empty.
fn answer(question: &str) -> Result<String, Failure> {
    loop {
        let line = prompt::line(question)?;
        if !line.is_empty() {
            return Ok(line);
        }
    }
}

fn yes(question: &str) -> Result<bool, Failure> {
    Ok(matches!(prompt::line(question)?.to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// The command as a shell would take it, with dots in the place of what may hold a password.
fn shown(args: &[String]) -> String {
    let mut words = Vec::new();
    let mut hide = false;
    for arg in args {
        let name = arg.split('=').next().unwrap_or_default();
        let is_file = |value: &str| value.starts_with("file://") || value.starts_with("fileb://");
        let holds_one = (name.starts_with("--pa") && "--password".starts_with(name)) || name.starts_with("--cli-input");
        let word = match arg.split_once('=') {
            _ if hide && !is_file(arg) => "...".to_owned(),
            Some((name, value)) if holds_one && !is_file(value) => format!("{name}=..."),
            _ => plain(&shlex::try_quote(arg).unwrap_or_default()).into_owned(),
        };
        hide = holds_one && !arg.contains('=');
        words.push(word);
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_shown_without_what_may_hold_a_password() {
        let args =
            ["--username", "a b", "--password", "secret", "--passw=secret", "--cli-input-json", "{secret}", "--password", "file://pw"];
        let shown = shown(&args.map(str::to_owned));
        assert_eq!(shown, "--username 'a b' --password ... --passw=... --cli-input-json ... --password file://pw");
    }
}
