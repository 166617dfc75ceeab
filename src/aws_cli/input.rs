//! The values that the request is made of: those of the command line, and behind them those of `--cli-input-json` or `--cli-input-yaml`.
//!
//! Whether they will do is left to `validation`.

use std::io::{self, Read};

use super::command_line::Operation;
use super::failure::Failure;
use super::interrupt;
use super::param_file::{self, Unreadable};
use super::python::Value;
use super::{json_text, yaml_text};

/// The request's members, each once: the command line's first, then the input file's in its order.
pub(super) struct Members {
    /// Name and value.
    pub all: Vec<(Value, Value)>,
    /// The `file://` that the password came from with its last line end, where it did.
    pub file_with_line_end: Option<String>,
}

impl Members {
    /// Puts a member in the place of the one of that name, or behind all.
    pub fn set(&mut self, name: &str, value: Value) {
        match self.all.iter_mut().find(|(known, _)| is(known, name)) {
            Some(member) => member.1 = value,
            None => self.all.push((Value::Str(name.to_owned()), value)),
        }
    }

    /// The value of a member.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.all.iter().find(|(known, _)| is(known, name)).map(|(_, value)| value)
    }
}

fn is(key: &Value, name: &str) -> bool {
    matches!(key, Value::Str(key) if key == name)
}

/// Reads the files that values name, in the AWS CLI's order, and puts the members together.
///
/// # Errors
/// [`Failure`] where a file cannot be read, or an input cannot be understood.
pub(super) fn read(operation: &Operation) -> Result<Members, Failure> {
    let mut members = Members { all: Vec::new(), file_with_line_end: None };
    for (option, member) in [("--user-pool-id", "UserPoolId"), ("--username", "Username"), ("--password", "Password")] {
        let Some(given) = operation.value(option) else { continue };
        let value = resolve(option, given)?;
        if option == "--password" && given.starts_with("file://") && matches!(&value, Value::Str(text) if text.ends_with('\n')) {
            members.file_with_line_end = Some(given.to_owned());
        }
        members.set(member, value);
    }
    if let Some(password) = password_from_elsewhere(operation)? {
        members.set("Password", Value::Str(password));
    }
    if let Some(permanent) = operation.permanent() {
        members.set("Permanent", Value::Bool(permanent));
    }
    for (key, value) in cli_input(operation)? {
        let given = matches!(&key, Value::Str(name) if members.get(name).is_some());
        if !given {
            members.all.push((key, value));
        }
    }
    Ok(members)
}

fn resolve(option: &str, given: &str) -> Result<Value, Failure> {
    param_file::resolve(given).map_err(|error| match error {
        Unreadable::Because(why) => Failure::Invalid(format!("Error parsing parameter '{option}': {why}")),
        Unreadable::Interrupted => Failure::Interrupted,
    })
}

/// What `--cli-input-json` or `--cli-input-yaml` holds.
fn cli_input(operation: &Operation) -> Result<Vec<(Value, Value)>, Failure> {
    let [json, yaml] =
        ["--cli-input-json", "--cli-input-yaml"].map(|option| operation.value(option).map(|given| resolve(option, given)).transpose());
    let (option, kind, input, parse): (_, _, _, fn(&str) -> Option<Value>) = match (json?, yaml?) {
        (None, None) => return Ok(Vec::new()),
        (Some(_), Some(_)) => return Err(Failure::Invalid("Only one --cli-input- parameter may be specified.".to_owned())),
        (Some(input), None) => ("cli-input-json", "JSON", input, json_text::parse),
        (None, Some(input)) => ("cli-input-yaml", "YAML", input, yaml_text::parse),
    };
    let text = match input {
        Value::Str(text) => Some(text),
        Value::Bytes(bytes) => String::from_utf8(bytes).ok(),
        _ => None,
    };
    match text.as_deref().and_then(parse) {
        Some(Value::Map(members)) => Ok(members),
        Some(other) => Err(Failure::Invalid(format!(
            "Error parsing parameter '--{option}': Invalid type: expecting map, received <class '{}'>",
            other.type_name()
        ))),
        None => Err(Failure::Invalid(format!("Error parsing parameter '{option}': Invalid {kind} received."))),
    }
}

/// The password of `--password-file` or `--password-stdin`, without one final line end.
fn password_from_elsewhere(operation: &Operation) -> Result<Option<String>, Failure> {
    let file = operation.value("--password-file");
    let from_stdin = operation.has("--password-stdin");
    let together = |one: &str, other: &str| Err(Failure::Usage(format!("argument {one}: not allowed with argument {other}")));
    let (option, read): (_, io::Result<Vec<u8>>) = match (operation.has("--password"), file, from_stdin) {
        (_, None, false) => return Ok(None),
        (true, Some(_), _) => return together("--password-file", "--password"),
        (true, None, true) => return together("--password-stdin", "--password"),
        (false, Some(_), true) => return together("--password-stdin", "--password-file"),
        (false, Some(path), false) => ("--password-file", interruptible(path.to_owned())?),
        (false, None, true) => ("--password-stdin", interruptible("/dev/stdin".to_owned())?),
    };
    let shown = file.unwrap_or("/dev/stdin");
    let invalid = |why: String| Failure::Invalid(format!("Error parsing parameter '{option}': {why}"));
    let bytes = read.map_err(|error| invalid(param_file::in_python(&error, shown)))?;
    let mut password = String::from_utf8(bytes).map_err(|_| invalid("the password is not UTF-8 text".to_owned()))?;
    if password.ends_with('\n') {
        password.pop();
        if password.ends_with('\r') {
            password.pop();
        }
    }
    Ok(Some(password))
}

fn interruptible(path: String) -> Result<io::Result<Vec<u8>>, Failure> {
    let read = move || {
        let mut bytes = Vec::new();
        if path == "/dev/stdin" {
            io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        } else {
            std::fs::File::open(path)?.read_to_end(&mut bytes).map(|_| bytes)
        }
    };
    interrupt::or(read).ok_or(Failure::Interrupted)
}
