//! One value: what forbids to touch it, and its replacement.

use super::block_ink::Written;
use super::plan::Plan;
use super::style::{block_ink, flow_ink};
use super::{Place, Printer, Refusal, Seat};
use crate::base::Path;
use crate::manifest::Style;
use crate::manifest::tree::Shape;
use serde_json::Value;

impl Printer<'_> {
    /// Does what is planned for a value and for all that is in it.
    pub(super) fn value(&mut self, plan: &Plan<'_>, place: &Place<'_>) -> Result<(), Refusal> {
        match self.layout.shape(place.node) {
            Shape::Alias => return Err(Refusal::Aliased(plan.path.clone())),
            _ if self.layout.is_shared(place.node) => return Err(Refusal::Anchored(plan.path.clone())),
            _ => {}
        }
        match plan.replaced {
            Some(value) => self.replace(value, place, &plan.path),
            None => self.container(plan, place),
        }
    }

    /// Puts a value in the place of another.
    pub(super) fn replace(&mut self, value: &Value, place: &Place<'_>, path: &Path) -> Result<(), Refusal> {
        if self.layout.holds_shared(place.node) {
            return Err(Refusal::Anchored(path.clone()));
        }
        let properties = self.layout.properties(place.node);
        if properties.is_some_and(|span| self.layout.slice(span.start, span.end).contains('!')) {
            return Err(Refusal::Tagged(path.clone()));
        }
        let old = self.layout.span(place.node);
        let is_text = matches!(self.layout.shape(place.node), Shape::Scalar(_)) && old.start < old.end;
        if is_text && !is_collection(value) && self.rewrite(value, place, path)? {
            return Ok(());
        }
        let is_flow = matches!(self.layout.shape(place.node), Shape::Map(Style::Flow) | Shape::List(Style::Flow));
        match place.seat {
            Seat::Flow => self.replace_in_flow(value, place, path),
            _ if is_flow && is_collection(value) => self.replace_in_flow(value, place, path),
            _ => self.replace_in_block(value, place, path),
        }
    }

    fn replace_in_flow(&mut self, value: &Value, place: &Place<'_>, path: &Path) -> Result<(), Refusal> {
        let old = self.layout.span(place.node);
        self.refuse_comment(place.lead.min(old.start), old.end, path)?;
        let is_own = !matches!(place.seat, Seat::Flow);
        let own = [place.node];
        let chain = if is_own { &own } else { place.above };
        let text = flow_ink(&self.layout, chain).value(value, self.layout.blanks_of_line(old.start));
        if old.start < old.end {
            self.put(old.start, old.end, text);
        } else {
            let behind = self.layout.skip_blanks(old.end);
            let end = if self.layout.byte(behind) == b',' { behind } else { old.end };
            self.put(old.start, end, format!(" {text}"));
        }
        Ok(())
    }

    /// Puts a value behind its key or dash, and on the lines below.
    pub(super) fn replace_in_block(&mut self, value: &Value, place: &Place<'_>, path: &Path) -> Result<(), Refusal> {
        let old = self.layout.span(place.node);
        let mut ink = block_ink(&self.layout, place.above);
        let column = if let Seat::Key(column) | Seat::Dash(column) = place.seat { column } else { 0 };
        ink.blocks = !self.layout.has_deeper_comment_below(old.end, column.saturating_sub(1));
        let Written { inline, lines } = match place.seat {
            Seat::Key(column) => ink.under_key(value, column),
            Seat::Dash(column) => ink.in_item(value, column),
            Seat::Root | Seat::Flow if is_collection(value) => ink.in_item(value, self.layout.column(place.lead)),
            Seat::Root | Seat::Flow => ink.under_key(value, 0),
        };
        let refuse = || Refusal::Layout(path.clone());
        self.refuse_comment(place.lead, old.end, path)?;
        if !matches!(place.seat, Seat::Key(_)) && is_collection(value) && self.layout.properties(place.node).is_some() {
            return Err(refuse()); // an anchor here would become that of the first key
        }
        let gap = self.layout.slice(place.lead, old.start);
        let line_end = self.layout.line_end(old.end).ok_or_else(refuse)?;
        let line_break = self.layout.line_break(old.end);
        if old.start == old.end && !inline.is_empty() {
            let blanks = self.layout.skip_blanks(place.lead);
            let end = if self.layout.is_line_end(blanks) { blanks } else { place.lead };
            self.put(place.lead, end, format!(" {inline}"));
        } else if inline.is_empty() {
            self.put(place.lead, old.end, "");
        } else if gap.contains('\n') {
            self.put(place.lead, old.end, format!(" {inline}"));
        } else {
            self.put(old.start, old.end, inline);
        }
        let below: String = lines.iter().map(|line| format!("{line_break}{line}")).collect();
        if !below.is_empty() {
            self.put(line_end, line_end, below);
        }
        Ok(())
    }
}

pub(super) fn is_collection(value: &Value) -> bool {
    value.is_object() || value.is_array()
}
