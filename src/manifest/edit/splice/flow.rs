//! Maps and lists in brackets: what comes in, what goes. Each takes or brings one comma.

use super::container::{New, Row};
use super::flow_ink::FlowInk;
use super::moving::Moves;
use super::plan::Plan;
use super::style::{flow_ink, is_by_lines};
use super::{Place, Printer, Refusal};
use crate::base::{Path, Span};
use crate::manifest::tree::NodeId;

impl Printer<'_> {
    pub(super) fn flow(&mut self, plan: &Plan<'_>, place: &Place<'_>, rows: &[Row<'_, '_>]) -> Result<(), Refusal> {
        let span = self.layout.span(place.node);
        if !matches!(self.layout.byte(span.start), b'{' | b'[') {
            return Err(Refusal::Layout(plan.path.clone())); // a pair in a list, without braces
        }
        let chain: Vec<NodeId> = place.above.iter().copied().chain([place.node]).collect();
        let ink = flow_ink(&self.layout, &chain);
        if rows.iter().all(Row::is_removed) {
            return self.fill(plan, span, &ink);
        }
        for row in rows.iter().filter(|row| !row.is_removed()) {
            self.row(row, place)?;
        }
        let moves = self.moves(plan, rows, true);
        self.remove_from_flow(rows, &plan.path)?;
        let own_lines = is_by_lines(&self.layout, place.node);
        for (index, news) in plan.news(rows.len()) {
            let stays = |row: &&Row| !row.is_removed();
            let last = rows.iter().rev().find(stays);
            let next = rows.iter().skip(index).find(stays);
            let indentation = self.layout.blanks_of_line(last.map_or(span.start, |row| row.start));
            let parts: Vec<String> = news.iter().map(|new| part(&ink, new, &moves, indentation)).collect();
            if let Some(next) = next {
                self.put_parts_before(next, &parts, &ink, own_lines);
            } else if let Some(last) = last {
                self.put_parts_behind(last, &parts, &ink, own_lines);
            }
        }
        Ok(())
    }

    /// Fills brackets of which nothing stays.
    fn fill(&mut self, plan: &Plan<'_>, span: Span, ink: &FlowInk) -> Result<(), Refusal> {
        self.refuse_comment(span.start, span.end, &plan.path)?;
        let is_map = self.layout.byte(span.start) == b'{';
        let text = ink.value(&plan.rest(is_map), self.layout.blanks_of_line(span.start));
        self.put(span.start, span.end, text);
        Ok(())
    }

    fn put_parts_before(&mut self, row: &Row<'_, '_>, parts: &[String], ink: &FlowInk, own_lines: bool) {
        let parts = parts.iter();
        if own_lines && self.layout.blanks_before(row.start).is_some() {
            let at = self.layout.with_comments_above(row.start);
            let behind = format!("{}{}", ink.line_break, self.layout.blanks_of_line(row.start));
            self.put(at, at, parts.map(|part| format!("{part},{behind}")).collect::<String>());
        } else {
            self.put(row.start, row.start, parts.map(|part| format!("{part}{}", ink.comma)).collect::<String>());
        }
    }

    /// Right behind a value, so that a comma which stands there already becomes that of the last part; but behind the
    /// comment that belongs to the value.
    fn put_parts_behind(&mut self, row: &Row<'_, '_>, parts: &[String], ink: &FlowInk, own_lines: bool) {
        let parts = parts.iter();
        if !own_lines {
            self.put(row.end, row.end, parts.map(|part| format!("{}{part}", ink.comma)).collect::<String>());
            return;
        }
        let before = format!("{}{}", ink.line_break, self.layout.blanks_of_line(row.start));
        let comma = self.layout.skip_blanks(row.end);
        let has_comma = self.layout.byte(comma) == b',';
        let behind = if has_comma { comma + 1 } else { row.end };
        match self.layout.line_end(behind).filter(|end| self.layout.holds_comment(behind, *end)) {
            None => self.put(row.end, row.end, parts.map(|part| format!(",{before}{part}")).collect::<String>()),
            Some(end) if has_comma => {
                self.put(end, end, parts.map(|part| format!("{before}{part},")).collect::<String>());
            }
            Some(end) => {
                let texts: Vec<String> = parts.map(|part| format!("{before}{part}")).collect();
                self.put(row.end, row.end, ",");
                self.put(end, end, texts.join(","));
            }
        }
    }

    /// Takes entries with a comma each. At least one stays.
    fn remove_from_flow(&mut self, rows: &[Row<'_, '_>], path: &Path) -> Result<(), Refusal> {
        let mut kept_end = None;
        for (index, row) in rows.iter().enumerate() {
            let Some(plan) = row.plan.filter(|plan| plan.removed) else {
                kept_end = Some(row.end);
                continue;
            };
            let stays_behind = rows.iter().skip(index).any(|row| !row.is_removed());
            let (start, end) = match (rows.get(index + 1), kept_end) {
                (Some(next), _) if stays_behind => (row.start, next.start),
                (_, Some(kept)) => {
                    let last = rows.last().map_or(row.end, |row| row.end);
                    self.refuse_comment(kept, last, &plan.path)?;
                    self.put(kept, last, "");
                    return Ok(());
                }
                _ => return Err(Refusal::Layout(path.clone())),
            };
            self.refuse_comment(start, end, &plan.path)?;
            self.put(start, end, "");
        }
        Ok(())
    }
}

fn part(ink: &FlowInk, new: &New<'_>, moves: &Moves<'_>, indentation: &str) -> String {
    match new {
        New::Entry(key, value) => ink.entry(key, value, indentation),
        New::Item(value) => match moves.bringing(value) {
            Some(moved) => moved.lines.concat(),
            None => ink.value(value, indentation),
        },
    }
}
