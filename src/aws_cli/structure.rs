//! Names and values as JSON, YAML and text, as the AWS CLI writes errors in these forms.

use std::borrow::Cow;

use super::python::Value;
use super::yaml_scalar::{self, Version};
use crate::report::plain;

/// The width beyond which YAML goes on in the next line.
const YAML_WIDTH: usize = 80;

/// An object, in the order given.
pub(super) fn json(pairs: &[(&str, &str)]) -> String {
    let members: Vec<String> =
        pairs.iter().map(|(name, value)| format!("    {}: {}", serde_json::Value::from(*name), serde_json::Value::from(*value))).collect();
    format!("{{\n{}\n}}\n", members.join(",\n"))
}

/// The values in one line with tabs, in the order of their names.
pub(super) fn text(pairs: &[(&str, &str)]) -> String {
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable();
    let values: Vec<String> =
        pairs.iter().map(|(_, value)| value.split('\n').map(plain).collect::<Vec<Cow<'_, str>>>().join("\n")).collect();
    values.join("\t") + "\n"
}

/// A map, in the order of the names.
pub(super) fn yaml(pairs: &[(&str, &str)]) -> String {
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable();
    pairs.iter().map(|(name, value)| format!("{name}: {}\n", yaml_text(value, name.len() + 2))).collect()
}

/// Text as a scalar of YAML that begins in this column.
pub(super) fn yaml_text(text: &str, column: usize) -> String {
    if text.chars().any(|c| c != '\n' && plain(c.encode_utf8(&mut [0; 4])) != c.to_string()) {
        return serde_json::Value::from(text).to_string();
    }
    let is_text = matches!(yaml_scalar::plain(text, Version::V1_2), Some(Value::Str(_)));
    if is_text && !text.contains('\n') && needs_no_quotes(text) {
        return folded(text, column);
    }
    let quoted = folded(&text.replace('\'', "''").replace('\n', "\n\n"), column + 1);
    format!("'{quoted}'")
}

fn needs_no_quotes(text: &str) -> bool {
    let starts_a_node = text.starts_with(['#', ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`'])
        || text.starts_with("- ")
        || text.starts_with("? ")
        || text.starts_with(": ")
        || text.starts_with("---")
        || text.starts_with("...")
        || matches!(text, "-" | "?" | ":" | "=" | "<<");
    !starts_a_node && !text.contains(": ") && !text.contains(" #") && !text.ends_with(':') && text.trim() == text
}

/// Breaks the line at the first single space behind the width.
fn folded(text: &str, mut column: usize) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    let mut before = '\0';
    while let Some(c) = chars.next() {
        match c {
            '\n' => {
                out.push('\n');
                if chars.peek().is_some_and(|next| *next != '\n') {
                    out.push_str("  ");
                }
                column = 2;
            }
            ' ' if column > YAML_WIDTH && before != ' ' && chars.peek().is_some_and(|next| *next != ' ') => {
                out.push_str("\n  ");
                column = 2;
            }
            c => {
                out.push(c);
                column += 1;
            }
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_yaml_would_take_for_something_else_is_quoted() {
        for (text, yaml) in [
            ("User does not exist.", "User does not exist."),
            ("a: b", "'a: b'"),
            ("it's: x", "'it''s: x'"),
            ("true", "'true'"),
            ("", "''"),
            ("a\nb", "'a\n\n  b'"),
            ("- a", "'- a'"),
        ] {
            assert_eq!(yaml_text(text, 9), yaml);
        }
    }
}
