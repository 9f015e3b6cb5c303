//! What edits change, found without a copy of all that they leave alone.
//!
//! A large object may have hundreds of findings with a fix each: a copy of the whole object for each of them would take
//! longer than judging it.

use super::apply::{CannotEdit, applied, apply};
use super::change::{Change, Difference, changes, compare, compare_lists};
use crate::base::{Edit, Path, Segment};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The changes that edits make: those between a value and what the edits, in their order, make of it.
///
/// # Errors
/// The first edit that does not fit the value.
pub fn changes_by(edits: &[Edit], value: &Value) -> Result<Vec<Change>, CannotEdit> {
    let mut found = Vec::new();
    let all: Vec<Inner<'_>> = edits.iter().map(|edit| Inner { edit, depth: 0 }).collect();
    match local(&Path::root(), value, &all, &mut found) {
        Some(()) => Ok(found),
        // Whatever is the matter, it is said of the whole.
        None => Ok(changes(value, &applied(edits, value)?)),
    }
}

/// An edit, counted from a value some steps inside of the one that it is of.
#[derive(Clone, Copy)]
struct Inner<'e> {
    edit: &'e Edit,
    depth: usize,
}

impl<'e> Inner<'e> {
    /// The steps from the value to the field that is edited.
    fn steps(self) -> &'e [Segment] {
        self.edit.field().segments().get(self.depth..).unwrap_or_default()
    }

    /// The same edit counted from one step further in.
    fn further(self) -> Option<Self> {
        (!self.steps().is_empty()).then_some(Self { depth: self.depth + 1, ..self })
    }

    /// Whether it is of a field below a value, or of its items, if it is counted from what holds the value under a key.
    fn is_below(self, value: &Value) -> bool {
        let goes_on = self.steps().len() > 1;
        match value {
            Value::Object(_) => goes_on,
            Value::Array(_) => goes_on || matches!(self.edit, Edit::Insert { .. }),
            _ => false,
        }
    }

    /// Does it on the value that it is counted from.
    fn apply(self, value: &mut Value) -> Option<()> {
        let mut edit = self.edit.clone();
        let place = match &mut edit {
            Edit::Set { path, .. } | Edit::Remove { path } => path,
            Edit::Insert { list, .. } => list,
            Edit::SetWithin { text, .. } => text,
        };
        *place = self.steps().iter().fold(Path::root(), Path::with);
        apply(&edit, value).ok()
    }
}

/// The changes of edits that are counted from this value on; none where they are not of fields below it.
fn local(path: &Path, value: &Value, edits: &[Inner<'_>], found: &mut Vec<Change>) -> Option<()> {
    match value {
        Value::Object(map) => in_map(path, map, edits, found),
        Value::Array(items) => in_list(path, items, edits, found),
        _ => None,
    }
}

fn in_map(path: &Path, before: &Map<String, Value>, edits: &[Inner<'_>], found: &mut Vec<Change>) -> Option<()> {
    let mut added = Vec::new();
    for (key, edits) in by_key(edits)? {
        let below = path.clone().with(&Segment::Key(key.clone()));
        let Some(old) = before.get(&**key) else {
            added.extend(
                entry(key, None, &edits)?.map(|new| Change { path: below, difference: Difference::Added(new) }),
            );
            continue;
        };
        if edits.iter().all(|edit| edit.is_below(old)) {
            let further: Vec<Inner<'_>> = edits.into_iter().map(Inner::further).collect::<Option<_>>()?;
            local(&below, old, &further, found)?;
            continue;
        }
        match entry(key, Some(old), &edits)? {
            Some(new) => compare(&below, old, &new, found),
            None => found.push(Change { path: below, difference: Difference::Removed }),
        }
    }
    found.extend(added);
    Some(())
}

/// What edits of an entry make of it.
fn entry(key: &str, old: Option<&Value>, edits: &[Inner<'_>]) -> Option<Option<Value>> {
    let mut alone = Value::Object(old.map(|old| (key.to_owned(), old.clone())).into_iter().collect());
    for edit in edits {
        edit.apply(&mut alone)?;
    }
    Some(alone.get_mut(key).map(Value::take))
}

/// The edits by the key that they go through, in the order of the keys as a map has it, each in the order of the edits.
fn by_key<'e>(edits: &[Inner<'e>]) -> Option<BTreeMap<&'e Arc<str>, Vec<Inner<'e>>>> {
    let mut by_key: BTreeMap<&Arc<str>, Vec<Inner<'_>>> = BTreeMap::new();
    for edit in edits {
        let Some(Segment::Key(key)) = edit.steps().first() else { return None };
        by_key.entry(key).or_default().push(*edit);
    }
    Some(by_key)
}

fn in_list(path: &Path, before: &[Value], edits: &[Inner<'_>], found: &mut Vec<Change>) -> Option<()> {
    if let Some((index, item)) = only_item(before, edits) {
        let further: Vec<Inner<'_>> = edits.iter().map(|edit| edit.further()).collect::<Option<_>>()?;
        return local(&path.clone().index(index), item, &further, found);
    }
    let mut after: Vec<Cow<'_, Value>> = before.iter().map(Cow::Borrowed).collect();
    for inner in edits {
        match (inner.edit, inner.steps()) {
            (Edit::Insert { index, value, .. }, []) if *index <= after.len() => {
                after.insert(*index, Cow::Owned(value.clone()));
            }
            (Edit::Remove { .. }, [Segment::Index(index)]) if *index < after.len() => drop(after.remove(*index)),
            (Edit::Set { value, .. }, [Segment::Index(index)]) => *after.get_mut(*index)? = Cow::Owned(value.clone()),
            (_, [Segment::Index(index), ..]) => inner.further()?.apply(after.get_mut(*index)?.to_mut())?,
            _ => return None,
        }
    }
    compare_lists(path, before, &after, found);
    Some(())
}

/// The item of which all these edits are of fields, if that is sure to be the same item afterwards: no other one is edited, and
/// one of its fields stays as it is. Else it has to be weighed which item became which.
fn only_item<'v>(before: &'v [Value], edits: &[Inner<'_>]) -> Option<(usize, &'v Value)> {
    let (Segment::Index(index), _) = edits.first()?.steps().split_first()? else { return None };
    let item = before.get(*index)?;
    let mut edited = Vec::with_capacity(edits.len());
    for edit in edits {
        match edit.steps() {
            [Segment::Index(of), Segment::Key(key), ..] if of == index => edited.push(&**key),
            _ => return None,
        }
    }
    let stays = item.as_object()?.keys().any(|key| !edited.contains(&key.as_str()));
    stays.then_some((*index, item))
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
