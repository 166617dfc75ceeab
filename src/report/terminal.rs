//! Text that is fit for a terminal: foreign text without its tricks, numbers and times that people can read.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::time::Duration;

use unicode_general_category::{GeneralCategory, get_general_category};

/// A text of several lines, each of them [`plain`], with those after the first behind `indent`.
pub fn plain_lines(text: &str, indent: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join(&format!("\n{indent}"))
}

/// `text` with everything escaped that a terminal might obey or hide: control characters, bidi controls, zero-width and other format
/// characters, line and paragraph separators, and whatever else Unicode says is to be ignored when text is displayed.
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) || !text.chars().any(is_tricky) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_tricky(c) => write!(out, "\\u{{{:x}}}", u32::from(c)).expect("a string takes everything"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether a terminal might obey or hide `c`.
pub(super) fn is_tricky(c: char) -> bool {
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator, PrivateUse, Surrogate, Unassigned};
    matches!(get_general_category(c), Control | Format | LineSeparator | ParagraphSeparator | PrivateUse | Surrogate | Unassigned)
        || is_invisible(c)
}

/// Letters and marks with the property `Default_Ignorable_Code_Point` (Unicode 16, DerivedCoreProperties.txt): they are allowed in a
/// username, and show nothing.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{34f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{e0100}'..='\u{e01ef}'
    )
}

/// Writes to standard error, for people. It may be a pipe that has closed or a disk that is full: what is said is lost then, and
/// nothing else. `eprintln!` would panic.
pub fn say(text: fmt::Arguments<'_>) {
    let _ = io::stderr().lock().write_fmt(text);
}

/// A number with its thousands apart: `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of what `noun` names: `1 call`, `1,234 calls`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A number of rows: `1 row`, `1,234 rows`.
pub fn rows(number: u64) -> String {
    counted(number, "row")
}

/// A span of time in its two largest units: `9h 15m`, `4s`.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    let rounded = match seconds {
        0..3_600 => seconds,
        3_600..86_400 => seconds / 60 * 60,
        _ => seconds / 3_600 * 3_600,
    };
    humantime::format_duration(Duration::from_secs(rounded)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_or_hides_gets_through() {
        for (text, escaped) in [
            ("zoë@example.com", "zoë@example.com"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{202e}evil\u{200b}", "\\u{202e}evil\\u{200b}"),
            ("a\u{2028}b\u{9b}c", "a\\u{2028}b\\u{9b}c"),
            ("ann\u{3164}e\u{34f}\u{fe0f}", "ann\\u{3164}e\\u{34f}\\u{fe0f}"),
        ] {
            assert_eq!(plain(text), escaped);
        }
    }

    #[test]
    fn numbers_and_times_are_written_for_people() {
        assert_eq!([count(0), count(999), count(1_000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([rows(1), rows(0), rows(1_000)], ["1 row", "0 rows", "1,000 rows"]);
        assert_eq!(span(Duration::from_millis(4_400)), "4s");
        assert_eq!(span(Duration::from_secs(33_333)), "9h 15m");
    }
}
