//! Why a row cannot be decoded, and where.
//!
//! Nothing here can hold a piece of the row: a place, one of our own names, and numbers that we counted.

use std::fmt;

use memchr::{memchr_iter, memrchr};

use super::Field;
use crate::row::RowNumber;

/// A place in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1. Lines end with LF.
    pub line: u64,
    /// The column in that line, from 1, counted in characters. A byte order mark does not count.
    pub column: u64,
}

impl Place {
    /// The place of the byte at `offset` in `text`, which begins at the start of `line`.
    pub(super) fn within(text: &[u8], offset: usize, line: u64) -> Self {
        let before = &text[..offset.min(text.len())];
        let own_line = memrchr(b'\n', before).map_or(before, |newline| &before[newline + 1..]);
        Self { line: line + memchr_iter(b'\n', before).count() as u64, column: 1 + characters(own_line) }
    }
}

/// How many characters begin in `text`, whether or not it is sound UTF-8.
fn characters(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte & 0b1100_0000 != 0b1000_0000).count() as u64
}

/// Why a row cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// CSV: a quote in a field that does not begin with one.
    QuoteInField,
    /// CSV: something other than a delimiter or the end of the line after a closing quote.
    TextAfterQuote,
    /// CSV: the input ends before a quoted field does.
    UnclosedQuote,
    /// CSV: the row has not as many fields as the header.
    FieldCount {
        /// The row's fields.
        found: usize,
        /// The header's.
        expected: usize,
    },
    /// It is not UTF-8.
    NotUtf8,
    /// JSONL: the line is not JSON, or more than one value.
    NotJson,
    /// JSONL: the line is JSON, but not an object.
    NotAnObject,
    /// JSONL: the object gives a field twice, be it under two names.
    RepeatedField(Field),
    /// JSONL: the value is not of the field's type.
    WrongType(Field),
    /// CSV: `permanent` is neither true nor false.
    NotBoolean,
    /// The row leaves out a field that nothing else fills.
    MissingField(Field),
}

impl Flaw {
    /// A stable name for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::QuoteInField => "quote-in-field",
            Self::TextAfterQuote => "text-after-quote",
            Self::UnclosedQuote => "unclosed-quote",
            Self::FieldCount { .. } => "field-count",
            Self::NotUtf8 => "not-utf8",
            Self::NotJson => "not-json",
            Self::NotAnObject => "not-an-object",
            Self::RepeatedField(_) => "repeated-field",
            Self::WrongType(_) => "wrong-type",
            Self::NotBoolean => "not-a-boolean",
            Self::MissingField(_) => "missing-field",
        }
    }

    /// The field at fault, where it is one of ours.
    pub fn field(self) -> Option<Field> {
        match self {
            Self::RepeatedField(field) | Self::WrongType(field) | Self::MissingField(field) => Some(field),
            Self::NotBoolean => Some(Field::Permanent),
            _ => None,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QuoteInField => f.write_str(
                "a quote stands inside a field that does not begin with one. Enclose the field in quotes, and double each quote in it",
            ),
            Self::TextAfterQuote => f.write_str("text follows a closing quote. Double each quote that belongs to the field"),
            Self::UnclosedQuote => f.write_str("a quoted field never ends. Add the closing quote"),
            Self::FieldCount { found, expected } => write!(
                f,
                "the row has {found} fields, and the header has {expected}. Enclose a field that contains the delimiter in quotes, or complete the row"
            ),
            Self::NotUtf8 => f.write_str("the row is not UTF-8. Convert the file, for example with `iconv -f WINDOWS-1252 -t UTF-8`"),
            Self::NotJson => {
                f.write_str("the line is not one JSON object. Write each row as one object on a line of its own, as `jq -c .` does")
            }
            Self::NotAnObject => {
                f.write_str("the line is JSON, but not an object. Write each row as one object, as `jq -c '.[]'` does with an array")
            }
            Self::RepeatedField(field) => write!(f, "{field} is given twice. Remove one"),
            Self::WrongType(Field::Permanent) => write!(f, "{} must be true, false or null, without quotes", Field::Permanent),
            Self::WrongType(field) => write!(f, "{field} must be a string, in quotes"),
            Self::NotBoolean => write!(f, "{} must be true or false, or empty for the default", Field::Permanent),
            Self::MissingField(Field::Pool) => {
                write!(f, "{} is missing. Give it in the row, or for all rows with --user-pool-id", Field::Pool)
            }
            Self::MissingField(field) => write!(f, "{field} is missing"),
        }
    }
}

/// A row that cannot be decoded. Its other fields are not given out: where one is wrong, a password may stand in any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The row.
    pub number: RowNumber,
    /// Where the fault lies: at the field's beginning or, for a stray quote, at the quote.
    pub place: Place,
    /// What is wrong.
    pub flaw: Flaw,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.flaw.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_and_lines() {
        for (text, offset, line, column) in
            [("abc", 0, 7, 1), ("abc", 2, 7, 3), ("é€😀x", 9, 7, 4), ("a\nbc", 3, 8, 2), ("a\r\n\r\nbc", 5, 9, 1), ("abc", 99, 7, 4)]
        {
            assert_eq!(Place::within(text.as_bytes(), offset, 7), Place { line, column }, "{text:?} {offset}");
        }
    }
}
