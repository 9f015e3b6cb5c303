//! What differs between two values, as the fewest changes of single fields and items.

use super::align::{Step, is_same, steps};
use crate::base::Path;
use serde_json::{Map, Value};
use std::borrow::Borrow;

/// One difference between a value before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Where, in the value before: of an item that is put in, the index of the item that it comes to stand before.
    pub path: Path,
    /// What is different there.
    pub difference: Difference,
}

/// How a place differs.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    /// A key that was not there.
    Added(Value),
    /// Another value.
    Replaced(Value),
    /// An item that was not there.
    Inserted(Value),
    /// A key or an item that is no longer there.
    Removed,
}

/// The changes that make `after` of `before`, from the end of each list to its start: done one by one in this order,
/// no index of an earlier one is wrong for a later one.
///
/// The order of keys in a map is no difference. Items of a list belong together as the least changes then: one that has no
/// name, or gets another one, is edited where it stands.
pub fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    compare(&Path::root(), before, after, &mut found);
    found
}

/// Adds the changes at a path and below it.
pub(super) fn compare(path: &Path, before: &Value, after: &Value, found: &mut Vec<Change>) {
    match (before, after) {
        _ if is_same(before, after) => {}
        (Value::Object(before), Value::Object(after)) => compare_maps(path, before, after, found),
        (Value::Array(before), Value::Array(after)) => compare_lists(path, before, after, found),
        _ => found.push(Change { path: path.clone(), difference: Difference::Replaced(after.clone()) }),
    }
}

fn compare_maps(path: &Path, before: &Map<String, Value>, after: &Map<String, Value>, found: &mut Vec<Change>) {
    for (key, old) in before {
        match after.get(key) {
            Some(new) => compare(&path.clone().key(key), old, new, found),
            None => found.push(Change { path: path.clone().key(key), difference: Difference::Removed }),
        }
    }
    for (key, new) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        found.push(Change { path: path.clone().key(key), difference: Difference::Added(new.clone()) });
    }
}

/// The same for the items of lists.
pub(super) fn compare_lists(path: &Path, before: &[Value], after: &[impl Borrow<Value>], found: &mut Vec<Change>) {
    for step in steps(before, after) {
        match step {
            Step::Same { before: old, after: new } => {
                if let (Some(one), Some(other)) = (before.get(old), after.get(new)) {
                    compare(&path.clone().index(old), one, other.borrow(), found);
                }
            }
            Step::Gone { before } => {
                found.push(Change { path: path.clone().index(before), difference: Difference::Removed });
            }
            Step::New { before, after: new } => {
                let item = after.get(new).map(|item| item.borrow().clone()).unwrap_or_default();
                found.push(Change { path: path.clone().index(before), difference: Difference::Inserted(item) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::edit::json_patch;
    use proptest::prelude::*;
    use serde_json::json;

    fn shown(before: &Value, after: &Value) -> Vec<String> {
        let show = |change: &Change| match &change.difference {
            Difference::Added(value) => format!("+ {} {value}", change.path),
            Difference::Replaced(value) => format!("= {} {value}", change.path),
            Difference::Inserted(value) => format!("^ {} {value}", change.path),
            Difference::Removed => format!("- {}", change.path),
        };
        changes(before, after).iter().map(show).collect()
    }

    #[test]
    fn only_what_differs_is_a_change() {
        let named = |names: &[&str]| names.iter().map(|name| json!({"name": name})).collect::<Value>();
        let wait = json!({"name": "b", "wait": 1});
        for (before, after, wanted) in [
            (json!({"a": 1}), json!({"a": 1}), vec![]),
            (json!({"a": 1}), json!({"a": 2}), vec!["= a 2"]),
            (json!({"a": {}}), json!({"a": {"b": {"c": 1}}}), vec!["+ a.b {\"c\":1}"]),
            (json!({"a": 1, "b": 1}), json!({"b": 1}), vec!["- a"]),
            (json!({"a": null}), json!({"a": {}}), vec!["= a {}"]),
            (named(&["a", "b"]), named(&["x", "a", "b"]), vec![r#"^ [0] {"name":"x"}"#]),
            (named(&["a", "b"]), named(&["a", "x", "b"]), vec![r#"^ [1] {"name":"x"}"#]),
            (named(&["a", "b"]), named(&["a", "b", "x"]), vec![r#"^ [2] {"name":"x"}"#]),
            (named(&["a", "b"]), named(&["b"]), vec!["- [0]"]),
            (
                named(&["a", "b"]),
                json!([{"name": "x"}, {"name": "a"}, wait]),
                vec!["+ [1].wait 1", r#"^ [0] {"name":"x"}"#],
            ),
            (named(&["a", "b"]), named(&["b", "a"]), vec![r#"^ [2] {"name":"a"}"#, "- [0]"]),
            (json!([{"port": 1, "name": "a"}]), json!([{"port": 1, "name": "b"}]), vec![r#"= [0].name "b""#]),
            (json!([{"port": 1}, {"port": 2}]), json!([{"port": 1, "a": 0}, {"port": 2}]), vec!["+ [0].a 0"]),
            (json!([{"port": 1}, {"port": 1}]), json!([{"port": 1}, {"port": 3}]), vec!["= [1].port 3"]),
            (json!([{"port": 1}]), json!([{"wait": 1}, {"port": 2}]), vec!["= [0].port 2", r#"^ [0] {"wait":1}"#]),
            (json!([{"port": 1}]), json!([{"wait": 1}]), vec![r#"^ [1] {"wait":1}"#, "- [0]"]),
            (json!([{"name": "a", "b": 1}, {"name": "a"}]), json!([{"name": "a"}]), vec!["- [0]"]),
            (
                json!([{"port": 1, "a": 2}, {"port": 1, "a": 2}]),
                json!([{"port": 1, "a": 2, "b": 3}, {"port": 4, "a": 2}]),
                vec!["= [1].port 4", "+ [0].b 3"],
            ),
            (
                json!([{"name": "a", "b": 1}, {"name": "c", "d": {"e": 1}}]),
                json!([{"name": "f", "b": 1}]),
                vec!["- [1]", r#"= [0].name "f""#],
            ),
            (json!(["sh", "-c"]), json!(["sh"]), vec!["- [1]"]),
            (json!([1, 2]), json!([1, 3]), vec!["= [1] 3"]),
            (json!([1]), json!([{"a": 1}]), vec![r#"^ [1] {"a":1}"#, "- [0]"]),
        ] {
            assert_eq!(shown(&before, &after), wanted, "{before} -> {after}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), (0..4i32).prop_map(Value::from), "[ab/~]{0,2}".prop_map(Value::from)];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[ab~/]|name", inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        /// Judged by a JSON Patch library, which knows nothing of how the changes came about.
        #[test]
        fn the_changes_make_the_one_of_the_other((before, after) in (any_value(), any_value())) {
            let operations = serde_json::to_value(json_patch(&changes(&before, &after))).unwrap();
            let patch: ::json_patch::Patch = serde_json::from_value(operations).unwrap();
            let mut patched = before.clone();
            ::json_patch::patch(&mut patched, &patch).unwrap();
            prop_assert_eq!(patched, after);
        }
    }
}
