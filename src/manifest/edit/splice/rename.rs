//! A key that gives way to another one, with the same value or nearly so: the key alone is written anew, and what stands
//! behind it keeps its bytes and its comments.

use crate::base::{Path, Segment};
use crate::manifest::edit::align::{distance, weight};
use crate::manifest::edit::change::{Change, Difference, compare};
use serde_json::Value;

/// Changes of which some are new names.
pub(super) struct Renaming {
    /// Keys that get a new name: where they are, and the name.
    pub(super) names: Vec<(Path, String)>,
    /// All other changes, those inside of such keys under the old name.
    pub(super) changes: Vec<Change>,
}

impl Renaming {
    /// What of these changes to a value is nothing but a new name.
    pub(super) fn of(before: &Value, changes: &[Change]) -> Self {
        let mut renaming = Self { names: Vec::new(), changes: changes.to_vec() };
        for change in changes.iter().filter(|change| change.difference == Difference::Removed) {
            let Some(old) = change.path.find(before).filter(|old| old.is_object() || old.is_array()) else { continue };
            let Some((at, name, new)) = renaming.successor(&change.path, old) else { continue };
            renaming.changes.remove(at);
            renaming.changes.retain(|other| other != change);
            compare(&change.path, old, &new, &mut renaming.changes);
            renaming.names.push((change.path.clone(), name));
        }
        renaming
    }

    /// The only key that comes into the map of a key which goes, with a value that is more like the old one than not.
    fn successor(&self, gone: &Path, old: &Value) -> Option<(usize, String, Value)> {
        let (last, map) = gone.segments().split_last()?;
        let Segment::Key(_) = last else { return None };
        let mut found = self.changes.iter().enumerate().filter_map(|(at, change)| {
            let Difference::Added(new) = &change.difference else { return None };
            let (Segment::Key(name), same) = change.path.segments().split_last()? else { return None };
            let is_alike = new.is_object() == old.is_object() && distance(old, new) * 2 <= weight(old);
            (same == map && is_alike).then(|| (at, name.to_string(), new.clone()))
        });
        found.next().filter(|_| found.next().is_none())
    }
}
