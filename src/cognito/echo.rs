//! What a service says back must not be the password that it was sent: neither as it is nor in a form that gives it away.
//!
//! A text that repeats it is withheld whole by the callers, for a gap would show where the password stood, and so what it is.

use std::fmt::Write;

use aws_smithy_types::base64;

use crate::outcome::Detail;
use crate::secret::Password;

/// What stands in the place of a text that repeats the password.
const WITHHELD: &str = "[withheld, for it repeats the password]";
/// The fewest characters by which an encoded form is recognized: shorter ones stand in other words.
const TELLING: usize = 6;

/// Withholds what repeats `password`.
pub(super) fn withhold(detail: &mut Detail, password: &Password<'_>) {
    for text in [&mut detail.message, &mut detail.request_id] {
        if repeats(text, password) {
            WITHHELD.clone_into(text);
        }
    }
}

/// Whether `password` stands in `text`: as it is, or escaped for JSON, a URL or HTML, or in base64 or hexadecimal.
pub fn repeats(text: &str, password: &Password<'_>) -> bool {
    let secret = password.expose();
    if text.is_empty() || secret.is_empty() {
        return false;
    }
    text.contains(secret)
        || encoded(secret).iter().any(|form| form.len() >= TELLING && text.contains(form.as_str()))
        || (secret.len() * 2 >= TELLING && text.to_ascii_lowercase().contains(&hex(secret)))
        || memchr::memmem::find(&out_of_url(text), secret.as_bytes()).is_some()
}

fn encoded(secret: &str) -> Vec<String> {
    let json = serde_json::to_string(secret).map(|quoted| quoted.trim_matches('"').to_owned()).unwrap_or_default();
    let ascii = json.chars().fold(String::new(), |mut out, c| {
        let mut units = [0; 2];
        match c.is_ascii() {
            true => out.push(c),
            false => c.encode_utf16(&mut units).iter().for_each(|unit| write!(out, "\\u{unit:04x}").expect("a string takes everything")),
        }
        out
    });
    let every: String = secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;");
    [json, ascii, every, html].into_iter().chain((0..3).map(|before| base64_behind(before, secret))).collect()
}

/// The characters that base64 makes of `secret` alone, when `before` other bytes stand before it. Those that its neighbours have a part
/// in are left out.
fn base64_behind(before: usize, secret: &str) -> String {
    let text = base64::encode([vec![0; before], secret.as_bytes().to_vec()].concat());
    let (from, to) = ((before * 8).div_ceil(6), (before + secret.len()) * 8 / 6);
    text[from..to].to_owned()
}

fn hex(secret: &str) -> String {
    secret.bytes().fold(String::new(), |out, byte| out + &format!("{byte:02x}"))
}

/// The bytes of a text whose `%41` means `A`, as in a URL.
fn out_of_url(text: &str) -> Vec<u8> {
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        let escaped = text.get(at + 1..at + 3).filter(|_| byte == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_found_however_it_is_said_back() {
        let password = Password::new("Zoë\"s&1/x y");
        for text in [
            "no: Zoë\"s&1/x y",
            r#"{"Password":"Zoë\"s&1/x y"}"#,
            r#"{"Password":"Zo\u00eb\"s&1/x y"}"#,
            "https://a.example/?p=Zo%C3%AB%22s%261%2Fx%20y",
            "50 % of %5a%6F%c3%AB%22%73%26%31%2f%78%20%79",
            r"\u005a\u006f\u00eb\u0022\u0073\u0026\u0031\u002f\u0078\u0020\u0079",
            "<p>Zoë&quot;s&amp;1/x y</p>",
            "Wm/DqyJzJjEveCB5",
            "eFpvw6sicyYxL3ggeQ==",
            "eHhab8OrInMmMS94IHk=",
            "5A6FC3AB227326312F782079",
        ] {
            assert!(repeats(text, &password), "{text}");
        }
    }

    #[test]
    fn other_texts_are_kept() {
        for (text, password) in
            [("", "secret-1"), ("User does not exist.", "secret-1"), ("Password not long enough", ""), ("deadbeef", "\u{1}")]
        {
            assert!(!repeats(text, &Password::new(password)), "{text}");
        }
        let mut detail = Detail { message: "it was secret-1".to_owned(), ..Detail::default() };
        withhold(&mut detail, &Password::new("secret-1"));
        assert_eq!((detail.message.as_str(), detail.request_id.as_str()), (WITHHELD, ""));
    }
}
