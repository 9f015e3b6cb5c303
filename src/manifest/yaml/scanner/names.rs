//! Scanning anchors, aliases and tags.

use super::Scanner;
use crate::manifest::fault::{Fault, Syntax};
use crate::manifest::yaml::token::{Kind, TagName, Token, class};
use std::borrow::Cow;

impl<'t> Scanner<'t> {
    /// `&name` or `*name`.
    pub(super) fn scan_anchor(&mut self) -> Result<Token<'t>, Fault> {
        let start = self.text.at;
        let is_alias = self.text.byte() == b'*';
        self.text.at += 1;
        let name = self.scan_class(class::NAME);
        let ends = matches!(self.text.byte(), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !(ends || self.text.is_blank_or_end(0)) {
            return Err(self.fault_from(start, Syntax::BadAnchorName));
        }
        let kind = if is_alias { Kind::Alias(name) } else { Kind::Anchor(name) };
        Ok(Token { range: self.text.range_from(start), kind })
    }

    /// `!`, `!suffix`, `!!suffix`, `!handle!suffix` or `!<suffix>`.
    pub(super) fn scan_tag(&mut self) -> Result<Token<'t>, Fault> {
        let start = self.text.at;
        let bad = |scanner: &Self| scanner.fault_from(start, Syntax::BadTag);
        let name = if self.text.peek(1) == b'<' {
            self.text.at += 2;
            let suffix = self.scan_uri().filter(|suffix| !suffix.is_empty()).ok_or_else(|| bad(self))?;
            if self.text.byte() != b'>' {
                return Err(bad(self));
            }
            self.text.at += 1;
            TagName { handle: "", suffix }
        } else {
            self.scan_tag_name().ok_or_else(|| bad(self))?
        };
        if !self.text.is_blank_or_end(0) {
            return Err(bad(self));
        }
        Ok(Token { range: self.text.range_from(start), kind: Kind::Tag(name) })
    }

    fn scan_tag_name(&mut self) -> Option<TagName<'t>> {
        let start = self.text.at;
        self.text.at += 1;
        self.scan_class(class::NAME);
        if self.text.byte() == b'!' {
            self.text.at += 1;
            let handle = self.text.slice(start, self.text.at);
            let suffix = self.scan_uri().filter(|suffix| !suffix.is_empty())?;
            return Some(TagName { handle, suffix });
        }
        // What looked like a handle is the start of a local tag.
        self.text.at = start + 1;
        let suffix = self.scan_uri()?;
        Some(if suffix.is_empty() {
            TagName { handle: "", suffix: Cow::Borrowed("!") }
        } else {
            TagName { handle: "!", suffix }
        })
    }

    /// The characters of a tag, `%XX` decoded; none if they are no text.
    fn scan_uri(&mut self) -> Option<Cow<'t, str>> {
        let written = self.scan_class(class::URI);
        if !written.contains('%') {
            return Some(Cow::Borrowed(written));
        }
        let mut bytes = Vec::with_capacity(written.len());
        let mut rest = written;
        while let Some((before, escaped)) = rest.split_once('%') {
            bytes.extend_from_slice(before.as_bytes());
            let (digits, after) = escaped.split_at_checked(2)?;
            let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            bytes.push(is_hexadecimal.then(|| u8::from_str_radix(digits, 16).ok())??);
            rest = after;
        }
        bytes.extend_from_slice(rest.as_bytes());
        String::from_utf8(bytes).ok().map(Cow::Owned)
    }

    fn scan_class(&mut self, class: u8) -> &'t str {
        let start = self.text.at;
        while class::is(self.text.byte(), class) {
            self.text.at += 1;
        }
        self.text.slice(start, self.text.at)
    }
}
