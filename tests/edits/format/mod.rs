//! One value, written in ever other ways: every style that YAML and JSON have, mixed as no person would.

mod block;
mod brackets;
mod quotes;
mod scalar;

use crate::dice::Dice;
use crate::words::COMMENTS;
use serde_json::Value;

/// A file, and what it holds.
#[derive(Debug)]
pub struct Written {
    pub text: String,
    /// The documents that are not empty.
    pub documents: Vec<Value>,
    /// Whether there is something in it that may not be edited: anchors, repeated keys, tags.
    pub is_special: bool,
}

/// A file of these documents in random formatting.
pub fn file(dice: &mut Dice, documents: Vec<Value>) -> Written {
    let mut writer = Writer::new(dice, '@');
    if writer.dice.one_in(10) {
        writer.json_stream(&documents);
    } else {
        writer.yaml_stream(&documents);
    }
    let Writer { out, is_special, behind_block, .. } = writer;
    let is_json = out.trim_start().starts_with('{');
    Written { text: encoded(dice, out, behind_block.is_some(), is_json), documents, is_special }
}

/// One value as the text of an annotation, or nothing.
pub fn inner_text(dice: &mut Dice, value: &Value) -> String {
    let mut writer = Writer::new(dice, '%');
    match writer.dice.roll(6) {
        0..3 => writer.document(value),
        3 => writer.json(value, None),
        4 => writer.json(value, Some("  ")),
        _ => {}
    }
    let is_open = writer.behind_block.is_some();
    let out = writer.out;
    if is_open || dice.one_in(2) { out } else { out.trim_end().to_owned() }
}

/// The text as an editor on another system would have saved it.
fn encoded(dice: &mut Dice, mut text: String, ends_in_block: bool, is_json: bool) -> String {
    if !ends_in_block && dice.one_in(8) {
        text.truncate(text.trim_end_matches('\n').len());
    }
    match dice.roll(40) {
        35..39 => text = text.replace('\n', "\r\n"),
        39 => text = text.replace("\n  ", "\r\n  "),
        _ => {}
    }
    if !is_json && dice.one_in(12) {
        text.insert(0, '\u{feff}');
    }
    text
}

struct Writer<'d> {
    dice: &'d mut Dice,
    out: String,
    /// Around the number of each comment.
    mark: char,
    comments: usize,
    /// How far things are usually indented in this document.
    step: usize,
    lists_are_indented: bool,
    has_anchors: bool,
    anchored: Vec<(String, Value)>,
    anchors: usize,
    is_special: bool,
    /// Behind a block scalar, until something else is written.
    behind_block: Option<BehindBlock>,
}

/// What may follow a block scalar without becoming a part of it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum BehindBlock {
    BlankLines,
    Nothing,
}

impl<'d> Writer<'d> {
    fn new(dice: &'d mut Dice, mark: char) -> Self {
        Self {
            dice,
            out: String::new(),
            mark,
            comments: 0,
            step: 2,
            lists_are_indented: false,
            has_anchors: false,
            anchored: Vec::new(),
            anchors: 0,
            is_special: false,
            behind_block: None,
        }
    }

    fn yaml_stream(&mut self, documents: &[Value]) {
        for (index, document) in documents.iter().enumerate() {
            self.has_anchors = self.dice.one_in(12);
            if index > 0 || self.dice.one_in(4) {
                self.own_lines(0, false);
                self.separator(index > 0);
            }
            self.document(document);
            self.own_lines(0, true);
        }
        if self.dice.one_in(12) {
            self.out.push_str("---\n");
            self.own_lines(0, true);
        }
    }

    fn separator(&mut self, has_one_before: bool) {
        if has_one_before && self.dice.one_in(6) {
            self.line("...");
        }
        let marker = self.dice.pick(&["---", "---", "---   "]);
        self.line(marker);
        if self.dice.one_in(12) {
            self.own_lines(0, true);
            self.line("---"); // an empty document
        }
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        if self.dice.one_in(12) && !text.ends_with(' ') {
            self.out.push(' ');
            self.comment();
        }
        self.out.push('\n');
        self.behind_block = None;
    }

    fn document(&mut self, value: &Value) {
        self.anchored.clear();
        self.step = 2 + [0, 0, 0, 2, 1][self.dice.roll(5)];
        self.lists_are_indented = self.dice.one_in(2);
        let starts_the_file = self.out.is_empty();
        self.own_lines(0, true);
        match (value, self.dice.roll(12)) {
            (Value::Object(map), 0..11) if !map.is_empty() => {
                let indent = if self.dice.one_in(20) { 2 } else { 0 };
                self.map(map, indent, false);
            }
            (_, style) => {
                if starts_the_file && self.mark == '@' {
                    self.out.push_str("---\n"); // else it would be JSON, and without comments
                }
                if style == 11 && self.dice.one_in(2) {
                    let indent = ["  ", "    "][self.dice.roll(2)];
                    self.json(value, Some(indent));
                } else {
                    self.flow(value, 0);
                }
                self.end_line();
            }
        }
    }

    /// Blank lines and comments on lines of their own, before something at this indent.
    fn own_lines(&mut self, indent: usize, with_blanks: bool) {
        while self.dice.one_in(9) {
            if self.dice.one_in(3) {
                if with_blanks && self.behind_block != Some(BehindBlock::Nothing) {
                    let has_spaces = self.behind_block.is_none() && self.dice.one_in(6);
                    self.out.push_str(if has_spaces { "  \n" } else { "\n" });
                }
            } else {
                let wobble = [indent, indent, indent, 0, indent + 2, indent + 5][self.dice.roll(6)];
                self.spaces(if self.behind_block.is_some() { indent } else { wobble });
                self.comment();
                self.out.push('\n');
                self.behind_block = None;
            }
        }
    }

    fn end_line(&mut self) {
        match self.dice.roll(24) {
            21 | 22 => {
                let has_value = !self.out.ends_with(['-', ':']); // else a tab may not stand here
                self.out.push_str(self.dice.pick(&[" ", "  ", if has_value { "\t" } else { " " }]));
                self.comment();
            }
            23 => self.out.push_str(self.dice.pick(&[" ", "   "])),
            _ => {}
        }
        self.out.push('\n');
    }

    fn comment(&mut self) {
        let text = self.dice.pick(COMMENTS).replace("{{", "{");
        let (mark, number) = (self.mark, self.comments);
        self.out.push_str(&format!("{text} {mark}{number}{mark}"));
        self.comments += 1;
    }

    fn spaces(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }

    /// How far the next thing is indented: mostly as usual.
    fn next_step(&mut self) -> usize {
        if self.dice.one_in(16) { 1 + self.dice.roll(5) } else { self.step }
    }
}
