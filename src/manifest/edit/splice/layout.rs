//! The text of one document under the eyes of the printer: nodes, lines, columns, comments. Offsets are bytes of the file.

use super::facts::Facts;
use super::style::Habits;
use crate::base::{Span, TextEdit};
use crate::manifest::Document;
use crate::manifest::Style;
use crate::manifest::document::Written;
use crate::manifest::tree::{NodeId, Shape, Tree};

/// How a mark of a fixture begins.
pub(super) const MARK: &str = "#~ ";

/// A document's text with the place of everything in it.
pub(super) struct Layout<'d> {
    document: &'d Document,
    written: &'d Written,
}

impl<'d> Layout<'d> {
    /// The layout of a document that was read from a text.
    pub(super) fn of(document: &'d Document) -> Option<Self> {
        Some(Self { document, written: document.written()? })
    }

    pub(super) fn document(&self) -> &'d Document {
        self.document
    }

    /// What is true of the whole document.
    pub(super) fn facts(&self) -> &'d Facts {
        self.written.facts.get_or_init(|| Facts::of(self))
    }

    /// What it does most.
    pub(super) fn habits(&self) -> Habits {
        *self.facts().habits.get_or_init(|| Habits::of(self))
    }

    pub(super) fn tree(&self) -> &'d Tree {
        &self.written.tree
    }

    /// The whole file.
    pub(super) fn text(&self) -> &'d str {
        self.written.source.text()
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> &'d str {
        self.text().get(start..end).unwrap_or("")
    }

    pub(super) fn byte(&self, at: usize) -> u8 {
        self.text().as_bytes().get(at).copied().unwrap_or(0)
    }

    pub(super) fn shape(&self, node: NodeId) -> Shape {
        self.tree().get(node).map_or(Shape::Alias, |node| node.shape)
    }

    /// A node without its anchor and tag.
    pub(super) fn span(&self, node: NodeId) -> Span {
        self.written.span(node)
    }

    pub(super) fn node_text(&self, node: NodeId) -> &'d str {
        let span = self.span(node);
        self.slice(span.start, span.end)
    }

    /// The name of a key, as it is in the JSON.
    pub(super) fn name(&self, key: NodeId) -> Option<&'d str> {
        self.tree().name(key, self.written.text())
    }

    /// The anchor and tag before a node.
    pub(super) fn properties(&self, node: NodeId) -> Option<Span> {
        let range = self.tree().properties(node)?;
        let base = self.written.piece.start;
        Some(Span { start: base + range.start as usize, end: base + range.end as usize })
    }

    /// Where a node starts, its anchor and tag included.
    pub(super) fn start(&self, node: NodeId) -> usize {
        let start = self.span(node).start;
        self.properties(node).map_or(start, |properties| properties.start.min(start))
    }

    /// Whether an alias stands for this node or for anything inside of it.
    pub(super) fn holds_shared(&self, node: NodeId) -> bool {
        let end = self.tree().after(node).unwrap_or(node + 1);
        let shared = &self.facts().shared;
        shared.get(shared.partition_point(|shared| *shared < node)).is_some_and(|shared| *shared < end)
    }

    /// Whether an alias stands for this very node.
    pub(super) fn is_shared(&self, node: NodeId) -> bool {
        self.facts().shared.binary_search(&node).is_ok()
    }

    /// Whether a comment starts between two places. The mark of a fixture (`#~ rule-id`) is none: it says what is expected of the
    /// lines it stands on, and goes with them.
    pub(super) fn holds_comment(&self, start: usize, end: usize) -> bool {
        self.starts_within(start, end).any(|at| !self.is_mark(at))
    }

    /// How many marks of a fixture start in a span of the file.
    pub(super) fn marks_within(&self, span: Span) -> usize {
        self.starts_within(span.start, span.end).filter(|at| self.is_mark(*at)).count()
    }

    fn starts_within(&self, start: usize, end: usize) -> impl Iterator<Item = usize> + use<'_, 'd> {
        let comments = &self.written.comments;
        let next = comments.partition_point(|comment| comment.span.start < start);
        comments.iter().skip(next).map(|comment| comment.span.start).take_while(move |at| *at < end)
    }

    fn is_mark(&self, at: usize) -> bool {
        self.text().get(at..).unwrap_or("").starts_with(MARK)
    }

    /// The comment that starts at a place.
    pub(super) fn comment_at(&self, at: usize) -> Option<Span> {
        let comments = &self.written.comments;
        let found = comments.binary_search_by_key(&at, |comment| comment.span.start).ok()?;
        comments.get(found).map(|comment| comment.span)
    }

    /// Where the line of a place starts; behind the byte order mark on the first one.
    pub(super) fn line_start(&self, at: usize) -> usize {
        let start = self.written.source.line_start(at).max(self.written.piece.start);
        let mark = if self.slice(start, at).starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        start + mark
    }

    /// Bytes between the start of the line and a place; nothing but ASCII stands there where it matters.
    pub(super) fn column(&self, at: usize) -> usize {
        at - self.line_start(at)
    }

    /// What stands before a place on its line, if that is nothing but spaces.
    pub(super) fn indentation(&self, at: usize) -> Option<&'d str> {
        let before = self.slice(self.line_start(at), at);
        before.bytes().all(|byte| byte == b' ').then_some(before)
    }

    /// What stands before a place on its line, if that is nothing but spaces and tabs.
    pub(super) fn blanks_before(&self, at: usize) -> Option<&'d str> {
        let before = self.slice(self.line_start(at), at);
        before.bytes().all(|byte| matches!(byte, b' ' | b'\t')).then_some(before)
    }

    /// The spaces and tabs that the line of a place begins with.
    pub(super) fn blanks_of_line(&self, at: usize) -> &'d str {
        let start = self.line_start(at);
        let line = self.slice(start, at);
        let blanks = line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        self.slice(start, start + blanks)
    }

    /// A replacement of bytes of the file.
    pub(super) fn edit(&self, start: usize, end: usize, text: impl Into<String>) -> TextEdit {
        TextEdit { file: self.written.source.name().clone(), span: Span { start, end }, text: text.into() }
    }

    /// The end of the line of a place, without its line break, if nothing but blanks and a comment stand in between.
    pub(super) fn line_end(&self, at: usize) -> Option<usize> {
        let end = self.skip_blanks(at);
        let end = self.comment_at(end).map_or(end, |comment| comment.end);
        self.is_line_end(end).then_some(end)
    }

    /// Whether a comment stands behind a place on its line, on the empty lines below, or on the first line that is not empty: only
    /// such a comment can come to stand elsewhere by what goes before it.
    pub(super) fn has_comment_behind(&self, at: usize) -> bool {
        let rest = self.slice(at, self.written.piece.end);
        let behind = rest.split_inclusive('\n');
        let empty: usize = behind.clone().skip(1).take_while(|line| line.trim().is_empty()).map(str::len).sum();
        let first = behind.clone().next().map_or(0, str::len) + empty;
        let next = rest.get(first..).and_then(|rest| rest.split_inclusive('\n').next()).map_or(0, str::len);
        self.holds_comment(at, at + first + next)
    }

    /// The comments, without their `#`.
    pub(super) fn comments(&self) -> impl Iterator<Item = &'d str> {
        self.written.comments.iter().map(|comment| comment.text.as_ref())
    }

    /// The document's piece of the file.
    pub(super) fn piece(&self) -> Span {
        self.written.piece
    }

    /// Whether a line ends here.
    pub(super) fn is_line_end(&self, at: usize) -> bool {
        let rest = self.text().get(at..).unwrap_or("");
        rest.is_empty() || rest.starts_with('\n') || rest.starts_with("\r\n")
    }

    /// The place behind the spaces and tabs here.
    pub(super) fn skip_blanks(&self, at: usize) -> usize {
        let rest = self.text().get(at..).unwrap_or("");
        at + rest.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }

    /// The next place of a mark, if nothing but space and comments stands before it.
    pub(super) fn next_mark(&self, at: usize, mark: u8) -> Option<usize> {
        let mut at = at;
        loop {
            let rest = self.text().get(at..)?;
            at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
            match self.comment_at(at) {
                Some(comment) => at = comment.end,
                None => return (self.byte(at) == mark).then_some(at),
            }
        }
    }

    /// The line break for what is put in at a place: as the line there has it, or the one before.
    pub(super) fn line_break(&self, at: usize) -> &'static str {
        let text = self.text();
        let behind = text.get(at..).and_then(|rest| rest.find('\n')).map(|found| at + found);
        let newline = behind.or_else(|| text.get(..at).and_then(|before| before.rfind('\n')));
        match newline {
            Some(newline) if newline > 0 && self.byte(newline - 1) == b'\r' => "\r\n",
            _ => "\n",
        }
    }

    /// The end of the line before the one of this place, without its line break; none on the document's first.
    pub(super) fn previous_line_end(&self, at: usize) -> Option<usize> {
        let newline = self.line_start(at).checked_sub(1).filter(|newline| self.byte(*newline) == b'\n')?;
        if newline < self.written.piece.start {
            return None;
        }
        Some(if newline > 0 && self.byte(newline - 1) == b'\r' { newline - 1 } else { newline })
    }

    /// Where the comment lines begin that stand in a column directly above the line of a place; the place itself if there
    /// are none, or if something else stands before it on its line.
    pub(super) fn with_comments_above(&self, at: usize) -> usize {
        let column = self.column(at);
        let mut top = at;
        while self.indentation(top).is_some() {
            let Some(end) = self.previous_line_end(top) else { break };
            let above = self.line_start(end) + column;
            if above > end || self.comment_at(above).is_none() || self.indentation(above).is_none() {
                break;
            }
            top = above;
        }
        top
    }

    /// The block of text that a node ends with.
    fn block_at_end(&self, node: NodeId) -> Option<NodeId> {
        let mut last = node;
        while let Some(child) = self.tree().children(last).last() {
            last = child;
        }
        matches!(self.shape(last), Shape::Scalar(Style::Literal | Style::Folded)).then_some(last)
    }

    fn keeps_empty_lines(&self, block: NodeId) -> bool {
        self.node_text(block).lines().next().unwrap_or("").contains('+')
    }

    /// Whether the line below a place is empty, and would become a part of the block of text that a node ends with, if it
    /// stood right below the node.
    pub(super) fn would_take_in(&self, node: NodeId, at: usize) -> bool {
        let Some(block) = self.block_at_end(node) else { return false };
        let below = self.slice(at, self.written.piece.end).split_once('\n').map_or("", |(_, below)| below);
        let line = below.split('\n').next().unwrap_or("").trim_end_matches('\r');
        let is_empty = !below.is_empty() && line.trim().is_empty();
        is_empty && (!line.is_empty() || self.keeps_empty_lines(block))
    }

    /// Where a node ends, with the empty lines that belong to a block scalar with `+` at its end.
    pub(super) fn full_end(&self, node: NodeId) -> usize {
        let block = self.block_at_end(node);
        let end = block.map_or(0, |block| self.span(block).end).max(self.span(node).end);
        if !block.is_some_and(|block| self.keeps_empty_lines(block)) {
            return end;
        }
        let mut at = end;
        while let Some(next) = self.text().get(at..self.written.piece.end).and_then(|rest| rest.find('\n')) {
            let line = self.slice(at + next + 1, self.written.piece.end).split_inclusive('\n').next().unwrap_or("");
            if !line.ends_with('\n') || !line.trim().is_empty() {
                break;
            }
            at += next + 1 + line.trim_end_matches(['\r', '\n']).len();
        }
        at
    }

    /// The comments before anything else of the file, and of the document, without their `#`.
    pub(super) fn head(&self) -> impl Iterator<Item = &'d str> {
        let lines = self.text().trim_start_matches('\u{feff}').lines().map(str::trim);
        let is_head = |line: &&str| line.is_empty() || line.starts_with('#') || line.starts_with("---");
        let of_file = lines.take_while(is_head).filter(|line| line.starts_with('#'));
        let begin = self.tree().get(0).map_or(0, |_| self.start(0));
        let of_document = self.written.comments.iter().take_while(move |comment| comment.span.start < begin);
        of_file.chain(of_document.map(|comment| comment.text.as_ref()))
    }
}
