//! Scanning plain scalars: text without quotes, over as many lines as are indented more than their map or list.

use super::Scanner;
use crate::manifest::fault::{Fault, Syntax};
use crate::manifest::spot::Style;
use crate::manifest::yaml::token::{Kind, Token, class};
use std::borrow::Cow;

impl<'t> Scanner<'t> {
    pub(super) fn scan_plain(&mut self) -> Result<Token<'t>, Fault> {
        let start = self.text.at;
        let mut end = self.scan_plain_line();
        let mut text = Cow::Borrowed(self.text.slice(start, end));
        while self.text.is_break(0) {
            let (first, more) = self.scan_plain_breaks(start)?;
            let line_start = self.text.at;
            let line_end = if self.ends_plain() { line_start } else { self.scan_plain_line() };
            if line_end == line_start {
                // The line break belongs to what follows, and a new line may begin a key.
                self.key_allowed = true;
                break;
            }
            let text = text.to_mut();
            match (first, more.is_empty()) {
                ("\n", true) => text.push(' '),
                ("\n", false) => text.push_str(&more),
                _ => text.extend([first, &more]),
            }
            text.push_str(self.text.slice(line_start, line_end));
            end = line_end;
        }
        let mut range = self.text.range_from(start);
        range.end = range.start + offset(end - start);
        Ok(Token { range, kind: Kind::Scalar(text, Style::Plain) })
    }

    /// Goes over the text on this line, to its line break or to what ends it; gives the end of its last word.
    fn scan_plain_line(&mut self) -> usize {
        let stop = if self.in_brackets() { class::FLOW_STOP } else { class::PLAIN_STOP };
        let mut end = self.text.at;
        loop {
            let word = self.text.at;
            self.scan_plain_word(stop);
            if self.text.at > word {
                end = self.text.at;
            }
            if !self.text.is_blank(0) {
                return end;
            }
            self.text.skip_blanks();
            if self.text.byte() == b'#' {
                return end;
            }
        }
    }

    /// Goes over text to the next blank, line break, or mark that ends the scalar.
    fn scan_plain_word(&mut self, stop: u8) {
        loop {
            let rest = self.text.rest();
            self.text.at += rest.iter().position(|byte| class::is(*byte, stop)).unwrap_or(rest.len());
            let goes_on = match self.text.byte() {
                b':' => !self.text.is_blank_or_end(1),
                0xC2 | 0xE2 => !self.text.is_break(0),
                _ => false,
            };
            if !goes_on {
                return;
            }
            self.text.at += 1;
        }
    }

    /// Goes over line breaks and the blanks between them: the first break, and the others.
    fn scan_plain_breaks(&mut self, start: usize) -> Result<(&'t str, String), Fault> {
        let first = self.text.take_break();
        let mut more = String::new();
        loop {
            if self.text.byte() == b' ' {
                self.text.at += 1;
            } else if self.text.byte() == b'\t' {
                if self.text.column().cast_signed() < self.indent + 1 {
                    return Err(self.fault_from(start, Syntax::TabAsIndentation));
                }
                self.text.at += 1;
            } else {
                match self.text.take_break() {
                    "" => return Ok((first, more)),
                    line_break => more.push_str(line_break),
                }
            }
        }
    }

    /// Whether this line, at its first word, is none of the scalar's.
    fn ends_plain(&self) -> bool {
        let is_outside = !self.in_brackets() && self.text.column().cast_signed() < self.indent + 1;
        is_outside || self.text.byte() == b'#' || self.text.is_document_mark()
    }
}

#[allow(clippy::cast_possible_truncation)] // a text of at most u32::MAX bytes
fn offset(length: usize) -> u32 {
    length as u32
}
