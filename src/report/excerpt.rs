//! The few lines of a source that are shown around a place.
//!
//! The cost does not grow with the length of a line or a file: a manifest may be one line of four megabytes.

use crate::base::{self, Place, Source};
use crate::report::plain;
use std::ops::Range;

/// Lines of a source, made safe to print, with the marked part of the last one.
#[derive(Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The lines, parted by line feeds.
    pub text: String,
    /// The number of the first line, from 1.
    pub first_line: usize,
    /// The bytes of [`Excerpt::text`] to underline; empty where the place itself is.
    pub mark: Range<usize>,
    /// Whether the start of the marked line was cut off: columns in the excerpt are not those of the file.
    pub is_cut: bool,
}

/// Lines shown above the marked one: enough to see the list item that a value belongs to.
const LINES_ABOVE: usize = 2;
/// Characters kept on each side of the start of the mark. No terminal is that wide: what is cut is never missed.
const REACH: usize = 500;
/// Characters shown on each side where the line is quoted in words.
const NEAR: usize = 30;

impl Excerpt {
    /// The line of the place's start and up to two lines of the same document above it. A place that goes over
    /// several lines is marked to the end of its first one.
    pub fn around(source: &Source, place: &Place) -> Self {
        let line = LineAround::new(source.text(), place.span.start, place.span.end);
        let above = if line.is_whole { lines_above(source, place.start.line) } else { Vec::new() };
        let first_line = place.start.line - above.len().min(place.start.line);
        let mut text: String = above.into_iter().flat_map(|line| [line, "\n".to_owned()]).collect();
        text.push_str(&printable(line.before));
        let start = text.len();
        text.push_str(&printable(line.marked));
        let end = text.len();
        text.push_str(&printable(line.after));
        Self { text, first_line, mark: start..end, is_cut: !line.is_whole }
    }

    /// The marked text and a few characters on both sides, for places too far to the right to be underlined.
    pub fn surroundings(&self) -> String {
        let (before, marked) = self.text.split_at(self.mark.start);
        let line = before.rsplit('\n').next().unwrap_or("");
        let from = line.char_indices().rev().take(NEAR).last().map_or(line.len(), |(at, _)| at);
        let dots = if from > 0 || self.is_cut { "..." } else { "" };
        format!("{dots}{}{}", line.get(from..).unwrap_or(""), plain::shorten(marked, 2 * NEAR))
    }
}

/// The line around an offset in three parts, each cut to the reach.
struct LineAround<'a> {
    before: &'a str,
    marked: &'a str,
    after: &'a str,
    /// Whether the line is shown from its first character, so that the lines above it can stand over it.
    is_whole: bool,
}

impl<'a> LineAround<'a> {
    fn new(text: &'a str, start: usize, end: usize) -> Self {
        let start = text.floor_char_boundary(start);
        let end = text.floor_char_boundary(end).max(start);
        let (head, tail) = text.split_at(start);
        let reached = head.char_indices().rev().take(REACH).take_while(|(_, c)| *c != '\n').last();
        let line_start = reached.map_or(start, |(at, _)| at);
        let is_whole = line_start == 0 || head.as_bytes().get(line_start - 1) == Some(&b'\n');
        let tail = first_line_within_reach(tail);
        let (marked, after) = tail.split_at((end - start).min(tail.len()));
        Self { before: head.get(line_start..).unwrap_or(""), marked, after, is_whole }
    }
}

fn first_line_within_reach(text: &str) -> &str {
    let end = text.char_indices().take(REACH).find(|(_, c)| *c == '\n').map(|(at, _)| at);
    let end = end.or_else(|| text.char_indices().nth(REACH).map(|(at, _)| at)).unwrap_or(text.len());
    text.get(..end).unwrap_or("").trim_end_matches('\r')
}

/// Up to [`LINES_ABOVE`] lines above a line, not going over a document mark or an empty line.
fn lines_above(source: &Source, line: usize) -> Vec<String> {
    let numbers = (line.saturating_sub(LINES_ABOVE).max(1)..line).rev();
    let lines = numbers.map(|number| source.line(number)).take_while(|text| !text.trim().is_empty() && *text != "---");
    let mut above: Vec<String> = lines.map(|text| printable(first_line_within_reach(text))).collect();
    above.reverse();
    above
}

/// A tab stays a tab: the renderer gives it its width. A byte order mark has none.
fn printable(text: &str) -> String {
    let visible = text.chars().filter(|c| *c != '\u{feff}');
    visible.map(|c| if c == '\t' { c } else { base::printable(c) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Span;
    use proptest::prelude::*;

    fn excerpt(text: &str, start: usize, end: usize) -> Excerpt {
        let source = Source::new("a.yaml", text);
        Excerpt::around(&source, &source.place(Span { start, end }))
    }

    #[test]
    fn two_lines_above_are_shown() {
        let it = excerpt("a: 1\nb: 2\nc: 3\nd: four\ne: 5\n", 18, 22);
        assert_eq!(it, Excerpt { text: "b: 2\nc: 3\nd: four".into(), first_line: 2, mark: 13..17, is_cut: false });
    }

    #[test]
    fn lines_of_another_document_are_not_shown() {
        assert_eq!(excerpt("a: 1\n---\nb: 2\n", 12, 13).text, "b: 2");
    }

    #[test]
    fn a_mark_over_several_lines_ends_with_its_first() {
        let it = excerpt("a:\r\n  b: 1\r\n", 0, 10);
        assert_eq!((it.text.as_str(), it.mark), ("a:", 0..2));
    }

    #[test]
    fn a_byte_order_mark_and_escapes_are_not_printed() {
        let it = excerpt("\u{feff}a: \u{1b}]0;x\u{7}\n", 6, 11);
        assert_eq!((it.text.as_str(), &it.text[it.mark.clone()]), ("a: \u{fffd}]0;x\u{fffd}", "\u{fffd}]0;x"));
    }

    #[test]
    fn a_long_line_is_cut_around_the_mark() {
        let text = format!("x: 1\n{}value{}\n", "é".repeat(5000), "y".repeat(5000));
        let start = 5 + 10_000;
        let it = excerpt(&text, start, start + 5);
        assert_eq!(&it.text[it.mark.clone()], "value");
        assert_eq!(it.text.chars().count(), 2 * REACH);
        assert_eq!((it.first_line, it.is_cut), (2, true));
        let near = format!("...{}value{}...", "é".repeat(NEAR), "y".repeat(2 * NEAR - 8));
        assert_eq!(it.surroundings(), near);
    }

    proptest! {
        #[test]
        fn any_span_of_any_text_gives_a_mark_inside_the_excerpt(
            text in "([a-c\u{e9}\u{1b}\u{feff} :-]{0,5}(\n|\r\n|\t)?){0,6}",
            start in 0..60usize,
            length in 0..60usize,
        ) {
            let it = excerpt(&text, start, start + length);
            prop_assert!(it.text.get(it.mark.clone()).is_some());
            prop_assert!(!it.text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')));
            prop_assert!(it.first_line >= 1 && it.text.lines().count() <= LINES_ABOVE + 1);
        }
    }
}
