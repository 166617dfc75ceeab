//! JSON as Python's `json` module reads it: NaN and the infinities are numbers, whole numbers have no limit, the last of two equal keys
//! wins.
//!
//! The crate's own JSON library follows the standard and would refuse the first two, and round the third.

use super::python::Value;

/// How deep lists and objects may lie inside each other.
const DEEPEST: usize = 200;

/// Reads one value and nothing behind it. `None` where it is not JSON.
pub(crate) fn parse(text: &str) -> Option<Value> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = reader.value()?;
    reader.skip_white_space();
    (reader.at == text.len()).then_some(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_white_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn value(&mut self) -> Option<Value> {
        self.skip_white_space();
        match self.rest().chars().next()? {
            '{' => self.nested(Self::object),
            '[' => self.nested(Self::array),
            '"' => self.string().map(Value::Str),
            _ => self.word().or_else(|| self.number()),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Value>) -> Option<Value> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Some(value)
    }

    fn word(&mut self) -> Option<Value> {
        let words = [
            ("null", Value::None),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ];
        words.into_iter().find(|(word, _)| self.take(word)).map(|(_, value)| value)
    }

    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        self.take("-");
        if !self.take("0") && self.digits() == 0 {
            return None;
        }
        let end_of_whole = self.at;
        if self.take(".") && self.digits() == 0 {
            self.at = end_of_whole;
        }
        let end_of_fraction = self.at;
        if self.take("e") || self.take("E") {
            let _ = self.take("+") || self.take("-");
            if self.digits() == 0 {
                self.at = end_of_fraction;
            }
        }
        let number = &self.text[start..self.at];
        if self.at == end_of_whole {
            Some(Value::Int(if number == "-0" { "0".to_owned() } else { number.to_owned() }))
        } else {
            number.parse().ok().map(Value::Float)
        }
    }

    fn digits(&mut self) -> usize {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        count
    }

    fn string(&mut self) -> Option<String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let c = self.rest().chars().next()?;
            self.at += c.len_utf8();
            match c {
                '"' => return Some(text),
                '\\' => text.push(self.escape()?),
                '\0'..='\x1f' => return None,
                c => text.push(c),
            }
        }
    }

    /// One escape; half of a surrogate pair is no character.
    fn escape(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(match c {
            '"' | '\\' | '/' => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.hexadecimal()?;
                if (0xd800..0xdc00).contains(&first) && self.take("\\u") {
                    let second = self.hexadecimal()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                    char::from_u32(0x10000 + ((first - 0xd800) << 10) + second)?
                } else {
                    char::from_u32(first)?
                }
            }
            _ => return None,
        })
    }

    fn hexadecimal(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        let code = u32::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(code)
    }

    fn array(&mut self) -> Option<Value> {
        let mut items = Vec::new();
        self.skip_white_space();
        if self.take("]") {
            return Some(Value::List(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_white_space();
            if self.take("]") {
                return Some(Value::List(items));
            }
            self.take(",").then_some(())?;
        }
    }

    fn object(&mut self) -> Option<Value> {
        let mut members: Vec<(Value, Value)> = Vec::new();
        self.skip_white_space();
        if self.take("}") {
            return Some(Value::Map(members));
        }
        loop {
            self.skip_white_space();
            self.rest().starts_with('"').then_some(())?;
            let key = self.string()?;
            self.skip_white_space();
            self.take(":").then_some(())?;
            let value = self.value()?;
            match members.iter_mut().find(|(known, _)| matches!(known, Value::Str(known) if *known == key)) {
                Some(member) => member.1 = value,
                None => members.push((Value::Str(key), value)),
            }
            self.skip_white_space();
            if self.take("}") {
                return Some(Value::Map(members));
            }
            self.take(",").then_some(())?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        parse(text).map(|value| value.shown())
    }

    #[test]
    fn what_python_takes_for_json_is_json() {
        for (text, python) in [
            (r#" {"a": [1, 1.50, true, null], "b": "q'x"} "#, r#"{'a': [1, 1.5, True, None], 'b': "q'x"}"#),
            (r#"{"a": 1, "b": 2, "a": 3}"#, "{'a': 3, 'b': 2}"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("1e400", "inf"),
            ("-Infinity", "-inf"),
            (r#""\ud83d\ude00""#, "😀"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(python), "{text}");
        }
    }

    #[test]
    fn what_python_refuses_is_refused() {
        for text in ["", "{bad", "{\"a\":1,}", "01", "1.", "\u{feff}{}", "\"a\tb\"", "[1] x", "nul", r#""\ud83d""#, "'a'", "+1", ".5"] {
            assert!(shown(text).is_none(), "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).is_none());
    }
}
