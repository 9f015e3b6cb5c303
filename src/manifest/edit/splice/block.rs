//! Maps and lists by indentation: what comes in, what goes.

use super::block_ink::BlockInk;
use super::container::{New, Row};
use super::moving::Moves;
use super::plan::Plan;
use super::style::block_ink;
use super::{Place, Printer, Refusal};
use crate::base::Path;
use crate::manifest::tree::{NodeId, Shape};

impl Printer<'_> {
    pub(super) fn block(&mut self, plan: &Plan<'_>, place: &Place<'_>, rows: &[Row<'_, '_>]) -> Result<(), Refusal> {
        let start = self.layout.span(place.node).start;
        if self.layout.slice(self.layout.line_start(start), start).contains('\t') || self.layout.byte(start) == b'?' {
            return Err(Refusal::Layout(plan.path.clone()));
        }
        if rows.iter().all(Row::is_removed) {
            let is_map = matches!(self.layout.shape(place.node), Shape::Map(_));
            return self.replace_in_block(&plan.rest(is_map), place, &plan.path);
        }
        for row in rows.iter().filter(|row| !row.is_removed()) {
            self.row(row, place)?;
        }
        let moves = self.moves(plan, rows, false);
        self.remove_rows(rows, &moves, &plan.path)?;
        let news = plan.news(rows.len());
        if news.is_empty() {
            return Ok(());
        }
        let chain: Vec<NodeId> = place.above.iter().copied().chain([place.node]).collect();
        let mut ink = block_ink(&self.layout, &chain);
        let below = |row: &Row<'_, '_>| self.layout.end_with_comments_below(row).filter(|_| !row.is_removed());
        let end = rows.last().map_or(start, |row| below(row).unwrap_or(row.end));
        ink.blocks = !self.layout.has_deeper_comment_below(end, self.layout.column(start));
        for (index, news) in news {
            let lines = self.lines(&news, &moves, &ink, place.node, rows);
            let stays = |row: &&Row| !row.is_removed();
            if let Some(next) = rows.iter().skip(index).find(stays) {
                self.put_before(next, &lines);
            } else if let Some(last) = rows.iter().rev().find(stays) {
                self.put_behind(last, &lines, &plan.path)?;
            }
        }
        Ok(())
    }

    /// The lines of what comes in.
    fn lines(
        &self,
        news: &[New<'_>],
        moves: &Moves<'_>,
        ink: &BlockInk,
        node: NodeId,
        rows: &[Row<'_, '_>],
    ) -> Vec<String> {
        let column = self.layout.column(self.layout.span(node).start);
        let gap = rows.first().map_or(2, |row| {
            let value = self.layout.start(row.value);
            let between = self.layout.slice(row.start + 1, value);
            if between.is_empty() || !between.bytes().all(|byte| byte == b' ') { 2 } else { between.len() + 1 }
        });
        let lines = |new: &New<'_>| match new {
            New::Entry(key, value) => ink.entry(key, value, column),
            New::Item(value) => match moves.bringing(value) {
                Some(moved) => moved.lines.clone(),
                None => ink.item(value, column, gap),
            },
        };
        news.iter().flat_map(lines).collect()
    }

    /// Behind the last line of a row, its comments included.
    fn put_behind(&mut self, row: &Row<'_, '_>, lines: &[String], path: &Path) -> Result<(), Refusal> {
        let end = self.layout.end_with_comments_below(row).ok_or_else(|| Refusal::Layout(path.clone()))?;
        let line_break = self.layout.line_break(row.end);
        let text: String = lines.iter().map(|line| format!("{line_break}{line}")).collect();
        self.put(end, end, text);
        Ok(())
    }

    /// Before a row, above the comment lines that belong to it.
    fn put_before(&mut self, row: &Row<'_, '_>, lines: &[String]) {
        let at = self.layout.with_comments_above(row.start);
        let line_break = self.layout.line_break(row.start);
        let indentation = " ".repeat(self.layout.column(row.start));
        let text: String = lines.iter().map(|line| format!("{line}{line_break}")).collect();
        let text = text.strip_prefix(indentation.as_str()).unwrap_or(&text);
        self.put(at, at, format!("{text}{indentation}"));
    }

    /// Takes rows with their lines. At least one row stays.
    fn remove_rows(&mut self, rows: &[Row<'_, '_>], moves: &Moves<'_>, path: &Path) -> Result<(), Refusal> {
        let (mut rest, mut above) = (rows, None);
        while let Some((row, behind)) = rest.split_first() {
            rest = behind;
            if !row.is_removed() {
                above = Some(row.value);
                continue;
            }
            let path = row.plan.map_or(path, |plan| &plan.path);
            let own_line = self.layout.indentation(row.start).and_then(|_| self.layout.previous_line_end(row.start));
            let (start, end) = if let Some(moved) = moves.taking(row) {
                moved.span
            } else if let Some(previous) = own_line {
                self.own_lines(row, previous).ok_or_else(|| Refusal::Layout(path.clone()))?
            } else {
                // Something stands before it on its line, such as the dash of an outer list: what comes next moves there.
                let gone = rest.iter().take_while(|row| row.is_removed()).count();
                rest = rest.get(gone..).unwrap_or(&[]);
                let next = rest.first().ok_or_else(|| Refusal::Layout(path.clone()))?;
                (row.start, next.start)
            };
            if moves.taking(row).is_none() {
                self.refuse_comment(row.start, end, path)?;
            }
            if above.is_some_and(|above| self.layout.would_take_in(above, end)) {
                return Err(Refusal::Layout(path.clone()));
            }
            self.put(start, end, "");
        }
        Ok(())
    }

    /// From the end of the line before a row to the end of its last one.
    fn own_lines(&self, row: &Row<'_, '_>, previous: usize) -> Option<(usize, usize)> {
        let end = self.layout.line_end(row.end.max(row.start + 1))?;
        let is_empty = self.layout.line_start(previous) == previous;
        // At the end of the file an empty line keeps its end: a block of text above may need that.
        let start =
            if is_empty && end == self.layout.text().len() { self.layout.line_start(row.start) } else { previous };
        Some((start, end))
    }
}
