//! What of a value some edits touch, worked out from the edits alone: each place by its path before any edit.

use seaworthy::base::{Edit, Path, Segment};
use seaworthy::manifest::edit::{Change, Difference};
use serde_json::Value;
use std::collections::BTreeMap;

/// What happens to a place that was there before the edits.
#[derive(Debug, Clone, PartialEq)]
pub enum Touched {
    /// Another value comes.
    Replaced(Path),
    /// A key or an item comes into it.
    Grown(Path),
    /// It goes.
    Gone(Path),
}

/// What these edits touch, in their order.
pub fn touched(edits: &[Edit], before: &Value) -> Vec<Touched> {
    let mut root = Node::of(before, Some(&Path::root()));
    let mut touched = Vec::new();
    for edit in edits {
        match edit {
            Edit::Set { path, value } => touched.extend(root.set(path, value)),
            Edit::SetWithin { text, .. } => touched.extend(root.set(text, &Value::from("a text"))),
            Edit::Insert { list, index, value } => match root.at(list) {
                Some(node) => touched.extend(node.insert(*index, value)),
                None => touched.extend(root.set(list, &Value::Array(vec![value.clone()]))),
            },
            Edit::Remove { path } => touched.extend(root.remove(path)),
        }
    }
    touched
}

/// What these changes touch. They may be others than the edits, if less has to change so: where an item goes and one like
/// it comes, the one that stays may be the other.
pub fn touched_by(changes: &[Change]) -> Vec<Touched> {
    let of = |change: &Change| match change.difference {
        Difference::Replaced(_) => Some(Touched::Replaced(change.path.clone())),
        Difference::Added(_) | Difference::Inserted(_) => change.path.parent().map(Touched::Grown),
        Difference::Removed => Some(Touched::Gone(change.path.clone())),
    };
    changes.iter().filter_map(of).collect()
}

/// A value that remembers where its parts stood.
#[derive(Debug, Default)]
struct Node {
    origin: Option<Path>,
    is_null: bool,
    map: BTreeMap<String, Node>,
    items: Vec<Node>,
}

impl Node {
    fn of(value: &Value, origin: Option<&Path>) -> Self {
        let child = |segment: Segment, value| Self::of(value, origin.map(|path| path.clone().with(&segment)).as_ref());
        let mut node = Self { origin: origin.cloned(), is_null: value.is_null(), ..Self::default() };
        match value {
            Value::Object(map) => {
                let entry = |(key, value): (&String, _)| (key.clone(), child(Segment::Key(key.as_str().into()), value));
                node.map = map.iter().map(entry).collect();
            }
            Value::Array(items) => {
                node.items = items.iter().enumerate().map(|(at, item)| child(Segment::Index(at), item)).collect();
            }
            _ => {}
        }
        node
    }

    fn child(&mut self, segment: &Segment) -> Option<&mut Self> {
        match segment {
            Segment::Key(key) => self.map.get_mut(key.as_ref()),
            Segment::Index(index) => self.items.get_mut(*index),
        }
    }

    fn at(&mut self, path: &Path) -> Option<&mut Self> {
        path.segments().iter().try_fold(self, Self::child)
    }

    fn set(&mut self, path: &Path, value: &Value) -> Option<Touched> {
        let missing = path.segments().iter().scan(Path::root(), |parent, segment| {
            let place = parent.clone().with(segment);
            Some((std::mem::replace(parent, place.clone()), place, segment))
        });
        for (parent, place, segment) in missing {
            if self.at(&place).is_none() {
                let parent = self.at(&parent)?;
                let Segment::Key(key) = segment else { return None };
                let touched = parent.filled();
                parent.map.insert(key.to_string(), Self::default());
                self.set(path, value);
                return touched;
            }
        }
        let node = self.at(path)?;
        *node = Self { origin: node.origin.take(), ..Self::of(value, None) };
        node.origin.clone().map(Touched::Replaced)
    }

    fn insert(&mut self, index: usize, value: &Value) -> Option<Touched> {
        let touched = self.filled();
        self.items.insert(index, Self::of(value, None));
        touched
    }

    /// Something comes into it; instead of it, if it is null.
    fn filled(&mut self) -> Option<Touched> {
        let touched = if self.is_null { Touched::Replaced } else { Touched::Grown };
        self.is_null = false;
        self.origin.clone().map(touched)
    }

    fn remove(&mut self, path: &Path) -> Option<Touched> {
        let parent = self.at(&path.parent()?)?;
        let gone = match path.segments().last()? {
            Segment::Key(key) => parent.map.remove(key.as_ref())?,
            Segment::Index(index) => parent.items.remove(*index),
        };
        gone.origin.map(Touched::Gone)
    }
}
