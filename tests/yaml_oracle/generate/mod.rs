//! Odd YAML, the same for the same seed: every style, indents, nasty scalars, anchors, merges, comments, and slips of
//! the pen. Much of it is no YAML at all: what is refused, and what is accepted by mistake, is compared too.

mod brackets;
mod scalars;
mod words;

use words::{COMMENTS, KEYS, SLIPS};

/// A generator of numbers: xorshift64*.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).unwrap_or(0) % sides
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.roll(items.len())]
    }
}

/// A generated file of the given number; usually one document, sometimes more, sometimes with JSON in it.
pub fn file(number: u64) -> String {
    let mut dice = Dice::new(number + 1);
    let mut writer = Writer { dice: &mut dice, out: String::new(), anchors: 0 };
    let documents = if writer.dice.one_in(6) { 1 + writer.dice.roll(3) } else { 1 };
    for index in 0..documents {
        if index > 0 || writer.dice.one_in(8) {
            writer.out.push_str(writer.dice.pick(&["---\n", "---\n", "--- # c\n", "---   \n", "...\n---\n"]));
        }
        writer.document();
    }
    let text = writer.out;
    // Of two byte order marks in a row, libyaml takes the second for one too, at the start of every line.
    let text = slip(&mut dice, text).replace("\u{feff}\u{feff}", "\u{feff}");
    match dice.roll(12) {
        0 => text.replace('\n', "\r\n"),
        1 => format!("\u{feff}{}", text.trim_start_matches('\u{feff}')),
        2 => text.trim_end().to_owned(),
        _ => text,
    }
}

/// Puts a few characters in the wrong place, or takes them away.
fn slip(dice: &mut Dice, mut text: String) -> String {
    let slips = [0, 0, 1, 1, 2, 3][dice.roll(6)];
    for _ in 0..slips {
        let at = text.floor_char_boundary(dice.roll(text.len() + 1));
        match dice.roll(3) {
            0 => {
                let end = text.ceil_char_boundary((at + 1 + dice.roll(3)).min(text.len()));
                text.replace_range(at..end, "");
            }
            1 => {
                let end = text.ceil_char_boundary((at + 1).min(text.len()));
                text.replace_range(at..end, dice.pick(SLIPS));
            }
            _ => text.insert_str(at, dice.pick(SLIPS)),
        }
    }
    text
}

struct Writer<'d> {
    dice: &'d mut Dice,
    out: String,
    anchors: usize,
}

impl Writer<'_> {
    fn document(&mut self) {
        self.anchors = 0;
        self.comment_lines(0);
        match self.dice.roll(12) {
            0 => {
                self.flow(3);
                self.out.push('\n');
            }
            1 => {
                self.json(3);
                self.out.push('\n');
            }
            2 => self.list(0, 3),
            3 => self.scalar_line(0),
            _ => self.map(0, 3),
        }
        self.comment_lines(0);
    }

    fn map(&mut self, indent: usize, depth: usize) {
        for _ in 0..1 + self.dice.roll(4) {
            self.comment_lines(indent);
            self.spaces(indent);
            self.entry(indent, depth);
        }
    }

    /// A key and its value; the key begins here.
    fn entry(&mut self, indent: usize, depth: usize) {
        if self.anchors > 0 && self.dice.one_in(8) {
            self.merge(indent, depth);
            return;
        }
        let explicit = self.dice.one_in(25);
        if explicit {
            self.out.push_str("? ");
        }
        self.key();
        if explicit {
            self.end_line();
            self.spaces(indent);
        } else if self.dice.one_in(20) {
            self.out.push(' ');
        }
        self.out.push(':');
        self.value(indent, depth);
    }

    fn merge(&mut self, indent: usize, depth: usize) {
        self.out.push_str("<<:");
        match self.dice.roll(4) {
            0 => self.value(indent, depth),
            1 => {
                let (a, b) = (self.dice.roll(self.anchors), self.dice.roll(self.anchors));
                self.out.push_str(&format!(" [*x{a}, *x{b}]\n"));
            }
            _ => {
                let anchor = self.dice.roll(self.anchors);
                self.out.push_str(&format!(" *x{anchor}\n"));
            }
        }
    }

    fn key(&mut self) {
        match self.dice.roll(3) {
            0 => {
                let letter = self.dice.pick(&["a", "b", "c", "d", "e", "f"]);
                self.out.push_str(letter);
            }
            _ => self.out.push_str(self.dice.pick(KEYS)),
        }
    }

    fn list(&mut self, indent: usize, depth: usize) {
        for _ in 0..1 + self.dice.roll(3) {
            self.comment_lines(indent);
            self.spaces(indent);
            self.out.push('-');
            if depth > 0 && self.dice.one_in(3) {
                let gap = 1 + self.dice.roll(2);
                self.spaces(gap);
                self.entry(indent + 1 + gap, depth - 1);
                if self.dice.one_in(2) {
                    self.spaces(indent + 1 + gap);
                    self.entry(indent + 1 + gap, depth - 1);
                }
            } else if depth > 0 && self.dice.one_in(6) {
                self.out.push_str(" -");
                self.value(indent + 2, depth - 1);
            } else {
                self.value(indent, depth);
            }
        }
    }

    /// A value behind a colon or dash, to the end of its last line.
    fn value(&mut self, indent: usize, depth: usize) {
        self.properties();
        let below = indent + 1 + self.dice.roll(3);
        match self.dice.roll(12) {
            0 | 1 if depth > 0 => {
                self.end_line();
                self.map(below, depth - 1);
            }
            2 if depth > 0 => {
                self.end_line();
                let same = self.dice.one_in(2);
                self.list(if same { indent } else { below }, depth - 1);
            }
            3 => {
                self.out.push(' ');
                self.flow(depth.min(2));
                self.end_line();
            }
            4 => self.block_scalar(below),
            5 if self.anchors > 0 => {
                let anchor = self.dice.roll(self.anchors);
                self.out.push_str(&format!(" *x{anchor}"));
                self.end_line();
            }
            6 => self.end_line(),
            _ => self.scalar_line(below),
        }
    }

    fn comment_lines(&mut self, indent: usize) {
        while self.dice.one_in(8) {
            if self.dice.one_in(3) {
                self.out.push('\n');
            } else {
                let wobble = [0, 0, 1, 5][self.dice.roll(4)];
                self.spaces(indent + wobble);
                self.out.push_str(self.dice.pick(COMMENTS));
                self.out.push('\n');
            }
        }
    }

    fn end_line(&mut self) {
        if self.dice.one_in(8) {
            self.out.push(' ');
            self.out.push_str(self.dice.pick(COMMENTS));
        } else if self.dice.one_in(20) {
            self.out.push_str(self.dice.pick(&[" ", "\t", " \t "]));
        }
        self.out.push('\n');
    }

    fn spaces(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }
}
