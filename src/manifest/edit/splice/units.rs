//! A scalar's text piece by piece: which bytes stand for what. So a change of a long text touches only what changes in it,
//! and leaves escapes, folded lines and indentation as they are elsewhere.

use super::text::{Mark, double_quoted, quoted};
use crate::manifest::Style;
use serde_json::Value;

/// Bytes of a scalar, from `start` to `end`, and the text that they stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unit {
    start: usize,
    end: usize,
    text: String,
}

/// How a scalar is written.
pub(super) struct Written<'t> {
    /// As it stands: quotes included, of a block without its header.
    pub(super) raw: &'t str,
    pub(super) style: Style,
    /// Columns that the lines of a block are indented by.
    pub(super) indentation: usize,
    pub(super) line_break: &'t str,
}

impl Written<'_> {
    /// The bytes to replace, and by what, so that `old` becomes `new`; both without the line breaks at the end of a block.
    /// None where the bytes cannot be told apart.
    pub(super) fn difference(&self, old: &str, new: &str) -> Option<(usize, usize, String)> {
        let units = self.units()?;
        if units.iter().map(|unit| unit.text.as_str()).collect::<String>() != old {
            return None;
        }
        let mut head = 0;
        let mut rest = new;
        for unit in &units {
            let Some(behind) = rest.strip_prefix(unit.text.as_str()) else { break };
            (rest, head) = (behind, head + 1);
        }
        let mut tail = units.len();
        for unit in units.iter().skip(head).rev() {
            let Some(before) = rest.strip_suffix(unit.text.as_str()) else { break };
            (rest, tail) = (before, tail - 1);
        }
        let end = units.last().map_or(0, |unit| unit.end);
        let start = units.get(head).map_or(end, |unit| unit.start);
        let end = if tail == head { start } else { units.get(tail - 1)?.end };
        let goes_on = units.get(tail).is_some_and(|unit| !unit.text.starts_with('\n'));
        let is_emptied = rest.starts_with('\n') || rest.is_empty() && !goes_on;
        let start =
            head.checked_sub(1).filter(|_| is_emptied).map_or(start, |last| self.line_start(&units[last], start));
        let before = self.raw.get(..start)?.rsplit('\n').next()?.get(self.indentation..).unwrap_or("");
        let behind = units.get(tail).map_or("", |unit| unit.text.as_str());
        Some((start, end, self.encoded(rest, before, behind)?))
    }

    /// Where the line behind a line break of a block starts, so that no indentation stays on it when it is emptied; else `start`.
    fn line_start(&self, unit: &Unit, start: usize) -> usize {
        let is_block = matches!(self.style, Style::Literal | Style::Folded);
        let line = self.raw.get(unit.start..unit.end).and_then(|raw| raw.rfind('\n'));
        line.filter(|_| is_block).map_or(start, |at| unit.start + at + 1)
    }

    /// A part of the text as it is written in this style, between what stands `before` it on its first line and `behind` it on its
    /// last one.
    fn encoded(&self, text: &str, before: &str, behind: &str) -> Option<String> {
        let in_quotes = |quoted: String| quoted.get(1..quoted.len() - 1).map(str::to_owned);
        match self.style {
            Style::DoubleQuoted => in_quotes(double_quoted(text)),
            Style::SingleQuoted => in_quotes(quoted(text, Mark::Single)).filter(|_| !text.contains(char::is_control)),
            Style::Literal | Style::Folded => {
                let indentation = " ".repeat(self.indentation);
                let goes_on = !behind.is_empty() && !behind.starts_with('\n');
                let is_indented = |line: &str| line.starts_with([' ', '\t']);
                let mut lines = text.split('\n').peekable();
                let first = lines.next()?;
                let mut out = first.to_owned();
                let (mut was_empty, mut was_indented) =
                    (false, is_indented(if before.is_empty() { first } else { before }));
                while let Some(line) = lines.next() {
                    let is_last = lines.peek().is_none();
                    let indented = is_indented(if line.is_empty() && is_last { behind } else { line });
                    // A single line break is folded into a blank, but beside a line that is indented further.
                    let is_folded = self.style == Style::Folded && !was_empty && !was_indented && !indented;
                    out.push_str(if is_folded { self.line_break } else { "" });
                    out.push_str(self.line_break);
                    if !line.is_empty() || (is_last && goes_on) {
                        out.push_str(&indentation);
                    }
                    out.push_str(line);
                    (was_empty, was_indented) = (line.is_empty(), indented);
                }
                Some(out)
            }
            _ => (!text.contains('\n')).then(|| text.to_owned()),
        }
    }

    fn units(&self) -> Option<Vec<Unit>> {
        let last = match self.style {
            Style::SingleQuoted | Style::DoubleQuoted => self.raw.len().checked_sub(1)?,
            _ => self.raw.len(),
        };
        let is_block = matches!(self.style, Style::Literal | Style::Folded);
        let mut at = if is_block { self.indentation } else { self.raw.len() - last };
        let mut units = Vec::new();
        while at < last {
            let rest = self.raw.get(at..last)?;
            let (length, text) = if is_block { self.block_unit(rest, at)? } else { self.line_unit(rest)? };
            units.push(Unit { start: at, end: at + length, text });
            at += length;
        }
        Some(units)
    }

    /// The first unit of text in quotes or without.
    fn line_unit(&self, rest: &str) -> Option<(usize, String)> {
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        let breaks = rest.get(..blanks)?.matches('\n').count();
        let first = rest.chars().next()?;
        Some(match (self.style, first) {
            _ if breaks > 0 => (blanks, if breaks == 1 { " ".to_owned() } else { "\n".repeat(breaks - 1) }),
            (Style::DoubleQuoted, '\\') => escape(rest)?,
            (Style::SingleQuoted, '\'') => (2, "'".to_owned()),
            _ => (first.len_utf8(), first.to_string()),
        })
    }

    /// The first unit of text in a block: a character, or line breaks with the indentation behind them.
    fn block_unit(&self, rest: &str, at: usize) -> Option<(usize, String)> {
        let first = rest.chars().next()?;
        if !matches!(first, '\r' | '\n') {
            return Some((first.len_utf8(), first.to_string()));
        }
        let (mut length, mut breaks) = (0, 0);
        let is_literal = self.style == Style::Literal;
        while let Some(found) = rest.get(length..)?.find('\n') {
            if !rest.get(length..length + found)?.trim().is_empty() {
                break;
            }
            length += found + 1;
            breaks += 1;
            if is_literal {
                break;
            }
        }
        let line = rest.get(length..)?.split('\n').next()?;
        let blanks = line.len() - line.trim_start_matches(' ').len();
        length += blanks.min(self.indentation);
        let before = self.raw.get(..at)?.rsplit('\n').next()?;
        let is_indented = |line: &str| line.get(self.indentation..).is_some_and(|line| line.starts_with([' ', '\t']));
        let is_kept = is_literal || is_indented(before) || is_indented(line);
        Some(match breaks {
            0 => return None,
            1 if !is_kept => (length, " ".to_owned()),
            _ if !is_kept => (length, "\n".repeat(breaks - 1)),
            _ => (length, "\n".repeat(breaks)),
        })
    }
}

/// An escape of YAML or of JSON at the start of a text.
fn escape(rest: &str) -> Option<(usize, String)> {
    let length = match rest.as_bytes().get(1)? {
        b'x' => 4,
        b'u' => 6,
        b'U' => 10,
        b'\r' | b'\n' => return None,
        _ => 2,
    };
    let quoted = format!("\"{}\"", rest.get(..length)?);
    let read = super::text::read_value(&quoted).or_else(|| serde_json::from_str(&quoted).ok())?;
    let Value::String(text) = read else { return None };
    Some((length, text))
}
