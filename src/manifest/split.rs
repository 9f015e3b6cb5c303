//! The documents of a file, as kubectl cuts them: by lines, before any YAML is read.
//!
//! Source: `YAMLReader` of
//! <https://github.com/kubernetes/apimachinery/blob/master/pkg/util/yaml/decoder.go>. A line that starts with `---` ends a
//! document, wherever it stands, and only spaces and a comment may follow on it.

use crate::base::Span;
use memchr::{memchr, memmem};

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

/// The piece that begins at `from`, the start of a line, and where the next one begins.
fn next_piece(text: &str, from: usize) -> (Piece, Option<usize>) {
    let mut junk = None;
    for line_start in separators(text, from) {
        let line_end =
            memchr(b'\n', &text.as_bytes()[line_start..]).map_or(text.len(), |newline| line_start + newline + 1);
        let found = junk_behind(&text[line_start + MARK.len()..line_end]).map(|(start, end)| {
            let behind = line_start + MARK.len();
            Span { start: behind + start, end: behind + end }
        });
        if line_start > from {
            // A separator that is refused spoils the piece it begins, not the one it ends.
            let next = if found.is_some() { line_start } else { line_end };
            return (piece(from, line_start, junk), Some(next));
        }
        junk = found;
    }
    (piece(from, text.len(), junk), None)
}

/// Where the lines begin that are separators, from the start of a line on.
fn separators(text: &str, from: usize) -> impl Iterator<Item = usize> {
    let rest = &text.as_bytes()[from..];
    let first = rest.starts_with(MARK.as_bytes()).then_some(from);
    first.into_iter().chain(memmem::find_iter(rest, "\n---").map(move |newline| from + newline + 1))
}

/// What a separator begins with.
const MARK: &str = "---";

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
