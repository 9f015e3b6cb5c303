//! Telling a template (of helm, of Go, of ytt) from broken YAML, and from YAML.
//!
//! A piece counts as a template when it cannot be read *and* a `{{` can be the reason: one that stands outside of quotes,
//! blocks of text and comments, up to the line where reading stopped. A file that can be read is never a template:
//! rules of Prometheus and dashboards hold `{{ $labels.x }}` in their texts.

use super::fault::{Fault, Reason};
use super::tree::Range;
use super::yaml::Outcome;

/// Whether template text can explain the fault by which the piece cannot be read.
pub(super) fn explains(text: &str, fault: &Fault, outcome: &Outcome) -> bool {
    if !matches!(fault.reason, Reason::NoYaml(_) | Reason::CollectionAsKey(_)) {
        return false;
    }
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        if line_start > outcome.seen_to as usize {
            return false;
        }
        let is_hidden =
            |at: usize| contains(&outcome.comments, line_start + at) || contains(&outcome.texts, line_start + at);
        if line.contains("{{") && has_open_braces(line, is_hidden) {
            return true;
        }
        line_start += line.len();
    }
    false
}

/// Whether a comment, from its `#` on, is one that ytt reads: code behind `#@ `, or a word about what stands behind it, such as
/// `#@overlay/match by="name"`.
///
/// Source: <https://carvel.dev/ytt/docs/latest/lang-ref-annotation/>
pub(super) fn is_of_ytt(comment: &str) -> bool {
    let Some(text) = comment.strip_prefix("#@") else { return false };
    let word = text.split_whitespace().next().unwrap_or("");
    let is_code = text.starts_with([' ', '\t']) && !word.is_empty();
    let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphabetic() || c == '-');
    is_code
        || text.starts_with(word) && word.split_once('/').is_some_and(|(module, name)| is_name(module) && is_name(name))
}

/// Whether a line has a `{{` that is neither hidden nor behind a quote or a comment sign: those are an estimate, for what
/// could not be read.
fn has_open_braces(line: &str, is_hidden: impl Fn(usize) -> bool) -> bool {
    let (mut quote, mut previous) = (None, ' ');
    for (at, character) in line.char_indices() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => {}
            (None, '#') if previous.is_whitespace() => return false,
            (None, '"' | '\'') => quote = Some(character),
            (None, '{') if previous == '{' && !is_hidden(at) => return true,
            (None, _) => {}
        }
        previous = character;
    }
    false
}

/// Whether one of these ranges, in the order of the text, holds an offset.
fn contains(ranges: &[Range], at: usize) -> bool {
    let after = ranges.partition_point(|range| range.start as usize <= at);
    after.checked_sub(1).and_then(|index| ranges.get(index)).is_some_and(|range| at < range.end as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_of_ytt_are_told_from_those_for_people() {
        let of_ytt = [
            "#@ data.values.grace",
            "#@\tend",
            "#@overlay/match by=\"name\"",
            "#@data/values-schema",
            "#@ load(\"@ytt:data\")",
        ];
        let others = [
            "# @param image",
            "#",
            "#@",
            "#@ ",
            "#@author",
            "#@generated",
            "#! a note",
            "#~ odd-name",
            "#@me/you.org",
            "#@/x",
        ];
        for (comments, wanted) in [(&of_ytt[..], true), (&others[..], false)] {
            for comment in comments {
                assert_eq!(is_of_ytt(comment), wanted, "{comment}");
            }
        }
    }
}
