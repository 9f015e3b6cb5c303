//! Which fields edits touch: edits that touch nothing in common can be done at once, in any order.

use crate::base::{Edit, Path, Segment};
use std::collections::BTreeSet;

/// The fields that some edits touch.
#[derive(Debug, Default)]
pub(super) struct Touched {
    fields: BTreeSet<Path>,
    /// All that these fields are in.
    around: BTreeSet<Path>,
}

impl Touched {
    /// Adds what these edits touch, unless that is touched already: the same field, one inside of it, or one around it.
    pub(super) fn add(&mut self, edits: &[Edit]) -> bool {
        let fields: Vec<Path> = edits.iter().map(field).collect();
        if fields.iter().any(|field| self.meets(field)) {
            return false;
        }
        for field in fields {
            self.around.extend(parents(&field));
            self.fields.insert(field);
        }
        true
    }

    fn meets(&self, field: &Path) -> bool {
        self.around.contains(field)
            || self.fields.contains(field)
            || parents(field).any(|parent| self.fields.contains(&parent))
    }
}

/// All that a field is in, from the inside out.
fn parents(field: &Path) -> impl Iterator<Item = Path> {
    std::iter::successors(field.parent(), Path::parent)
}

/// What an edit touches: where an item comes or goes, the whole list, because the items behind it move.
fn field(edit: &Edit) -> Path {
    match edit {
        Edit::Remove { path } if matches!(path.segments().last(), Some(Segment::Index(_))) => {
            path.parent().unwrap_or_default()
        }
        other => other.field().clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn set(path: &Path) -> Edit {
        Edit::set(path.clone(), 1)
    }

    #[test]
    fn edits_meet_in_a_field_and_in_all_that_it_is_in() {
        let containers = Path::keys("spec.containers");
        let (first, second) = (containers.clone().index(0), containers.clone().index(1));
        let hook = |container: &Path| set(&container.clone().key("lifecycle").key("preStop"));
        let text = Path::keys("metadata.annotations.a");
        let within = |key: &str| Edit::SetWithin { text: text.clone(), path: Path::keys(key), value: Value::Null };
        let insert = Edit::Insert { list: containers.clone(), index: 1, value: Value::Null };
        for (one, other, meet) in [
            (hook(&first), hook(&first), true),
            (hook(&first), hook(&second), false),
            (hook(&first), set(&first), true),
            (set(&first), hook(&first), true),
            (hook(&first), Edit::Remove { path: first.clone().key("lifecycle") }, true),
            (hook(&first), Edit::Remove { path: first.clone().key("image") }, false),
            (hook(&first), Edit::Remove { path: second.clone() }, true),
            (hook(&first), insert.clone(), true),
            (insert, set(&Path::keys("spec.hostname")), false),
            (within("b"), within("c"), true),
            (within("b"), set(&Path::keys("metadata.annotations.c")), false),
        ] {
            let mut touched = Touched::default();
            assert!(touched.add(std::slice::from_ref(&one)));
            assert_eq!(touched.add(std::slice::from_ref(&other)), !meet, "{one:?} {other:?}");
        }
    }
}
