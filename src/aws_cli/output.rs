//! What a call that worked prints: nothing, or what `--query` makes of nothing, in the form asked for.

use serde::Serialize;
use serde_json::Value;

use super::failure::Failure;
use super::query::Query;
use super::structure;
use super::table::Table;

/// The text for standard output.
///
/// # Errors
/// [`Failure::Other`] where the form is none, or the query calls what there is not. The password is set by then.
pub(super) fn render(query: Option<&Query>, form: &str) -> Result<String, Failure> {
    if !matches!(form, "json" | "text" | "table" | "yaml" | "yaml-stream" | "off") {
        return Err(Failure::Other(format!("Unknown output type: {form}")));
    }
    let Some(query) = query else { return Ok(String::new()) };
    let value = query.of_nothing().map_err(Failure::Other)?;
    if matches!(&value, Value::Object(members) if members.is_empty()) {
        return Ok(String::new());
    }
    Ok(match form {
        "json" => json(&value),
        "yaml" => yaml(&value),
        "yaml-stream" => yaml(&Value::Array(vec![value])),
        "text" => {
            let mut out = String::new();
            text(&value, None, &mut out);
            out
        }
        "table" => table(&value),
        _ => String::new(),
    })
}

fn json(value: &Value) -> String {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let written = value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter));
    let text = String::from_utf8(out).unwrap_or_default();
    if written.is_ok() { text + "\n" } else { String::new() }
}

/// A document of YAML. A bare scalar is followed by the end of the document, but not `null`, as ruamel.yaml has it.
fn yaml(value: &Value) -> String {
    match value {
        Value::Array(items) if !items.is_empty() => yaml_block(value, 0),
        Value::Object(members) if !members.is_empty() => yaml_block(value, 0),
        value => format!("{}\n", yaml_scalar(value, 0)),
    }
}

fn yaml_scalar(value: &Value, column: usize) -> String {
    match value {
        Value::String(text) => structure::yaml_text(text, column),
        other => other.to_string(),
    }
}

fn yaml_block(value: &Value, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let below = |value: &Value| match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| match value {
                Value::Array(_) if below(value) => format!("{indent}{name}:\n{}", yaml_block(value, depth)),
                _ if below(value) => format!("{indent}{name}:\n{}", yaml_block(value, depth + 1)),
                _ => format!("{indent}{name}: {}\n", yaml_scalar(value, indent.len() + name.len() + 2)),
            })
            .collect(),
        Value::Array(items) => items
            .iter()
            .map(|value| match below(value) {
                true => format!("{indent}- {}", yaml_block(value, depth + 1).trim_start_matches(' ')),
                false => format!("{indent}- {}\n", yaml_scalar(value, indent.len() + 2)),
            })
            .collect(),
        value => yaml_scalar(value, indent.len()),
    }
}

/// What Python prints for a value that is neither list nor map.
fn scalar(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

fn text(value: &Value, name: Option<&str>, out: &mut String) {
    let name = name.map(str::to_uppercase);
    match value {
        Value::Object(members) => {
            let mut line: Vec<String> = members.values().filter(|value| is_scalar(value)).map(scalar).collect();
            if !line.is_empty() {
                line.splice(0..0, name);
                *out += &(line.join("\t") + "\n");
            }
            for (name, value) in members.iter().filter(|(_, value)| !is_scalar(value)) {
                text(value, Some(name), out);
            }
        }
        Value::Array(items) => {
            let (scalars, others): (Vec<&Value>, Vec<&Value>) = items.iter().partition(|value| is_scalar(value));
            match &name {
                Some(name) => scalars.iter().for_each(|value| *out += &format!("{name}\t{}\n", scalar(value))),
                None if scalars.is_empty() => {}
                None => *out += &(scalars.iter().map(|value| scalar(value)).collect::<Vec<_>>().join("\t") + "\n"),
            }
            others.iter().for_each(|value| text(value, name.as_deref(), out));
        }
        value => *out += &(scalar(value) + "\n"),
    }
}

fn table(value: &Value) -> String {
    let title = "AdminSetUserPassword".to_owned();
    let (header, rows) = match value {
        Value::Null | Value::Bool(false) => return String::new(),
        Value::Array(items) if items.is_empty() => return String::new(),
        Value::String(text) if text.is_empty() => return String::new(),
        Value::Array(items) => (Vec::new(), items.iter().map(|item| vec![scalar(item)]).collect()),
        Value::Object(members) => (members.keys().cloned().collect(), vec![members.values().map(scalar).collect()]),
        _ => (Vec::new(), Vec::new()),
    };
    Table { title, header, rows }.draw()
}
