//! Scanning block scalars: the lines below `|` (kept) or `>` (joined).

use super::Scanner;
use crate::manifest::fault::{Fault, Syntax};
use crate::manifest::spot::Style;
use crate::manifest::yaml::token::{Kind, Token};
use std::borrow::Cow;

/// What becomes of the line breaks at the end.
#[derive(Clone, Copy, PartialEq)]
enum Chomping {
    /// `-`: none stays.
    Strip,
    /// One stays.
    Clip,
    /// `+`: all stay.
    Keep,
}

impl<'t> Scanner<'t> {
    /// The token reaches from the `|` or `>` to the end of the last line with text.
    pub(super) fn scan_block(&mut self) -> Result<Token<'t>, Fault> {
        let start = self.text.at;
        let style = if self.text.byte() == b'|' { Style::Literal } else { Style::Folded };
        self.text.at += 1;
        let (chomping, indentation) = self.scan_block_header(start)?;
        let mut range = self.text.range_from(start);
        self.skip_comment();
        if !self.text.is_break(0) && !self.text.is_end() {
            return Err(self.fault_from(start, Syntax::BadBlockHeader));
        }
        self.text.take_break_or_end();

        let mut column = indentation.map_or(0, |digit| self.indent.max(0).unsigned_abs() + digit);
        let mut breaks = String::new();
        let mut text = String::new();
        let (mut line_break, mut was_indented) = ("", false);
        self.scan_block_breaks(&mut column, &mut breaks, start)?;
        while self.text.column() == column && !self.text.is_end() {
            let is_indented = self.text.is_blank(0);
            if style == Style::Folded && !was_indented && !is_indented && line_break == "\n" {
                if breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(line_break);
            }
            text.push_str(&breaks);
            breaks.clear();
            was_indented = is_indented;
            let line_start = self.text.at;
            self.text.skip_to_line_end();
            text.push_str(self.text.slice(line_start, self.text.at));
            range = self.text.range_from(start);
            line_break = self.text.take_break_or_end();
            self.scan_block_breaks(&mut column, &mut breaks, start)?;
        }
        if chomping != Chomping::Strip {
            text.push_str(line_break);
        }
        if chomping == Chomping::Keep {
            text.push_str(&breaks);
        }
        Ok(Token { range, kind: Kind::Scalar(Cow::Owned(text), style) })
    }

    /// `+` or `-` and a digit for the indentation, in either order; the blanks behind them.
    fn scan_block_header(&mut self, start: usize) -> Result<(Chomping, Option<usize>), Fault> {
        let (mut chomping, mut indentation) = (None, None);
        loop {
            match self.text.byte() {
                b'+' if chomping.is_none() => chomping = Some(Chomping::Keep),
                b'-' if chomping.is_none() => chomping = Some(Chomping::Strip),
                digit @ b'1'..=b'9' if indentation.is_none() => indentation = Some(usize::from(digit - b'0')),
                b'0' => return Err(self.fault_from(start, Syntax::BadBlockHeader)),
                _ => break,
            }
            self.text.at += 1;
        }
        self.text.skip_blanks();
        Ok((chomping.unwrap_or(Chomping::Clip), indentation))
    }

    /// Goes over empty lines and the indentation of the next line. A column of 0 is not known yet: the deepest of
    /// these lines decides, but it is further in than what the scalar belongs to.
    fn scan_block_breaks(&mut self, column: &mut usize, breaks: &mut String, start: usize) -> Result<(), Fault> {
        let mut deepest = 0;
        loop {
            let is_indentation = |column: usize, at: usize| column == 0 || at < column;
            while is_indentation(*column, self.text.column()) && self.text.byte() == b' ' {
                self.text.at += 1;
            }
            deepest = deepest.max(self.text.column());
            if is_indentation(*column, self.text.column()) && self.text.byte() == b'\t' {
                let tab = self.text.at;
                self.text.at += 1;
                return Err(self.fault_from(tab.max(start), Syntax::TabAsIndentation));
            }
            match self.text.take_break_or_end() {
                "" => break,
                line_break => breaks.push_str(line_break),
            }
        }
        if *column == 0 {
            *column = deepest.max((self.indent + 1).unsigned_abs()).max(1);
        }
        Ok(())
    }
}
