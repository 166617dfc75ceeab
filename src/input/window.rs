//! The raw bytes of the rows being read: a copy of what went by, from the first row of the batch on.
//!
//! The CSV parser forgets the bytes as it goes, and with them where a field stood and whether its quotes were sound. The window keeps
//! them until the batch takes them over. It also draws the line for a record without an end.

use std::io::{self, Read};

/// What was read of the input and not yet handed over. Offsets are in bytes from the first one after the byte order mark.
pub(super) struct Window {
    source: Box<dyn Read + Send>,
    kept: Vec<u8>,
    /// The offset of the first byte kept.
    start: u64,
    /// Once this offset is passed, nothing more is read.
    limit: u64,
}

impl Window {
    pub(super) fn new(source: Box<dyn Read + Send>) -> Self {
        Self { source, kept: Vec::new(), start: 0, limit: u64::MAX }
    }

    /// The offset of the first byte kept.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// The offset after the last byte read.
    pub(super) fn end(&self) -> u64 {
        self.start + self.kept.len() as u64
    }

    /// The bytes kept, from `offset` on.
    pub(super) fn since(&self, offset: u64) -> &[u8] {
        &self.kept[(offset - self.start) as usize..]
    }

    /// Whether everything before `offset` has been used and only more reading, which may have to wait, can bring another row. A lone
    /// line feed is the second half of the line break before it.
    pub(super) fn is_drained(&self, offset: u64) -> bool {
        self.end() <= offset + 1 && matches!(self.since(offset), [] | [b'\n'])
    }

    /// Forbids to read on once more than what ends at `limit` was read: the record is too long.
    pub(super) fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// Whether more than the limit allows was read.
    pub(super) fn is_beyond_limit(&self) -> bool {
        self.end() > self.limit
    }

    /// Reads up to `at_most` bytes more, and keeps them. 0 is the end.
    pub(super) fn pull(&mut self, at_most: usize) -> io::Result<usize> {
        let before = self.kept.len();
        self.kept.resize(before + at_most, 0);
        let read = read_retrying(&mut self.source, &mut self.kept[before..]);
        self.kept.truncate(before + *read.as_ref().unwrap_or(&0));
        read
    }

    /// Hands the bytes before `offset` to a batch, in exchange for its old buffer.
    pub(super) fn hand_over(&mut self, offset: u64, batch: &mut Vec<u8>) {
        let used = (offset - self.start) as usize;
        std::mem::swap(&mut self.kept, batch);
        self.kept.clear();
        self.kept.extend_from_slice(&batch[used..]);
        batch.truncate(used);
        self.start = offset;
    }
}

impl Read for Window {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_beyond_limit() {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        let read = read_retrying(&mut self.source, buffer)?;
        self.kept.extend_from_slice(&buffer[..read]);
        Ok(read)
    }
}

/// Reads again when a signal interrupted the read: the CSV parser would take that for the end.
fn read_retrying(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_takes_what_is_used_and_leaves_the_rest() {
        let mut window = Window::new(Box::new(b"abcdefgh" as &[u8]));
        let mut batch = b"old".to_vec();
        assert_eq!(window.pull(5).expect("memory can be read"), 5);
        window.hand_over(3, &mut batch);
        assert_eq!((batch.as_slice(), window.since(3), window.end()), (b"abc" as &[u8], b"de" as &[u8], 5));
        assert_eq!(window.pull(100).expect("memory can be read"), 3);
        window.hand_over(8, &mut batch);
        assert_eq!((batch.as_slice(), window.since(8)), (b"defgh" as &[u8], b"" as &[u8]));
    }

    #[test]
    fn nothing_is_read_beyond_the_limit() {
        let mut window = Window::new(Box::new(io::repeat(b'x')));
        window.set_limit(10);
        let mut buffer = [0; 8];
        assert_eq!(window.read(&mut buffer).ok(), Some(8));
        assert_eq!(window.read(&mut buffer).ok(), Some(8));
        assert!(window.read(&mut buffer).is_err() && window.is_beyond_limit());
    }

    #[test]
    fn half_a_line_break_is_nothing_to_wait_for() {
        for (text, drained) in [("ab", true), ("ab\n", true), ("abc", false), ("ab\n\n", false)] {
            let mut window = Window::new(Box::new(text.as_bytes()));
            window.pull(10).expect("memory can be read");
            assert_eq!(window.is_drained(2), drained, "{text:?}");
        }
    }
}
