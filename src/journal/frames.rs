//! Walks over a journal frame by frame, in a file that is open already and may still be appended to. What stands in a frame is left to
//! `record`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use super::record::{FRAME, MAX_PAYLOAD, checksum};

/// What stands at a place.
pub(super) enum Frame {
    /// The payload was read; the frame took this many bytes.
    Whole(u64),
    /// There is nothing more.
    End,
    /// What stands here is no whole frame.
    Damaged,
}

/// Reads the frame at `offset`, where `file` stands, into `payload`.
pub(super) fn read_frame(file: &mut impl Read, payload: &mut Vec<u8>, offset: u64) -> io::Result<Frame> {
    let mut head = [0; FRAME];
    match fill(file, &mut head)? {
        0 => return Ok(Frame::End),
        FRAME => {}
        _ => return Ok(Frame::Damaged),
    }
    let [l0, l1, l2, l3, c0, c1, c2, c3] = head;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    if length > MAX_PAYLOAD {
        return Ok(Frame::Damaged);
    }
    payload.resize(length, 0);
    let whole = fill(file, payload)? == length && checksum(offset, payload) == u32::from_le_bytes([c0, c1, c2, c3]);
    Ok(if whole { Frame::Whole((FRAME + length) as u64) } else { Frame::Damaged })
}

/// Reads until `buffer` is full or the file ends, and gives the bytes read.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A place in a file that others may read and append to at the same time.
#[derive(Debug)]
pub(super) struct Cursor {
    file: File,
    at: u64,
}

impl Cursor {
    /// At `offset` of `file`.
    pub(super) fn new(file: File, offset: u64) -> Self {
        Self { file, at: offset }
    }

    /// Another place in the same file.
    pub(super) fn another(&self, offset: u64) -> io::Result<Self> {
        Ok(Self { file: self.file.try_clone()?, at: offset })
    }
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Cursor {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(step) => self.at.checked_add_signed(step),
            SeekFrom::End(step) => self.file.metadata()?.len().checked_add_signed(step),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
