//! Tables as the AWS CLI draws them: one section with a title, a header, and rows; upright where it would be wider than a terminal.

use crate::report::plain;

/// The width beyond which a table is turned.
const TERMINAL: usize = 80;
/// The blanks around a cell.
const PADDING: usize = 4;

/// Names and values as a table with one row, in the order of the names.
pub(super) fn of_pairs(title: &str, pairs: &[(&str, &str)]) -> String {
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable();
    let (names, values): (Vec<String>, Vec<String>) = pairs.iter().map(|(name, value)| ((*name).to_owned(), safe(value))).unzip();
    Table { title: title.to_owned(), header: names, rows: vec![values] }.draw()
}

fn safe(text: &str) -> String {
    text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
}

/// A table.
pub(super) struct Table {
    /// What stands above it.
    pub title: String,
    /// The names of the columns; none for a table of bare rows.
    pub header: Vec<String>,
    /// The rows, each with as many cells.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Draws it.
    pub fn draw(mut self) -> String {
        if self.width() > TERMINAL && self.rows.len() == 1 && !self.header.is_empty() {
            let names = std::mem::take(&mut self.header);
            let values = self.rows.remove(0);
            self.rows = names.into_iter().zip(values).map(|(name, value)| vec![name, value]).collect();
        }
        let width = self.width();
        let widths = self.scaled(width);
        let mut out = format!("{}\n{}\n", "-".repeat(width), centred(&self.title, width, "|"));
        if self.header.is_empty() && self.rows.is_empty() {
            return out + &format!("+{}+\n", "-".repeat(width - 2));
        }
        if !self.header.is_empty() {
            out += &rule(&widths);
            out += &line(&self.header, &widths, centred);
        }
        out += &rule(&widths);
        for row in &self.rows {
            out += &line(row, &widths, left);
        }
        out + &rule(&widths)
    }

    /// The widest cell of each column.
    fn columns(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = Vec::new();
        for row in std::iter::once(&self.header).chain(&self.rows) {
            for (column, cell) in row.iter().enumerate() {
                match widths.get_mut(column) {
                    Some(width) => *width = (*width).max(length(cell)),
                    None => widths.push(length(cell)),
                }
            }
        }
        widths
    }

    fn width(&self) -> usize {
        let columns: usize = self.columns().iter().map(|width| width + PADDING).sum();
        (columns + 2).max(length(&self.title) + 2)
    }

    /// The columns' widths, stretched so that they fill the table.
    fn scaled(&self, width: usize) -> Vec<usize> {
        let padded: Vec<usize> = self.columns().iter().map(|width| width + PADDING).collect();
        let sum: usize = padded.iter().sum::<usize>().max(1);
        let mut scaled: Vec<usize> = padded.iter().map(|column| round_half_to_even(column * width, sum)).collect();
        let mut turn = 0;
        while scaled.iter().sum::<usize>() != width && !scaled.is_empty() {
            let columns = scaled.len();
            if scaled.iter().sum::<usize>() > width {
                scaled[turn % columns] -= 1;
            } else {
                scaled[columns - 1 - turn % columns] += 1;
            }
            turn += 1;
        }
        scaled
    }
}

/// `dividend / divisor`, rounded as Python's `round` does it.
fn round_half_to_even(dividend: usize, divisor: usize) -> usize {
    let (whole, twice) = (dividend / divisor, dividend % divisor * 2);
    if twice > divisor || (twice == divisor && whole % 2 == 1) { whole + 1 } else { whole }
}

/// The width of `text` on a terminal, as the AWS CLI counts it: wide characters take two columns.
fn length(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

fn is_wide(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60
        | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd | 0x410..=0x451 | 0x401)
}

fn rule(widths: &[usize]) -> String {
    let mut out = String::from("+");
    for (column, width) in widths.iter().enumerate() {
        out += &"-".repeat(width.saturating_sub(if column == 0 { 2 } else { 1 }));
        out.push('+');
    }
    out + "\n"
}

fn line(cells: &[String], widths: &[usize], place: fn(&str, usize, &str) -> String) -> String {
    let cells = cells.iter().zip(widths).enumerate();
    cells.map(|(column, (cell, width))| place(cell, *width, if column == 0 { "|" } else { "" })).collect::<String>() + "\n"
}

fn centred(text: &str, width: usize, edge: &str) -> String {
    let before = (width / 2).saturating_sub(length(text) / 2 + 1);
    let after = width.saturating_sub(1 + edge.len() + before + length(text));
    format!("{edge}{}{text}{}|", " ".repeat(before), " ".repeat(after))
}

fn left(text: &str, width: usize, edge: &str) -> String {
    let padding = if length(text) + 2 + edge.len() < width { 2 } else { 0 };
    let after = width.saturating_sub(edge.len() + padding + length(text) + 1);
    format!("{edge}{}{text}{}|", " ".repeat(padding), " ".repeat(after))
}
