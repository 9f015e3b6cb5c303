//! The objects of one kind in one namespace, found by name or by a label.

use crate::base::ObjectRef;
use crate::inventory::nearness::{Nearest, add_copy, nearest};
use crate::manifest::{Object, group_of};
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

/// What became of putting an object as it is now in the place of what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Renewed {
    /// It is there, and others see no difference.
    Unseen,
    /// It is there, and others may see a difference.
    Seen,
    /// It is not there, because it would be found otherwise than before: an inventory must be made anew.
    NotFound,
}

/// Facts that can be found by labels.
pub trait Indexed {
    /// Whether one of the pairs is enough to find it by, because whoever looks for it knows all of them.
    const ONE_PAIR_IS_ENOUGH: bool;

    /// The pairs by which it is looked for.
    fn index_pairs(&self) -> Vec<Pair>;

    /// Which part of its object this is, where one object has several that are no copies of each other.
    fn part(&self) -> &str {
        ""
    }
}

/// A label with its value.
pub type Pair = (String, String);

/// What copies have in common. Kinds of one name may be of several groups.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Identity {
    kind: String,
    name: String,
    group: String,
    part: String,
}

/// All copies of the objects of one kind in one namespace.
#[derive(Debug, Clone)]
pub struct Shard<F> {
    copies: BTreeMap<Arc<Identity>, Vec<Entry<F>>>,
    index: Index,
}

/// Identities by a label and its value.
#[derive(Debug, Clone, Default)]
struct Index(HashMap<String, HashMap<String, BTreeSet<Arc<Identity>>>>);

impl<F> Default for Shard<F> {
    fn default() -> Self {
        Self { copies: BTreeMap::new(), index: Index::default() }
    }
}

impl<F: Indexed + PartialEq> Shard<F> {
    /// Adds a copy beside those that are there.
    pub fn add(&mut self, entry: Entry<F>) {
        let identity = Arc::new(Identity::of(&entry.reference, &entry.facts));
        let mut pairs = entry.facts.index_pairs();
        if F::ONE_PAIR_IS_ENOUGH {
            // The rarest so far: a label that all objects share finds everything.
            let rarest =
                pairs.into_iter().min_by_key(|(key, value)| self.index.get(key, value).map_or(0, BTreeSet::len));
            pairs = rarest.into_iter().collect();
        }
        for pair in pairs {
            self.index.insert(pair, &identity);
        }
        add_copy(self.copies.entry(identity).or_default(), entry);
    }

    /// Takes all copies of an object out.
    pub fn remove(&mut self, reference: &ObjectRef) {
        let group = group_of(&reference.api_version);
        let of_name = self.of_name(&reference.kind, &reference.name).map(|(identity, _)| identity);
        let identities: Vec<Arc<Identity>> = of_name.filter(|identity| identity.group == group).cloned().collect();
        for identity in identities {
            for entry in self.copies.remove(&identity).unwrap_or_default() {
                // Only these pairs: a pass over the whole index for each object would make a long list quadratic.
                entry.facts.index_pairs().iter().for_each(|pair| self.index.remove(pair, &identity));
            }
        }
    }

    /// Whether there is no object at all.
    pub fn is_empty(&self) -> bool {
        self.copies.is_empty()
    }

    /// The copy of an object that is nearest to a file; of several objects of that kind and name the first.
    pub fn find(&self, kind: &str, name: &str, file: &str) -> Nearest<'_, F> {
        self.of_name(kind, name).next().map_or(Nearest::None, |(_, copies)| nearest(copies, file))
    }

    /// The copy of the same object, or of the same part of it, that is nearest to a file.
    pub fn find_same(&self, entry: &Entry<F>, file: &str) -> Nearest<'_, F> {
        let copies = self.copies.get(&Identity::of(&entry.reference, &entry.facts));
        copies.map_or(Nearest::None, |copies| nearest(copies, file))
    }

    /// All copies of the objects of a kind and name, of whatever group.
    pub fn copies(&self, kind: &str, name: &str) -> impl Iterator<Item = &Entry<F>> {
        self.of_name(kind, name).flat_map(|(_, copies)| copies)
    }

    fn of_name<'s>(&'s self, kind: &str, name: &str) -> impl Iterator<Item = (&'s Arc<Identity>, &'s Vec<Entry<F>>)> {
        let first =
            Identity { kind: kind.to_owned(), name: name.to_owned(), group: String::new(), part: String::new() };
        self.copies
            .range::<Identity, _>(first..)
            .take_while(move |(identity, _)| identity.kind == kind && identity.name == name)
    }

    /// Puts an object as it is now in the place of what it was: see [`renew`].
    pub fn renew(&mut self, before: &Arc<Object>, now: &Arc<Object>, facts: F) -> Renewed {
        let copies = self.copies.get_mut(&Identity::of(before.reference(), &facts));
        let is_found_alike = |old: &F, new: &F| old.index_pairs() == new.index_pairs();
        copies.map_or(Renewed::NotFound, |copies| renew(copies, before, now, facts, is_found_alike))
    }

    /// Of each object the copy nearest to a file, by kind and name.
    pub fn nearest_of_all(&self, file: &str) -> Vec<&Entry<F>> {
        self.nearest_of(self.copies.keys(), file)
    }

    /// The same, of the objects of a kind and name alone: several where kinds of one name are of several groups.
    pub fn nearest_of_name(&self, kind: &str, name: &str, file: &str) -> Vec<&Entry<F>> {
        self.nearest_of(self.of_name(kind, name).map(|(identity, _)| identity), file)
    }

    /// Of each object that is found by one of the pairs at least, the copy nearest to a file, by kind and name.
    pub fn found_by_any<'a>(&'a self, pairs: &[(&str, &str)], file: &str) -> Vec<&'a Entry<F>> {
        let found = pairs.iter().filter_map(|(key, value)| self.index.get(key, value));
        let identities: BTreeSet<&Arc<Identity>> = found.flatten().collect();
        self.nearest_of(identities, file)
    }

    /// Of each object that may be found by all pairs, and of some more, the copy nearest to a file, by kind and name.
    pub fn found_by_all<'a>(&'a self, pairs: &[Pair], file: &str) -> Vec<&'a Entry<F>> {
        self.nearest_of(self.index.of_all(pairs), file)
    }

    /// All copies of those objects.
    pub fn copies_found_by_all(&self, pairs: &[Pair]) -> impl Iterator<Item = &Entry<F>> {
        self.index.of_all(pairs).filter_map(|identity| self.copies.get(identity)).flatten()
    }

    fn nearest_of<'a>(&'a self, found: impl IntoIterator<Item = &'a Arc<Identity>>, file: &str) -> Vec<&'a Entry<F>> {
        let copies = found.into_iter().filter_map(|identity| self.copies.get(identity));
        copies.filter_map(|copies| nearest(copies, file).one()).collect()
    }
}

impl Index {
    fn get(&self, key: &str, value: &str) -> Option<&BTreeSet<Arc<Identity>>> {
        self.0.get(key)?.get(value)
    }

    /// Those of the rarest of some pairs: all that have every pair are among them.
    fn of_all<'i>(&'i self, pairs: &[Pair]) -> impl Iterator<Item = &'i Arc<Identity>> + use<'i> {
        let found: Option<Vec<_>> = pairs.iter().map(|(key, value)| self.get(key, value)).collect();
        let fewest = found.into_iter().flatten().min_by_key(|identities| identities.len());
        fewest.into_iter().flatten()
    }

    fn insert(&mut self, (key, value): Pair, identity: &Arc<Identity>) {
        self.0.entry(key).or_default().entry(value).or_default().insert(identity.clone());
    }

    /// What is empty then goes, so that nothing is left of objects that come and go.
    fn remove(&mut self, (key, value): &Pair, identity: &Identity) {
        let Some(values) = self.0.get_mut(key) else { return };
        if let Some(found) = values.get_mut(value) {
            found.remove(identity);
            if found.is_empty() {
                values.remove(value);
            }
        }
        if values.is_empty() {
            self.0.remove(key);
        }
    }
}

/// Puts an object as it is now in the place of what it was among its copies, if it is still found by the same.
pub fn renew<F: PartialEq>(
    copies: &mut [Entry<F>],
    before: &Arc<Object>,
    now: &Arc<Object>,
    facts: F,
    is_found_alike: impl Fn(&F, &F) -> bool,
) -> Renewed {
    let is_it = |copy: &&mut Entry<F>| copy.object.as_ref().is_some_and(|object| Arc::ptr_eq(object, before));
    let Some(copy) = copies.iter_mut().find(is_it) else { return Renewed::NotFound };
    if copy.reference != *now.reference() || !is_found_alike(&copy.facts, &facts) {
        return Renewed::NotFound;
    }
    let unseen = copy.facts == facts;
    (copy.facts, copy.object) = (facts, Some(now.clone()));
    if unseen { Renewed::Unseen } else { Renewed::Seen }
}

impl Identity {
    fn of(reference: &ObjectRef, facts: &impl Indexed) -> Self {
        Self {
            kind: reference.kind.clone(),
            name: reference.name.clone(),
            group: group_of(&reference.api_version).to_owned(),
            part: facts.part().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::ServiceFacts;

    fn pair(key: &str, value: &str) -> Pair {
        (key.to_owned(), value.to_owned())
    }

    /// Else each look in a namespace goes through all that is in it.
    #[test]
    fn a_label_that_all_share_finds_not_everything() {
        let mut services: Shard<ServiceFacts> = Shard::default();
        for name in ["a", "b", "c", "d"] {
            let selector = [pair("a-team", "shop"), pair("name", name)].into();
            let reference = ObjectRef {
                api_version: "v1".into(),
                kind: "Service".into(),
                namespace: Some("shop".into()),
                name: name.into(),
            };
            services.add(Entry {
                reference,
                facts: ServiceFacts { selector, ..ServiceFacts::default() },
                object: None,
            });
        }
        let found = services.found_by_any(&[("a-team", "shop"), ("name", "d")], "");
        let names: Vec<&str> = found.iter().map(|entry| &*entry.reference.name).collect();
        // The first one had no rarer pair when it came.
        assert_eq!(names, ["a", "d"]);
    }
}
