//! Values that stand in files: `file://` for text, `fileb://` for bytes.
//!
//! Every other prefix is part of the value. A file that is no plain file (`/dev/stdin`, a pipe) is read where Ctrl-C is heard.

use std::io::{self, Read};

use super::interrupt;
use super::python::{self, Value};

/// Why a file's text is no value.
pub(super) enum Unreadable {
    /// The message.
    Because(String),
    /// Ctrl-C while it was read.
    Interrupted,
}

/// The value that `text` stands for: the content of the file it names, or itself.
///
/// # Errors
/// [`Unreadable`] where there is no such file, or no text in it.
pub(super) fn resolve(text: &str) -> Result<Value, Unreadable> {
    if let Some(path) = text.strip_prefix("file://") {
        let path = expand(path);
        let bytes = read(text, &path)?;
        let content = String::from_utf8(bytes).map_err(|_| {
            Unreadable::Because(format!(
                "Unable to load paramfile ({path}), text contents could not be decoded.  If this is a binary file, please use the \
                 fileb:// prefix instead of the file:// prefix."
            ))
        })?;
        Ok(Value::Str(content.replace("\r\n", "\n").replace('\r', "\n")))
    } else if let Some(path) = text.strip_prefix("fileb://") {
        read(text, &expand(path)).map(Value::Bytes)
    } else {
        Ok(Value::Str(text.to_owned()))
    }
}

fn read(named: &str, path: &str) -> Result<Vec<u8>, Unreadable> {
    let path_for_read = path.to_owned();
    let content = if std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        Some(std::fs::read(path))
    } else {
        interrupt::or(move || {
            let mut bytes = Vec::new();
            std::fs::File::open(path_for_read)?.read_to_end(&mut bytes).map(|_| bytes)
        })
    };
    content
        .ok_or(Unreadable::Interrupted)?
        .map_err(|error| Unreadable::Because(format!("Unable to load paramfile {named}: {}", in_python(&error, path))))
}

/// An error of the system as Python prints it.
pub(super) fn in_python(error: &io::Error, path: &str) -> String {
    let text = error.to_string();
    let reason = text.split(" (os error").next().unwrap_or_default();
    match error.raw_os_error() {
        Some(number) => format!("[Errno {number}] {reason}: {}", python::quote(path)),
        None => reason.to_owned(),
    }
}

/// `~`, `$VAR` and `${VAR}` replaced, as far as they are known.
fn expand(path: &str) -> String {
    let home = std::env::var("HOME").ok().filter(|_| path == "~" || path.starts_with("~/"));
    let path = match home {
        Some(home) => format!("{}{}", home.trim_end_matches('/'), &path[1..]),
        None => path.to_owned(),
    };
    let mut expanded = String::new();
    let mut rest = path.as_str();
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        let (name, end) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((name, _)) => (name, name.len() + 2),
            None => {
                let end = after.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(after.len());
                (&after[..end], end)
            }
        };
        match std::env::var(name) {
            Ok(value) if !name.is_empty() => expanded.push_str(&value),
            _ => {
                expanded.push('$');
                expanded.push_str(&after[..end]);
            }
        }
        rest = &after[end..];
    }
    expanded + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_variables_that_exist_are_replaced() {
        let path = std::env::var("PATH").unwrap_or_default();
        assert_eq!(expand("a/$PATH/b"), format!("a/{path}/b"));
        assert_eq!(expand("${PATH}b"), format!("{path}b"));
        assert_eq!(expand("$NO_SUCH_VARIABLE_HERE/${NOR_THIS_ONE}/$"), "$NO_SUCH_VARIABLE_HERE/${NOR_THIS_ONE}/$");
        assert_eq!(expand("a~"), "a~");
    }
}
