//! A scalar in the place of a scalar: it keeps its style where the new text can be written so.

use super::style::{block_ink, flow_ink};
use super::text::{Around, Mark, double_quoted, is_plain, literal, quoted, reads_as};
use super::units::Written;
use super::{Place, Printer, Refusal, Seat};
use crate::base::{Path, Span};
use crate::manifest::Style;
use crate::manifest::tree::Shape;
use serde_json::{Value, json};

impl Printer<'_> {
    /// Writes a scalar over another; false where it has to be put in its place as anything else is.
    pub(super) fn rewrite(&mut self, value: &Value, place: &Place<'_>, path: &Path) -> Result<bool, Refusal> {
        let Shape::Scalar(style) = self.layout.shape(place.node) else { return Ok(false) };
        let old = self.layout.span(place.node);
        let Value::String(text) = value else {
            self.refuse_comment(old.start, old.end, path)?;
            self.put_difference(old, &value.to_string());
            return Ok(true);
        };
        if style == Style::Plain {
            let Some(text) = self.rewritten_plain(text, place) else { return Ok(false) };
            self.put_difference(old, &text);
            return Ok(true);
        }
        let before = path.find(self.layout.document().value()).and_then(Value::as_str).unwrap_or("");
        if is_word_for_lines(before, text)
            && let Some(word) = self.rewritten_plain(text, place)
        {
            self.refuse_comment(old.start, old.end, path)?;
            self.put_difference(old, &word);
            return Ok(true);
        }
        if self.edit_inside(before, text, place, style) {
            return Ok(true);
        }
        let text = match style {
            Style::SingleQuoted => quoted(text, Mark::Single),
            Style::Literal | Style::Folded => match self.rewritten_block(text, place, style) {
                Some(text) => text,
                None => {
                    self.refuse_comment(old.start, old.end, path)?;
                    double_quoted(text)
                }
            },
            _ => double_quoted(text),
        };
        self.put_difference(old, &text);
        Ok(true)
    }

    /// Changes the text in quotes or in a block only where it differs; false where that cannot be done.
    fn edit_inside(&mut self, before: &str, after: &str, place: &Place<'_>, style: Style) -> bool {
        let Some((start, end, text)) = self.difference_inside(before, after, place, style) else { return false };
        self.put(start, end, text);
        true
    }

    fn difference_inside(
        &self,
        before: &str,
        after: &str,
        place: &Place<'_>,
        style: Style,
    ) -> Option<(usize, usize, String)> {
        let old = self.layout.span(place.node);
        let mut start = old.start;
        let mut indentation = 0;
        let (mut from, mut to) = (before, after);
        if matches!(style, Style::Literal | Style::Folded) {
            (from, to) = (before.trim_end_matches('\n'), after.trim_end_matches('\n'));
            if from.len() + after.len() != to.len() + before.len() || to.is_empty() {
                return None;
            }
            start += self.layout.slice(old.start, old.end).find('\n')? + 1;
            indentation = self.block_indentation(place)?;
        }
        let raw = self.layout.slice(start, old.end);
        let written = Written { raw, style, indentation, line_break: self.layout.line_break(old.start) };
        let (from, to, text) = written.difference(from, to)?;
        let head = self.layout.slice(old.start, start + from);
        let tail = self.layout.slice(start + to, self.layout.full_end(place.node));
        let edited = format!("{head}{text}{tail}");
        let has_same_blanks = blank_lines(&edited) <= blank_lines(self.layout.node_text(place.node));
        (has_same_blanks && self.is_read_as(&edited, place, after)).then(|| (start + from, start + to, text))
    }

    /// How far the lines of a block are indented.
    fn block_indentation(&self, place: &Place<'_>) -> Option<usize> {
        let (header, body) = self.layout.node_text(place.node).split_once('\n')?;
        let digit = header.chars().take_while(|c| !c.is_whitespace()).find_map(|c| c.to_digit(10));
        let first = || {
            body.lines()
                .find(|line| !line.trim().is_empty())
                .map(|line| line.len() - line.trim_start_matches(' ').len())
        };
        digit.map(|digit| self.outer_column(place) + digit as usize).or_else(first)
    }

    /// The column of the map or list that a value stands in.
    fn outer_column(&self, place: &Place<'_>) -> usize {
        place.above.last().map_or(0, |outer| self.layout.column(self.layout.span(*outer).start))
    }

    /// Whether a scalar that is written so at this place is this text.
    fn is_read_as(&self, written: &str, place: &Place<'_>, text: &str) -> bool {
        let indentation = if place.seat == Seat::Flow { 0 } else { self.outer_column(place) };
        let is_block = written.starts_with(['|', '>']);
        let (header, body) = written.split_once('\n').filter(|_| is_block).unwrap_or((written, ""));
        let header = if is_block { header.split_whitespace().next().unwrap_or("") } else { header };
        let snippet = format!("{}k: {header}\n{body}\n", " ".repeat(indentation));
        reads_as(&snippet, &json!({"k": text}))
    }

    /// The text in the place of a plain one; none where it would take lines of its own.
    fn rewritten_plain(&self, text: &str, place: &Place<'_>) -> Option<String> {
        let (around, quoting) = match place.seat {
            Seat::Flow => {
                let ink = flow_ink(&self.layout, place.above);
                if ink.json {
                    return Some(double_quoted(text));
                }
                (Around::Flow, ink.quoting)
            }
            _ => (Around::Block, block_ink(&self.layout, place.above).quoting),
        };
        if around == Around::Block && text.contains('\n') && literal(text, false).is_some() {
            return None;
        }
        Some(if is_plain(text, around) { text.to_owned() } else { quoted(text, quoting.mark) })
    }

    /// The text in the block of another, under the same header where that says the right thing.
    fn rewritten_block(&self, text: &str, place: &Place<'_>, style: Style) -> Option<String> {
        let old = self.layout.span(place.node);
        let raw = self.layout.slice(old.start, old.end);
        let (header, _) = raw.split_once('\n')?;
        let indentation = " ".repeat(self.block_indentation(place)?);
        let (sign, lines) = literal(text, header.contains(|c: char| c.is_ascii_digit()))?;
        let line_break = self.layout.line_break(old.start);
        let lines: Vec<String> = lines
            .into_iter()
            .map(|line| if line.is_empty() { String::new() } else { format!("{indentation}{line}") })
            .collect();
        let gap = if style == Style::Folded { format!("{line_break}{line_break}") } else { line_break.to_owned() };
        let signs = header.find(|c: char| !matches!(c, '|' | '>' | '+' | '-' | '0'..='9')).unwrap_or(header.len());
        let (mark, behind) = header.split_at_checked(signs)?;
        let old_sign = if mark.contains('-') { "-" } else { "" };
        let mark = match (sign, old_sign) {
            (new, old) if new == old && !mark.contains('+') => mark.to_owned(),
            _ if mark.contains('+') && sign.is_empty() && self.layout.full_end(place.node) == old.end => {
                mark.to_owned()
            }
            _ => format!("{}{sign}", mark.replace(['+', '-'], "")),
        };
        let written = format!("{mark}{behind}\n{}", lines.join(&gap));
        self.is_read_as(&written, place, text).then_some(written)
    }

    /// Puts a text over another, but for what both begin and end with.
    pub(super) fn put_difference(&mut self, old: Span, text: &str) {
        let raw = self.layout.slice(old.start, old.end);
        let same = |(one, other): &(char, char)| one == other;
        let head: usize = raw.chars().zip(text.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
        let (raw_rest, text_rest) = (raw.get(head..).unwrap_or(""), text.get(head..).unwrap_or(""));
        let tail: usize =
            raw_rest.chars().rev().zip(text_rest.chars().rev()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
        let new = text_rest.get(..text_rest.len() - tail).unwrap_or("").to_owned();
        self.put(old.start + head, old.end - tail, new);
    }
}

/// Whether one word comes for a text of several lines, such as a script: it needs no block.
fn is_word_for_lines(before: &str, after: &str) -> bool {
    before.trim_end_matches('\n').contains('\n') && !after.is_empty() && !after.contains(char::is_whitespace)
}

/// How many lines hold nothing but spaces.
fn blank_lines(text: &str) -> usize {
    text.lines().filter(|line| !line.is_empty() && line.trim().is_empty()).count()
}
