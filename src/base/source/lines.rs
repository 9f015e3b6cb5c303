//! Where the lines of a text start, and how many columns stand before places inside of long ones.
//!
//! A manifest may be one line of a million bytes with thousands of findings: no question counts columns over more than
//! [`STRIDE`] bytes.

use crate::base::{Position, Span};
use memchr::memchr_iter;

/// The lines of one text.
#[derive(Debug)]
pub(super) struct Lines {
    /// The offset at which each line starts.
    starts: Vec<usize>,
    /// Inside of long lines, in the order of the text.
    marks: Vec<Mark>,
}

/// A place inside of a line.
#[derive(Debug, Clone, Copy)]
struct Mark {
    offset: usize,
    /// Columns of its line before it.
    columns: usize,
}

/// Bytes of a line from one mark to the next, but for the rest of a character.
const STRIDE: usize = 256;

/// Invisible at the start of a file: no editor counts it as a column.
const BYTE_ORDER_MARK: char = '\u{feff}';

impl Lines {
    /// The lines of a text.
    pub(super) fn of(text: &str) -> Self {
        let ends = memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        let starts: Vec<usize> = std::iter::once(0).chain(ends).collect();
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        let marks = starts.iter().zip(ends).flat_map(|(start, end)| marks(text, *start, end)).collect();
        Self { starts, marks }
    }

    /// Line and column of a byte offset in the text: see [`crate::base::Source::position`].
    pub(super) fn position(&self, text: &str, offset: usize) -> Position {
        let line = self.starts.partition_point(|&start| start <= offset).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let before = self.marks.partition_point(|mark| mark.offset <= offset).checked_sub(1);
        let mark = before.and_then(|index| self.marks.get(index)).filter(|mark| mark.offset > start);
        let from = mark.copied().unwrap_or(Mark { offset: start, columns: 0 });
        Position { line: line + 1, column: from.columns + columns(text, from.offset, offset) + 1 }
    }

    /// The offset at which the line of a byte offset starts.
    pub(super) fn start_before(&self, offset: usize) -> usize {
        let line = self.starts.partition_point(|&start| start <= offset).saturating_sub(1);
        self.starts.get(line).copied().unwrap_or(0)
    }

    /// The bytes of a line (from 1), its line end included; none behind the last line.
    pub(super) fn span(&self, line: usize) -> Option<Span> {
        let start = self.starts.get(line.checked_sub(1)?).copied()?;
        Some(Span { start, end: self.starts.get(line).copied().unwrap_or(usize::MAX) })
    }
}

/// The marks of a line from `start` to `end`: none of a short one.
fn marks(text: &str, start: usize, end: usize) -> impl Iterator<Item = Mark> {
    let mut last = Mark { offset: start, columns: 0 };
    std::iter::from_fn(move || {
        let offset = (last.offset + STRIDE..end).find(|at| text.is_char_boundary(*at))?;
        last = Mark { offset, columns: last.columns + columns(text, last.offset, offset) };
        Some(last)
    })
}

/// The columns of the characters that start in a range of bytes whose start is that of a character.
fn columns(text: &str, from: usize, to: usize) -> usize {
    let rest = text.get(from..).unwrap_or("").char_indices();
    rest.take_while(|(at, _)| from + at < to).filter(|(_, character)| *character != BYTE_ORDER_MARK).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a count from the start of the line finds.
    fn counted(text: &str, offset: usize) -> Position {
        let start = text.as_bytes().iter().take(offset).rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
        Position { line, column: columns(text, start, offset) + 1 }
    }

    #[test]
    fn a_place_in_a_long_line_is_where_a_count_from_its_start_finds_it() {
        for word in ["a", "aé", "é\u{feff}", "𝄞", "aaa\n", "é𝄞a"] {
            let text = format!("first\n{}\nlast", word.repeat(3 * STRIDE));
            let lines = Lines::of(&text);
            for offset in 0..text.len() + 2 {
                assert_eq!(lines.position(&text, offset), counted(&text, offset), "{word:?} {offset}");
            }
        }
    }

    #[test]
    fn no_question_counts_over_more_than_a_stride() {
        let text = format!("first\n{}\n{}", "é".repeat(100 * STRIDE), "a".repeat(100 * STRIDE));
        let lines = Lines::of(&text);
        let mut known: Vec<usize> =
            lines.starts.iter().copied().chain(lines.marks.iter().map(|it| it.offset)).collect();
        known.push(text.len());
        known.sort_unstable();
        let longest = known.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(longest <= Some(STRIDE + 3), "{longest:?}");
    }
}
