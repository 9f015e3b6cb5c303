//! What edits change, found without a copy of all that they leave alone.
//!
//! A large object may have hundreds of findings with a fix each: a copy of the whole object for each of them would take
//! longer than judging it.

use super::apply::{CannotEdit, applied, apply};
use super::change::{Change, Difference, changes, compare, compare_lists};
use crate::base::{Edit, Path, Segment};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The changes that edits make: those between a value and what the edits, in their order, make of it.
///
/// # Errors
/// The first edit that does not fit the value.
pub fn changes_by(edits: &[Edit], value: &Value) -> Result<Vec<Change>, CannotEdit> {
    let mut found = Vec::new();
    let all: Vec<Edit> = edits.to_vec();
    match local(&Path::root(), value, all, &mut found) {
        Some(()) => Ok(found),
        // Whatever is the matter, it is said of the whole.
        None => Ok(changes(value, &applied(edits, value)?)),
    }
}

/// The changes of edits that are counted from this value on; none where they are not of fields below it.
fn local(path: &Path, value: &Value, edits: Vec<Edit>, found: &mut Vec<Change>) -> Option<()> {
    match value {
        Value::Object(map) => in_map(path, map, edits, found),
        Value::Array(items) => in_list(path, items, edits, found),
        _ => None,
    }
}

fn in_map(path: &Path, before: &Map<String, Value>, edits: Vec<Edit>, found: &mut Vec<Change>) -> Option<()> {
    let mut added = Map::new();
    let by_key = by_key(edits)?;
    for (key, old) in before {
        let Some((_, edits)) = by_key.iter().find(|(edited, _)| edited == key) else { continue };
        let below = path.clone().key(key);
        if edits.iter().all(|edit| is_below(edit, old)) {
            local(&below, old, edits.iter().map(inner).collect::<Option<_>>()?, found)?;
            continue;
        }
        match entry(key, Some(old), edits)? {
            Some(new) => compare(&below, old, &new, found),
            None => found.push(Change { path: below, difference: Difference::Removed }),
        }
    }
    for (key, edits) in by_key.iter().filter(|(key, _)| !before.contains_key(key)) {
        added.extend(entry(key, None, edits)?.map(|new| (key.clone(), new)));
    }
    let changes = added.into_iter().map(|(key, new)| (path.clone().key(&key), Difference::Added(new)));
    found.extend(changes.map(|(path, difference)| Change { path, difference }));
    Some(())
}

/// What edits of an entry make of it.
fn entry(key: &str, old: Option<&Value>, edits: &[Edit]) -> Option<Option<Value>> {
    let mut alone = Value::Object(old.map(|old| (key.to_owned(), old.clone())).into_iter().collect());
    for edit in edits {
        apply(edit, &mut alone).ok()?;
    }
    Some(alone.get_mut(key).map(Value::take))
}

/// The edits by the key that they go through, in the order of the edits.
fn by_key(edits: Vec<Edit>) -> Option<Vec<(String, Vec<Edit>)>> {
    let mut by_key: Vec<(String, Vec<Edit>)> = Vec::new();
    for edit in edits {
        let Some(Segment::Key(key)) = edit.field().segments().first() else { return None };
        match by_key.iter().position(|(known, _)| **known == **key) {
            Some(at) => by_key.get_mut(at)?.1.push(edit),
            None => by_key.push(((**key).to_owned(), vec![edit])),
        }
    }
    Some(by_key)
}

fn in_list(path: &Path, before: &[Value], edits: Vec<Edit>, found: &mut Vec<Change>) -> Option<()> {
    let mut after: Vec<Cow<'_, Value>> = before.iter().map(Cow::Borrowed).collect();
    for edit in edits {
        match (&edit, edit.field().segments()) {
            (Edit::Insert { index, value, .. }, []) if *index <= after.len() => {
                after.insert(*index, Cow::Owned(value.clone()));
            }
            (Edit::Remove { .. }, [Segment::Index(index)]) if *index < after.len() => drop(after.remove(*index)),
            (_, [Segment::Index(index), ..]) => {
                let item = after.get_mut(*index)?;
                match inner(&edit)? {
                    Edit::Set { path, value } if path == Path::root() => *item = Cow::Owned(value),
                    inner => apply(&inner, item.to_mut()).ok()?,
                }
            }
            _ => return None,
        }
    }
    compare_lists(path, before, &after, found);
    Some(())
}

/// Whether an edit, counted from what holds a value under a key, is of a field below the value, or of its items.
fn is_below(edit: &Edit, value: &Value) -> bool {
    let goes_on = edit.field().segments().len() > 1;
    match value {
        Value::Object(_) => goes_on,
        Value::Array(_) => goes_on || matches!(edit, Edit::Insert { .. }),
        _ => false,
    }
}

/// The same edit counted from one step further in.
fn inner(edit: &Edit) -> Option<Edit> {
    let mut edit = edit.clone();
    let place = match &mut edit {
        Edit::Set { path, .. } | Edit::Remove { path } => path,
        Edit::Insert { list, .. } => list,
        Edit::SetWithin { text, .. } => text,
    };
    *place = place.segments().split_first()?.1.iter().fold(Path::root(), Path::with);
    Some(edit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn any_path() -> impl Strategy<Value = Path> {
        let step = prop_oneof![
            3 => "[abc]".prop_map(|key| Segment::Key(key.as_str().into())),
            2 => (0..4_usize).prop_map(Segment::Index),
        ];
        prop::collection::vec(step, 0..5).prop_map(|steps| steps.iter().fold(Path::root(), Path::with))
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), (0..3i32).prop_map(Value::from), "a: 1|b".prop_map(Value::from)];
        leaf.prop_recursive(4, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[abc]|name", inner, 0..4).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    fn any_edit() -> impl Strategy<Value = Edit> {
        prop_oneof![
            3 => (any_path(), any_value()).prop_map(|(path, value)| Edit::Set { path, value }),
            2 => (any_path(), 0..4_usize, any_value())
                .prop_map(|(list, index, value)| Edit::Insert { list, index, value }),
            2 => any_path().prop_map(|path| Edit::Remove { path }),
            1 => (any_path(), any_value())
                .prop_map(|(text, value)| Edit::SetWithin { text, path: Path::keys("a"), value }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn the_changes_are_those_that_a_comparison_of_the_whole_finds(
            (value, edits) in (any_value(), prop::collection::vec(any_edit(), 1..4)),
        ) {
            let wanted = applied(&edits, &value).map(|after| changes(&value, &after));
            prop_assert_eq!(changes_by(&edits, &value), wanted);
        }
    }

    #[test]
    fn an_item_that_comes_in_and_a_field_of_another_are_found_together() {
        let pod = json!({"spec": {"init": [{"name": "a"}, {"name": "b"}], "grace": 30}, "metadata": {}});
        let edits = [
            Edit::Insert { list: Path::keys("spec.init"), index: 1, value: json!({"name": "own"}) },
            Edit::set(Path::keys("spec.init").index(2).key("image"), "x"),
            Edit::set(Path::keys("spec.grace"), 40),
            Edit::set(Path::keys("metadata.labels.a"), "b"),
        ];
        let found = changes_by(&edits, &pod).unwrap();
        let shown: Vec<String> = found.iter().map(|it| it.path.to_string()).collect();
        assert_eq!(found, changes(&pod, &applied(&edits, &pod).unwrap()));
        assert_eq!(shown, ["metadata.labels", "spec.grace", "spec.init[1].image", "spec.init[1]"]);
    }
}
