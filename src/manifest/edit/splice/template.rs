//! Template text (`{{ ... }}` of helm, of Vault, of `kubectl -o go-template`) in a document: where it stands, and whether an edit
//! keeps clear of it. It is never evaluated.

use super::layout::Layout;
use crate::base::{Span, TextEdit};
use crate::manifest::Style;
use crate::manifest::tree::{NodeId, Shape};

/// Where the template text of a document stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::manifest) enum Template {
    /// Inside of these values and comments, and each of them is whole: what it becomes is a value or a comment still.
    Within(Vec<Span>),
    /// Where it can decide about other lines: in keys, between values, or opened in one place and closed in another.
    Around,
}

impl Template {
    pub(super) fn of(layout: &Layout<'_>) -> Self {
        let piece = layout.document().span();
        let text = layout.slice(piece.start, piece.end);
        let count = text.matches(OPEN).count();
        if count == 0 {
            return Self::Within(Vec::new());
        }
        let mut spans = Vec::new();
        let comments = layout.document().comments().iter().map(|comment| (comment.span, Kind::Comment));
        for (span, kind) in values(layout).chain(comments) {
            let text = layout.slice(span.start, span.end);
            if text.contains(OPEN) && is_whole(text, kind) {
                spans.push(span);
            }
        }
        let found: usize = spans.iter().map(|span| layout.slice(span.start, span.end).matches(OPEN).count()).sum();
        if found == count && !text.contains(STATEMENT) { Self::Within(spans) } else { Self::Around }
    }

    /// Whether an edit writes over template text, or into a value or comment that holds some.
    pub(super) fn is_touched_by(&self, edits: &[TextEdit]) -> bool {
        let Self::Within(spans) = self else { return true };
        let overlap = |edit: &TextEdit, span: &Span| edit.span.start < span.end && span.start < edit.span.end;
        edits.iter().any(|edit| spans.iter().any(|span| overlap(edit, span)))
    }
}

const OPEN: &str = "{{";
/// How Jinja opens what is no value.
const STATEMENT: &str = "{%";

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Comment,
    Line,
    Block,
}

/// All scalars that are no keys.
fn values<'l>(layout: &'l Layout<'_>) -> impl Iterator<Item = (Span, Kind)> + use<'l> {
    let nodes = || (0..).zip(&layout.tree().nodes).map(|(id, node): (NodeId, _)| (id, node.shape));
    let maps = nodes().filter(|(_, shape)| matches!(shape, Shape::Map(_)));
    let keys: std::collections::BTreeSet<NodeId> =
        maps.flat_map(|(map, _)| layout.tree().entries(map).map(|(key, _)| key)).collect();
    nodes().filter_map(move |(id, shape)| match shape {
        Shape::Scalar(_) if keys.contains(&id) => None,
        Shape::Scalar(Style::Literal | Style::Folded) => Some((layout.span(id), Kind::Block)),
        Shape::Scalar(_) => Some((layout.span(id), Kind::Line)),
        _ => None,
    })
}

/// Whether all template text in a value or comment ends in it, and leaves the lines around it alone.
fn is_whole(text: &str, kind: Kind) -> bool {
    let mut depth = 0_usize;
    let mut actions = text.split(OPEN);
    let _before = actions.next();
    for action in actions {
        let Some((action, _)) = action.split_once("}}") else { return false };
        // In a comment this makes lines that are none.
        if kind == Kind::Comment && action.contains("indent") {
            return false;
        }
        let Some(now) = depth_after(action, depth) else { return false };
        depth = now;
    }
    // `-}}` at the end of a line takes the line break away.
    depth == 0 && (kind == Kind::Block || !text.trim_end().ends_with("-}}"))
}

/// How many parts are open behind an action of Go's templates, or of mustache; none where it closes or goes on with what was
/// opened elsewhere.
///
/// Source: <https://pkg.go.dev/text/template#hdr-Actions>, <https://mustache.github.io/mustache.5.html>
fn depth_after(action: &str, depth: usize) -> Option<usize> {
    let action = action.trim_start_matches('-').trim_start();
    if action.starts_with("/*") {
        return Some(depth);
    }
    let word = action.split(|sign: char| !sign.is_ascii_alphabetic()).next().unwrap_or("");
    match (word, action.chars().next()) {
        ("if" | "range" | "with" | "block" | "define", _) | (_, Some('#' | '^')) => Some(depth + 1),
        ("end", _) | (_, Some('/')) => depth.checked_sub(1),
        ("else", _) => (depth > 0).then_some(depth),
        _ => Some(depth),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_whole_where_all_that_it_opens_is_closed_in_it() {
        let lines = [
            ("{{ .Values.x }}-{{ .y }}", true),
            ("{{ if .x }}a{{ else }}b{{ end }}", true),
            ("{{- with secret \"a\" }}{{ range .Data }}{{ . }}{{ end }}{{ end }}", true),
            ("{{#items}}a{{/items}}{{^items}}b{{/items}}", true),
            ("{{/* if */}}", true),
            ("{{ ifNone .x }}", true),
            ("{{ if .x }}a", false),
            ("a{{ end }}", false),
            ("{{ else }}", false),
            ("{{/items}}", false),
            ("{{ .x", false),
            ("{{ .x -}}", false),
        ];
        for (text, wanted) in lines {
            assert_eq!(is_whole(text, Kind::Line), wanted, "{text}");
        }
        assert!(is_whole("|\n  {{ with .x -}}\n  a\n  {{ end -}}\n", Kind::Block));
        assert!(is_whole("# x: {{ .x }}", Kind::Comment) && !is_whole("# {{ .x | nindent 4 }}", Kind::Comment));
    }
}
