//! One document: its JSON, and the place in the text of everything in it.

use super::compose::Composed;
use super::edit::Facts;
use super::spot::{Kind, Spot, Style};
use super::tree::{Found, NodeId, Range, Shape, Tree};
use crate::base::{Path, Source, Span};
use serde_json::Value;
use std::sync::{Arc, OnceLock};

/// A document as kubectl would read it.
#[derive(Debug, Clone)]
pub struct Document {
    value: Value,
    index: usize,
    written: Option<Written>,
}

/// What is known of a document that was read from a text.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) source: Source,
    /// Offset of the document's piece, which its tree counts from, and behind its end.
    pub(super) piece: Span,
    pub(super) tree: Tree,
    pub(super) comments: Vec<Comment>,
    template: Option<Arc<str>>,
    /// What the printer of edits knows of the whole document, once it was asked.
    pub(super) facts: OnceLock<Facts>,
}

/// A comment, from its `#` to the end of its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Where it stands, the `#` included.
    pub span: Span,
    /// What is behind the `#`, without space around it.
    pub text: Box<str>,
}

impl Document {
    /// A document that was read from no text, such as the object of an admission request: it has no places.
    pub fn from_value(value: Value) -> Self {
        Self { value, index: 0, written: None }
    }

    pub(super) fn new(source: &Source, index: usize, piece: Span, composed: Composed, comments: &[Range]) -> Self {
        let Composed { value, mut tree, .. } = composed;
        tree.nodes.shrink_to_fit();
        let comments: Vec<Comment> = comments.iter().map(|range| comment(source, absolute(piece, *range))).collect();
        let begin = tree.get(0).map_or(piece.end, |root| absolute(piece, root.range).start);
        let template = template_of(&comments, begin);
        Self {
            value,
            index,
            written: Some(Written { source: source.clone(), piece, tree, comments, template, facts: OnceLock::new() }),
        }
    }

    /// The JSON that kubectl (sigs.k8s.io/yaml) makes of it.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Keeps only these fields of its JSON; their places and those of the others are still known.
    pub(super) fn keep(&mut self, fields: &[&str]) {
        if let Value::Object(map) = &mut self.value {
            map.retain(|key, _| fields.contains(&key.as_str()));
        }
    }

    /// Keeps only the places up to the end of the last of these fields.
    pub(super) fn keep_places(&mut self, fields: &[&str]) {
        let Some(written) = &mut self.written else { return };
        let (tree, text) = (&written.tree, written.text());
        let kept = tree.entries(0).filter(|(key, _)| tree.name(*key, text).is_some_and(|name| fields.contains(&name)));
        let end = kept.filter_map(|(_, value)| tree.after(value)).max();
        if let Some(end) = end {
            written.tree.cut(end);
        }
    }

    /// The text it was read from; none for [`Document::from_value`].
    pub fn source(&self) -> Option<&Source> {
        self.written.as_ref().map(|written| &written.source)
    }

    /// Its text, with the place of everything in it; none for [`Document::from_value`].
    pub(super) fn written(&self) -> Option<&Written> {
        self.written.as_ref()
    }

    /// Which document of the file it is, from 0; empty ones do not count.
    pub fn index(&self) -> usize {
        self.index
    }

    /// From its first comment or key to its last; a line of `---` before it is not part of it.
    pub fn span(&self) -> Span {
        let Some(written) = &self.written else { return Span::default() };
        let nodes = written.tree.get(0).map(|root| absolute(written.piece, root.range));
        let comments = written.comments.first().zip(written.comments.last());
        let comments = comments.map(|(first, last)| Span { start: first.span.start, end: last.span.end });
        match (nodes, comments) {
            (Some(a), Some(b)) => Span { start: a.start.min(b.start), end: a.end.max(b.end) },
            (Some(span), None) | (None, Some(span)) => span,
            (None, None) => written.piece,
        }
    }

    /// The template that it was rendered from, by a comment `# Source: chart/templates/web.yaml` before it.
    pub fn template(&self) -> Option<&Arc<str>> {
        self.written.as_ref()?.template.as_ref()
    }

    /// Its comments in the order of the text.
    pub fn comments(&self) -> &[Comment] {
        self.written.as_ref().map_or(&[], |written| &written.comments)
    }

    /// The place of a field that exists, the root included.
    pub fn spot(&self, path: &Path) -> Option<Spot> {
        let written = self.written.as_ref()?;
        Some(written.spot(written.find(path)?))
    }

    /// Where a finding about a field is pointed to, whether the field is there or not.
    ///
    /// A scalar by its value, a block scalar by its first line (`|` or `>` to the end of the line); a map or list, or a
    /// value that is not written, by the key that introduces it; an item of a list that is a map by its first key;
    /// something absent by the nearest parent that exists; the root by its first key. None only without a text.
    pub fn point_at(&self, path: &Path) -> Option<Span> {
        let written = self.written.as_ref()?;
        let (found, _) = written.tree.find_nearest(path, written.text())?;
        Some(written.point(found))
    }
}

impl Written {
    /// The text of the document's piece.
    pub(super) fn text(&self) -> &str {
        self.source.text().get(self.piece.start..self.piece.end).unwrap_or("")
    }

    fn find(&self, path: &Path) -> Option<Found> {
        self.tree.find(path, self.text())
    }

    pub(super) fn span(&self, node: NodeId) -> Span {
        self.tree.get(node).map_or(self.piece, |node| absolute(self.piece, node.range))
    }

    fn spot(&self, found: Found) -> Spot {
        let value = self.span(found.node);
        let (kind, style) = match self.tree.get(found.node).map(|node| node.shape) {
            Some(Shape::Map(style)) => (Kind::Map, style),
            Some(Shape::List(style)) => (Kind::List, style),
            Some(Shape::Scalar(style)) => (Kind::Scalar, style),
            Some(Shape::Alias | Shape::Merge) | None => (Kind::Scalar, Style::Plain),
        };
        Spot {
            key: found.key.map(|key| self.span(key)),
            value,
            properties: self.tree.properties(found.node).map(|range| absolute(self.piece, range)),
            alias: (found.written != found.node).then(|| self.span(found.written)),
            header: matches!(style, Style::Literal | Style::Folded).then(|| self.first_line(value)),
            kind,
            style,
            via_alias: found.via_alias,
        }
    }

    fn point(&self, found: Found) -> Span {
        let spot = self.spot(found);
        let is_written_scalar = spot.kind == Kind::Scalar && spot.value.start < spot.value.end;
        match (spot.header, spot.key) {
            (Some(header), _) => header,
            (None, Some(key)) if !is_written_scalar => key,
            _ => self.first_of(found.node),
        }
    }

    /// The first key or scalar of a node: what it shows itself by where no key introduces it.
    fn first_of(&self, mut node: NodeId) -> Span {
        while let Some(first) = self.tree.children(node).next() {
            node = first;
        }
        self.span(node)
    }

    fn first_line(&self, span: Span) -> Span {
        let text = self.source.text().get(span.start..span.end).unwrap_or("");
        let line = text.lines().next().unwrap_or("").trim_end();
        Span { start: span.start, end: span.start + line.len() }
    }
}

fn absolute(piece: Span, range: Range) -> Span {
    Span { start: piece.start + range.start as usize, end: piece.start + range.end as usize }
}

fn comment(source: &Source, span: Span) -> Comment {
    let text = source.text().get(span.start..span.end).unwrap_or("");
    Comment { span, text: text.strip_prefix('#').unwrap_or(text).trim().into() }
}

/// The template of the last `# Source: ` comment before the document's first node, as helm writes it.
fn template_of(comments: &[Comment], begin: usize) -> Option<Arc<str>> {
    let before = comments.iter().take_while(|comment| comment.span.start < begin);
    before.filter_map(|comment| comment.text.strip_prefix("Source: ")).last().map(|name| name.trim().into())
}
