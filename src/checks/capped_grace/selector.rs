//! Selectors of labels, and patterns of names.

use crate::checks::capped_grace::admitted::Label;
use crate::checks::capped_grace::proof::Proof;
use serde_json::Value;

/// Whether a selector with `matchLabels` and `matchExpressions` takes these labels; with patterns as values where its reader
/// allows them. None at all takes everything.
pub fn selects<'a>(selector: Option<&Value>, patterns: bool, label: impl Fn(&str) -> Label<'a>) -> Proof {
    let Some(selector) = selector else { return Proof::Yes };
    let Some(parts) = selector.as_object() else { return Proof::Unknown };
    Proof::all(parts.iter().map(|(key, part)| match (key.as_str(), part) {
        ("matchLabels", Value::Object(pairs)) => {
            Proof::all(pairs.iter().map(|(key, wanted)| pair(key, wanted, patterns, &label)))
        }
        ("matchExpressions", Value::Array(all)) => Proof::all(all.iter().map(|it| expression(it, &label))),
        _ => Proof::Unknown,
    }))
}

fn pair<'a>(key: &str, wanted: &Value, patterns: bool, label: impl Fn(&str) -> Label<'a>) -> Proof {
    let Some(wanted) = wanted.as_str().filter(|_| !is_pattern(key)) else { return Proof::Unknown };
    match label(key) {
        Label::Value(value) if patterns => Proof::of(fits(wanted, value)),
        Label::Value(value) => Proof::of(wanted == value),
        Label::Absent => Proof::No,
        Label::Unknown => Proof::Unknown,
    }
}

/// Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#set-based-requirement>
fn expression<'a>(expression: &Value, label: impl Fn(&str) -> Label<'a>) -> Proof {
    let text = |key: &str| expression.get(key).and_then(Value::as_str);
    let values = expression.get("values").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let (Some(key), Some(operator)) = (text("key"), text("operator")) else { return Proof::Unknown };
    let found = label(key);
    let is_one = || match found {
        Label::Value(value) => Proof::of(values.iter().any(|it| it == value)),
        Label::Absent => Proof::No,
        Label::Unknown => Proof::Unknown,
    };
    let exists = || match found {
        Label::Unknown => Proof::Unknown,
        found => Proof::of(found != Label::Absent),
    };
    match operator {
        "In" => is_one(),
        "NotIn" => is_one().negated(),
        "Exists" => exists(),
        "DoesNotExist" => exists().negated(),
        _ => Proof::Unknown,
    }
}

/// Whether a list of patterns has one for a text; unknown where the text is, unless a pattern takes everything.
pub fn one_fits<'p>(patterns: impl Iterator<Item = Option<&'p str>>, text: Option<&str>) -> Proof {
    Proof::any(patterns.map(|pattern| match (pattern, text) {
        (Some("*"), _) => Proof::Yes,
        (Some(pattern), Some(text)) => Proof::of(fits(pattern, text)),
        _ => Proof::Unknown,
    }))
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether a text fits a pattern: `*` stands for any characters, `?` for one.
pub fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Which beginnings of the text fit the pattern as far as it is read.
    let mut fitting = vec![false; text.len() + 1];
    fitting[0] = true;
    for character in pattern {
        let mut next = vec![false; text.len() + 1];
        next[0] = character == '*' && fitting[0];
        for (index, seen) in text.iter().enumerate() {
            next[index + 1] = match character {
                '*' => fitting[index + 1] || next[index],
                '?' => fitting[index],
                exact => fitting[index] && exact == *seen,
            };
        }
        fitting = next;
    }
    fitting.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::capped_grace::proof::Proof::{No, Unknown, Yes};
    use serde_json::json;

    #[test]
    fn patterns_stand_for_texts() {
        for (pattern, text, wanted) in [
            ("web", "web", true),
            ("web", "web2", false),
            ("*", "", true),
            ("web*", "web", true),
            ("w*b*", "web-b", true),
            ("*-prod", "shop-prod-2", false),
            ("w?b", "web", true),
            ("w?b", "wb", false),
            ("", "", true),
        ] {
            assert_eq!(fits(pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn a_text_that_is_not_known_fits_only_what_takes_everything() {
        for (patterns, text, wanted) in [
            (vec![Some("pay"), Some("w*")], Some("web"), Yes),
            (vec![Some("pay")], Some("web"), No),
            (vec![Some("w*")], None, Unknown),
            (vec![Some("w*"), Some("*")], None, Yes),
            (vec![None], Some("web"), Unknown),
            (vec![], Some("web"), No),
        ] {
            assert_eq!(one_fits(patterns.clone().into_iter(), text), wanted, "{patterns:?} {text:?}");
        }
    }

    #[test]
    fn selectors_are_decided_as_far_as_labels_are_known() {
        let label = |key: &str| match key {
            "app" => Label::Value("web"),
            "later" => Label::Unknown,
            _ => Label::Absent,
        };
        let expression = |key: &str, operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        for (selector, wanted) in [
            (json!({}), Yes),
            (json!({"matchLabels": {"app": "web"}}), Yes),
            (json!({"matchLabels": {"app": "web", "tier": "a"}}), No),
            (json!({"matchLabels": {"later": "web"}}), Unknown),
            (json!({"matchLabels": {"app": "pay", "later": "web"}}), No),
            (json!({"matchLabels": {"a*": "web"}}), Unknown),
            (json!({"matchLabels": {"app": 1}}), Unknown),
            (json!({"other": {}}), Unknown),
            (json!([]), Unknown),
            (expression("app", "In", &["pay", "web"]), Yes),
            (expression("app", "NotIn", &["pay", "web"]), No),
            (expression("tier", "NotIn", &["a"]), Yes),
            (expression("tier", "Exists", &[]), No),
            (expression("app", "Exists", &[]), Yes),
            (expression("tier", "DoesNotExist", &[]), Yes),
            (expression("later", "DoesNotExist", &[]), Unknown),
            (expression("later", "NotIn", &["a"]), Unknown),
            (expression("app", "Like", &["web"]), Unknown),
        ] {
            assert_eq!(selects(Some(&selector), true, label), wanted, "{selector}");
        }
        let pattern = json!({"matchLabels": {"app": "w*"}});
        assert_eq!(selects(Some(&pattern), true, label), Yes);
        assert_eq!(selects(Some(&pattern), false, label), No);
        assert_eq!(selects(None, false, label), Yes);
    }
}
