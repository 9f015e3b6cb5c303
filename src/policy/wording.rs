//! The words of messages about mistakes: plain English for people who write YAML.

use crate::base::Path;
use crate::policy::suggest::did_you_mean;
use jsonschema::error::TypeKind;
use serde_json::Value;

/// A field as messages name it.
pub(crate) fn field(path: &Path) -> String {
    if path.segments().is_empty() { "the file".to_owned() } else { format!("`{path}`") }
}

/// A value as messages name it: short texts in full, maps and lists by what they are.
pub(crate) fn seen(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(truth) => format!("the boolean {truth}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.is_empty() => "an empty text".to_owned(),
        Value::String(text) => format!("`{}`", shortened(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a map".to_owned(),
    }
}

/// Longer texts are cut: whoever reads the message sees the line it points to.
const LONGEST_SEEN: usize = 60;

fn shortened(text: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.chars().take(LONGEST_SEEN).map(printable).collect();
    if text.chars().nth(LONGEST_SEEN).is_some() {
        short.push_str("...");
    }
    short
}

/// A value that is none of the words that may stand there.
pub(crate) fn not_among(value: &Value, path: &Path, words: &[&str]) -> String {
    let what = if value.is_null() { "has no value".to_owned() } else { format!("is {}", seen(value)) };
    let wanted = match words {
        [word] => (*word).to_owned(),
        _ => format!("one of {}", words.join(", ")),
    };
    let hint = match value {
        Value::String(text) if words.len() > 1 => did_you_mean(text, words.iter().copied()),
        _ => String::new(),
    };
    format!("{} {what}; wanted {wanted}{hint}", field(path))
}

/// The types that a value might have.
pub(crate) fn wanted_type(kind: &TypeKind, value: &Value) -> String {
    let names: Vec<String> = match kind {
        TypeKind::Single(name) => vec![name.to_string()],
        TypeKind::Multiple(names) => names.iter().map(|name| name.to_string()).collect(),
    };
    let words: Vec<&str> = names.iter().map(|name| type_word(name)).collect();
    let wanted = words.join(" or ");
    let is_scalar = value.is_number() || value.is_boolean();
    if is_scalar && words == ["a text"] { format!("{wanted}: put it in quotes") } else { wanted }
}

/// The types of JSON Schema in the words of people who write YAML.
fn type_word(name: &str) -> &str {
    match name {
        "string" => "a text",
        "object" => "a map",
        "array" => "a list",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        _ => name,
    }
}

/// The first sentence of a description, to stand inside another one.
pub(crate) fn first_sentence(text: &str) -> String {
    let sentence = text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.');
    let mut characters = sentence.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}
