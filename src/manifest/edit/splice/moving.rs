//! An item that goes from one place of its list to another takes its bytes along: quotes, the order of its keys, and the comments
//! in it and above it.

use super::Printer;
use super::container::Row;
use super::plan::Plan;
use serde_json::Value;

/// An item that comes in and is one of those that go.
pub(super) struct Moving<'c> {
    /// The item as it is wanted: the very value of the plan.
    value: &'c Value,
    /// Where the row begins that goes.
    row: usize,
    /// The bytes that go there.
    pub(super) span: (usize, usize),
    /// The lines that come in at the other place; in brackets one text.
    pub(super) lines: Vec<String>,
}

/// What is moved inside of one list.
pub(super) struct Moves<'c>(Vec<Moving<'c>>);

impl<'c> Moves<'c> {
    /// The move by which this item comes in.
    pub(super) fn bringing(&self, item: &Value) -> Option<&Moving<'c>> {
        self.0.iter().find(|it| std::ptr::eq(it.value, item))
    }

    /// The move by which this row goes.
    pub(super) fn taking(&self, row: &Row<'_, '_>) -> Option<&Moving<'c>> {
        self.0.iter().find(|it| it.row == row.start)
    }
}

impl Printer<'_> {
    /// The items of a list that only change their place. `is_flow`: the list stands in brackets.
    pub(super) fn moves<'c>(&self, plan: &Plan<'c>, rows: &[Row<'_, '_>], is_flow: bool) -> Moves<'c> {
        let mut moves = Moves(Vec::new());
        for value in plan.inserted.values().flatten().copied() {
            let is_it = |row: &&Row<'_, '_>| {
                let path = row.plan.filter(|plan| plan.removed).map(|plan| &plan.path);
                moves.taking(row).is_none()
                    && path.and_then(|path| path.find(self.layout.document().value())) == Some(value)
            };
            let Some(row) = rows.iter().find(is_it) else { continue };
            let text = if is_flow { self.text_in_brackets(row) } else { self.lines_of(row) };
            if let Some((span, lines)) = text {
                moves.0.push(Moving { value, row: row.start, span, lines });
            }
        }
        moves
    }

    /// From the end of the line above an item and its comments to the end of its last line; none where something else stands on its
    /// lines, or where a block of text at its end keeps the empty lines below.
    fn lines_of(&self, row: &Row<'_, '_>) -> Option<((usize, usize), Vec<String>)> {
        self.layout.indentation(row.start)?;
        let top = self.layout.with_comments_above(row.start);
        let above = self.layout.previous_line_end(top)?;
        let end = self.layout.line_end(row.end.max(row.start + 1))?;
        if self.layout.full_end(row.value) > row.end.max(row.start + 1) {
            return None;
        }
        let text = self.layout.slice(self.layout.line_start(top), end);
        Some(((above, end), text.lines().map(str::to_owned).collect()))
    }

    fn text_in_brackets(&self, row: &Row<'_, '_>) -> Option<((usize, usize), Vec<String>)> {
        let is_simple = row.start < row.end && !self.layout.holds_comment(row.start, row.end);
        is_simple.then(|| ((row.start, row.end), vec![self.layout.slice(row.start, row.end).to_owned()]))
    }
}
