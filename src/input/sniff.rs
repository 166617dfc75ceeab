//! What the first bytes of the input say: its encoding and, where nothing else does, its format.

use std::io::{self, Read};

use super::Format;

/// How many bytes are looked at, at the most.
const HEAD: usize = 4096;

/// The byte order mark in UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads the first bytes: until the encoding and the first byte that is no white space are known, and no further, so that a slow
/// pipe is not waited for.
pub(super) fn head(stream: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = vec![0; HEAD];
    let mut filled = 0;
    while filled < HEAD && (filled < 4 || first_byte(&head[..filled]).is_none()) {
        match stream.read(&mut head[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    head.truncate(filled);
    Ok(head)
}

/// How many bytes of byte order mark `head` begins with. Two marks are as good as one: files get a second when they are joined.
pub(super) fn mark(head: &[u8]) -> usize {
    head.chunks(MARK.len()).take_while(|chunk| *chunk == MARK).count() * MARK.len()
}

/// The encoding, as `iconv` calls it, if it is plainly not UTF-8. Without a byte order mark a Latin letter, a quote or a brace beside
/// a NUL gives it away.
pub(super) fn foreign_encoding(head: &[u8]) -> Option<&'static str> {
    match *head {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Some("UTF-32"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some("UTF-16"),
        [a, b, c, d, ..] => match [a == 0, b == 0, c == 0, d == 0] {
            [false, true, true, true] => Some("UTF-32LE"),
            [true, true, true, false] => Some("UTF-32BE"),
            [false, true, false, true] => Some("UTF-16LE"),
            [true, false, true, false] => Some("UTF-16BE"),
            _ => None,
        },
        _ => None,
    }
}

/// The format that the first byte speaks for. An array of objects counts as JSONL, so that it is refused by name.
pub(super) fn format(head: &[u8]) -> Format {
    if matches!(first_byte(head), Some(b'{' | b'[')) { Format::Jsonl } else { Format::Csv }
}

/// Whether the input is one JSON array.
pub(super) fn is_json_array(head: &[u8]) -> bool {
    first_byte(head) == Some(b'[')
}

fn first_byte(head: &[u8]) -> Option<u8> {
    head[mark(head)..].iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_and_utf_32_are_recognised_with_and_without_a_mark() {
        let utf16 = |text: &str, encode: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(encode).collect::<Vec<u8>>();
        for (bytes, encoding) in [
            (utf16("\u{feff}pool", u16::to_le_bytes), Some("UTF-16")),
            (utf16("\u{feff}pool", u16::to_be_bytes), Some("UTF-16")),
            (utf16("pool", u16::to_le_bytes), Some("UTF-16LE")),
            (utf16("pool", u16::to_be_bytes), Some("UTF-16BE")),
            (b"\xFF\xFE\0\0p\0\0\0".to_vec(), Some("UTF-32")),
            (b"p\0\0\0o\0\0\0".to_vec(), Some("UTF-32LE")),
            (b"\xEF\xBB\xBFpool".to_vec(), None),
            (b"pool,username".to_vec(), None),
            (Vec::new(), None),
        ] {
            assert_eq!(foreign_encoding(&bytes), encoding, "{bytes:?}");
        }
    }

    #[test]
    fn the_first_byte_that_is_no_white_space_decides_the_format() {
        for (text, expected) in
            [("{\"", Format::Jsonl), (" \n\t[", Format::Jsonl), ("\u{feff}{", Format::Jsonl), ("pool,", Format::Csv), ("", Format::Csv)]
        {
            assert_eq!(format(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn no_more_is_read_than_is_needed_to_know() {
        let mut slow = (b"   \n" as &[u8]).chain(b"user" as &[u8]).chain(b"name" as &[u8]);
        assert_eq!(head(&mut slow).expect("memory can be read"), b"   \nuser");
    }
}
