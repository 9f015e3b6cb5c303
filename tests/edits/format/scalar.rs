//! Scalars behind a colon or dash, and keys.

use super::{BehindBlock, Writer};
use serde_json::Value;

impl Writer<'_> {
    /// A scalar behind a colon or dash at this indent, with the end of its line.
    pub(super) fn scalar_lines(&mut self, value: &Value, indent: usize) {
        if let Value::String(text) = value {
            let is_long = text.contains('\n');
            if self.dice.one_in(if is_long { 2 } else { 10 }) && self.block_scalar(text, indent) {
                return;
            }
        }
        let step = self.next_step();
        if self.dice.one_in(50) {
            self.end_line();
            self.spaces(indent + step);
        } else {
            self.out.push(' ');
        }
        let at = self.out.len();
        self.scalar(value, indent + step, false);
        if self.out.len() == at {
            self.out.pop(); // nothing is written of a null
            if self.out.ends_with('\n') {
                return;
            }
        }
        self.end_line();
    }

    /// A scalar on this line; its further lines are indented so far.
    pub(super) fn scalar(&mut self, value: &Value, indent: usize, is_in_brackets: bool) {
        let written = match value {
            Value::Null => self.dice.pick(&["null", "~", "", "Null"]).to_owned(),
            Value::Bool(true) => self.dice.pick(&["true", "true", "true", "True", "yes", "on"]).to_owned(),
            Value::Bool(false) => self.dice.pick(&["false", "false", "false", "FALSE", "no", "off"]).to_owned(),
            Value::Number(number) => match (number.as_u64(), self.dice.roll(30)) {
                (Some(number), 28) => format!("{number:#x}"),
                (Some(number), 29) => format!("0{number:o}"),
                _ => number.to_string(),
            },
            Value::String(text) => return self.string(text, indent, is_in_brackets),
            other => unreachable!("{other} is no scalar"),
        };
        let written = if written.is_empty() && is_in_brackets { "null" } else { &written };
        self.out.push_str(written);
    }

    fn string(&mut self, text: &str, indent: usize, is_in_brackets: bool) {
        if self.dice.one_in(500) {
            self.is_special = true;
            self.out.push_str("!!str ");
        }
        let is_plain = is_plain(text) && !(is_in_brackets && text.contains(':'));
        match self.dice.roll(6) {
            0..3 if is_plain => self.words(text, indent, if is_in_brackets { "" } else { "\n" }),
            0 | 3 | 4 if is_single_quotable(text) => {
                self.out.push('\'');
                self.words(&text.replace('\'', "''"), indent, "\n");
                self.out.push('\'');
            }
            _ => self.double_quoted(text, indent),
        }
    }

    pub(super) fn key(&mut self, key: &str) {
        match self.dice.roll(12) {
            0..10 if is_plain(key) => self.out.push_str(key),
            0..11 if is_single_quotable(key) => self.out.push_str(&format!("'{}'", key.replace('\'', "''"))),
            _ => self.out.push_str(&Value::from(key).to_string()),
        }
    }

    /// A text after `|` or `>`, if it can be written so.
    fn block_scalar(&mut self, text: &str, indent: usize) -> bool {
        let body = text.trim_end_matches('\n');
        let breaks = text.len() - body.len();
        if body.is_empty()
            || !is_printable(body)
            || body.split('\n').any(|line| !line.is_empty() && line.trim().is_empty())
        {
            return false;
        }
        let first = body.trim_start_matches('\n');
        if first.starts_with('\t') {
            return false;
        }
        let is_folded =
            !body.split('\n').any(|line| line.starts_with([' ', '\t'])) && first == body && self.dice.one_in(2);
        let step = self.next_step();
        let is_indent_given = first.starts_with(' ') || self.dice.one_in(12);
        let chomping = match breaks {
            0 => "-",
            1 if !self.dice.one_in(6) => "",
            _ => "+",
        };
        let given = if is_indent_given { step.to_string() } else { String::new() };
        self.out.push_str(&format!(" {}{given}{chomping}", if is_folded { '>' } else { '|' }));
        self.end_line();
        self.block_lines(body, indent + step, is_folded);
        self.out.extend(std::iter::repeat_n('\n', breaks.saturating_sub(1)));
        self.behind_block = Some(if chomping == "+" { BehindBlock::Nothing } else { BehindBlock::BlankLines });
        true
    }

    fn block_lines(&mut self, body: &str, indent: usize, is_folded: bool) {
        let mut has_text_before = false;
        for line in body.split('\n') {
            if line.is_empty() {
                self.out.push('\n');
                continue;
            }
            if is_folded && has_text_before {
                self.out.push('\n');
            }
            has_text_before = true;
            self.spaces(indent);
            self.words(line, indent, if is_folded { "\n" } else { "" });
            self.out.push('\n');
        }
    }

    /// A text that may go on on another line wherever there is a single space between words.
    pub(super) fn words(&mut self, text: &str, indent: usize, line_end: &str) {
        let is_foldable = !line_end.is_empty() && self.dice.one_in(6);
        let mut lines = text.split('\n').peekable();
        while let Some(line) = lines.next() {
            for (index, word) in line.split(' ').enumerate() {
                let is_word = word.starts_with(char::is_alphanumeric) && self.out.ends_with(char::is_alphanumeric);
                if index > 0 && is_foldable && is_word && self.dice.one_in(2) {
                    self.out.push_str(line_end);
                    self.spaces(indent);
                } else if index > 0 {
                    self.out.push(' ');
                }
                self.out.push_str(word);
            }
            if lines.peek().is_some() {
                self.out.push_str("\n\n"); // only in single quotes
                self.spaces(indent);
            }
        }
    }
}

/// Whether a text without quotes is this text to every reader. Careful: some more would be.
fn is_plain(text: &str) -> bool {
    let starts = |text: &str| text.starts_with(|it: char| it.is_ascii_alphabetic() || it == '/' || it == '$');
    let is_fine = |it: char| it.is_ascii_alphanumeric() || " ./_-@:$()=".contains(it);
    let is_word = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&text.to_lowercase().as_str());
    let is_known = ["-c", "--port=80", "1.2.3", "100m", "10s", "é", "日本", "a#b", "25%", "1.1.1.1:80"].contains(&text);
    let is_odd = text.contains(": ") || text.ends_with([':', ' ']);
    is_known || starts(text) && text.chars().all(is_fine) && !is_word && !is_odd
}

fn is_single_quotable(text: &str) -> bool {
    let is_clean = |line: &str| !line.starts_with([' ', '\t']) && !line.ends_with([' ', '\t']) && !line.is_empty();
    is_printable(text) && (!text.contains('\n') || text.split('\n').all(is_clean))
}

fn is_printable(text: &str) -> bool {
    let is_strange =
        |it: char| (it.is_control() && it != '\n' && it != '\t') || "\u{85}\u{2028}\u{2029}\u{feff}".contains(it);
    !text.chars().any(is_strange)
}
