//! The names of one kind that are known, so that a list shows which objects have gone in the meantime.

use std::collections::HashSet;
use std::mem;

/// Namespace (empty for kinds without) and name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// The names that are known, and those of a list that is under way.
#[derive(Debug, Default)]
pub struct Names {
    known: HashSet<Name>,
    listed: HashSet<Name>,
}

impl Names {
    /// A list begins. One that broke off before says nothing about what has gone.
    pub fn begin_list(&mut self) {
        self.listed.clear();
    }

    /// An object stands in the list.
    pub fn list(&mut self, name: Name) {
        self.listed.insert(name.clone());
        self.known.insert(name);
    }

    /// The list is complete: those that were known and do not stand in it, which are not known any more.
    pub fn end_list(&mut self) -> Vec<Name> {
        let listed = mem::take(&mut self.listed);
        let before = mem::replace(&mut self.known, listed);
        before.into_iter().filter(|name| !self.known.contains(name)).collect()
    }

    /// An object is there.
    pub fn insert(&mut self, name: Name) {
        self.known.insert(name);
    }

    /// An object has gone.
    pub fn remove(&mut self, name: &Name) {
        self.known.remove(name);
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }
}
