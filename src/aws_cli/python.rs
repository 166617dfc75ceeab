//! Values as Python has them, and as Python prints them: the AWS CLI's messages show both.
//!
//! Where they come from is left to `json_text`, `yaml_text` and `param_file`; whether they will do, to `validation`.

use std::fmt::Write as _;

use unicode_general_category::{GeneralCategory, get_general_category};

/// A value that a user gave. It may be a password, so it has no `Debug`.
#[derive(Clone)]
pub(crate) enum Value {
    /// `None`.
    None,
    /// `True` and `False`.
    Bool(bool),
    /// A whole number, in decimal digits, with a sign where it is negative.
    Int(String),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Str(String),
    /// Bytes, as `fileb://` and `!!binary` give.
    Bytes(Vec<u8>),
    /// A date, as YAML knows them; the text is what Python prints.
    Date(String),
    /// A date with a time.
    DateTime(String),
    /// A list.
    List(Vec<Value>),
    /// A map, in the order given.
    Map(Vec<(Value, Value)>),
    /// A set.
    Set(Vec<Value>),
}

impl Value {
    /// The name of its type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::Date(_) => "datetime.date",
            Self::DateTime(_) => "datetime.datetime",
            Self::List(_) => "list",
            Self::Map(_) => "dict",
            Self::Set(_) => "set",
        }
    }

    /// What `print` shows.
    pub fn shown(&self) -> String {
        match self {
            Self::Str(text) | Self::Date(text) | Self::DateTime(text) => text.clone(),
            _ => self.quoted(),
        }
    }

    /// What stands inside a list or a map that is printed.
    fn quoted(&self) -> String {
        let joined = |items: &[Value]| items.iter().map(Value::quoted).collect::<Vec<_>>().join(", ");
        match self {
            Self::None => "None".to_owned(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Int(digits) => digits.clone(),
            Self::Float(number) => float(*number),
            Self::Str(text) => quote(text),
            Self::Bytes(bytes) => quote_bytes(bytes),
            Self::Date(text) => {
                let parts: Vec<&str> = text.split('-').map(|part| part.trim_start_matches('0')).collect();
                format!("datetime.date({})", parts.join(", "))
            }
            Self::DateTime(text) => format!("datetime.datetime({text})"),
            Self::List(items) => format!("[{}]", joined(items)),
            Self::Map(members) => {
                let members: Vec<String> = members.iter().map(|(key, value)| format!("{}: {}", key.quoted(), value.quoted())).collect();
                format!("{{{}}}", members.join(", "))
            }
            Self::Set(items) if items.is_empty() => "set()".to_owned(),
            Self::Set(items) => format!("{{{}}}", joined(items)),
        }
    }
}

/// A number with a fraction: the shortest digits that mean it, with an exponent where it is very large or very small.
fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        let plain = number.to_string();
        if plain.contains('.') { plain } else { plain + ".0" }
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{digits}e{sign}{:02}", exponent.abs())
    }
}

/// Text in quotes, with escapes for what cannot be printed.
pub(super) fn quote(text: &str) -> String {
    let mark = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::from(mark);
    for c in text.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\\' => quoted.push_str("\\\\"),
            c if c == mark => {
                quoted.push('\\');
                quoted.push(c);
            }
            c if is_printable(c) => quoted.push(c),
            c => {
                let code = u32::from(c);
                let _ = match code {
                    0..=0xff => write!(quoted, "\\x{code:02x}"),
                    0x100..=0xffff => write!(quoted, "\\u{code:04x}"),
                    _ => write!(quoted, "\\U{code:08x}"),
                };
            }
        }
    }
    quoted.push(mark);
    quoted
}

fn quote_bytes(bytes: &[u8]) -> String {
    let mark = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut quoted = format!("b{mark}");
    for &byte in bytes {
        match byte {
            b'\n' => quoted.push_str("\\n"),
            b'\r' => quoted.push_str("\\r"),
            b'\t' => quoted.push_str("\\t"),
            b'\\' => quoted.push_str("\\\\"),
            b' '..=b'~' if char::from(byte) != mark => quoted.push(char::from(byte)),
            b' '..=b'~' => {
                quoted.push('\\');
                quoted.push(mark);
            }
            _ => {
                let _ = write!(quoted, "\\x{byte:02x}");
            }
        }
    }
    quoted.push(mark);
    quoted
}

fn is_printable(c: char) -> bool {
    use GeneralCategory as G;
    c == ' '
        || !matches!(
            get_general_category(c),
            G::Control
                | G::Format
                | G::Surrogate
                | G::PrivateUse
                | G::Unassigned
                | G::LineSeparator
                | G::ParagraphSeparator
                | G::SpaceSeparator
        )
}

/// A whole number as Python's `int()` reads one: white space around it, a sign, and single `_` between digits.
///
/// # Errors
/// Python's message.
pub(super) fn int(text: &str) -> Result<i64, String> {
    let complaint = || format!("invalid literal for int() with base 10: {}", quote(text));
    let trimmed = text.trim();
    let digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    let well_formed = digits.split('_').all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    if !well_formed {
        return Err(complaint());
    }
    trimmed.replace('_', "").parse().map_err(|_| complaint())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_as_python_prints_them() {
        for (number, text) in [(1.5, "1.5"), (1.0, "1.0"), (1e16, "1e+16"), (1e-5, "1e-05"), (1e22, "1e+22"), (123_456.0, "123456.0")] {
            assert_eq!(float(number), text);
        }
        assert_eq!(float(f64::INFINITY), "inf");
    }

    #[test]
    fn text_is_quoted_as_python_quotes_it() {
        assert_eq!(quote("it's"), "\"it's\"");
        assert_eq!(quote("'\""), "'\\'\"'");
        assert_eq!(quote("a\u{1}\u{200b}é"), "'a\\x01\\u200bé'");
    }

    #[test]
    fn a_whole_number_may_have_a_sign_white_space_and_underscores() {
        assert_eq!(int(" -1_0 "), Ok(-10));
        assert_eq!(int("1__0"), Err("invalid literal for int() with base 10: '1__0'".to_owned()));
    }
}
