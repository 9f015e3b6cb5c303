//! What the surroundings of an edit say about style: the nearest evidence decides, then the document, then a default.

use super::block_ink::{BlockInk, Quoting};
use super::flow_ink::FlowInk;
use super::layout::Layout;
use super::text::{Around, Mark, is_plain};
use crate::manifest::Style;
use crate::manifest::scalar::{Scalar, Tag, resolve};
use crate::manifest::tree::{NodeId, Shape};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a document does most.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Habits {
    step: Option<usize>,
    dash: Option<usize>,
    mark: Option<Mark>,
}

impl Habits {
    pub(super) fn of(layout: &Layout<'_>) -> Self {
        let (mut steps, mut dashes) = (Vec::new(), Vec::new());
        let (mut single, mut double) = (0, 0);
        for (node, id) in layout.tree().nodes.iter().zip(0..) {
            match node.shape {
                Shape::Map(Style::Block) => {
                    let outer = column(layout, id);
                    for (_, value) in layout.tree().entries(id) {
                        let columns = || column(layout, value).checked_sub(outer);
                        match layout.shape(value) {
                            Shape::Map(Style::Block) => steps.extend(columns()),
                            Shape::List(Style::Block) => dashes.extend(columns()),
                            _ => {}
                        }
                    }
                }
                Shape::Scalar(Style::SingleQuoted) => single += 1,
                Shape::Scalar(Style::DoubleQuoted) => double += 1,
                _ => {}
            }
        }
        let mark = if single > double { Mark::Single } else { Mark::Double };
        Self { step: most(&steps), dash: most(&dashes), mark: (single + double > 0).then_some(mark) }
    }
}

/// How values are written by indentation inside of the last of these nodes, each of which stands in the one before.
pub(super) fn block_ink(layout: &Layout<'_>, chain: &[NodeId]) -> BlockInk {
    let map = Shape::Map(Style::Block);
    let siblings = |shape| chain.last().map(|node| indents(layout, *node, shape)).unwrap_or_default();
    let above = || {
        let pairs = chain.windows(2).rev();
        pairs.filter_map(|pair| Some((*pair.first()?, *pair.last()?))).find_map(|(outer, inner)| {
            let are_maps = layout.shape(outer) == map && layout.shape(inner) == map;
            are_maps.then(|| column(layout, inner).checked_sub(column(layout, outer))).flatten()
        })
    };
    let default = BlockInk::default();
    BlockInk {
        step: most(&siblings(map)).or_else(above).or_else(|| layout.habits().step).unwrap_or(default.step),
        dash: most(&siblings(Shape::List(Style::Block))).or_else(|| layout.habits().dash).unwrap_or(default.dash),
        quoting: quoting(layout, chain.last().copied()),
        ..default
    }
}

/// How values are written in brackets inside of the last of these nodes.
pub(super) fn flow_ink(layout: &Layout<'_>, chain: &[NodeId]) -> FlowInk {
    let inside_out = || chain.iter().rev().copied().filter(|node| is_flow(layout, *node));
    let with_entries = inside_out().find(|node| layout.tree().children(*node).next().is_some());
    let json = inside_out().find_map(|node| has_json_keys(layout, node)).unwrap_or_else(|| is_flow(layout, 0));
    let colon = match with_entries.and_then(|_| inside_out().find_map(|node| first_colon(layout, node))) {
        Some("") if json => ":",
        _ => ": ",
    };
    let comma = with_entries.and_then(|node| first_comma(layout, node));
    let maps = with_entries.into_iter().flat_map(|node| std::iter::once(node).chain(layout.tree().children(node)));
    let mut maps = maps.map(|node| layout.node_text(node)).filter(|text| text.starts_with('{') && !text.contains('\n'));
    let pad = maps.next().is_some_and(|text| text.starts_with("{ ") && text.ends_with(" }"));
    let line = layout.span(chain.last().copied().unwrap_or(0)).start;
    FlowInk {
        json,
        colon,
        comma: comma.unwrap_or(if colon == ":" { "," } else { ", " }),
        pad: if pad { " " } else { "" },
        step: with_entries.and_then(|node| step(layout, node)),
        line_break: layout.line_break(line),
        quoting: quoting(layout, chain.last().copied()),
    }
}

/// Whether each entry in these brackets begins a line of its own; the first may stand behind the bracket if there are
/// others.
pub(super) fn is_by_lines(layout: &Layout<'_>, node: NodeId) -> bool {
    let starts = starts(layout, node);
    let begins = |at: &usize| layout.blanks_before(*at).is_some();
    match starts.as_slice() {
        [] => false,
        [only] => begins(only) && layout.line_start(*only) > layout.span(node).start,
        [_, others @ ..] => others.iter().all(begins),
    }
}

/// Where each entry or item in brackets starts.
fn starts(layout: &Layout<'_>, node: NodeId) -> Vec<usize> {
    let each = if let Shape::Map(_) = layout.shape(node) { 2 } else { 1 };
    layout.tree().children(node).step_by(each).map(|child| layout.start(child)).collect()
}

/// What a level in brackets is indented by, if what is put in there has lines of its own: as the maps and lists have that
/// stand there already.
fn step(layout: &Layout<'_>, node: NodeId) -> Option<String> {
    if !is_by_lines(layout, node) {
        return None;
    }
    let tree = layout.tree();
    let filled = |child: &NodeId| is_flow(layout, *child) && tree.children(*child).next().is_some();
    let mut nested = tree.children(node).filter(filled).peekable();
    if nested.peek().is_some() && !nested.any(|child| layout.node_text(child).contains('\n')) {
        return None;
    }
    let last = starts(layout, node).last().copied().unwrap_or(0);
    let (outer, inner) = (layout.blanks_of_line(layout.span(node).start), layout.blanks_of_line(last));
    Some(inner.strip_prefix(outer).filter(|step| !step.is_empty()).unwrap_or("  ").to_owned())
}

/// What stands between a colon and its value on one line, in the first entry that shows it.
fn first_colon<'d>(layout: &Layout<'d>, map: NodeId) -> Option<&'d str> {
    let Shape::Map(_) = layout.shape(map) else { return None };
    layout.tree().entries(map).find_map(|(key, value)| {
        let between = layout.slice(layout.span(key).end, layout.start(value));
        between.trim_start().strip_prefix(':').filter(|space| !space.contains(['\n', '#']))
    })
}

/// A comma and what stands behind it on one line, as the first two entries have it.
fn first_comma(layout: &Layout<'_>, node: NodeId) -> Option<&'static str> {
    let second = *starts(layout, node).get(1)?;
    let before = layout.slice(layout.span(node).start, second);
    match before.trim_end_matches(' ').ends_with(',') {
        true if before.ends_with(',') => Some(","),
        true => Some(", "),
        false => None,
    }
}

/// Whether the keys in these brackets are those of JSON; of a list, those of the maps in it.
fn has_json_keys(layout: &Layout<'_>, node: NodeId) -> Option<bool> {
    match layout.shape(node) {
        Shape::Map(Style::Flow) => {
            let mut keys = layout.tree().entries(node).map(|(key, _)| layout.shape(key)).peekable();
            keys.peek()?;
            Some(keys.all(|shape| shape == Shape::Scalar(Style::DoubleQuoted)))
        }
        Shape::List(Style::Flow) => layout
            .tree()
            .children(node)
            .filter(|item| layout.shape(*item) == Shape::Map(Style::Flow))
            .find_map(|item| has_json_keys(layout, item)),
        _ => None,
    }
}

fn is_flow(layout: &Layout<'_>, node: NodeId) -> bool {
    matches!(layout.shape(node), Shape::Map(Style::Flow) | Shape::List(Style::Flow))
}

/// Columns from a map to those of its values that have a shape.
fn indents(layout: &Layout<'_>, map: NodeId, shape: Shape) -> Vec<usize> {
    if layout.shape(map) != Shape::Map(Style::Block) {
        return Vec::new();
    }
    let outer = column(layout, map);
    let values = layout.tree().entries(map).map(|(_, value)| value);
    values.filter(|value| layout.shape(*value) == shape).filter_map(|v| column(layout, v).checked_sub(outer)).collect()
}

fn column(layout: &Layout<'_>, node: NodeId) -> usize {
    layout.column(layout.span(node).start)
}

/// The number that is there most often; of several the smallest.
fn most(numbers: &[usize]) -> Option<usize> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for number in numbers {
        *counts.entry(*number).or_default() += 1;
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(number, _)| number)
}

/// The quotes of the values in a node, or one level below; then those of the document.
fn quoting(layout: &Layout<'_>, node: Option<NodeId>) -> Quoting {
    let tree = layout.tree();
    let Some(node) = node else { return Quoting::default() };
    let values = |node: NodeId| {
        let is_map = matches!(layout.shape(node), Shape::Map(_));
        tree.children(node).enumerate().filter(move |(at, _)| !is_map || at % 2 == 1).map(|(_, value)| value)
    };
    let mut texts: Vec<NodeId> = values(node).filter(|value| is_text(layout, *value)).collect();
    if texts.is_empty() {
        texts = values(node).flat_map(values).filter(|value| is_text(layout, *value)).collect();
    }
    let marks: Vec<Mark> = texts.iter().filter_map(|text| mark(layout, *text)).collect();
    let single = marks.iter().filter(|mark| **mark == Mark::Single).count();
    let nearest = (!marks.is_empty()).then_some(if single * 2 > marks.len() { Mark::Single } else { Mark::Double });
    let keys = || tree.children(node).step_by(2);
    Quoting {
        mark: nearest.or_else(|| layout.habits().mark).unwrap_or_default(),
        values: !marks.is_empty() && marks.len() == texts.len() && texts.iter().any(|text| is_needless(layout, *text)),
        keys: matches!(layout.shape(node), Shape::Map(_))
            && keys().next().is_some()
            && keys().all(|key| mark(layout, key).is_some()),
    }
}

fn mark(layout: &Layout<'_>, node: NodeId) -> Option<Mark> {
    match layout.shape(node) {
        Shape::Scalar(Style::SingleQuoted) => Some(Mark::Single),
        Shape::Scalar(Style::DoubleQuoted) => Some(Mark::Double),
        _ => None,
    }
}

/// Whether a scalar is text, not a block of it.
fn is_text(layout: &Layout<'_>, node: NodeId) -> bool {
    match layout.shape(node) {
        Shape::Scalar(Style::SingleQuoted | Style::DoubleQuoted) => true,
        Shape::Scalar(Style::Plain) => {
            matches!(resolve(Cow::Borrowed(layout.node_text(node)), true, Tag::Absent), Ok(Scalar::Text(_)))
        }
        _ => false,
    }
}

/// Whether a quoted text could be written without quotes.
fn is_needless(layout: &Layout<'_>, node: NodeId) -> bool {
    let inner = layout.node_text(node).trim_matches(['"', '\'']);
    !inner.contains(['\\', '\'', '"', '\n']) && is_plain(inner, Around::Block)
}
