//! Writing values in brackets: JSON, and YAML that looks like it.

use super::block_ink::Quoting;
use super::text::{Around, double_quoted, in_reading_order, is_plain, is_plain_key, quoted};
use serde_json::Value;

/// How a map or list in brackets is written.
#[derive(Debug, Clone)]
pub(super) struct FlowInk {
    /// Whether all texts stand in double quotes, because it is JSON.
    pub(super) json: bool,
    /// `:` and what is behind it.
    pub(super) colon: &'static str,
    /// `,` and what is behind it on a line.
    pub(super) comma: &'static str,
    /// What stands behind `{` and before `}` on a line.
    pub(super) pad: &'static str,
    /// What each level of maps and lists is indented by, where each entry has a line of its own.
    pub(super) step: Option<String>,
    pub(super) line_break: &'static str,
    pub(super) quoting: Quoting,
}

impl FlowInk {
    /// A key and its value; `indentation` is that of the line it stands on.
    pub(super) fn entry(&self, key: &str, value: &Value, indentation: &str) -> String {
        let key = match is_plain_key(key, Around::Flow) && !self.json && !self.quoting.keys {
            true => key.to_owned(),
            false => self.in_quotes(key),
        };
        format!("{key}{}{}", self.colon, self.value(value, indentation))
    }

    /// A value; `indentation` is that of the line it begins on.
    pub(super) fn value(&self, value: &Value, indentation: &str) -> String {
        let inner = format!("{indentation}{}", self.step.as_deref().unwrap_or(""));
        match value {
            Value::Object(map) if !map.is_empty() => {
                let entries = in_reading_order(map).map(|(key, value)| self.entry(key, value, &inner)).collect();
                self.in_brackets(entries, ("{", "}"), self.pad, indentation)
            }
            Value::Array(items) if !items.is_empty() => {
                let items = items.iter().map(|item| self.value(item, &inner)).collect();
                self.in_brackets(items, ("[", "]"), "", indentation)
            }
            Value::String(text) if self.json || self.quoting.values || !is_plain(text, Around::Flow) => {
                self.in_quotes(text)
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    fn in_brackets(&self, parts: Vec<String>, brackets: (&str, &str), pad: &str, indentation: &str) -> String {
        let (open, close) = brackets;
        match &self.step {
            None => format!("{open}{pad}{}{pad}{close}", parts.join(self.comma)),
            Some(step) => {
                let break_before = format!("{}{indentation}", self.line_break);
                let inner = format!("{break_before}{step}");
                format!("{open}{inner}{}{break_before}{close}", parts.join(&format!(",{inner}")))
            }
        }
    }

    fn in_quotes(&self, text: &str) -> String {
        if self.json { double_quoted(text) } else { quoted(text, self.quoting.mark) }
    }
}
