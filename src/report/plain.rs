//! Text of other people made safe to print: manifests are hostile until proven otherwise.
//!
//! A manifest value, a file name or a rule's message may hold terminal escapes, line breaks that forge a line of
//! their own, or marks that turn the direction of writing. None of them reaches a terminal or an answer of ours.

use crate::base::{is_unprintable, printable};
use std::borrow::Cow;

/// The text as one line: line breaks and tabs become spaces, all else that [`is_unprintable`] is replaced.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unprintable) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { printable(c) }).collect())
}

/// The lines of a text, each as [`one_line`] makes it; a carriage return before a line feed belongs to the break.
pub fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.lines().map(one_line)
}

/// At most `limit` characters of a text; what is cut is said with three dots, which count too.
pub fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    if text.chars().nth(limit).is_none() {
        return Cow::Borrowed(text);
    }
    let kept: String = text.chars().take(limit.saturating_sub(DOTS.len())).collect();
    Cow::Owned(kept + DOTS)
}

const DOTS: &str = "...";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_and_line_breaks_do_not_survive() {
        let cases = [
            ("plain", "plain"),
            ("a\nb\tc", "a b c"),
            ("\u{1b}[31mred", "\u{fffd}[31mred"),
            ("\u{9b}2J", "\u{fffd}2J"),
            ("abc\u{202e}def", "abc\u{fffd}def"),
            ("\u{7f}é漢", "\u{fffd}é漢"),
        ];
        for (text, wanted) in cases {
            assert_eq!(one_line(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn a_shortened_text_ends_in_dots_and_has_at_most_the_limit() {
        let cases = [("abcdef", 6, "abcdef"), ("abcdefg", 6, "abc..."), ("ééééééé", 6, "ééé..."), ("abc", 0, "...")];
        for (text, limit, wanted) in cases {
            assert_eq!(shorten(text, limit), wanted);
        }
    }

    proptest! {
        #[test]
        fn one_line_has_no_control_character(text in any::<String>()) {
            prop_assert!(!one_line(&text).chars().any(char::is_control));
        }
    }
}
