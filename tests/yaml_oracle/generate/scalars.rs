//! Scalars in every style, and what stands before them.

use super::Writer;
use super::words::{ESCAPES, PLAIN, TEXTS};

impl Writer<'_> {
    pub(super) fn scalar_line(&mut self, below: usize) {
        self.out.push(' ');
        if self.dice.one_in(12) {
            self.end_line();
            self.spaces(below);
        }
        match self.dice.roll(5) {
            0 => self.quoted(below, true),
            1 => self.quoted(below, false),
            2 => {
                // Over several lines.
                let words = 1 + self.dice.roll(3);
                for index in 0..words {
                    if index > 0 {
                        self.out.push_str(self.dice.pick(&["\n", "\n", "\n\n", " \n", "\t\n"]));
                        self.spaces(below);
                    }
                    self.out.push_str(self.dice.pick(PLAIN));
                }
            }
            _ => self.out.push_str(self.dice.pick(PLAIN)),
        }
        self.end_line();
    }

    pub(super) fn properties(&mut self) {
        if self.dice.one_in(10) {
            self.out.push_str(&format!(" &x{}", self.anchors));
            self.anchors += 1;
        }
        if self.dice.one_in(14) {
            self.out.push(' ');
            self.out.push_str(self.dice.pick(&[
                "!!str",
                "!!int",
                "!!float",
                "!!bool",
                "!!null",
                "!!binary",
                "!",
                "!foo",
                "!!timestamp",
                "!!map",
                "!!seq",
                "!!set",
                "!<!x>",
                "!!merge",
                "!<tag:yaml.org,2002:int>",
            ]));
        }
    }

    pub(super) fn quoted(&mut self, below: usize, double: bool) {
        let text = self.dice.pick(TEXTS);
        let indent = " ".repeat(below);
        let folded = text.replace('\n', &format!("\n\n{indent}"));
        if !double {
            self.out.push_str(&format!("'{}'", folded.replace('\'', "''")));
            return;
        }
        let mut quoted = folded.replace('\\', "\\\\").replace('"', "\\\"");
        if self.dice.one_in(3) {
            quoted.push_str(self.dice.pick(ESCAPES));
        }
        if self.dice.one_in(6) {
            quoted.insert_str(0, &format!("a{}\n{indent}", self.dice.pick(&["", " ", "\\", " \\", "\t"])));
        }
        self.out.push_str(&format!("\"{quoted}\""));
    }

    pub(super) fn block_scalar(&mut self, below: usize) {
        let header =
            self.dice.pick(&["|", ">", "|-", ">-", "|+", ">+", "|2", ">1-", "|-1", "|0", "|x", "> # c", "|#c"]);
        self.out.push(' ');
        self.out.push_str(header);
        self.out.push('\n');
        let text = self.dice.pick(TEXTS);
        for line in text.split('\n') {
            if !line.is_empty() || self.dice.one_in(3) {
                let wobble = usize::from(self.dice.one_in(15));
                self.spaces(below + wobble);
            }
            self.out.push_str(line);
            self.out.push('\n');
        }
        if self.dice.one_in(4) {
            self.out.push_str(self.dice.pick(&["\n", "\n\n", "  \n", "# c\n", " # c\n"]));
        }
    }
}
