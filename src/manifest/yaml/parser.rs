//! From tokens to structure: a machine with a stack of states, one for each open map and list.
//!
//! Source of the rules: `parserc.go` of <https://github.com/yaml/go-yaml/tree/v2>.

use super::Outcome;
use super::scanner::Scanner;
use super::token::{Kind, TagName, Token};
use crate::manifest::compose::Composer;
use crate::manifest::fault::{Fault, Seen, Syntax};
use crate::manifest::limits::Limits;
use crate::manifest::scalar::{self, Tag};
use crate::manifest::spot::Style;
use crate::manifest::tree::Range;
use std::borrow::Cow;
use std::collections::HashMap;

pub(super) fn read(text: &str, limits: &Limits) -> Outcome {
    let mut parser = Parser {
        scanner: Scanner::new(text),
        composer: Composer::new(text, limits),
        states: Vec::new(),
        anchors: HashMap::new(),
        anchor_count: 0,
        last_end: 0,
    };
    let read = parser.document();
    let Parser { scanner, composer, .. } = parser;
    Outcome {
        seen_to: scanner.text.range_from(0).end,
        texts: if read.is_err() { composer.texts() } else { Vec::new() },
        unread: read.as_ref().ok().copied().flatten(),
        read: read.map(|_| composer.finish()),
        comments: scanner.comments,
    }
}

struct Parser<'t> {
    scanner: Scanner<'t>,
    composer: Composer<'t>,
    states: Vec<State>,
    /// The number of the anchor that each name stands for so far.
    anchors: HashMap<&'t str, usize>,
    anchor_count: usize,
    /// Where the last token ended that was taken: what is not written stands there.
    last_end: u32,
}

/// What comes next in an open map or list; with the place of its bracket, if it has one.
#[derive(Debug, Clone, Copy)]
enum State {
    BlockList,
    /// A block list whose dashes stand in the column of the key that it is the value of.
    IndentlessList,
    BlockMapKey,
    BlockMapValue,
    FlowList {
        open: Range,
        first: bool,
    },
    /// A map of one entry, written in a list without braces: `[a: b]`.
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMapKey {
        open: Range,
        first: bool,
    },
    FlowMapValue {
        open: Range,
    },
    /// A key without a colon: `{a, b}`.
    FlowMapNoValue {
        open: Range,
    },
}

/// What may stand before a node.
#[derive(Default)]
struct Properties<'t> {
    anchor: Option<&'t str>,
    tag: Option<TagName<'t>>,
    ranges: [Option<Range>; 2],
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Block,
    /// A value or key of a block map, whose dashes need no indentation.
    BlockMapEntry,
    Flow,
}

impl<'t> Parser<'t> {
    /// Reads a document; gives where it ends if there is more behind it.
    fn document(&mut self) -> Result<Option<u32>, Fault> {
        let is_explicit = *self.peek()? == Kind::DocumentStart;
        if is_explicit {
            self.take()?;
        }
        match self.peek()? {
            Kind::StreamEnd => return Ok(None),
            Kind::DocumentStart | Kind::DocumentEnd if is_explicit => {}
            _ => self.node(Place::Block)?,
        }
        while let Some(state) = self.states.pop() {
            self.advance(state)?;
        }
        if let Kind::DocumentEnd = self.peek()? {
            self.take()?;
            return Ok(self.scanner.text_behind());
        }
        let next = self.scanner.peek()?;
        Ok((next.kind != Kind::StreamEnd).then_some(next.range.start))
    }

    fn peek(&mut self) -> Result<&Kind<'t>, Fault> {
        self.scanner.peek().map(|token| &token.kind)
    }

    fn take(&mut self) -> Result<Token<'t>, Fault> {
        let token = self.scanner.take()?;
        self.last_end = token.range.end.max(self.last_end);
        Ok(token)
    }

    /// The fault that something else was wanted than the next token.
    fn unexpected(&mut self, syntax: impl FnOnce(Seen) -> Syntax) -> Fault {
        match self.scanner.peek() {
            Ok(token) => {
                let range = token.range;
                let seen = self.scanner.seen_at(range.start);
                Fault::new(range, syntax(seen))
            }
            Err(fault) => fault,
        }
    }

    /// The fault that a bracket is not closed, or what else was wanted than the next token.
    fn unclosed(&mut self, open: Range, unclosed: Syntax, syntax: Syntax) -> Fault {
        match self.scanner.peek() {
            Ok(Token { kind: Kind::StreamEnd | Kind::DocumentStart | Kind::DocumentEnd, .. }) => {
                Fault::new(open, unclosed)
            }
            _ => self.unexpected(|_| syntax),
        }
    }

    fn advance(&mut self, state: State) -> Result<(), Fault> {
        match state {
            State::BlockList => self.block_list(),
            State::IndentlessList => self.indentless_list(),
            State::BlockMapKey => self.block_map_key(),
            State::BlockMapValue => self.block_map_value(),
            State::FlowList { open, first } => self.flow_list(open, first),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => self.composer.close(None),
            State::FlowMapKey { open, first } => self.flow_map_key(open, first),
            State::FlowMapValue { open } => self.flow_map_value(open),
            State::FlowMapNoValue { open } => {
                self.states.push(State::FlowMapKey { open, first: false });
                self.nothing()
            }
        }
    }

    fn block_list(&mut self) -> Result<(), Fault> {
        match self.peek()? {
            Kind::Entry => {
                self.take()?;
                self.states.push(State::BlockList);
                match self.peek()? {
                    Kind::Entry | Kind::BlockEnd => self.nothing(),
                    _ => self.node(Place::Block),
                }
            }
            Kind::BlockEnd => self.block_end(),
            _ => Err(self.unexpected(|_| Syntax::NoEntry)),
        }
    }

    fn indentless_list(&mut self) -> Result<(), Fault> {
        let Kind::Entry = self.peek()? else { return self.composer.close(None) };
        self.take()?;
        self.states.push(State::IndentlessList);
        match self.peek()? {
            Kind::Entry | Kind::Key | Kind::Colon | Kind::BlockEnd => self.nothing(),
            _ => self.node(Place::Block),
        }
    }

    fn block_map_key(&mut self) -> Result<(), Fault> {
        match self.peek()? {
            Kind::Key => {
                self.take()?;
                self.states.push(State::BlockMapValue);
                self.block_map_node()
            }
            Kind::BlockEnd => self.block_end(),
            _ => Err(self.unexpected(|_| Syntax::NoKey)),
        }
    }

    fn block_map_value(&mut self) -> Result<(), Fault> {
        self.states.push(State::BlockMapKey);
        match self.peek()? {
            Kind::Colon => {
                self.take()?;
                self.block_map_node()
            }
            _ => self.nothing(),
        }
    }

    fn block_map_node(&mut self) -> Result<(), Fault> {
        match self.peek()? {
            Kind::Key | Kind::Colon | Kind::BlockEnd => self.nothing(),
            _ => self.node(Place::BlockMapEntry),
        }
    }

    fn block_end(&mut self) -> Result<(), Fault> {
        self.scanner.take()?;
        self.composer.close(None)
    }

    fn flow_list(&mut self, open: Range, first: bool) -> Result<(), Fault> {
        if !first {
            match self.peek()? {
                Kind::FlowListEnd => {}
                Kind::Comma => drop(self.take()?),
                _ => return Err(self.unclosed(open, Syntax::UnclosedList, Syntax::NoListSeparator)),
            }
        }
        match self.peek()? {
            Kind::FlowListEnd => self.flow_end(),
            Kind::Key => {
                let range = self.take()?.range;
                self.states.push(State::FlowList { open, first: false });
                self.states.push(State::FlowPairKey);
                self.composer.open_map(range, Style::Flow, None)
            }
            _ => {
                self.states.push(State::FlowList { open, first: false });
                self.flow_node(open, Syntax::UnclosedList)
            }
        }
    }

    fn flow_pair_key(&mut self) -> Result<(), Fault> {
        self.states.push(State::FlowPairValue);
        match self.peek()? {
            Kind::Colon | Kind::Comma | Kind::FlowListEnd => {
                // As go-yaml: the mark is taken with the key that is not there.
                self.take()?;
                self.nothing()
            }
            _ => self.node(Place::Flow),
        }
    }

    fn flow_pair_value(&mut self) -> Result<(), Fault> {
        self.states.push(State::FlowPairEnd);
        if let Kind::Colon = self.peek()? {
            self.take()?;
            if !matches!(self.peek()?, Kind::Comma | Kind::FlowListEnd) {
                return self.node(Place::Flow);
            }
        }
        self.nothing()
    }

    fn flow_map_key(&mut self, open: Range, first: bool) -> Result<(), Fault> {
        if !first {
            match self.peek()? {
                Kind::FlowMapEnd => {}
                Kind::Comma => drop(self.take()?),
                _ => return Err(self.unclosed(open, Syntax::UnclosedMap, Syntax::NoMapSeparator)),
            }
        }
        match self.peek()? {
            Kind::FlowMapEnd => self.flow_end(),
            Kind::Key => {
                self.take()?;
                self.states.push(State::FlowMapValue { open });
                match self.peek()? {
                    Kind::Colon | Kind::Comma | Kind::FlowMapEnd => self.nothing(),
                    _ => self.flow_node(open, Syntax::UnclosedMap),
                }
            }
            _ => {
                self.states.push(State::FlowMapNoValue { open });
                self.flow_node(open, Syntax::UnclosedMap)
            }
        }
    }

    fn flow_map_value(&mut self, open: Range) -> Result<(), Fault> {
        self.states.push(State::FlowMapKey { open, first: false });
        if let Kind::Colon = self.peek()? {
            self.take()?;
            if !matches!(self.peek()?, Kind::Comma | Kind::FlowMapEnd) {
                return self.flow_node(open, Syntax::UnclosedMap);
            }
        }
        self.nothing()
    }

    fn flow_end(&mut self) -> Result<(), Fault> {
        let end = self.take()?.range.end;
        self.composer.close(Some(end))
    }

    fn flow_node(&mut self, open: Range, unclosed: Syntax) -> Result<(), Fault> {
        if let Kind::StreamEnd = self.peek()? {
            return Err(Fault::new(open, unclosed));
        }
        self.node(Place::Flow)
    }

    /// A value or key, with its anchor and tag.
    fn node(&mut self, place: Place) -> Result<(), Fault> {
        if let Kind::Alias(_) = self.peek()? {
            return self.alias();
        }
        let properties = self.properties()?;
        let range = self.scanner.peek()?.range;
        match self.peek()? {
            Kind::Scalar(..) => {
                let token = self.take()?;
                let Kind::Scalar(text, style) = token.kind else { return Ok(()) };
                self.scalar(text, style, token.range, &properties)
            }
            Kind::FlowListStart => self.open(Style::Flow, &properties, State::FlowList { open: range, first: true }),
            Kind::FlowMapStart => self.open(Style::Flow, &properties, State::FlowMapKey { open: range, first: true }),
            Kind::BlockListStart if place != Place::Flow => self.open(Style::Block, &properties, State::BlockList),
            Kind::BlockMapStart if place != Place::Flow => self.open(Style::Block, &properties, State::BlockMapKey),
            Kind::Entry if place == Place::BlockMapEntry => {
                self.open_at(range, Style::Block, &properties, State::IndentlessList)
            }
            _ if properties.anchor.is_some() || properties.tag.is_some() => {
                let at = Range { start: self.last_end, end: self.last_end };
                self.scalar(Cow::Borrowed(""), Style::Plain, at, &properties)
            }
            _ => Err(self.unexpected(Syntax::NoValue)),
        }
    }

    fn alias(&mut self) -> Result<(), Fault> {
        let token = self.take()?;
        let Kind::Alias(name) = token.kind else { return Ok(()) };
        match self.anchors.get(name) {
            Some(anchor) => self.composer.alias(token.range, *anchor),
            None => Err(Fault::new(token.range, Syntax::UnknownAnchor)),
        }
    }

    /// An anchor and a tag, in either order.
    fn properties(&mut self) -> Result<Properties<'t>, Fault> {
        let mut properties = Properties::default();
        for slot in 0..2 {
            let wanted = match self.peek()? {
                Kind::Anchor(_) => properties.anchor.is_none(),
                Kind::Tag(_) => properties.tag.is_none(),
                _ => false,
            };
            if !wanted {
                break;
            }
            let token = self.take()?;
            properties.ranges[slot] = Some(token.range);
            match token.kind {
                Kind::Anchor(name) => properties.anchor = Some(name),
                Kind::Tag(tag) if !matches!(tag.handle, "" | "!" | "!!") => {
                    return Err(Fault::new(token.range, Syntax::UnknownTagHandle));
                }
                Kind::Tag(tag) => properties.tag = Some(tag),
                _ => {}
            }
        }
        Ok(properties)
    }

    /// Opens a map or list at its own token.
    fn open(&mut self, style: Style, properties: &Properties<'t>, state: State) -> Result<(), Fault> {
        let range = self.take()?.range;
        self.open_at(range, style, properties, state)
    }

    fn open_at(&mut self, range: Range, style: Style, properties: &Properties<'t>, state: State) -> Result<(), Fault> {
        let anchor = self.define(properties.anchor);
        match state {
            State::BlockMapKey | State::FlowMapKey { .. } => self.composer.open_map(range, style, anchor)?,
            _ => self.composer.open_list(range, style, anchor)?,
        }
        self.place_properties(properties);
        self.states.push(state);
        Ok(())
    }

    /// A value or key that is not written.
    fn nothing(&mut self) -> Result<(), Fault> {
        let at = Range { start: self.last_end, end: self.last_end };
        self.scalar(Cow::Borrowed(""), Style::Plain, at, &Properties::default())
    }

    fn scalar(
        &mut self,
        text: Cow<'t, str>,
        style: Style,
        range: Range,
        properties: &Properties<'t>,
    ) -> Result<(), Fault> {
        let anchor = self.define(properties.anchor);
        let plain = style == Style::Plain;
        let tag = properties.tag.as_ref();
        let known = tag.map_or(Tag::Absent, known_tag);
        let is_implicit = tag.map_or(plain, |tag| tag.handle.is_empty() && tag.suffix == "!");
        if text == "<<" && self.composer.wants_key() && (is_implicit || known == Tag::Merge) {
            self.composer.merge_key(range)?;
        } else {
            let scalar = scalar::resolve(text, plain, known).map_err(|reason| Fault::new(range, reason))?;
            self.composer.scalar(range, style, scalar, anchor)?;
        }
        self.place_properties(properties);
        Ok(())
    }

    fn define(&mut self, name: Option<&'t str>) -> Option<usize> {
        let anchor = self.anchor_count;
        self.anchors.insert(name?, anchor);
        self.anchor_count += 1;
        Some(anchor)
    }

    fn place_properties(&mut self, properties: &Properties<'t>) {
        for range in properties.ranges.into_iter().flatten() {
            self.composer.property(range);
        }
    }
}

/// The long name of a tag decides: `!!str` and `!<tag:yaml.org,2002:str>` are one.
fn known_tag(tag: &TagName<'_>) -> Tag {
    match tag.handle {
        "!!" => Tag::of_yaml_schema(&tag.suffix),
        "" => tag.suffix.strip_prefix("tag:yaml.org,2002:").map_or(Tag::Other, Tag::of_yaml_schema),
        _ => Tag::Other,
    }
}
