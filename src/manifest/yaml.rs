//! One document of YAML, from the parser's events to a composed document.
//!
//! granit-parser knows YAML 1.2; what kubectl's reader does otherwise is set right here and in [`super::scalar`].
//! As kubectl, it reads the first document of its text and nothing behind that.

use super::compose::{Composed, Composer, Reason, Refusal};
use super::cursor::Cursor;
use super::fault::Fault;
use super::limits::Limits;
use super::scalar::{self, Tag};
use super::spot::Style;
use super::tree::Range;
use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle};
use std::borrow::Cow;

/// What reading a piece of YAML gave.
pub(super) struct Outcome {
    /// The document, or why there is none.
    pub(super) read: Result<Composed, Fault>,
    /// All comments up to the end or the fault, in the order of the text.
    pub(super) comments: Vec<Range>,
}

/// Reads the first document of `text`, which holds at most `u32::MAX` bytes.
pub(super) fn read(text: &str, limits: &Limits) -> Outcome {
    let mut reader =
        Reader { text, composer: Composer::new(text, limits), cursor: Cursor::new(text), comments: Vec::new() };
    let fault = reader.drain(Parser::new_from_str_with_options(text, options(limits))).err();
    let Reader { composer, mut comments, .. } = reader;
    comments.sort_unstable_by_key(|range| range.start);
    Outcome { read: fault.map_or_else(|| Ok(composer.finish()), Err), comments }
}

fn options(limits: &Limits) -> Options {
    granit_parser::options! {
        emit_anchor_events: true,
        // Comments are limited by the size of the document.
        max_buffered_comment_events: usize::MAX,
        // One level more than allowed, so that it is the composer that refuses, with its own words.
        flow_nesting_limit: limits.max_depth + 1,
        block_nesting_limit: limits.max_depth + 1,
    }
}

struct Reader<'t> {
    text: &'t str,
    composer: Composer<'t>,
    cursor: Cursor<'t>,
    comments: Vec<Range>,
}

impl<'t> Reader<'t> {
    fn drain(&mut self, parser: Parser<'t, StrInput<'t>>) -> Result<(), Fault> {
        for next in parser {
            let (event, span) = next.map_err(|error| syntax(&error))?;
            match event {
                Event::DocumentEnd => return Ok(()),
                event => self.take(event, span).map_err(Fault::Refused)?,
            }
        }
        Ok(())
    }

    fn take(&mut self, event: Event<'t>, span: Span) -> Result<(), Refusal> {
        let range = range(span);
        match event {
            Event::Comment(..) => self.comments.push(range),
            Event::DocumentStart(true, _) => self.cursor.move_to(range.end),
            Event::Scalar(text, style, anchor, tag) => {
                return self.scalar(text, style, anchor, tag.as_deref(), range, span);
            }
            Event::Alias(anchor) => {
                self.begin_item();
                self.cursor.move_to(range.end);
                return self.composer.alias(range, anchor);
            }
            Event::Anchor(..) => self.composer.property(range),
            Event::MappingStart(style, anchor, _) => {
                self.begin_collection(range, style);
                self.composer.open_map(range, structure(style), set(anchor))?;
                self.tag_place(span);
            }
            Event::SequenceStart(style, anchor, _) => {
                self.begin_collection(range, style);
                self.composer.open_list_of(range, structure(style), set(anchor))?;
                self.tag_place(span);
            }
            Event::MappingEnd | Event::SequenceEnd => {
                let is_bracket = range.end > range.start;
                if is_bracket {
                    self.cursor.move_to(range.end);
                }
                return self.composer.close(is_bracket.then_some(range.end));
            }
            _ => {}
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: Cow<'t, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&granit_parser::Tag>,
        range: Range,
        span: Span,
    ) -> Result<(), Refusal> {
        self.begin_item();
        let (style, plain) = scalar_style(style);
        let (text, range) = match style {
            Style::Literal | Style::Folded => (text, self.block_range(range)),
            Style::Plain if range.start == range.end => {
                let at = if anchor == 0 && tag.is_none() { self.cursor.behind_colon() } else { range.start };
                (Cow::Borrowed(""), Range { start: at, end: at })
            }
            _ => (text, range),
        };
        if let Some(at) = self.json_only_escape(style, range) {
            return Err(Refusal { range: Range { start: at, end: at + 2 }, reason: Reason::UnknownEscape });
        }
        self.cursor.move_to(range.end);
        let (tag, is_implicit) = tag.map_or((Tag::Absent, plain), |tag| (known_tag(tag), is_non_specific(tag)));
        if text == "<<" && self.composer.wants_key() && (is_implicit || tag == Tag::Merge) {
            self.composer.merge_key(range)?;
        } else {
            let resolved =
                scalar::resolve(text, plain, tag).map_err(|reason| Refusal { range, reason: reason.into() })?;
            self.composer.scalar(range, style, resolved, set(anchor))?;
        }
        self.tag_place(span);
        Ok(())
    }

    /// An item of a block list begins with its dash; the first dash is where the list begins.
    fn begin_item(&mut self) {
        if self.composer.open_list() == Some(Style::Block)
            && let Some(dash) = self.cursor.find(|byte| byte == b'-')
        {
            self.cursor.move_to(dash + 1);
            self.composer.begin_at(dash);
        }
    }

    fn begin_collection(&mut self, range: Range, style: StructureStyle) {
        self.begin_item();
        if style == StructureStyle::Flow {
            self.cursor.move_to(range.end);
        }
    }

    /// A block scalar is reported from its first line of content on, or not even that: it begins with `|` or `>`.
    fn block_range(&self, range: Range) -> Range {
        let start = self.cursor.find(|byte| matches!(byte, b'|' | b'>')).unwrap_or(range.start);
        let content = self.text.get(start as usize..range.end as usize).unwrap_or("");
        #[allow(clippy::cast_possible_truncation)]
        let end = start + content.trim_end_matches([' ', '\t', '\n', '\r']).len() as u32;
        Range { start, end }
    }

    /// `\/` is an escape of JSON and of YAML 1.2; YAML 1.1, and so kubectl, does not know it.
    fn json_only_escape(&self, style: Style, range: Range) -> Option<u32> {
        let written = self.text.as_bytes().get(range.start as usize..range.end as usize)?;
        if style != Style::DoubleQuoted {
            return None;
        }
        let mut bytes = written.iter().zip(range.start..);
        while let Some((byte, at)) = bytes.next() {
            if *byte == b'\\' && bytes.next().is_some_and(|(escaped, _)| *escaped == b'/') {
                return Some(at);
            }
        }
        None
    }

    fn tag_place(&mut self, span: Span) {
        if let Some(tag) = span.tag_span() {
            self.composer.property(self::range(tag));
        }
    }
}

fn set(anchor: usize) -> Option<usize> {
    (anchor != 0).then_some(anchor)
}

#[allow(clippy::cast_possible_truncation)] // the caller gives at most u32::MAX bytes
fn range(span: Span) -> Range {
    let bytes = span.byte_range().unwrap_or(0..0);
    Range { start: bytes.start as u32, end: bytes.end as u32 }
}

#[allow(clippy::cast_possible_truncation)] // as above
fn syntax(error: &ScanError) -> Fault {
    Fault::Yaml { at: error.marker().byte_offset().unwrap_or(0) as u32, kind: error.kind().clone() }
}

fn structure(style: StructureStyle) -> Style {
    match style {
        StructureStyle::Block => Style::Block,
        StructureStyle::Flow => Style::Flow,
    }
}

fn scalar_style(style: ScalarStyle) -> (Style, bool) {
    match style {
        ScalarStyle::Plain => (Style::Plain, true),
        ScalarStyle::SingleQuoted => (Style::SingleQuoted, false),
        ScalarStyle::DoubleQuoted => (Style::DoubleQuoted, false),
        ScalarStyle::Literal => (Style::Literal, false),
        ScalarStyle::Folded => (Style::Folded, false),
    }
}

fn known_tag(tag: &granit_parser::Tag) -> Tag {
    tag.suffix_in_namespace("tag:yaml.org,2002:").map_or(Tag::Other, |suffix| Tag::of_yaml_schema(&suffix))
}

/// The tag `!` alone.
fn is_non_specific(tag: &granit_parser::Tag) -> bool {
    tag.handle().is_empty() && tag.suffix() == "!"
}
