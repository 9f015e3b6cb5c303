//! The objects of one kind in one namespace, found by name or by a label.

use crate::base::ObjectRef;
use crate::inventory::nearness::{Nearest, nearest};
use crate::manifest::Object;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// One copy of one object.
#[derive(Debug, Clone)]
pub struct Entry<F> {
    /// Its name.
    pub reference: ObjectRef,
    /// What is kept of it.
    pub facts: F,
    /// The object in its file, where it came from one: findings point there.
    pub object: Option<Arc<Object>>,
}

impl<F> Entry<F> {
    /// The file it came from, or an empty name.
    pub fn file(&self) -> &str {
        self.object.as_deref().map_or("", Object::file)
    }
}

/// Facts that can be found by one of their labels.
pub trait Indexed {
    /// The pairs under which it is found.
    fn index_pairs(&self) -> Vec<Pair>;
}

/// A label with its value.
pub type Pair = (String, String);
type Identity = (String, String);

/// All copies of the objects of one kind in one namespace.
#[derive(Debug)]
pub struct Shard<F> {
    copies: BTreeMap<Identity, Vec<Entry<F>>>,
    index: HashMap<Pair, BTreeSet<Identity>>,
}

impl<F> Default for Shard<F> {
    fn default() -> Self {
        Self { copies: BTreeMap::new(), index: HashMap::new() }
    }
}

impl<F: Indexed + PartialEq> Shard<F> {
    /// Adds a copy beside those that are there.
    pub fn add(&mut self, entry: Entry<F>) {
        let identity = identity(&entry.reference);
        for pair in entry.facts.index_pairs() {
            self.index.entry(pair).or_default().insert(identity.clone());
        }
        self.copies.entry(identity).or_default().push(entry);
    }

    /// Takes all copies of an object out.
    pub fn remove(&mut self, reference: &ObjectRef) {
        let identity = identity(reference);
        for entry in self.copies.remove(&identity).unwrap_or_default() {
            for pair in entry.facts.index_pairs() {
                // Only these pairs: a pass over the whole index for each object would make a long list quadratic.
                if let Some(found) = self.index.get_mut(&pair) {
                    found.remove(&identity);
                    if found.is_empty() {
                        self.index.remove(&pair);
                    }
                }
            }
        }
    }

    /// Whether there is no object at all.
    pub fn is_empty(&self) -> bool {
        self.copies.is_empty()
    }

    /// The copy of an object that is nearest to a file.
    pub fn find(&self, kind: &str, name: &str, file: &str) -> Nearest<'_, F> {
        nearest(self.copies(kind, name), file)
    }

    /// All copies of an object.
    pub fn copies(&self, kind: &str, name: &str) -> &[Entry<F>] {
        let identity = (kind.to_owned(), name.to_owned());
        self.copies.get(&identity).map_or(&[], Vec::as_slice)
    }

    /// Of each object that has one of the pairs, the copy nearest to a file, by kind and name.
    pub fn candidates<'a>(&'a self, pairs: &[Pair], file: &str) -> Vec<&'a Entry<F>> {
        let identities: BTreeSet<&Identity> = pairs.iter().filter_map(|pair| self.index.get(pair)).flatten().collect();
        let copies = identities.into_iter().filter_map(|identity| self.copies.get(identity));
        copies.filter_map(|copies| nearest(copies, file).one()).collect()
    }
}

fn identity(reference: &ObjectRef) -> Identity {
    (reference.kind.clone(), reference.name.clone())
}
