//! Writing values by indentation.

use super::text::{Around, Mark, in_reading_order, is_plain, is_plain_key, literal, quoted};
use serde_json::Value;

/// How a document writes values by indentation.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockInk {
    /// Columns from a map to the map in it.
    pub(super) step: usize,
    /// Columns from a map's key to the dashes of the list that is its value.
    pub(super) dash: usize,
    pub(super) quoting: Quoting,
    /// Whether text of several lines becomes a block.
    pub(super) blocks: bool,
}

/// Which texts are put in quotes, and in which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Quoting {
    pub(super) mark: Mark,
    /// Also where they need not be.
    pub(super) values: bool,
    pub(super) keys: bool,
}

/// A value that is written: what stands behind its key or dash, and the lines below.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Written {
    pub(super) inline: String,
    pub(super) lines: Vec<String>,
}

impl Default for BlockInk {
    fn default() -> Self {
        Self { step: 2, dash: 0, quoting: Quoting::default(), blocks: true }
    }
}

impl BlockInk {
    /// The lines of a key and its value.
    pub(super) fn entry(&self, key: &str, value: &Value, column: usize) -> Vec<String> {
        let key = self.key(key);
        let Written { inline, mut lines } = self.under_key(value, column);
        let space = if inline.is_empty() { "" } else { " " };
        lines.insert(0, format!("{}{key}:{space}{inline}", " ".repeat(column)));
        lines
    }

    /// The lines of an item whose content stands some columns behind its dash.
    pub(super) fn item(&self, value: &Value, column: usize, gap: usize) -> Vec<String> {
        let Written { inline, mut lines } = self.in_item(value, column + gap);
        let head = format!("{}-{}{inline}", " ".repeat(column), " ".repeat(gap - 1));
        lines.insert(0, head);
        lines
    }

    /// The value of a key in this column.
    pub(super) fn under_key(&self, value: &Value, column: usize) -> Written {
        match value {
            Value::Object(map) if !map.is_empty() => {
                Written { inline: String::new(), lines: self.entries(value, column + self.step) }
            }
            Value::Array(items) if !items.is_empty() => {
                Written { inline: String::new(), lines: self.entries(value, column + self.dash) }
            }
            scalar => self.scalar(scalar, column + self.step),
        }
    }

    /// A value that itself stands in this column, such as one behind a dash.
    pub(super) fn in_item(&self, value: &Value, column: usize) -> Written {
        let mut lines = self.entries(value, column);
        if lines.is_empty() {
            return self.scalar(value, column);
        }
        let first = lines.remove(0);
        Written { inline: first.get(column..).unwrap_or("").to_owned(), lines }
    }

    /// The lines of a map or list in this column; none of anything else.
    fn entries(&self, value: &Value, column: usize) -> Vec<String> {
        match value {
            Value::Object(map) => {
                in_reading_order(map).flat_map(|(key, value)| self.entry(key, value, column)).collect()
            }
            Value::Array(items) => items.iter().flat_map(|item| self.item(item, column, 2)).collect(),
            _ => Vec::new(),
        }
    }

    /// A scalar, or an empty map or list; text of several lines as a block in this column.
    fn scalar(&self, value: &Value, column: usize) -> Written {
        let Value::String(text) = value else {
            return Written { inline: value.to_string(), lines: Vec::new() };
        };
        match literal(text, false).filter(|_| self.blocks && text.contains('\n')) {
            Some((sign, lines)) => Written {
                inline: format!("|{sign}"),
                lines: lines.into_iter().map(|line| indented(line, column)).collect(),
            },
            None => Written { inline: self.text(text), lines: Vec::new() },
        }
    }

    fn text(&self, text: &str) -> String {
        let is_plain = !self.quoting.values && is_plain(text, Around::Block);
        if is_plain { text.to_owned() } else { quoted(text, self.quoting.mark) }
    }

    fn key(&self, key: &str) -> String {
        let is_plain = !self.quoting.keys && is_plain_key(key, Around::Block);
        if is_plain { key.to_owned() } else { quoted(key, self.quoting.mark) }
    }
}

/// A line in a column; an empty one stays empty.
pub(super) fn indented(line: &str, column: usize) -> String {
    if line.is_empty() { String::new() } else { format!("{}{line}", " ".repeat(column)) }
}
