//! Telling a template (of helm, of Go) from broken YAML.
//!
//! A piece counts as a template when it cannot be read *and* an unquoted `{{` can be the reason. A file that can be read
//! is never a template: rules of Prometheus and dashboards hold `{{ $labels.x }}` in their texts.

use super::fault::Fault;
use super::tree::Range;

/// Whether template text can explain why the piece cannot be read: there is a `{{` outside of comments and quotes.
pub(super) fn explains(text: &str, fault: &Fault, comments: &[Range]) -> bool {
    let _ = fault;
    let in_comment = |at: usize| {
        let after = comments.partition_point(|range| range.start as usize <= at);
        after.checked_sub(1).and_then(|index| comments.get(index)).is_some_and(|range| at < range.end as usize)
    };
    text.match_indices("{{").any(|(at, _)| !in_comment(at) && !is_quoted(text, at))
}

/// Whether a quote or a comment was opened before this place on its line: an estimate, for text that is no YAML.
fn is_quoted(text: &str, at: usize) -> bool {
    let line_start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let mut quote = None;
    let mut previous = ' ';
    for character in text.get(line_start..at).unwrap_or("").chars() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if character == '#' && previous.is_whitespace() => return true,
            None if matches!(character, '"' | '\'') => quote = Some(character),
            None => {}
        }
        previous = character;
    }
    quote.is_some()
}
