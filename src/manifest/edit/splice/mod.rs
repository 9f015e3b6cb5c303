//! The printer for files: changes as splices into the text, which touch only the bytes at fault.
//!
//! The changes become a tree of plans beside the document's tree, and both are walked once. What comes in is written in
//! the style of what stands around it. What cannot be edited without a guess is refused, with the reason.

mod below;
mod block;
mod block_ink;
mod container;
mod facts;
mod flow;
mod flow_ink;
mod layout;
mod moving;
mod plan;
mod refusal;
mod rename;
mod scalar;
mod style;
mod template;
mod text;
mod units;
mod value;

pub(in crate::manifest) use facts::Facts;
pub use refusal::Refusal;

use super::change::Change;
use crate::base::{Path, Span, TextEdit};
use crate::manifest::tree::NodeId;
use crate::manifest::{Document, Limits, yaml};
use block_ink::BlockInk;
use layout::{Layout, MARK};
use plan::Plan;
use rename::Renaming;
use serde_json::Value;

#[cfg(test)]
mod tests;

/// The splices that make these changes, in the order of the text; they neither overlap nor touch. Paths are those of the
/// document before any change.
///
/// # Errors
/// The first change that the text does not allow.
pub fn splice(document: &Document, changes: &[Change]) -> Result<Vec<TextEdit>, Refusal> {
    let Some(first) = changes.first() else { return Ok(Vec::new()) };
    let layout = Layout::of(document).ok_or_else(|| Refusal::NoText(first.path.clone()))?;
    if let Some(untouchable) = &layout.facts().untouchable {
        return Err(untouchable.refusal(&first.path));
    }
    let renaming = Renaming::of(document.value(), changes);
    let plan = Plan::of(&renaming);
    let mut printer = Printer { layout, edits: Vec::new() };
    let start = printer.layout.span(0).start;
    printer.value(&plan, &Place { node: 0, lead: start, seat: Seat::Root, above: &[] })?;
    let Printer { layout, edits } = printer;
    let edits = joined(edits).ok_or_else(|| Refusal::Layout(first.path.clone()))?;
    if layout.facts().template.is_touched_by(&edits) {
        return Err(Refusal::TemplateTouched(first.path.clone()));
    }
    if plan.removes() && !keeps_comments(&layout, &edits) {
        return Err(Refusal::Comment(first.path.clone()));
    }
    Ok(edits)
}

/// Whether all comments are still comments after these edits: where lines go, a comment may come to stand below a block of
/// text that takes it in.
fn keeps_comments(layout: &Layout<'_>, edits: &[TextEdit]) -> bool {
    let may_lose_one = |edit: &TextEdit| edit.text.contains('#') || layout.has_comment_behind(edit.span.end);
    if !edits.iter().any(may_lose_one) {
        return true;
    }
    let piece = layout.piece();
    let moved = |edit: &TextEdit| {
        let span = Span { start: edit.span.start - piece.start, end: edit.span.end - piece.start };
        TextEdit { span, ..edit.clone() }
    };
    let after = spliced(layout.slice(piece.start, piece.end), &edits.iter().map(moved).collect::<Vec<_>>());
    let again = yaml::read(&after, &Limits::default()).comments;
    // The marks of a fixture go with the lines they stand on.
    let taken: usize = edits.iter().map(|edit| layout.marks_within(edit.span)).sum();
    let brought: usize = edits.iter().map(|edit| edit.text.matches(MARK).count()).sum();
    again.len() + taken == layout.comments().count() + brought
}

/// A text after splices that do not overlap, in the order of the text.
pub fn spliced(text: &str, texts: &[TextEdit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in texts {
        out.push_str(text.get(at..edit.span.start).unwrap_or(""));
        out.push_str(&edit.text);
        at = edit.span.end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}

/// A value as YAML in block style, without a line end behind it.
pub(super) fn block_text(value: &Value) -> String {
    let written = BlockInk::default().in_item(value, 0);
    std::iter::once(written.inline).chain(written.lines).collect::<Vec<_>>().join("\n")
}

/// Prints plans, node by node.
struct Printer<'d> {
    layout: Layout<'d>,
    edits: Vec<TextEdit>,
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'p> {
    /// What is written there: the value, or an alias.
    node: NodeId,
    /// Behind the colon or dash that introduces it, and behind its anchor.
    lead: usize,
    seat: Seat,
    /// The maps and lists that it stands in, from the root on.
    above: &'p [NodeId],
}

/// What a value stands behind.
#[derive(Clone, Copy, PartialEq)]
enum Seat {
    Root,
    /// A key in this column.
    Key(usize),
    /// A dash; what an item is made of stands in this column.
    Dash(usize),
    /// Brackets.
    Flow,
}

impl Printer<'_> {
    fn put(&mut self, start: usize, end: usize, text: impl Into<String>) {
        let edit = self.layout.edit(start, end, text);
        self.edits.push(edit);
    }

    fn refuse_comment(&self, start: usize, end: usize, path: &Path) -> Result<(), Refusal> {
        if self.layout.holds_comment(start, end) { Err(Refusal::Comment(path.clone())) } else { Ok(()) }
    }
}

/// Edits in the order of the text, those that touch made one. What is put in at one place keeps its order. None if any
/// overlap.
fn joined(mut edits: Vec<TextEdit>) -> Option<Vec<TextEdit>> {
    edits.sort_by_key(|edit| edit.span);
    let mut out: Vec<TextEdit> = Vec::new();
    for edit in edits {
        match out.last_mut() {
            Some(last) if edit.span.start < last.span.end => return None,
            Some(last) if edit.span.start == last.span.end => {
                last.span.end = edit.span.end;
                last.text.push_str(&edit.text);
            }
            _ => out.push(edit),
        }
    }
    Some(out)
}
