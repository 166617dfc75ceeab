//! What a plain scalar of YAML means: the rules of YAML 1.2 as ruamel.yaml has them, and those of 1.1 where a document asks for it.

use super::python::Value;

/// The version of YAML that a document is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// `%YAML 1.1`.
    V1_1,
    /// Everything else.
    V1_2,
}

/// A scalar without quotes and without a tag. `None` where it is none that can be made.
pub(super) fn plain(text: &str, version: Version) -> Option<Value> {
    // The parser takes the mark of a block in braces for text; ruamel.yaml refuses it.
    if text == "=" || text.starts_with(['|', '>']) {
        return None;
    }
    if matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return Some(Value::None);
    }
    if let Some(value) = boolean(text, version) {
        return Some(Value::Bool(value));
    }
    if is_float(text, version) {
        return float(text, version);
    }
    if is_int(text, version) {
        return int(text, version);
    }
    Some(timestamp(text).unwrap_or_else(|| Value::Str(text.to_owned())))
}

/// A scalar with a tag of YAML's own. `None` where the tag is another, or the text does not fit it.
pub(super) fn tagged(tag: &str, text: &str, version: Version) -> Option<Value> {
    match tag {
        "str" => Some(Value::Str(text.to_owned())),
        "null" => Some(Value::None),
        "bool" => boolean(&text.to_ascii_lowercase(), Version::V1_1).map(Value::Bool),
        "int" => int(text, version),
        "float" => float(text, version),
        "binary" => base64(text).map(Value::Bytes),
        "timestamp" => timestamp(text),
        _ => None,
    }
}

fn boolean(text: &str, version: Version) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if version == Version::V1_1 => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if version == Version::V1_1 => Some(false),
        _ => None,
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn all(text: &str, is: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'_' || is(byte))
}

fn is_int(text: &str, version: Version) -> bool {
    let digits = unsigned(text);
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') {
        return false;
    }
    if let Some(binary) = digits.strip_prefix("0b") {
        return all(binary, |byte| matches!(byte, b'0' | b'1'));
    }
    if let Some(hexadecimal) = digits.strip_prefix("0x") {
        return all(hexadecimal, |byte| byte.is_ascii_hexdigit());
    }
    match version {
        Version::V1_2 => {
            let octal = digits.strip_prefix("0o").is_some_and(|octal| all(octal, |byte| matches!(byte, b'0'..=b'7')));
            octal || all(digits, |byte| byte.is_ascii_digit())
        }
        Version::V1_1 => match digits.split_once(':') {
            Some((first, others)) => is_sexagesimal(first, others),
            None if digits.starts_with('0') => digits == "0" || all(&digits[1..], |byte| matches!(byte, b'0'..=b'7')),
            None => digits.starts_with(|c: char| c.is_ascii_digit()) && all(digits, |byte| byte.is_ascii_digit()),
        },
    }
}

/// `190:20:30`: to the base of 60.
fn is_sexagesimal(first: &str, others: &str) -> bool {
    let small = |part: &str| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    first.starts_with(|c: char| ('1'..='9').contains(&c)) && all(first, |byte| byte.is_ascii_digit()) && others.split(':').all(small)
}

fn int(text: &str, version: Version) -> Option<Value> {
    let plain = text.replace('_', "");
    let digits = unsigned(&plain);
    let sign = if plain.starts_with('-') { "-" } else { "" };
    let based = |digits: &str, base| u128::from_str_radix(digits, base).ok().map(|number| number.to_string());
    let magnitude = if let Some(binary) = digits.strip_prefix("0b") {
        based(binary, 2)?
    } else if let Some(hexadecimal) = digits.strip_prefix("0x") {
        based(hexadecimal, 16)?
    } else if let Some(octal) = digits.strip_prefix("0o") {
        based(octal, 8)?
    } else if digits.contains(':') {
        let mut parts = digits.split(':').map(|part| part.parse::<u128>().ok());
        parts.try_fold(0_u128, |sum, part| sum.checked_mul(60)?.checked_add(part?))?.to_string()
    } else if version == Version::V1_1 && digits.len() > 1 && digits.starts_with('0') {
        based(digits, 8)?
    } else {
        all(digits, |byte| byte.is_ascii_digit()).then(|| digits.trim_start_matches('0').to_owned())?
    };
    Some(Value::Int(match magnitude.as_str() {
        "" | "0" => "0".to_owned(),
        magnitude => format!("{sign}{magnitude}"),
    }))
}

fn is_float(text: &str, version: Version) -> bool {
    let number = unsigned(text);
    if matches!(number, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match number.find(['e', 'E']) {
        Some(at) => (&number[..at], Some(&number[at + 1..])),
        None => (number, None),
    };
    let has_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if exponent.is_some_and(|exponent| !has_digits(unsigned(exponent))) {
        return false;
    }
    let starts_with_digit = number.starts_with(|c: char| c.is_ascii_digit());
    match mantissa.split_once('.') {
        Some(("", fraction)) => {
            let signed = exponent.is_none_or(|exponent| exponent.starts_with(['-', '+']));
            all(fraction, |byte| byte.is_ascii_digit()) && signed && (version == Version::V1_2 || number == text)
        }
        Some((whole, fraction)) => {
            let sexagesimal = version == Version::V1_1
                && exponent.is_none()
                && whole.split_once(':').is_some_and(|(first, others)| is_sexagesimal(first, others));
            let whole = sexagesimal || all(whole, |byte| byte.is_ascii_digit());
            starts_with_digit && whole && (fraction.is_empty() || all(fraction, |byte| byte.is_ascii_digit()))
        }
        None => exponent.is_some() && starts_with_digit && all(mantissa, |byte| byte.is_ascii_digit()),
    }
}

fn float(text: &str, version: Version) -> Option<Value> {
    let plain = text.replace('_', "").to_ascii_lowercase();
    let sign = if plain.starts_with('-') { -1.0 } else { 1.0 };
    let magnitude = match unsigned(&plain) {
        ".inf" => f64::INFINITY,
        ".nan" => f64::NAN,
        number if version == Version::V1_1 && number.contains(':') => {
            number.split(':').try_fold(0.0, |sum, part| part.parse::<f64>().ok().map(|part| sum * 60.0 + part))?
        }
        number => number.parse().ok()?,
    };
    Some(Value::Float(sign * magnitude))
}

/// `2020-01-01` is a date; with a time behind it, a date and time.
fn timestamp(text: &str) -> Option<Value> {
    let (date, time) = match text.find(['T', 't', ' ', '\t']) {
        Some(at) => (&text[..at], Some(text[at..].trim_start_matches(['T', 't', ' ', '\t']))),
        None => (text, None),
    };
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts[..] else { return None };
    let has = |part: &str, lengths: &[usize]| lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !has(year, &[4]) {
        return None;
    }
    let Some(time) = time else {
        return (has(month, &[2]) && has(day, &[2])).then(|| Value::Date(date.to_owned()));
    };
    let clock = time.split(['Z', '+', '-', ' ', '.']).next()?;
    let parts: Vec<&str> = clock.split(':').collect();
    let [hour, minute, second] = parts[..] else { return None };
    let fits = has(month, &[1, 2]) && has(day, &[1, 2]) && has(hour, &[1, 2]) && has(minute, &[2]) && has(second, &[2]);
    fits.then(|| Value::DateTime(format!("{year}-{month:0>2}-{day:0>2} {hour:0>2}:{minute}:{second}")))
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for c in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(text: &str, version: Version) -> String {
        plain(text, version).map_or_else(|| "none".to_owned(), |value| format!("{} {}", value.type_name(), value.shown()))
    }

    #[test]
    fn plain_scalars_mean_what_yaml_1_2_says() {
        for (text, meaning) in [
            ("true", "bool True"),
            ("yes", "str yes"),
            ("off", "str off"),
            ("~", "NoneType None"),
            ("0o17", "int 15"),
            ("0x1F", "int 31"),
            ("1_000", "int 1000"),
            ("0123", "int 123"),
            ("-5", "int -5"),
            ("1e5", "float 100000.0"),
            ("1.50", "float 1.5"),
            (".5", "float 0.5"),
            ("-.inf", "float -inf"),
            ("1.", "float 1.0"),
            ("190:20:30", "str 190:20:30"),
            ("2020-01-01", "datetime.date 2020-01-01"),
            ("2020-1-1", "str 2020-1-1"),
            ("us-east-1_a", "str us-east-1_a"),
            ("1a", "str 1a"),
            ("-", "str -"),
        ] {
            assert_eq!(meant(text, Version::V1_2), meaning, "{text}");
        }
    }

    #[test]
    fn plain_scalars_mean_what_yaml_1_1_says_where_a_document_asks_for_it() {
        for (text, meaning) in
            [("yes", "bool True"), ("off", "bool False"), ("017", "int 15"), ("190:20:30", "int 685230"), ("089", "str 089")]
        {
            assert_eq!(meant(text, Version::V1_1), meaning, "{text}");
        }
    }

    #[test]
    fn binary_scalars_are_base64() {
        assert_eq!(base64("UGFz\n c3c="), Some(b"Passw".to_vec()));
        assert_eq!(base64("!"), None);
    }
}
