//! What goes to a terminal: the same lines, with everything escaped that the terminal might obey or hide. A line break within a text is
//! left to whoever writes the lines.

use std::io::{self, Write};

use super::terminal::plain;

/// Passes lines on to a terminal once they are whole; what is left at the end comes with [`flush`](Write::flush).
pub(super) struct OnTerminal<W> {
    terminal: W,
    line: Vec<u8>,
}

impl<W: Write> OnTerminal<W> {
    pub(super) fn new(terminal: W) -> Self {
        Self { terminal, line: Vec::new() }
    }

    fn end_line(&mut self, end: &str) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        write!(self.terminal, "{}{end}", plain(&String::from_utf8_lossy(&line)))
    }
}

impl<W: Write> Write for OnTerminal<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = bytes.split(|byte| *byte == b'\n');
        self.line.extend_from_slice(lines.next().unwrap_or_default());
        for line in lines {
            self.end_line("\n")?;
            self.line.extend_from_slice(line);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.end_line("")?;
        self.terminal.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_lines_and_nothing_in_them_is_obeyed_however_they_are_cut() {
        let text = "a,\u{1b}[2J,zoë\nb\u{202e}\u{200b}\rc\n\nend\u{9b}";
        for size in 1..text.len() {
            let mut out = OnTerminal::new(Vec::new());
            for part in text.as_bytes().chunks(size) {
                out.write_all(part).expect("a vector takes everything");
            }
            out.flush().expect("a vector takes everything");
            let shown = String::from_utf8(out.terminal).expect("it is text");
            assert_eq!(shown, "a,\\u{1b}[2J,zoë\nb\\u{202e}\\u{200b}\\rc\n\nend\\u{9b}");
        }
    }
}
