//! One document of JSON, strictly: kubectl reads a stream that starts with `{` by Go's `encoding/json`.
//!
//! Any deviation is a fault, upon which the caller tries YAML, as kubectl does.

use super::compose::{Composed, Composer};
use super::fault::{Fault, Reason, Seen};
use super::limits::Limits;
use super::number;
use super::scalar::{Meaningless, Scalar};
use super::spot::Style;
use super::tree::Range;
use std::borrow::Cow;

/// Reads the value at the start of `text` and gives it with the offset behind it; none if there is only space.
pub(super) fn read(text: &str, limits: &Limits) -> Result<Option<(Composed, usize)>, Fault> {
    let mut reader = Reader { text, at: 0, composer: Composer::new(text, limits), open: Vec::new(), huge: None };
    reader.skip_space();
    if reader.byte().is_none() {
        return Ok(None);
    }
    reader.document()?;
    if let Some(huge) = reader.huge {
        return Err(huge);
    }
    Ok(Some((reader.composer.finish(), reader.at)))
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    composer: Composer<'t>,
    /// The brackets that are open.
    open: Vec<u8>,
    /// A number beyond every float. It matters only if all the rest is JSON: in YAML it would be text.
    huge: Option<Fault>,
}

impl<'t> Reader<'t> {
    fn document(&mut self) -> Result<(), Fault> {
        loop {
            self.skip_space();
            let opened = self.value()?;
            if opened && self.closes_at_once()? {
                self.close()?;
            } else if opened {
                self.key_of_map()?;
                continue;
            }
            if !self.next_entry()? {
                return Ok(());
            }
        }
    }

    /// Behind a value: closes what ends here, and goes to the next value. False at the end of the document.
    fn next_entry(&mut self) -> Result<bool, Fault> {
        while let Some(&open) = self.open.last() {
            self.skip_space();
            match (self.byte(), open) {
                (Some(b','), _) => {
                    self.at += 1;
                    self.key_of_map()?;
                    return Ok(true);
                }
                (Some(b'}'), b'{') | (Some(b']'), b'[') => self.close()?,
                (_, b'{') => return Err(self.fault("`,` or `}`")),
                _ => return Err(self.fault("`,` or `]`")),
            }
        }
        Ok(false)
    }

    /// Whether the collection that was just opened is empty.
    fn closes_at_once(&mut self) -> Result<bool, Fault> {
        self.skip_space();
        Ok(matches!((self.byte(), self.open.last()), (Some(b'}'), Some(b'{')) | (Some(b']'), Some(b'['))))
    }

    /// In a map, the key and the colon before the next value.
    fn key_of_map(&mut self) -> Result<(), Fault> {
        if self.open.last() != Some(&b'{') {
            return Ok(());
        }
        self.skip_space();
        if self.byte() != Some(b'"') {
            return Err(self.fault("a key in double quotes"));
        }
        self.string()?;
        self.skip_space();
        if self.byte() != Some(b':') {
            return Err(self.fault("`:` behind the key"));
        }
        self.at += 1;
        Ok(())
    }

    /// A value, or the opening bracket of one; true for a bracket.
    fn value(&mut self) -> Result<bool, Fault> {
        match self.byte() {
            Some(open @ (b'{' | b'[')) => {
                let range = self.range(self.at, self.at + 1);
                let opened = if open == b'{' {
                    self.composer.open_map(range, Style::Flow, None)
                } else {
                    self.composer.open_list(range, Style::Flow, None)
                };
                opened?;
                self.open.push(open);
                self.at += 1;
                return Ok(true);
            }
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        }
        Ok(false)
    }

    fn close(&mut self) -> Result<(), Fault> {
        self.at += 1;
        self.open.pop();
        let end = self.range(self.at, self.at).end;
        self.composer.close(Some(end))
    }

    fn word(&mut self) -> Result<(), Fault> {
        let words = [("true", Scalar::Bool(true)), ("false", Scalar::Bool(false)), ("null", Scalar::Null)];
        let rest = self.rest();
        let Some((word, scalar)) = words.into_iter().find(|(word, _)| rest.starts_with(word)) else {
            return Err(self.fault("a value"));
        };
        self.scalar(self.at + word.len(), Style::Plain, scalar)
    }

    fn number(&mut self) -> Result<(), Fault> {
        let rest = self.rest();
        let length = number_length(rest.as_bytes()).ok_or_else(|| self.fault("a number"))?;
        let end = self.at + length;
        let scalar = number::parse(&rest[..length]).unwrap_or_else(|| {
            self.huge = Some(Fault::new(self.range(self.at, end), Meaningless::HugeNumber));
            Scalar::Null
        });
        self.scalar(end, Style::Plain, scalar)
    }

    fn string(&mut self) -> Result<(), Fault> {
        let (text, end) = self.quoted()?;
        self.scalar(end, Style::DoubleQuoted, Scalar::Text(text))
    }

    fn scalar(&mut self, end: usize, style: Style, scalar: Scalar<'_>) -> Result<(), Fault> {
        let range = self.range(self.at, end);
        self.at = end;
        self.composer.scalar(range, style, scalar, None)
    }

    /// The text in the quotes that begin here, and the offset behind them.
    fn quoted(&self) -> Result<(Cow<'t, str>, usize), Fault> {
        let start = self.at + 1;
        let mut text = Cow::Borrowed("");
        let mut from = start;
        loop {
            let rest = self.text.get(from..).unwrap_or("");
            let special = rest.bytes().position(|byte| byte == b'"' || byte == b'\\' || byte < 0x20);
            let Some(length) = special else { return Err(self.fault("the closing double quote")) };
            let at = from + length;
            append(&mut text, &rest[..length]);
            match self.text.as_bytes().get(at) {
                Some(b'"') => return Ok((text, at + 1)),
                Some(b'\\') => {
                    let Some((character, length)) = escape(&self.text[at..]) else {
                        return Err(self.fault_at(at, "one of the escapes of JSON"));
                    };
                    text.to_mut().push(character);
                    from = at + length;
                }
                _ => return Err(self.fault_at(at, "an escape such as \\n or \\t in the quoted text")),
            }
        }
    }

    fn skip_space(&mut self) {
        let space = self.rest().bytes().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.at += space;
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fault(&self, wanted: &'static str) -> Fault {
        self.fault_at(self.at, wanted)
    }

    fn fault_at(&self, at: usize, wanted: &'static str) -> Fault {
        let seen = Seen::first_of(self.text.get(at..).unwrap_or(""));
        Fault::new(self.range(at, at), Reason::NoJson { wanted, seen })
    }

    #[allow(clippy::cast_possible_truncation, clippy::unused_self)] // a text of at most u32::MAX bytes
    fn range(&self, start: usize, end: usize) -> Range {
        Range { start: start as u32, end: end as u32 }
    }
}

fn append<'t>(text: &mut Cow<'t, str>, more: &'t str) {
    if text.is_empty() {
        *text = Cow::Borrowed(more);
    } else if !more.is_empty() {
        text.to_mut().push_str(more);
    }
}

/// The length of the number at the start: `-? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][-+]?[0-9]+)?`.
fn number_length(text: &[u8]) -> Option<usize> {
    let digits =
        |from: usize| text.get(from..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    at += match digits(at) {
        0 => return None,
        _ if text.get(at) == Some(&b'0') => 1,
        count => count,
    };
    if text.get(at) == Some(&b'.') {
        at += 1 + Some(digits(at + 1)).filter(|count| *count > 0)?;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        at += 1 + sign + Some(digits(at + 1 + sign)).filter(|count| *count > 0)?;
    }
    Some(at)
}

/// The character of the escape at the start, and the bytes it takes. Half of a surrogate pair alone is U+FFFD, as in Go.
fn escape(text: &str) -> Option<(char, usize)> {
    let character = match text.as_bytes().get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(text),
        _ => return None,
    };
    Some((character, 2))
}

fn unicode_escape(text: &str) -> Option<(char, usize)> {
    let first = code_unit(text)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 6));
    }
    let second = text.get(6..).and_then(code_unit).filter(|unit| (0xDC00..0xE000).contains(unit));
    match second {
        Some(second) if first < 0xDC00 => {
            Some((char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00))?, 12))
        }
        _ => Some((char::REPLACEMENT_CHARACTER, 6)),
    }
}

/// The number of `\uXXXX` at the start.
fn code_unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}
