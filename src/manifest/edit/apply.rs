//! What edits make of a JSON value.

use super::within::with_field;
use crate::base::{Edit, Path, Segment};
use serde_json::{Map, Value};

/// Edits that this value cannot take. Nothing is changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotEdit {
    /// Something on the way is of another type than the path says.
    #[error("{0} is neither a map nor absent")]
    NoMap(Path),
    /// A list on the way is none, or too short.
    #[error("{0} is no list with such an item")]
    NoItem(Path),
    /// There is nothing to take away.
    #[error("{0} is not there")]
    NotThere(Path),
    /// The text that is to be edited inside is none, or cannot be edited.
    #[error("the text of {path} cannot be edited: {reason}")]
    Within {
        /// The field with the text.
        path: Path,
        /// What is in the way.
        reason: String,
    },
}

/// The value after all edits, in their order.
///
/// # Errors
/// The first edit that does not fit the value.
pub fn applied(edits: &[Edit], value: &Value) -> Result<Value, CannotEdit> {
    let mut after = value.clone();
    for edit in edits {
        apply(edit, &mut after)?;
    }
    Ok(after)
}

/// Does one edit. What does not fit may be half done.
pub(super) fn apply(edit: &Edit, value: &mut Value) -> Result<(), CannotEdit> {
    match edit {
        Edit::Set { path, value: wanted } => *made(path, value)? = wanted.clone(),
        Edit::Insert { list, index, value: item } => {
            let place = made(list, value)?;
            if place.is_null() {
                *place = Value::Array(Vec::new());
            }
            match place {
                Value::Array(items) if *index <= items.len() => items.insert(*index, item.clone()),
                _ => return Err(CannotEdit::NoItem(list.clone())),
            }
        }
        Edit::Remove { path } => remove(path, value)?,
        Edit::SetWithin { text, path, value: wanted } => {
            let place = made(text, value)?;
            let old = match &*place {
                Value::Null => "",
                Value::String(old) => old,
                _ => return Err(within(text, "it is no text")),
            };
            *place = Value::String(with_field(old, path, wanted).map_err(|reason| within(text, &reason))?);
        }
    }
    Ok(())
}

fn within(path: &Path, reason: &str) -> CannotEdit {
    CannotEdit::Within { path: path.clone(), reason: reason.to_owned() }
}

/// The place of a path, with maps made on the way.
fn made<'v>(path: &Path, value: &'v mut Value) -> Result<&'v mut Value, CannotEdit> {
    let mut place = value;
    for (depth, segment) in path.segments().iter().enumerate() {
        let here = || path.segments().iter().take(depth).fold(Path::root(), Path::with);
        place = match segment {
            Segment::Key(key) => {
                if place.is_null() {
                    *place = Value::Object(Map::new());
                }
                let Value::Object(map) = place else { return Err(CannotEdit::NoMap(here())) };
                map.entry(key.as_ref()).or_insert(Value::Null)
            }
            Segment::Index(index) => place.get_mut(index).ok_or_else(|| CannotEdit::NoItem(here()))?,
        };
    }
    Ok(place)
}

fn remove(path: &Path, value: &mut Value) -> Result<(), CannotEdit> {
    let not_there = || CannotEdit::NotThere(path.clone());
    let (last, parents) = path.segments().split_last().ok_or_else(not_there)?;
    let step = |value, segment: &Segment| match segment {
        Segment::Key(key) => Value::get_mut(value, key.as_ref()),
        Segment::Index(index) => Value::get_mut(value, index),
    };
    let parent = parents.iter().try_fold(value, step).ok_or_else(not_there)?;
    let removed = match (parent, last) {
        (Value::Object(map), Segment::Key(key)) => map.remove(key.as_ref()),
        (Value::Array(items), Segment::Index(index)) if *index < items.len() => Some(items.remove(*index)),
        _ => None,
    };
    removed.map(drop).ok_or_else(not_there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(pointer: &str) -> Path {
        let step = |path: Path, word: &str| match word.parse() {
            Ok(index) => path.index(index),
            Err(_) => path.key(word),
        };
        pointer.split('/').filter(|word| !word.is_empty()).fold(Path::root(), step)
    }

    fn set(pointer: &str, value: Value) -> Edit {
        Edit::Set { path: path(pointer), value }
    }

    fn insert(pointer: &str, index: usize, value: Value) -> Edit {
        Edit::Insert { list: path(pointer), index, value }
    }

    #[test]
    fn edits_do_what_they_say() {
        let pod = json!({"spec": {"containers": [{"name": "web"}], "volumes": null}});
        for (edit, pointer, wanted) in [
            (set("spec/grace", json!(47)), "/spec/grace", json!(47)),
            (set("metadata/labels/app", json!("web")), "/metadata", json!({"labels": {"app": "web"}})),
            (set("spec/containers/0/name", json!("shop")), "/spec/containers", json!([{"name": "shop"}])),
            (set("spec/volumes/name", json!(1)), "/spec/volumes", json!({"name": 1})),
            (insert("spec/initContainers", 0, json!(1)), "/spec/initContainers", json!([1])),
            (insert("spec/volumes", 0, json!(1)), "/spec/volumes", json!([1])),
            (insert("spec/containers", 1, json!(1)), "/spec/containers", json!([{"name": "web"}, 1])),
            (Edit::Remove { path: path("spec/containers/0") }, "/spec/containers", json!([])),
            (Edit::Remove { path: path("spec/containers/0/name") }, "/spec/containers/0", json!({})),
        ] {
            let after = applied(std::slice::from_ref(&edit), &pod).unwrap();
            assert_eq!(after.pointer(pointer), Some(&wanted), "{edit:?}");
        }
    }

    #[test]
    fn an_edit_that_does_not_fit_is_refused() {
        let pod = json!({"spec": {"containers": [{"name": "web"}]}});
        for (edit, error) in [
            (set("spec/containers/name", json!(1)), "spec.containers is neither a map nor absent"),
            (set("spec/containers/1/name", json!(1)), "spec.containers is no list with such an item"),
            (set("spec/containers/0/name/first", json!(1)), "spec.containers[0].name is neither a map nor absent"),
            (insert("spec/containers", 2, json!(1)), "spec.containers is no list with such an item"),
            (insert("spec", 0, json!(1)), "spec is no list with such an item"),
            (Edit::Remove { path: path("spec/volumes") }, "spec.volumes is not there"),
            (Edit::Remove { path: path("spec/containers/1") }, "spec.containers[1] is not there"),
            (Edit::Remove { path: Path::root() }, " is not there"),
        ] {
            assert_eq!(applied(std::slice::from_ref(&edit), &pod).unwrap_err().to_string(), error, "{edit:?}");
        }
    }
}
