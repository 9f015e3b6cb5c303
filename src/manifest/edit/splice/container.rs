//! Maps and lists: their entries and items as rows, each with what is planned for it.

use super::layout::Layout;
use super::plan::Plan;
use super::text::{Around, Mark, is_plain_key, quoted};
use super::{Place, Printer, Refusal, Seat};
use crate::manifest::Style;
use crate::manifest::tree::{NodeId, Shape};
use serde_json::{Map, Value};

/// An entry of a map, or an item of a list.
pub(super) struct Row<'p, 'c> {
    /// Of the key or its anchor; of a dash; in brackets, of the item.
    pub(super) start: usize,
    /// Behind the value, without the empty lines that a block of text may keep.
    pub(super) end: usize,
    pub(super) key: Option<NodeId>,
    pub(super) value: NodeId,
    pub(super) plan: Option<&'p Plan<'c>>,
}

/// What comes into a map or list.
#[derive(Clone, Copy)]
pub(super) enum New<'c> {
    Entry(&'c str, &'c Value),
    Item(&'c Value),
}

impl Row<'_, '_> {
    pub(super) fn is_removed(&self) -> bool {
        self.plan.is_some_and(|plan| plan.removed)
    }
}

impl Printer<'_> {
    /// Does what is planned for a map or list and for all that is in it.
    pub(super) fn container(&mut self, plan: &Plan<'_>, place: &Place<'_>) -> Result<(), Refusal> {
        let shape = self.layout.shape(place.node);
        let rows = match shape {
            Shape::Map(style) => entries(&self.layout, place.node, plan, style)?,
            Shape::List(style) => items(&self.layout, place.node, plan, style)?,
            _ => return Err(Refusal::Layout(plan.path.clone())),
        };
        for row in rows.iter().filter(|row| row.is_removed()) {
            if self.layout.holds_shared(row.value) {
                return Err(Refusal::Anchored(row.plan.map_or_else(|| plan.path.clone(), |plan| plan.path.clone())));
            }
        }
        match shape {
            Shape::Map(Style::Flow) | Shape::List(Style::Flow) => self.flow(plan, place, &rows),
            _ => self.block(plan, place, &rows),
        }
    }

    /// Does what is planned for the value of a row.
    pub(super) fn row(&mut self, row: &Row<'_, '_>, place: &Place<'_>) -> Result<(), Refusal> {
        let Some(plan) = row.plan else { return Ok(()) };
        let refuse = || Refusal::ComplexKey(plan.path.clone());
        let mut lead = row.start + 1;
        let mut seat = Seat::Flow;
        let is_flow = matches!(self.layout.shape(place.node), Shape::Map(Style::Flow) | Shape::List(Style::Flow));
        if let Some(key) = row.key {
            if let Some(name) = plan.renamed {
                self.rename(key, name, is_flow).ok_or_else(refuse)?;
            }
            lead = behind_colon(&self.layout, key, is_flow).ok_or_else(refuse)?;
            seat = Seat::Key(self.layout.column(self.layout.span(place.node).start));
        } else if !is_flow {
            let value = self.layout.start(row.value);
            let is_behind = !self.layout.slice(lead, value).contains('\n') && value > lead;
            let column = if is_behind { value } else { row.start + 2 };
            seat = Seat::Dash(self.layout.column(row.start) + (column - row.start));
        } else {
            lead = row.start;
        }
        if let Some(properties) = self.layout.properties(row.value) {
            lead = properties.end.max(lead);
        }
        let above: Vec<NodeId> = place.above.iter().copied().chain([place.node]).collect();
        let seat = if is_flow { Seat::Flow } else { seat };
        self.value(plan, &Place { node: row.value, lead, seat, above: &above })
    }
}

impl Printer<'_> {
    /// Writes another name in the place of a key, in its quotes; none where the key is no bare text.
    fn rename(&mut self, key: NodeId, name: &str, is_flow: bool) -> Option<()> {
        let Shape::Scalar(style) = self.layout.shape(key) else { return None };
        let around = if is_flow { Around::Flow } else { Around::Block };
        let text = match style {
            _ if self.layout.properties(key).is_some() => return None,
            Style::Plain if is_plain_key(name, around) => name.to_owned(),
            Style::SingleQuoted => quoted(name, Mark::Single),
            _ => quoted(name, Mark::Double),
        };
        let span = self.layout.span(key);
        self.put(span.start, span.end, text);
        Some(())
    }
}

impl<'c> Plan<'c> {
    /// Whether entries or items come or go.
    fn changes_rows(&self) -> bool {
        let removes = || self.inside().any(|inner| inner.removed);
        !self.added.is_empty() || !self.inserted.is_empty() || removes()
    }

    /// What comes in, by the row that it comes to stand before.
    pub(super) fn news(&self, rows: usize) -> Vec<(usize, Vec<New<'c>>)> {
        let items = self.inserted.iter().map(|(at, items)| (*at, items.iter().map(|item| New::Item(item)).collect()));
        let entries: Vec<New<'c>> = self.added.iter().map(|(key, value)| New::Entry(key, value)).collect();
        items.chain((!entries.is_empty()).then_some((rows, entries))).collect()
    }

    /// All that comes in as one value, for a map or list of which nothing stays.
    pub(super) fn rest(&self, is_map: bool) -> Value {
        if is_map {
            let entries = self.added.iter().map(|(key, value)| ((*key).to_owned(), (*value).clone()));
            Value::Object(entries.collect::<Map<_, _>>())
        } else {
            Value::Array(self.inserted.values().flatten().map(|item| (*item).clone()).collect())
        }
    }
}

/// The entries of a map.
fn entries<'p, 'c>(
    layout: &Layout<'_>,
    map: NodeId,
    plan: &'p Plan<'c>,
    style: Style,
) -> Result<Vec<Row<'p, 'c>>, Refusal> {
    let mut rows = Vec::new();
    for (key, value) in layout.tree().entries(map) {
        let start = layout.start(key);
        let name = layout.name(key).filter(|_| layout.shape(key) != Shape::Merge);
        let inner = name.and_then(|name| plan.entries.get(name));
        let before = layout.slice(layout.line_start(start), start).trim_end();
        if before.ends_with('?') && style == Style::Block {
            return Err(Refusal::ComplexKey(plan.path.clone()));
        }
        let mut end = layout.span(value).end;
        let behind = layout.skip_blanks(end);
        if style == Style::Flow && layout.slice(start, end).ends_with(':') && matches!(layout.byte(behind), b',' | b'}')
        {
            end = behind; // a value that is not written keeps the space behind its colon
        }
        rows.push(Row { start, end, key: Some(key), value, plan: inner });
    }
    for (name, inner) in &plan.entries {
        let is_named = |row: &&Row| row.key.and_then(|key| layout.name(key)) == Some(name) && row.plan.is_some();
        match rows.iter().filter(is_named).count() {
            0 => return Err(Refusal::Merged(inner.path.clone())),
            1 => {}
            _ => return Err(Refusal::Repeated(inner.path.clone())),
        }
        let has_merge = || rows.iter().any(|row| row.key.is_some_and(|key| layout.shape(key) == Shape::Merge));
        if inner.removed && has_merge() {
            return Err(Refusal::Merged(inner.path.clone()));
        }
    }
    match plan.items.values().next() {
        Some(inner) => Err(Refusal::Layout(inner.path.clone())),
        None => Ok(rows),
    }
}

/// The items of a list; only those with a plan where none comes or goes.
fn items<'p, 'c>(
    layout: &Layout<'_>,
    list: NodeId,
    plan: &'p Plan<'c>,
    style: Style,
) -> Result<Vec<Row<'p, 'c>>, Refusal> {
    let (mut rows, mut count) = (Vec::new(), 0);
    let mut previous = None;
    for (index, value) in layout.tree().children(list).enumerate() {
        let inner = plan.items.get(&index);
        let before = previous.replace(value);
        count += 1;
        if inner.is_none() && !plan.changes_rows() {
            continue; // a list of thousands of objects, of which one is edited
        }
        let start = match before {
            _ if style != Style::Block => layout.start(value),
            None => layout.span(list).start,
            Some(before) => {
                let end = layout.span(before).end;
                layout.next_mark(end, b'-').ok_or_else(|| Refusal::Layout(plan.path.clone()))?
            }
        };
        rows.push(Row { start, end: layout.span(value).end, key: None, value, plan: inner });
    }
    match plan.entries.values().chain(plan.items.range(count..).map(|(_, inner)| inner)).next() {
        Some(inner) => Err(Refusal::Layout(inner.path.clone())),
        None => Ok(rows),
    }
}

/// The place behind the colon of a key. In brackets it may stand on another line.
fn behind_colon(layout: &Layout<'_>, key: NodeId, is_flow: bool) -> Option<usize> {
    let end = layout.span(key).end;
    let colon = if is_flow { layout.next_mark(end, b':')? } else { layout.skip_blanks(end) };
    (layout.byte(colon) == b':').then_some(colon + 1)
}
