//! What people mean by a word about injection.

use crate::checks::shortened_to;
use serde_json::Value;

/// Whether a value asks for injection (true) or against it (false); none where that cannot be told. The words are those
/// of YAML 1.1, which Istio read before 1.27, and those of Namespaces.
pub fn meant(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(word) => Some(*word),
        Value::Number(number) => number.as_i64().filter(|number| matches!(number, 0 | 1)).map(|number| number == 1),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" | "enabled" | "enable" => Some(true),
            "false" | "f" | "no" | "n" | "off" | "0" | "disabled" | "disable" => Some(false),
            _ => None,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A word as it is shown inside of other words: without quotes of its own.
pub fn shown(word: &str) -> String {
    if word.is_empty() { "\"\"".to_owned() } else { shortened_to(20, word).trim_matches('`').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_are_taken_for_what_people_mean() {
        for (wanted, values) in [
            (Some(true), json!([true, 1, "true", "True", "t", "yes", "Y", "on", "1", "enabled", " Enable "])),
            (Some(false), json!([false, 0, "false", "FALSE", "f", "no", "n", "off", "0", "disabled", "disable"])),
            (None, json!([null, 2, -1, 0.5, "", "maybe", "2", [], {}])),
        ] {
            for value in values.as_array().unwrap() {
                assert_eq!(meant(value), wanted, "{value}");
            }
        }
    }
}
