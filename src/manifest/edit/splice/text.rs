//! How a scalar can be written: plain where every reader of YAML takes it for what it is, else in quotes.
//!
//! Whether a plain text is safe is not guessed: it is read, by the rules by which kubectl reads.

use crate::manifest::limits::Limits;
use crate::manifest::scalar::{Scalar, Tag, resolve};
use crate::manifest::timestamp::is_timestamp;
use crate::manifest::yaml;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// The quotes that a text is put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mark {
    Single,
    #[default]
    Double,
}

/// What stands around a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// Lines.
    Block,
    /// Brackets.
    Flow,
}

/// Whether a text without quotes is this very text, as a value and as an item.
pub(super) fn is_plain(text: &str, around: Around) -> bool {
    if is_word(text) {
        return is_text(text);
    }
    if !is_unsuspicious(text) {
        return false;
    }
    let wanted = json!({"k": text});
    match around {
        Around::Block => reads_as(&format!("k: {text}\n"), &wanted),
        Around::Flow => {
            !text.contains(['[', ']', '{', '}', ',', '?', '#']) && !text.ends_with(':') && {
                reads_as(&format!("{{k: {text}}}"), &wanted) && reads_as(&format!("k: {text}\n"), &wanted)
            }
        }
    }
}

/// Whether a text without quotes is this very text as a key.
pub(super) fn is_plain_key(text: &str, around: Around) -> bool {
    if is_word(text) {
        return is_text(text);
    }
    let wanted = json!({text: 1});
    let is_key = match around {
        Around::Block => reads_as(&format!("{text}: 1\n"), &wanted),
        Around::Flow => reads_as(&format!("{{{text}: 1}}"), &wanted),
    };
    is_key && text != "<<" && is_plain(text, around)
}

/// Whether a text has nothing in it that could end a plain scalar, or begin anything else: wherever it stands it is one scalar, and
/// only what it means has to be asked. Most keys and values that are written are such.
fn is_word(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    text.len() <= LONGEST_WORD
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(is_inner)
}

/// Far below the length from which on a text is no key.
const LONGEST_WORD: usize = 200;

/// Whether a plain scalar stands for its own text.
fn is_text(scalar: &str) -> bool {
    matches!(resolve(Cow::Borrowed(scalar), true, Tag::Absent), Ok(Scalar::Text(_)))
}

/// Texts that some reader of YAML takes for something else than kubectl does are not written plain either.
fn is_unsuspicious(text: &str) -> bool {
    let is_odd = |character: char| character.is_control() || matches!(character, '\u{feff}' | '\u{2028}' | '\u{2029}');
    let is_sexagesimal =
        text.contains(':') && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b':' | b'.' | b'_' | b'+' | b'-'));
    !text.contains(is_odd) && !is_sexagesimal && !is_timestamp(text) && !matches!(text, "=" | "<<")
}

/// Whether a text is YAML for this value, with nothing beside it.
pub(super) fn reads_as(text: &str, wanted: &Value) -> bool {
    read_value(text).as_ref() == Some(wanted)
}

/// The value of a text that is YAML, with nothing beside it.
pub(super) fn read_value(text: &str) -> Option<Value> {
    let outcome = yaml::read(text, &Limits::default());
    let is_alone = outcome.unread.is_none() && outcome.comments.is_empty();
    outcome.read.ok().filter(|_| is_alone).map(|composed| composed.value)
}

/// A text in quotes; in double ones where the single ones cannot hold it.
pub(super) fn quoted(text: &str, mark: Mark) -> String {
    match mark {
        Mark::Single if !text.contains(needs_escape) => format!("'{}'", text.replace('\'', "''")),
        Mark::Single | Mark::Double => double_quoted(text),
    }
}

/// A text in double quotes, on one line, valid as YAML and as JSON.
pub(super) fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other if needs_escape(other) => out.push_str(&format!("\\u{:04x}", u32::from(other))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

fn needs_escape(character: char) -> bool {
    character.is_control() || matches!(character, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
}

/// The lines of a literal block for a text, and the sign behind its `|`. None where a block cannot hold it for every
/// reader: it has blanks at the end of a line, more than one line break at its end, odd characters, or begins with a blank while
/// no digit in its header tells where lines begin.
pub(super) fn literal(text: &str, has_digit: bool) -> Option<(&'static str, Vec<&str>)> {
    let (body, sign) = match text.strip_suffix('\n') {
        Some(body) => (body, ""),
        None => (text, "-"),
    };
    let is_odd = |character: char| needs_escape(character) && !matches!(character, '\n' | '\t');
    let has_odd_line = body.split('\n').any(|line| line.ends_with([' ', '\t']));
    let starts_odd = !has_digit && body.trim_start_matches('\n').starts_with([' ', '\t']);
    let fits = !body.is_empty() && !body.ends_with('\n') && !text.contains(is_odd) && !has_odd_line && !starts_odd;
    fits.then(|| (sign, body.split('\n').collect()))
}

/// The entries of a map in the order in which people write them: first what a thing is and is called, then the rest.
pub(super) fn in_reading_order(map: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    const FIRST: [&str; 6] = ["apiVersion", "kind", "metadata", "name", "image", "command"];
    let first = FIRST.iter().filter_map(|key| map.get_key_value(*key));
    first.chain(map.iter().filter(|(key, _)| !FIRST.contains(&key.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What reading says of a text, both as a key and as a value.
    fn read_plain(text: &str) -> [bool; 2] {
        let (value, key) = (json!({"k": text}), json!({text: 1}));
        let is_value = reads_as(&format!("k: {text}\n"), &value) && reads_as(&format!("{{k: {text}}}"), &value);
        let is_key = reads_as(&format!("{text}: 1\n"), &key) && reads_as(&format!("{{{text}: 1}}"), &key);
        [is_value, is_value && is_key]
    }

    #[test]
    fn words_that_mean_something_else_are_no_plain_text() {
        for text in ["true", "False", "yes", "No", "on", "OFF", "y", "N", "null", "Null", "NULL"] {
            assert!(is_word(text) && !is_plain(text, Around::Block) && !is_plain_key(text, Around::Flow), "{text}");
        }
        assert!(is_word("lifecycle") && is_plain_key("lifecycle", Around::Block));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn words_are_plain_where_reading_them_says_so(text in "[a-zA-Z][a-zA-Z0-9._/-]{0,8}|[nNyYtTfFoO][a-zA-Z]{0,4}") {
            prop_assert!(is_word(&text));
            for around in [Around::Block, Around::Flow] {
                prop_assert_eq!([is_plain(&text, around), is_plain_key(&text, around)], read_plain(&text));
            }
        }
    }
}
