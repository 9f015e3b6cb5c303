//! One document of YAML, from its text to a composed document.
//!
//! `scanner` makes tokens, `parser` gives them structure and drives the composer. Both follow libyaml's Go port, which kubectl reads with: YAML 1.1, in what it accepts and in what it
//! refuses. As kubectl, it reads the first document of its text and nothing behind that.

mod parser;
mod scanner;
mod token;

use super::compose::Composed;
use super::fault::{Fault, Seen, Syntax};
use super::limits::Limits;
use super::tree::Range;

/// What reading a piece of YAML gave.
pub(super) struct Outcome {
    /// The document, or why there is none.
    pub(super) read: Result<Composed, Fault>,
    /// All comments up to the end or the fault, in the order of the text.
    pub(super) comments: Vec<Range>,
    /// The offset where kubectl stops reading, if anything but space and comments stands behind it.
    pub(super) unread: Option<u32>,
    /// How far the text was looked at.
    pub(super) seen_to: u32,
    /// Where text stood in quotes or in blocks, if there is no document.
    pub(super) texts: Vec<Range>,
}

/// Reads the first document of `text`, which holds at most `u32::MAX` bytes.
pub(super) fn read(text: &str, limits: &Limits) -> Outcome {
    match control_character(text) {
        Some(fault) => Outcome {
            seen_to: fault.range.end,
            read: Err(fault),
            comments: Vec::new(),
            unread: None,
            texts: Vec::new(),
        },
        None => parser::read(text, limits),
    }
}

/// The first character that YAML does not allow anywhere, escaped ones aside.
fn control_character(text: &str) -> Option<Fault> {
    // Most texts have none of these bytes: control characters, or the first of U+0080 to U+00BF and of U+F000 to U+FFFF.
    let is_suspect =
        |byte: u8| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || matches!(byte, 0x7F | 0xC2 | 0xEF);
    // Without an early exit in the inner loop the compiler looks at many bytes at once.
    let is_suspect_chunk = |chunk: &[u8]| chunk.iter().fold(false, |found, byte| found | is_suspect(*byte));
    if !text.as_bytes().chunks(256).any(is_suspect_chunk) {
        return None;
    }
    let is_allowed = |character: char| match character {
        '\t' | '\n' | '\r' | '\u{85}' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        other => !other.is_control(),
    };
    let (at, character) = text.char_indices().find(|(_, character)| !is_allowed(*character))?;
    #[allow(clippy::cast_possible_truncation)] // the caller gives at most u32::MAX bytes
    let range = Range { start: at as u32, end: (at + character.len_utf8()) as u32 };
    Some(Fault::new(range, Syntax::ControlCharacter(Seen(Some(character)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_nesting_is_refused_before_most_of_it_is_looked_at() {
        let deep_block: String = (0..2000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        let bombs = [
            ("[".repeat(100_000), 1200),
            ("[\n".repeat(100_000), 300),
            ("{a: ".repeat(100_000), 1500),
            ("- ".repeat(100_000), 300),
            ("? ".repeat(20_000), 10),
            ("? - ".repeat(20_000), 10),
            (deep_block, 6000),
        ];
        for (text, most) in bombs {
            let outcome = read(&text, &Limits::default());
            assert!(outcome.read.is_err());
            assert!(outcome.seen_to <= most, "{} bytes of {:.10}... were looked at", outcome.seen_to, text);
        }
    }

    #[test]
    fn control_characters_are_found_wherever_they_stand() {
        let long = "x".repeat(1000);
        for (text, at) in [("a\u{7}", 1), ("\u{0}", 0), ("é\u{80}", 2), ("a: \u{ffff}", 3), ("\u{7f}", 0)] {
            let found = control_character(&format!("{long}{text}"));
            assert_eq!(found.map(|fault| fault.range.start), Some(1000 + at), "{text:?}");
        }
        assert_eq!(control_character("\u{feff}a\t\r\n\u{85}\u{a0}é\u{2028}\u{e000}\u{fffd}😀"), None);
    }
}
