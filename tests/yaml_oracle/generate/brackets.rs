//! Maps and lists in brackets, of YAML and of JSON.

use super::Writer;
use super::words::PLAIN;

impl Writer<'_> {
    pub(super) fn flow(&mut self, depth: usize) {
        match self.dice.roll(if depth == 0 { 2 } else { 5 }) {
            0 => self.out.push_str(self.dice.pick(PLAIN)),
            1 => {
                let double = self.dice.one_in(2);
                self.quoted(2, double);
            }
            2 => {
                self.out.push('[');
                for _ in 0..self.dice.roll(4) {
                    self.flow(depth - 1);
                    self.out.push_str(self.dice.pick(&[", ", ",", ",\n  ", ",\n", " , ", "\n,"]));
                }
                self.out.push(']');
            }
            _ => {
                self.out.push('{');
                for _ in 0..self.dice.roll(4) {
                    if self.dice.one_in(3) {
                        let double = self.dice.one_in(2);
                        self.quoted(2, double);
                    } else {
                        self.key();
                    }
                    self.out.push_str(self.dice.pick(&[": ", ": ", ":", " : ", "", ":\n  ", ": # c\n "]));
                    self.flow(depth - 1);
                    self.out.push_str(self.dice.pick(&[", ", ",", ",\n  ", ",\n", " ,", ""]));
                }
                self.out.push('}');
            }
        }
    }

    pub(super) fn json(&mut self, depth: usize) {
        match self.dice.roll(if depth == 0 { 2 } else { 5 }) {
            0 => self.out.push_str(self.dice.pick(&[
                "1",
                "-0",
                "1.5",
                "1e3",
                "1E+2",
                "0.1e-7",
                "true",
                "false",
                "null",
                "12345678901234567890",
                "1e400",
                "01",
                "+1",
                ".5",
                "1.",
                "1e19",
                "1.0",
            ])),
            1 => self.out.push_str(self.dice.pick(&[
                "\"a\"",
                "\"\"",
                "\"\\/\"",
                "\"\\u00e9\"",
                "\"\\ud834\\udd1e\"",
                "\"\\n\"",
                "\"é\"",
                "\"a\tb\"",
                "\"\\x41\"",
                "\"yes\"",
                "'a'",
                "\"a: b\"",
            ])),
            2 => {
                self.out.push('[');
                for index in 0..self.dice.roll(4) {
                    self.out.push_str(if index > 0 { ",\n\t" } else { "" });
                    self.json(depth - 1);
                }
                self.out.push(']');
            }
            _ => {
                self.out.push_str("{\n");
                for index in 0..self.dice.roll(4) {
                    self.out.push_str(if index > 0 { ",\n\t" } else { "\t" });
                    self.out.push_str(self.dice.pick(&[
                        "\"a\"",
                        "\"b\"",
                        "\"<<\"",
                        "\"\"",
                        "\"c\\u0041\"",
                        "\"yes\"",
                        "\"1\"",
                    ]));
                    self.out.push_str(self.dice.pick(&[": ", ":", " : "]));
                    self.json(depth - 1);
                }
                self.out.push_str("\n}");
            }
        }
        if depth == 3 && self.dice.one_in(3) {
            self.out.push_str(self.dice.pick(&[
                "\n{\"z\": 1}",
                "{}",
                "\n[1]",
                "\n---\na: 1",
                " # c",
                "\n# c",
                "\n\n{\"y\": 2}\n{\"z\": 3",
            ]));
        }
    }
}
