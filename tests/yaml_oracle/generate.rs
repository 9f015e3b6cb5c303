//! Odd YAML, the same for the same seed: every style, indents, nasty scalars, anchors, merges, comments, and slips of
//! the pen. Much of it is no YAML at all: what is refused, and what is accepted by mistake, is compared too.

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

const PLAIN: &[&str] = &[
    "web",
    "a b",
    "yes",
    "No",
    "on",
    "off",
    "y",
    "N",
    "true",
    "FALSE",
    "~",
    "null",
    "Null",
    "",
    "0",
    "-0",
    "+1",
    "0777",
    "08",
    "0o17",
    "0x1F",
    "0X1f",
    "-0x1F",
    "0b101",
    "-0b11",
    "0b2",
    "1_000",
    "1__2",
    "_1",
    "1_",
    "1e3",
    "1E3",
    "1.5e3",
    "1.0",
    "1.10",
    "5.",
    ".5",
    "-.5",
    "+.5",
    ".",
    "..",
    "-",
    "--",
    "1e400",
    "-1e400",
    "1e-400",
    "0.1e-7",
    "1e20",
    "1e21",
    "1e19",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "123456789012345678901234567890",
    "12:30:45",
    "190:20:30",
    "1:20",
    "2026-11-20",
    "2026-11-20 10:00:00",
    "2001-12-14t21:59:43.10-05:00",
    ".inf",
    "-.Inf",
    ".nan",
    "+.INF",
    ".NaN",
    "=",
    "<<",
    "a#b",
    "a:b",
    "a::b",
    ":a",
    "-a",
    "?a",
    "a?",
    "a-",
    "http://x.io/y?z=1",
    "C:\\x",
    "a'b",
    "a\"b",
    "é",
    "日本",
    "😀",
    "x,y",
    "x{y}",
    "x[y]",
    "a}b",
    "%x",
    "a%",
    "@x",
    "`x`",
    "!",
    "a!b",
    "a&b",
    "a*b",
    "a|b",
    "a>b",
    "$(x)",
    "\\n",
    "1 # c",
    "a  b",
    "<",
    "<<<",
    "\u{a0}",
    "a\u{a0}b",
    "100m",
    "8080",
    "0.5",
    "1.2.3",
    "v1",
    "NaN",
    "inf",
    "0x",
    "0xg",
    "1e",
    "e3",
    "+",
    "+-1",
    "1-2",
    "010.5",
    "0_7",
    "1,000",
    "a\tb",
    "tru",
    "nULL",
    "yES",
    "oN",
    "a\\b",
    "{{x}}",
];

const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "a b",
    " a",
    "a ",
    "yes",
    "1",
    "null",
    "~",
    "a: b",
    "- a",
    "# a",
    "a # b",
    "it's",
    "say \"x\"",
    "\\",
    "a\nb",
    "a\n\nb",
    "\na",
    "a\n",
    "a\n\n",
    " a\n  b\n c",
    "é",
    "日本😀",
    "\t",
    "a\tb",
    "x\n\ty",
    "{a}",
    "[a]",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "---",
    "a\n---\nb",
    "...",
    "<<",
    ".inf",
    "2026-11-20",
    "\u{a0}",
    "{{ .x }}",
    "$HOME",
    "a\n b\nc",
    "  a",
    "0777",
];

const ESCAPES: &[&str] = &[
    "\\n",
    "\\t",
    "\\\"",
    "\\\\",
    "\\0",
    "\\x41",
    "\\u00e9",
    "\\U0001F600",
    "\\e",
    "\\ ",
    "\\_",
    "\\N",
    "\\L",
    "\\P",
    "\\a",
    "\\v",
    "\\/",
    "\\'",
    "\\ud834\\udd1e",
    "\\ud834",
    "\\q",
    "\\x4",
    "\\uD83D",
    "\\U00110000",
    "\\\n  ",
    "\\b\\f\\r",
    "\\x80",
    "\\xff",
    "\\1",
    "\\u",
];

const KEYS: &[&str] = &[
    "a",
    "b",
    "name",
    "kind",
    "app.kubernetes.io/name",
    "yes",
    "on",
    "1",
    "01",
    "1.0",
    "1.5",
    "1e3",
    "1e7",
    "null",
    "~",
    "<<",
    "'q'",
    "\"d\"",
    "\"a\"",
    "a b",
    "é",
    "0x10",
    "true",
    "2026-11-20",
    "12345678901234567890",
    "-1",
    "a-b",
    "a.b",
    "_",
    "$x",
    ".inf",
    ".5",
    "=",
    "'<<'",
    "? x",
    "!!str 1",
    "!!int '5'",
    "&k k",
    "x y z",
    "1e-7",
    "123456.5",
    "'it''s'",
    "\"\\u0041\"",
    "{x: y}",
    "[z]",
    "a#b",
];

const COMMENTS: &[&str] = &["# c", "#", "#c", "# a: b", "# - x", "# \"", "# {{ x }}", "# é", "#\tc", "# c # d"];

const SLIPS: &[&str] = &[
    " ",
    "  ",
    "\n",
    "\t",
    ":",
    ": ",
    "- ",
    "-",
    "#",
    " #",
    "'",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&a ",
    "*a",
    "!t ",
    "|",
    ">",
    "%",
    "@",
    "?",
    "? ",
    "\r\n",
    "\r",
    "---\n",
    "...\n",
    "\n---\n",
    "\n...\n",
    "<<: ",
    "a",
    "0",
    "\\",
    "\u{feff}",
    "\u{2028}",
    "\u{85}",
    "\u{a0}",
    "\u{7}",
    "\u{7f}",
    "!!str ",
    "!!binary ",
    "!!int ",
    "!!float ",
    "!!null ",
    "!!bool ",
    "!!map ",
    "!!seq ",
    "! ",
    "!!timestamp ",
    "!<tag:yaml.org,2002:str> ",
    "é",
    "\n\n",
    "\n  ",
    "\n\t",
    "{{ x }}",
    "`",
    "\u{0}",
    "\u{1f}",
    "\u{200b}",
    "|-",
    ">+\n",
    "|2\n",
    "''",
    "\"\"",
    "--- x",
    "--- # c\n",
    "!x!y ",
    "&é ",
    "*é ",
];

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

    fn scalar_line(&mut self, below: usize) {
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

    fn properties(&mut self) {
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

    fn quoted(&mut self, below: usize, double: bool) {
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

    fn block_scalar(&mut self, below: usize) {
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

    fn flow(&mut self, depth: usize) {
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

    fn json(&mut self, depth: usize) {
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
