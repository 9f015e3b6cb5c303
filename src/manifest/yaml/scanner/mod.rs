//! From text to tokens, by the rules of YAML 1.1 as libyaml and its Go port have them, because kubectl reads with that.
//!
//! The hard part of YAML is that a key is known only by the colon behind it. A token that may begin a key is held back
//! until that is decided: at the colon, at the end of the line, or after 1,024 characters.
//! Source of the rules: `scannerc.go` of <https://github.com/yaml/go-yaml/tree/v2>.

mod block_scalar;
mod keys;
mod names;
mod plain;
mod quoted;
mod text;

use keys::PossibleKey;
use text::Text;

use crate::manifest::fault::{Fault, Seen, Syntax};
use crate::manifest::tree::Range;
use crate::manifest::yaml::token::{Kind, Token};
use std::collections::VecDeque;

/// Turns a text into tokens.
pub(super) struct Scanner<'t> {
    text: Text<'t>,
    /// The comments so far.
    pub(super) comments: Vec<Range>,
    queue: VecDeque<Token<'t>>,
    /// How many tokens were taken from the queue.
    taken: usize,
    /// The column of the innermost block map or list, -1 outside of all.
    indent: isize,
    outer_indents: Vec<isize>,
    /// Whether a key may begin here.
    key_allowed: bool,
    /// The token that may begin a key, for each level of brackets, the outermost first.
    keys: Vec<PossibleKey>,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text: Text::new(text),
            comments: Vec::new(),
            queue: VecDeque::new(),
            taken: 0,
            indent: -1,
            outer_indents: Vec::new(),
            key_allowed: true,
            keys: vec![PossibleKey::default()],
        }
    }

    /// The next token, which stays the next one.
    pub(super) fn peek(&mut self) -> Result<&Token<'t>, Fault> {
        while self.queue.is_empty() || self.is_undecided()? {
            self.fetch()?;
        }
        self.queue.front().ok_or_else(|| self.fault(Syntax::CannotStart(self.text.seen_at(self.text.at))))
    }

    /// Takes the next token.
    pub(super) fn take(&mut self) -> Result<Token<'t>, Fault> {
        self.peek()?;
        self.taken += 1;
        self.queue.pop_front().ok_or_else(|| self.fault(Syntax::CannotStart(self.text.seen_at(self.text.at))))
    }

    /// How far the text was looked at.
    pub(super) fn seen_to(&self) -> u32 {
        self.text.range_from(0).end
    }

    /// The character at an offset.
    pub(super) fn seen_at(&self, at: u32) -> Seen {
        self.text.seen_at(at as usize)
    }

    /// The next offset at which something stands that is neither space nor comment.
    pub(super) fn text_behind(&mut self) -> Option<u32> {
        self.skip_to_token();
        (!self.text.is_end()).then(|| self.text.range_from(self.text.at).start)
    }

    pub(super) fn in_brackets(&self) -> bool {
        self.keys.len() > 1
    }

    /// A fault here.
    pub(super) fn fault(&self, syntax: Syntax) -> Fault {
        self.fault_from(self.text.at, syntax)
    }

    /// A fault of what began at an earlier place.
    pub(super) fn fault_from(&self, start: usize, syntax: Syntax) -> Fault {
        Fault::new(self.text.range_from(start), syntax)
    }

    fn fetch(&mut self) -> Result<(), Fault> {
        self.skip_to_token();
        self.close_blocks(self.text.column().cast_signed());
        if self.text.is_end() {
            return self.stream_end();
        }
        if self.text.column() == 0 && self.text.byte() == b'%' {
            return Err(self.fault(Syntax::Directive));
        }
        if self.text.is_document_mark() {
            return self.document_mark();
        }
        let in_brackets = self.in_brackets();
        match self.text.byte() {
            b'[' => self.open_bracket(Kind::FlowListStart),
            b'{' => self.open_bracket(Kind::FlowMapStart),
            b']' => self.close_bracket(Kind::FlowListEnd),
            b'}' => self.close_bracket(Kind::FlowMapEnd),
            b',' => self.comma(),
            b'-' if self.text.is_blank_or_end(1) => self.entry(),
            b'?' if in_brackets || self.text.is_blank_or_end(1) => self.explicit_key(),
            b':' if in_brackets || self.text.is_blank_or_end(1) => self.colon(),
            b'*' | b'&' => self.key_part(Self::scan_anchor),
            b'!' => self.key_part(Self::scan_tag),
            b'|' | b'>' if !in_brackets => self.block_scalar(),
            b'\'' | b'"' => self.key_part(Self::scan_quoted),
            b'\t' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' => {
                Err(self.fault(Syntax::CannotStart(self.text.seen_at(self.text.at))))
            }
            _ => self.key_part(Self::scan_plain),
        }
    }

    /// Goes over spaces, comments and line breaks. A tab is a space only where no key may begin.
    fn skip_to_token(&mut self) {
        loop {
            let tabs = self.in_brackets() || !self.key_allowed;
            while self.text.byte() == b' ' || (tabs && self.text.byte() == b'\t') {
                self.text.at += 1;
            }
            self.skip_comment();
            if self.text.take_break().is_empty() {
                return;
            }
            if !self.in_brackets() {
                self.key_allowed = true;
            }
        }
    }

    pub(super) fn skip_comment(&mut self) {
        if self.text.byte() == b'#' {
            let start = self.text.at;
            self.text.skip_to_line_end();
            self.comments.push(self.text.range_from(start));
        }
    }

    fn push(&mut self, start: usize, kind: Kind<'t>) {
        self.queue.push_back(Token { range: self.text.range_from(start), kind });
    }

    /// Pushes a token of some bytes.
    fn push_mark(&mut self, length: usize, kind: Kind<'t>) {
        let start = self.text.at;
        self.text.at += length;
        self.push(start, kind);
    }

    /// A token that may be a key or the start of one: a scalar, an alias, an anchor or a tag.
    fn key_part(&mut self, scan: fn(&mut Self) -> Result<Token<'t>, Fault>) -> Result<(), Fault> {
        self.maybe_key()?;
        self.key_allowed = false;
        let token = scan(self)?;
        self.queue.push_back(token);
        Ok(())
    }

    fn block_scalar(&mut self) -> Result<(), Fault> {
        self.no_key()?;
        self.key_allowed = true;
        let token = self.scan_block()?;
        self.queue.push_back(token);
        Ok(())
    }

    fn stream_end(&mut self) -> Result<(), Fault> {
        if self.text.column() > 0 {
            self.text.line_start = self.text.at;
        }
        self.close_blocks(-1);
        self.no_key()?;
        self.key_allowed = false;
        self.push_mark(0, Kind::StreamEnd);
        Ok(())
    }

    fn document_mark(&mut self) -> Result<(), Fault> {
        self.close_blocks(-1);
        self.no_key()?;
        self.key_allowed = false;
        let kind = if self.text.byte() == b'-' { Kind::DocumentStart } else { Kind::DocumentEnd };
        self.push_mark(3, kind);
        Ok(())
    }

    fn open_bracket(&mut self, kind: Kind<'t>) -> Result<(), Fault> {
        self.maybe_key()?;
        self.keys.push(PossibleKey::default());
        self.key_allowed = true;
        self.push_mark(1, kind);
        Ok(())
    }

    fn close_bracket(&mut self, kind: Kind<'t>) -> Result<(), Fault> {
        self.no_key()?;
        if self.in_brackets() {
            self.keys.pop();
        }
        self.key_allowed = false;
        self.push_mark(1, kind);
        Ok(())
    }

    fn comma(&mut self) -> Result<(), Fault> {
        self.no_key()?;
        self.key_allowed = true;
        self.push_mark(1, Kind::Comma);
        Ok(())
    }

    /// `-`. In brackets it is a token too, which the parser refuses.
    fn entry(&mut self) -> Result<(), Fault> {
        if !self.in_brackets() {
            if !self.key_allowed {
                return Err(self.fault(Syntax::EntryNotAllowed));
            }
            self.open_block(self.text.column(), self.text.at, self.queue.len(), Kind::BlockListStart);
        }
        self.no_key()?;
        self.key_allowed = true;
        self.push_mark(1, Kind::Entry);
        Ok(())
    }

    /// `?`
    fn explicit_key(&mut self) -> Result<(), Fault> {
        if !self.in_brackets() {
            if !self.key_allowed {
                return Err(self.fault(Syntax::KeyNotAllowed));
            }
            self.open_block(self.text.column(), self.text.at, self.queue.len(), Kind::BlockMapStart);
        }
        self.no_key()?;
        self.key_allowed = !self.in_brackets();
        self.push_mark(1, Kind::Key);
        Ok(())
    }

    /// `:` behind a key, or alone.
    fn colon(&mut self) -> Result<(), Fault> {
        let level = self.keys.len() - 1;
        if self.may_be_key(level)? {
            let key = std::mem::take(&mut self.keys[level]);
            let position = key.token - self.taken;
            self.queue.insert(position, Token { range: empty(key.at), kind: Kind::Key });
            self.open_block(key.at - key.line_start, key.at, position, Kind::BlockMapStart);
            self.key_allowed = false;
        } else {
            if !self.in_brackets() {
                if !self.key_allowed {
                    return Err(self.fault(Syntax::ValueNotAllowed));
                }
                self.open_block(self.text.column(), self.text.at, self.queue.len(), Kind::BlockMapStart);
            }
            self.key_allowed = !self.in_brackets();
        }
        self.push_mark(1, Kind::Colon);
        Ok(())
    }

    /// Opens a block map or list at a column further in, before the token at a position of the queue.
    fn open_block(&mut self, column: usize, at: usize, position: usize, kind: Kind<'t>) {
        let column = column.cast_signed();
        if !self.in_brackets() && self.indent < column {
            self.outer_indents.push(self.indent);
            self.indent = column;
            self.queue.insert(position, Token { range: empty(at), kind });
        }
    }

    /// Closes all block maps and lists that are further in than a column.
    fn close_blocks(&mut self, column: isize) {
        while !self.in_brackets() && self.indent > column {
            self.push_mark(0, Kind::BlockEnd);
            self.indent = self.outer_indents.pop().unwrap_or(-1);
        }
    }
}

#[allow(clippy::cast_possible_truncation)] // a text of at most u32::MAX bytes
fn empty(at: usize) -> Range {
    Range { start: at as u32, end: at as u32 }
}
