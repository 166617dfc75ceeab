//! Walks over the raw bytes of one CSV record, field by field.
//!
//! The CSV parser prefers any parse to none: it takes a stray quote for a character and the end of the input for a closing quote, and
//! either would silently make a wrong password. The walker finds what the parser forgives, and where each field stands. It runs only
//! over records that contain a quote, and for messages.

use std::ops::Range;

use memchr::{memchr, memchr2};

use super::Flaw;

const QUOTE: u8 = b'"';

/// The fields of a record that has neither a line break before nor one after it: the range of each in the record, quotes included,
/// and at the first violation of RFC 4180 its offset and name, and nothing after it.
pub(super) struct RawFields<'r> {
    record: &'r [u8],
    delimiter: u8,
    /// Where the next field begins, unless there is none.
    next: Option<usize>,
}

impl<'r> RawFields<'r> {
    pub(super) fn of(record: &'r [u8], delimiter: u8) -> Self {
        Self { record, delimiter, next: Some(0) }
    }

    /// The first violation.
    pub(super) fn flaw(self) -> Option<(usize, Flaw)> {
        self.filter_map(Result::err).next()
    }

    /// Where the field with this index begins. A record without it is blamed at its own beginning.
    pub(super) fn beginning_of(mut self, index: usize) -> usize {
        self.nth(index).and_then(Result::ok).map_or(0, |field| field.start)
    }

    /// Where the field that begins at `start` ends, or what is wrong with it.
    fn end_of_field(&self, start: usize) -> Result<usize, (usize, Flaw)> {
        if self.record.get(start) == Some(&QUOTE) {
            return self.end_of_quoted(start);
        }
        match memchr2(self.delimiter, QUOTE, &self.record[start..]).map(|distance| start + distance) {
            Some(at) if self.record[at] == QUOTE => Err((at, Flaw::QuoteInField)),
            Some(at) => Ok(at),
            None => Ok(self.record.len()),
        }
    }

    fn end_of_quoted(&self, start: usize) -> Result<usize, (usize, Flaw)> {
        let mut at = start + 1;
        loop {
            at += 1 + memchr(QUOTE, &self.record[at..]).ok_or((start, Flaw::UnclosedQuote))?;
            match self.record.get(at) {
                Some(&QUOTE) => at += 1,
                Some(&byte) if byte != self.delimiter => return Err((at, Flaw::TextAfterQuote)),
                _ => return Ok(at),
            }
        }
    }
}

impl Iterator for RawFields<'_> {
    type Item = Result<Range<usize>, (usize, Flaw)>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next.take()?;
        let field = self.end_of_field(start).map(|end| start..end);
        if let Ok(Range { end, .. }) = field
            && end < self.record.len()
        {
            self.next = Some(end + 1);
        }
        Some(field)
    }
}

/// Splits the line breaks before a record from it, and cuts off the one after it. The parser leaves the second half of CRLF and blank
/// lines to the next record.
pub(super) fn trim_line_breaks(raw: &[u8]) -> (&[u8], &[u8]) {
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let begin = raw.iter().position(|byte| !is_break(byte)).unwrap_or(raw.len());
    let (before, record) = raw.split_at(begin);
    (before, record.strip_suffix(b"\n").or_else(|| record.strip_suffix(b"\r")).unwrap_or(record))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The cells of the first record as the parser reads them.
    fn parsed(text: &[u8]) -> Vec<Vec<u8>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
        let mut record = csv::ByteRecord::new();
        reader.read_byte_record(&mut record).expect("memory can be read");
        record.iter().map(<[u8]>::to_vec).collect()
    }

    /// What a raw field stands for.
    fn unquoted(raw: &[u8]) -> Vec<u8> {
        let Some(inner) = raw.strip_prefix(b"\"").and_then(|raw| raw.strip_suffix(b"\"")) else { return raw.to_vec() };
        String::from_utf8_lossy(inner).replace("\"\"", "\"").into_bytes()
    }

    proptest! {
        #[test]
        fn the_walker_agrees_with_the_parser_on_every_sound_record(text in "[a,\"é]{1,12}") {
            if RawFields::of(text.as_bytes(), b',').flaw().is_none() {
                let walked: Vec<_> = RawFields::of(text.as_bytes(), b',').flatten().map(|field| unquoted(&text.as_bytes()[field])).collect();
                prop_assert_eq!(walked, parsed(text.as_bytes()));
            }
        }

        #[test]
        fn what_a_writer_writes_has_no_flaw(cells in prop::collection::vec("[a,\"\r\né]{0,5}", 2..6)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(&cells).expect("memory");
            let text = writer.into_inner().expect("memory");
            let record = text.strip_suffix(b"\n").expect("a line break");
            prop_assert_eq!(RawFields::of(record, b',').flaw(), None);
            prop_assert_eq!(RawFields::of(record, b',').count(), cells.len());
        }
    }

    #[test]
    fn what_the_parser_forgives_is_found_where_it_stands() {
        for (record, flaw) in [
            ("a,b,c", None),
            ("", None),
            (",", None),
            ("\"a\",\"b,\"\"c\"\"\n\",", None),
            ("a,b\"c,d", Some((3, Flaw::QuoteInField))),
            ("a,\"b\"c,d", Some((5, Flaw::TextAfterQuote))),
            ("a, \"b\"", Some((3, Flaw::QuoteInField))),
            ("a,\"b,c", Some((2, Flaw::UnclosedQuote))),
            ("\"", Some((0, Flaw::UnclosedQuote))),
            ("\"a\"\"", Some((0, Flaw::UnclosedQuote))),
        ] {
            assert_eq!(RawFields::of(record.as_bytes(), b',').flaw(), flaw, "{record:?}");
        }
    }

    #[test]
    fn each_field_is_found_where_it_begins() {
        let record = b"a,\"b,\"\"c\",,d";
        let beginnings: Vec<_> = (0..5).map(|index| RawFields::of(record, b',').beginning_of(index)).collect();
        assert_eq!(beginnings, [0, 2, 10, 11, 0]);
    }

    #[test]
    fn line_breaks_around_a_record_are_no_part_of_it() {
        for (raw, before, record) in [("\n\r\na\"\n\"\r", "\n\r\n", "a\"\n\""), ("a\n", "", "a"), ("a", "", "a"), ("\n", "\n", "")] {
            assert_eq!(trim_line_breaks(raw.as_bytes()), (before.as_bytes(), record.as_bytes()), "{raw:?}");
        }
    }
}
