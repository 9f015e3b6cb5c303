//! Values and keys: scalars, aliases, the start of a map or list, and the anchor and tag before them.

use super::{Parser, State};
use crate::manifest::fault::{Fault, Syntax};
use crate::manifest::scalar::{self, Tag};
use crate::manifest::spot::Style;
use crate::manifest::tree::Range;
use crate::manifest::yaml::token::{Kind, TagName};
use std::borrow::Cow;

/// What may stand before a node.
#[derive(Default)]
struct Properties<'t> {
    anchor: Option<&'t str>,
    tag: Option<TagName<'t>>,
    ranges: [Option<Range>; 2],
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Block,
    /// A value or key of a block map, whose dashes need no indentation.
    BlockMapEntry,
    Flow,
}

impl<'t> Parser<'t> {
    /// A value or key, with its anchor and tag.
    pub(super) fn node(&mut self, place: Place) -> Result<(), Fault> {
        match self.peek()? {
            Kind::Alias(_) => self.alias(),
            Kind::Anchor(_) | Kind::Tag(_) => {
                let properties = self.properties()?;
                self.content(place, &properties)
            }
            _ => self.content(place, &Properties::default()),
        }
    }

    fn content(&mut self, place: Place, properties: &Properties<'t>) -> Result<(), Fault> {
        let next = self.scanner.peek()?;
        let range = next.range;
        match next.kind {
            Kind::Scalar(..) => {
                let token = self.take()?;
                let Kind::Scalar(text, style) = token.kind else { return Ok(()) };
                self.scalar(text, style, token.range, properties)
            }
            Kind::FlowListStart => self.open(Style::Flow, properties, State::FlowList { open: range, first: true }),
            Kind::FlowMapStart => self.open(Style::Flow, properties, State::FlowMapKey { open: range, first: true }),
            Kind::BlockListStart if place != Place::Flow => self.open(Style::Block, properties, State::BlockList),
            Kind::BlockMapStart if place != Place::Flow => self.open(Style::Block, properties, State::BlockMapKey),
            Kind::Entry if place == Place::BlockMapEntry => {
                self.open_at(range, Style::Block, properties, State::IndentlessList)
            }
            _ if properties.anchor.is_some() || properties.tag.is_some() => {
                let at = Range { start: self.last_end, end: self.last_end };
                self.scalar(Cow::Borrowed(""), Style::Plain, at, properties)
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
    pub(super) fn nothing(&mut self) -> Result<(), Fault> {
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
