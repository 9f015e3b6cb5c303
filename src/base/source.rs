//! A text that was read, and places in it.

mod lines;

use lines::Lines;
use std::sync::{Arc, OnceLock};

/// A text under the name it was read by: a file path as given by the user, or `<stdin>`.
///
/// Cheap to clone: all parts are shared.
#[derive(Debug, Clone)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    lines: Arc<OnceLock<Lines>>,
}

/// A half-open range of bytes `start..end` in a [`Source`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

/// A line and a column, both from 1; columns count Unicode code points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in code points, from 1.
    pub column: usize,
}

/// A span in a named file, with its positions worked out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The name of the source.
    pub file: Arc<str>,
    /// Where it starts.
    pub start: Position,
    /// Where it ends, exclusive.
    pub end: Position,
    /// The same in bytes.
    pub span: Span,
}

impl Source {
    /// A text under a name.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), text: text.into(), lines: Arc::default() }
    }

    /// The name it was read by.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The whole text, a byte order mark included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte offset; an offset behind the end or inside a character counts as the one before it.
    pub fn position(&self, offset: usize) -> Position {
        self.lines().position(&self.text, offset)
    }

    /// The offset at which the line of a byte offset starts.
    pub fn line_start(&self, offset: usize) -> usize {
        self.lines().start_before(offset)
    }

    /// The named place of a span.
    pub fn place(&self, span: Span) -> Place {
        Place { file: self.name.clone(), start: self.position(span.start), end: self.position(span.end), span }
    }

    /// The text of a line (from 1) without its line end, or an empty text behind the last line.
    pub fn line(&self, line: usize) -> &str {
        let span = self.lines().span(line).unwrap_or(Span { start: 0, end: 0 });
        self.text.get(span.start..span.end.min(self.text.len())).unwrap_or("").trim_end_matches(['\n', '\r'])
    }

    /// The offset at which a line (from 1) starts; behind the last line that of the end.
    pub fn offset_of_line(&self, line: usize) -> usize {
        self.lines().span(line).map_or(self.text.len(), |span| span.start)
    }

    /// Made at the first question, most texts are never asked.
    fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::of(&self.text))
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_code_points_from_one() {
        let source = Source::new("a.yaml", "a: é\r\nbé: x\n");
        let cases = [(0, 1, 1), (3, 1, 4), (5, 1, 5), (7, 2, 1), (10, 2, 3), (99, 3, 1)];
        for (offset, line, column) in cases {
            assert_eq!(source.position(offset), Position { line, column }, "offset {offset}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        let source = Source::new("a.yaml", "\u{feff}a: 1");
        assert_eq!(source.position(3), Position { line: 1, column: 1 });
    }

    #[test]
    fn lines_come_without_their_ends() {
        let source = Source::new("a.yaml", "a\r\nb\n");
        assert_eq!([source.line(0), source.line(1), source.line(2), source.line(3)], ["", "a", "b", ""]);
        assert_eq!([1, 2, 3, 9].map(|line| source.offset_of_line(line)), [0, 3, 5, 5]);
    }
}
