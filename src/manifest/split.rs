//! The documents of a file, as kubectl cuts them: by lines, before any YAML is read.
//!
//! Source: `YAMLReader` of
//! <https://github.com/kubernetes/apimachinery/blob/master/pkg/util/yaml/decoder.go>. A line that starts with `---` ends a
//! document, wherever it stands, and only spaces and a comment may follow on it.

use crate::base::Span;

/// One document's text, or a separator that kubectl refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// The text between two separators. The first piece of a file may begin with its own `---`.
    Document(Span),
    /// What stands behind `---` on its line; the text up to the next separator cannot be told apart from it.
    BadSeparator(Span),
}

/// The pieces of `text` from `start` on.
pub(super) fn pieces(text: &str, start: usize) -> impl Iterator<Item = Piece> {
    let mut from = start;
    let mut done = false;
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let (piece, next) = next_piece(text, from);
        match next {
            Some(next) => from = next,
            None => done = true,
        }
        Some(piece)
    })
}

/// The piece that begins at `from`, and where the next one begins.
fn next_piece(text: &str, from: usize) -> (Piece, Option<usize>) {
    let mut junk = None;
    let mut line_start = from;
    loop {
        let line_end = text[line_start..].find('\n').map_or(text.len(), |newline| line_start + newline + 1);
        if let Some(behind) = text[line_start..line_end].strip_prefix("---") {
            let found = junk_behind(behind)
                .map(|(start, end)| Span { start: line_start + 3 + start, end: line_start + 3 + end });
            if line_start > from {
                // A separator that is refused spoils the piece it begins, not the one it ends.
                let next = if found.is_some() { line_start } else { line_end };
                return (piece(from, line_start, junk), Some(next));
            }
            junk = found;
        }
        if line_end == text.len() {
            return (piece(from, line_end, junk), None);
        }
        line_start = line_end;
    }
}

fn piece(start: usize, end: usize, junk: Option<Span>) -> Piece {
    junk.map_or(Piece::Document(Span { start, end }), Piece::BadSeparator)
}

/// What stands behind `---` and is neither space nor comment.
fn junk_behind(text: &str) -> Option<(usize, usize)> {
    let trimmed = text.trim();
    let start = text.len() - text.trim_start().len();
    (!trimmed.is_empty() && !trimmed.starts_with('#')).then_some((start, start + trimmed.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<String> {
        let show = |piece| match piece {
            Piece::Document(span) => text[span.start..span.end].to_owned(),
            Piece::BadSeparator(span) => format!("bad {}", &text[span.start..span.end]),
        };
        pieces(text, 0).map(show).collect()
    }

    #[test]
    fn a_file_is_cut_at_lines_that_start_with_three_dashes() {
        let cases: [(&str, &[&str]); 12] = [
            ("", &[""]),
            ("a: 1", &["a: 1"]),
            ("a: 1\n---\nb: 2\n", &["a: 1\n", "b: 2\n"]),
            ("---\na: 1\n---\nb: 2", &["---\na: 1\n", "b: 2"]),
            ("a: 1\n---\n---\nb: 2", &["a: 1\n", "---\nb: 2"]),
            ("a: 1\r\n--- # two\r\nb: 2\r\n", &["a: 1\r\n", "b: 2\r\n"]),
            ("a: 1\n---", &["a: 1\n", ""]),
            (" ---\n", &[" ---\n"]),
            ("--- {a: b}\nc: 1\n---\nd: 1\n", &["bad {a: b}", "d: 1\n"]),
            ("a: 1\n---b\nc: 1\n---\nd: 1\n", &["a: 1\n", "bad b", "d: 1\n"]),
            ("a: 1\n----\n", &["a: 1\n", "bad -"]),
            ("a: |\n  x\n---\n  y\n", &["a: |\n  x\n", "  y\n"]),
        ];
        for (text, wanted) in cases {
            assert_eq!(cut(text), wanted, "{text:?}");
        }
    }
}
