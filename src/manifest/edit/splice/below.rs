//! The comment lines below an entry or item: which of them belong to it, as what is commented out at the end of a block does.

use super::container::Row;
use super::layout::Layout;
use crate::manifest::Style;
use crate::manifest::tree::Shape;

impl Layout<'_> {
    /// The end of the last line of a row, with the comment on it and the comment lines below that belong to it: what comes in
    /// behind the row would else come between them and what they are a part of. None where something else stands on its last line.
    pub(super) fn end_with_comments_below(&self, row: &Row<'_, '_>) -> Option<usize> {
        let column = self.column(row.start);
        let has_dashes_here =
            self.shape(row.value) == Shape::List(Style::Block) && self.column(self.span(row.value).start) == column;
        let mut end = self.line_end(self.full_end(row.value))?;
        // The blanks before the dash of an item that is commented out in the column of the row.
        let mut item = None;
        for (at, comment) in self.comment_lines_below(end) {
            let depth = self.column(at);
            if depth < column {
                break;
            }
            let content = comment.trim_start_matches('#');
            let blanks = content.len() - content.trim_start().len();
            item = match item {
                _ if depth > column || !has_dashes_here => None,
                _ if content.trim_start().starts_with("- ") => Some(blanks),
                before => before.filter(|dash| blanks > *dash),
            };
            if depth > column || item.is_some() {
                end = at + comment.len();
            }
        }
        Some(end)
    }

    /// The comments that stand alone on the lines below a place, up to the first line that holds anything else.
    fn comment_lines_below(&self, at: usize) -> impl Iterator<Item = (usize, &str)> {
        let rest = self.slice(at, self.piece().end);
        let first = rest.find('\n').map_or(rest.len(), |found| found + 1);
        let lines = rest.get(first..).unwrap_or("").split_inclusive('\n').scan(at + first, |start, line| {
            let begin = *start;
            *start += line.len();
            Some((begin, line))
        });
        let lines = lines.filter(|(_, line)| !line.trim().is_empty());
        lines.map_while(|(start, line)| {
            let at = start + line.bytes().take_while(|byte| *byte == b' ').count();
            let comment = self.comment_at(at)?;
            Some((at, self.slice(comment.start, comment.end)))
        })
    }

    /// Whether a comment stands on the lines right below that is further in than a column: a block of text above it would
    /// take it in.
    pub(super) fn has_deeper_comment_below(&self, at: usize, column: usize) -> bool {
        let mut lines =
            self.text().get(at..).and_then(|rest| rest.split_once('\n')).map_or("", |(_, rest)| rest).lines();
        let is_deeper = |line: &str| line.len() - line.trim_start().len() > column;
        let is_empty_or_comment = |line: &&str| line.trim().is_empty() || line.trim_start().starts_with('#');
        lines.by_ref().take_while(is_empty_or_comment).any(|line| !line.trim().is_empty() && is_deeper(line))
    }
}
