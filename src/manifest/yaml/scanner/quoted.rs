//! Scanning text in quotes.

use super::Scanner;
use crate::manifest::fault::{Fault, Syntax};
use crate::manifest::spot::Style;
use crate::manifest::yaml::token::{Kind, Token};
use std::borrow::Cow;

impl<'t> Scanner<'t> {
    pub(super) fn scan_quoted(&mut self) -> Result<Token<'t>, Fault> {
        let start = self.text.at;
        let quote = self.text.byte();
        self.text.at += 1;
        let text = match self.scan_verbatim(quote) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(self.scan_folded(quote, start)?),
        };
        self.text.at += 1;
        let style = if quote == b'"' { Style::DoubleQuoted } else { Style::SingleQuoted };
        Ok(Token { range: self.text.range_from(start), kind: Kind::Scalar(text, style) })
    }

    /// The text up to the closing quote, if it stands there as it is: on one line and without escapes.
    fn scan_verbatim(&mut self, quote: u8) -> Option<&'t str> {
        let start = self.text.at;
        let special = |byte: u8| byte == quote || matches!(byte, b'\\' | b'\n' | b'\r' | 0xC2 | 0xE2);
        let mut at = 0;
        loop {
            let rest = self.text.rest().get(at..).unwrap_or_default();
            at += rest.iter().position(|byte| special(*byte))?;
            match self.text.peek(at) {
                byte if byte == quote => break,
                b'\\' if quote == b'\'' => at += 1,
                0xC2 | 0xE2 if !self.text.is_break(at) => at += 1,
                _ => return None,
            }
        }
        if quote == b'\'' && self.text.peek(at + 1) == b'\'' {
            return None;
        }
        self.text.at += at;
        Some(self.text.slice(start, self.text.at))
    }

    /// The text up to the closing quote, its lines joined and its escapes replaced.
    fn scan_folded(&mut self, quote: u8, start: usize) -> Result<String, Fault> {
        let mut text = String::new();
        loop {
            if self.text.is_end() || self.text.is_document_mark() {
                self.text.at = start + 1;
                return Err(self.fault_from(start, Syntax::UnclosedQuote));
            }
            let joined = self.scan_words(quote, &mut text)?;
            if self.text.byte() == quote {
                return Ok(text);
            }
            self.scan_space(joined, &mut text);
        }
    }

    /// Goes over text up to a space, a line break or the closing quote. True if it ended with an escaped line break.
    fn scan_words(&mut self, quote: u8, text: &mut String) -> Result<bool, Fault> {
        let mut from = self.text.at;
        while !self.text.is_blank_or_end(0) {
            let byte = self.text.byte();
            if byte == b'\'' && quote == byte && self.text.peek(1) == byte {
                text.push_str(self.text.slice(from, self.text.at + 1));
                self.text.at += 2;
                from = self.text.at;
            } else if byte == quote {
                break;
            } else if byte == b'\\' && quote == b'"' {
                text.push_str(self.text.slice(from, self.text.at));
                if self.text.is_break(1) {
                    self.text.at += 1;
                    self.text.take_break();
                    return Ok(true);
                }
                text.push(self.scan_escape()?);
                from = self.text.at;
            } else {
                self.text.at += 1;
            }
        }
        text.push_str(self.text.slice(from, self.text.at));
        Ok(false)
    }

    /// Goes over spaces and line breaks, and writes what they stand for; `joined` if a line break came before.
    fn scan_space(&mut self, joined: bool, text: &mut String) {
        let start = self.text.at;
        let (mut first, mut more, mut is_break) = ("", String::new(), joined);
        loop {
            self.text.skip_blanks();
            match self.text.take_break() {
                "" => break,
                line_break if is_break => more.push_str(line_break),
                line_break => (first, is_break) = (line_break, true),
            }
        }
        match first {
            _ if !is_break => text.push_str(self.text.slice(start, self.text.at)),
            "\n" if more.is_empty() => text.push(' '),
            "\n" => text.push_str(&more),
            _ => text.extend([first, &more]),
        }
    }

    fn scan_escape(&mut self) -> Result<char, Fault> {
        let start = self.text.at;
        let escape = self.text.peek(1);
        self.text.at += 2;
        let character = match escape {
            b'0' => '\0',
            b'a' => '\u{7}',
            b'b' => '\u{8}',
            b't' | b'\t' => '\t',
            b'n' => '\n',
            b'v' => '\u{b}',
            b'f' => '\u{c}',
            b'r' => '\r',
            b'e' => '\u{1b}',
            b' ' => ' ',
            b'"' => '"',
            b'\'' => '\'',
            b'\\' => '\\',
            b'N' => '\u{85}',
            b'_' => '\u{a0}',
            b'L' => '\u{2028}',
            b'P' => '\u{2029}',
            b'x' => return self.scan_code(2, start),
            b'u' => return self.scan_code(4, start),
            b'U' => return self.scan_code(8, start),
            _ => {
                self.text.at = start + 1;
                return Err(self.fault_from(start, Syntax::UnknownEscape));
            }
        };
        Ok(character)
    }

    /// The character of a number of hexadecimal digits. Halves of surrogate pairs are none, other than in JSON.
    fn scan_code(&mut self, digits: usize, start: usize) -> Result<char, Fault> {
        let code = self.text.slice(self.text.at, self.text.at + digits);
        let is_hexadecimal = code.len() == digits && code.bytes().all(|byte| byte.is_ascii_hexdigit());
        let character = u32::from_str_radix(code, 16).ok().filter(|_| is_hexadecimal).and_then(char::from_u32);
        match character {
            Some(character) => {
                self.text.at += digits;
                Ok(character)
            }
            None => Err(self.fault_from(start, Syntax::BadEscape)),
        }
    }
}
