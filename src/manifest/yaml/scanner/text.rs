//! The text under the scanner: bytes, lines and columns. Offsets are bytes; the end of the text reads as 0.

use crate::manifest::fault::Seen;
use crate::manifest::tree::Range;
use memchr::{memchr2, memchr2_iter};

/// A place in a text that only moves forward.
#[derive(Debug, Clone)]
pub(super) struct Text<'t> {
    text: &'t str,
    pub(super) at: usize,
    /// Where the current line begins: two places are on one line if these are equal.
    pub(super) line_start: usize,
    /// Whether the last line has no end. kubectl gives it one, which matters to block scalars.
    open_end: bool,
}

impl<'t> Text<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at, line_start: at, open_end: !text.ends_with(['\n', '\r']) }
    }

    /// The byte here.
    pub(super) fn byte(&self) -> u8 {
        self.peek(0)
    }

    /// The byte some bytes ahead.
    pub(super) fn peek(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    pub(super) fn is_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// The character at an offset.
    pub(super) fn seen_at(&self, at: usize) -> Seen {
        Seen::first_of(self.text.get(at..).unwrap_or(""))
    }

    /// Bytes since the line began. Nothing but ASCII can come before a place where the column matters.
    pub(super) fn column(&self) -> usize {
        self.at - self.line_start
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or("")
    }

    pub(super) fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// From an earlier place to here.
    #[allow(clippy::cast_possible_truncation)] // a text of at most u32::MAX bytes
    pub(super) fn range_from(&self, start: usize) -> Range {
        Range { start: start as u32, end: self.at as u32 }
    }

    /// The bytes of the line break some bytes ahead: 0 if there is none. kubectl takes one carriage return more from
    /// the end of a line.
    pub(super) fn break_length(&self, ahead: usize) -> usize {
        match self.peek(ahead) {
            b'\n' => 1,
            b'\r' if self.peek(ahead + 1) == b'\n' => 2,
            b'\r' if self.peek(ahead + 1) == b'\r' && self.peek(ahead + 2) == b'\n' => 3,
            b'\r' => 1,
            0xC2 if self.peek(ahead + 1) == 0x85 => 2,
            0xE2 if self.peek(ahead + 1) == 0x80 && matches!(self.peek(ahead + 2), 0xA8 | 0xA9) => 3,
            _ => 0,
        }
    }

    pub(super) fn is_break(&self, ahead: usize) -> bool {
        self.break_length(ahead) > 0
    }

    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), b' ' | b'\t')
    }

    /// A space, a line break, or the end of the text.
    pub(super) fn is_blank_or_end(&self, ahead: usize) -> bool {
        match self.peek(ahead) {
            b' ' | b'\t' | b'\n' | b'\r' | 0 => true,
            0xC2 | 0xE2 => self.is_break(ahead),
            _ => false,
        }
    }

    /// Steps over the line break here, and gives what it stands for in a scalar; empty if there is none.
    pub(super) fn take_break(&mut self) -> &'t str {
        let length = self.break_length(0);
        let line_break = match self.byte() {
            _ if length == 0 => return "",
            0xE2 => self.slice(self.at, self.at + length),
            _ => "\n",
        };
        self.at += length;
        self.line_start = self.at;
        line_break
    }

    /// As [`Text::take_break`], where the end of the text ends its last line.
    pub(super) fn take_break_or_end(&mut self) -> &'t str {
        if self.is_end() && self.open_end {
            self.open_end = false;
            self.line_start = self.at;
            return "\n";
        }
        self.take_break()
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.at += 1;
        }
    }

    pub(super) fn skip_to_line_end(&mut self) {
        let rest = self.rest();
        let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        // The other line breaks are rare, and so is what begins as they do.
        let mut others = memchr2_iter(0xC2, 0xE2, &rest[..end]);
        self.at += others.find(|ahead| self.is_break(*ahead)).unwrap_or(end);
    }

    /// Whether this is the start of a line with `---` or `...`.
    pub(super) fn is_document_mark(&self) -> bool {
        self.column() == 0
            && matches!(self.rest(), [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..])
            && self.is_blank_or_end(3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_at_each_kind_of_break_and_at_nothing_that_begins_like_one() {
        for (text, wanted) in [
            ("# a\n", 3),
            ("# a\r\n", 3),
            ("# a\rb", 3),
            ("# é\u{85}b\n", 4),
            ("# €\u{2028}b", 5),
            ("# €\u{2029}", 5),
            ("# €é\u{a0}", 9),
            ("", 0),
        ] {
            let mut line = Text::new(text);
            line.skip_to_line_end();
            assert_eq!(line.at, wanted, "{text:?}");
        }
    }
}
