//! The records of a batch as the CSV parser gave them, in three buffers that serve for batch after batch.
//!
//! A `ByteRecord` for each row would be thousands of allocations, each of which stays as large as the longest row that ever stood in its
//! place. What a record means is left to `csv`.

use std::ops::Range;

use csv::ByteRecord;

/// Many records, one after the other.
#[derive(Default)]
pub(super) struct FlatRecords {
    extents: Vec<Extent>,
    /// The cells of all records, without quotes and delimiters.
    text: Vec<u8>,
    /// Where each cell ends within the text of its record.
    ends: Vec<u32>,
}

/// Where a record stood, and where its parts end in the buffers of all.
struct Extent {
    byte: u64,
    line: u64,
    text: usize,
    ends: usize,
}

/// One of them.
#[derive(Clone, Copy)]
pub(super) struct Record<'b> {
    /// The offset of the first line break before it or, without one, of its first byte.
    pub byte: u64,
    /// The line of that byte, from 1.
    pub line: u64,
    /// All of its cells.
    pub text: &'b [u8],
    ends: &'b [u32],
}

impl FlatRecords {
    pub(super) fn len(&self) -> usize {
        self.extents.len()
    }

    pub(super) fn clear(&mut self) {
        self.extents.clear();
        self.text.clear();
        self.ends.clear();
    }

    /// Takes a copy of what the parser has read.
    pub(super) fn push(&mut self, record: &ByteRecord) {
        let (byte, line) = record.position().map_or((0, 1), |position| (position.byte(), position.line()));
        let end = |cell| record.range(cell).map_or(0, |range| u32::try_from(range.end).expect("a record has far less than 4 GiB"));
        self.text.extend_from_slice(record.as_slice());
        self.ends.extend((0..record.len()).map(end));
        self.extents.push(Extent { byte, line, text: self.text.len(), ends: self.ends.len() });
    }

    /// The record at `index`, if there are so many.
    pub(super) fn get(&self, index: usize) -> Option<Record<'_>> {
        let extent = self.extents.get(index)?;
        let (text, ends) = index.checked_sub(1).map_or((0, 0), |before| (self.extents[before].text, self.extents[before].ends));
        Some(Record { byte: extent.byte, line: extent.line, text: &self.text[text..extent.text], ends: &self.ends[ends..extent.ends] })
    }
}

impl<'b> Record<'b> {
    /// How many cells it has.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Where in its text the cell at `column` stands.
    pub(super) fn range(&self, column: usize) -> Option<Range<usize>> {
        let end = *self.ends.get(column)?;
        let start = column.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(start as usize..end as usize)
    }

    /// The cell at `column`.
    pub(super) fn cell(&self, column: usize) -> Option<&'b [u8]> {
        self.range(column).map(|range| &self.text[range])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_went_in_and_buffers_serve_again() {
        let all: [&[&str]; 4] = [&["a", "", "bc"], &[""], &["", "é,\"\n"], &[]];
        let mut records = FlatRecords::default();
        for _ in 0..2 {
            records.clear();
            for cells in all {
                records.push(&ByteRecord::from(cells.to_vec()));
            }
            assert_eq!(records.len(), all.len());
            for (index, cells) in all.iter().enumerate() {
                let record = records.get(index).expect("it went in");
                let came_back: Vec<_> = (0..record.len()).filter_map(|column| record.cell(column)).collect();
                assert_eq!(came_back, cells.iter().map(|cell| cell.as_bytes()).collect::<Vec<_>>());
                assert_eq!(record.text, cells.concat().as_bytes());
                assert!(record.cell(cells.len()).is_none());
            }
            assert!(records.get(all.len()).is_none());
        }
    }
}
