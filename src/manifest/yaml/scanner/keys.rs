//! Tokens that may turn out to begin a key.
//!
//! One for each level of brackets: a new one, a mark that no key can contain, the end of its line or 1,024 characters
//! decide that the one before is none. Where nothing but a key can stand, that is a fault.

use super::{Scanner, empty};
use crate::manifest::fault::{Fault, Syntax};

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PossibleKey {
    pub(super) possible: bool,
    /// Nothing but a key can stand there.
    pub(super) required: bool,
    /// The number of its first token.
    pub(super) token: usize,
    pub(super) at: usize,
    pub(super) line_start: usize,
}

/// Characters between the start of a key and its colon.
const LONGEST_KEY: usize = 1024;

impl Scanner<'_> {
    /// Whether the next token may yet turn out to begin a key.
    pub(super) fn is_undecided(&mut self) -> Result<bool, Fault> {
        match self.keys.iter().position(|key| key.possible && key.token == self.taken) {
            Some(level) => self.may_be_key(level),
            None => Ok(false),
        }
    }

    /// Notes that the token which comes next may begin a key.
    pub(super) fn maybe_key(&mut self) -> Result<(), Fault> {
        if !self.key_allowed {
            return Ok(());
        }
        self.no_key()?;
        let required = !self.in_brackets() && self.indent == self.text.column().cast_signed();
        let token = self.taken + self.queue.len();
        let key = PossibleKey { possible: true, required, token, at: self.text.at, line_start: self.text.line_start };
        if let Some(innermost) = self.keys.last_mut() {
            *innermost = key;
        }
        Ok(())
    }

    /// Notes that what might have been a key is none.
    pub(super) fn no_key(&mut self) -> Result<(), Fault> {
        let key = self.keys.last_mut().map(std::mem::take).unwrap_or_default();
        if key.possible && key.required {
            return Err(self.missing_colon(key.at));
        }
        Ok(())
    }

    /// Whether the possible key of a level can still get its colon.
    pub(super) fn may_be_key(&mut self, level: usize) -> Result<bool, Fault> {
        let key = self.keys[level];
        if !key.possible {
            return Ok(false);
        }
        if key.line_start == self.text.line_start && !self.is_too_long(key.at) {
            return Ok(true);
        }
        if key.required {
            return Err(self.missing_colon(key.at));
        }
        self.keys[level].possible = false;
        Ok(false)
    }

    fn is_too_long(&self, start: usize) -> bool {
        self.text.at - start > LONGEST_KEY && self.text.slice(start, self.text.at).chars().count() > LONGEST_KEY
    }

    fn missing_colon(&self, at: usize) -> Fault {
        Fault::new(empty(at), Syntax::MissingColon)
    }
}
