//! The laws of `--cli-input-json` and `--cli-input-yaml`: any text is read or refused, JSON means what it means elsewhere, and a text in
//! double quotes is that text.

use serde_json::Value as Standard;

use crate::aws_cli::python::Value;
use crate::aws_cli::{json_text, yaml_text};

/// The bytes are the file; they are also a password that is written as JSON.
pub fn cli_input_json(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let read = json_text::parse(text);
    if let Ok(standard) = serde_json::from_str::<Standard>(text) {
        let read = read.expect("what is JSON is read");
        assert!(agrees(&read, &standard), "JSON is read as something else");
    }
    is_read_as_it_stands(text, json_text::parse);
}

/// The same for YAML.
pub fn cli_input_yaml(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    yaml_text::parse(text);
    is_read_as_it_stands(text, yaml_text::parse);
}

fn is_read_as_it_stands(password: &str, parse: fn(&str) -> Option<Value>) {
    // JSON escapes what is beyond the basic plane as two halves, which YAML does not put together.
    let plain = password.chars().all(|c| c.len_utf16() == 1 && !c.is_control());
    if plain {
        let quoted = Standard::from(password).to_string();
        let Some(Value::Map(members)) = parse(&format!("{{\"Password\": {quoted}}}")) else { panic!("an object is refused") };
        let [(Value::Str(name), Value::Str(read))] = &members[..] else { panic!("an object has other members") };
        assert!(name == "Password" && read == password, "a password is read as another");
    }
}

/// Whether they are the same, numbers aside: the program's have no limits.
fn agrees(read: &Value, standard: &Standard) -> bool {
    match (read, standard) {
        (Value::Str(read), Standard::String(standard)) => read == standard,
        (Value::Map(read), Standard::Object(standard)) => {
            let member = |(name, value): &(Value, Value)| {
                let Value::Str(name) = name else { return false };
                standard.get(name).is_some_and(|standard| agrees(value, standard))
            };
            read.len() == standard.len() && read.iter().all(member)
        }
        (Value::List(read), Standard::Array(standard)) => {
            read.len() == standard.len() && read.iter().zip(standard).all(|(read, standard)| agrees(read, standard))
        }
        (Value::None, Standard::Null) | (Value::Int(_) | Value::Float(_), Standard::Number(_)) => true,
        (Value::Bool(read), Standard::Bool(standard)) => read == standard,
        _ => false,
    }
}
