//! Changes as a tree beside the document's: what is to be done at each node, and below it.

use super::rename::Renaming;
use crate::base::{Path, Segment};
use crate::manifest::edit::change::{Change, Difference};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is to be done at one node and below it.
#[derive(Debug, Default)]
pub(super) struct Plan<'c> {
    /// Where the node is.
    pub(super) path: Path,
    /// Its new value.
    pub(super) replaced: Option<&'c Value>,
    /// Whether it goes, with the key or dash that introduces it.
    pub(super) removed: bool,
    /// The name that its key gets.
    pub(super) renamed: Option<&'c str>,
    /// Keys that come in.
    pub(super) added: Vec<(&'c str, &'c Value)>,
    /// Items that come in, by the index that they come to stand before, each in the order of the text.
    pub(super) inserted: BTreeMap<usize, Vec<&'c Value>>,
    /// What is to be done at its entries.
    pub(super) entries: BTreeMap<Arc<str>, Plan<'c>>,
    /// What is to be done at its items.
    pub(super) items: BTreeMap<usize, Plan<'c>>,
}

impl<'c> Plan<'c> {
    /// The plan of all these changes, for the root.
    pub(super) fn of(renaming: &'c Renaming) -> Self {
        let mut root = Self::default();
        for change in &renaming.changes {
            root.take(change);
        }
        for (path, name) in &renaming.names {
            root.at(path.segments()).renamed = Some(name);
        }
        root.join_items();
        root
    }

    /// Whether anything goes, here or below.
    pub(super) fn removes(&self) -> bool {
        self.removed || self.inside().any(Self::removes)
    }

    /// What is to be done at its entries or items.
    pub(super) fn inside(&self) -> impl Iterator<Item = &Self> {
        self.entries.values().chain(self.items.values())
    }

    fn take(&mut self, change: &'c Change) {
        let segments = change.path.segments();
        match (&change.difference, segments.split_last()) {
            (Difference::Added(value), Some((Segment::Key(key), parents))) => {
                self.at(parents).added.push((key, value));
            }
            // Of several at one index the changes name the last first.
            (Difference::Inserted(value), Some((Segment::Index(index), parents))) => {
                self.at(parents).inserted.entry(*index).or_default().insert(0, value);
            }
            (Difference::Removed, Some(_)) => self.at(segments).removed = true,
            (Difference::Added(value) | Difference::Inserted(value) | Difference::Replaced(value), _) => {
                self.at(segments).replaced = Some(value);
            }
            (Difference::Removed, None) => self.replaced = Some(&Value::Null),
        }
    }

    /// The plan of a node below this one.
    fn at(&mut self, segments: &[Segment]) -> &mut Self {
        segments.iter().fold(self, |plan, segment| {
            let path = plan.path.clone().with(segment);
            let fresh = || Plan { path, ..Plan::default() };
            match segment {
                Segment::Key(key) => plan.entries.entry(key.clone()).or_insert_with(fresh),
                Segment::Index(index) => plan.items.entry(*index).or_insert_with(fresh),
            }
        })
    }

    /// Items that go and others that come right behind them are replacements: so the comment behind an item stays, and the
    /// style of a scalar.
    fn join_items(&mut self) {
        for (index, items) in &mut self.inserted {
            let goes = |at: &usize| self.items.get(at).is_some_and(|plan| plan.removed);
            let first = (0..*index).rev().take_while(goes).last().unwrap_or(*index);
            for at in first..*index {
                if let Some(plan) = self.items.get_mut(&at).filter(|_| !items.is_empty()) {
                    plan.removed = false;
                    plan.replaced = Some(items.remove(0));
                }
            }
        }
        self.inserted.retain(|_, items| !items.is_empty());
        self.entries.values_mut().chain(self.items.values_mut()).for_each(Self::join_items);
    }
}
