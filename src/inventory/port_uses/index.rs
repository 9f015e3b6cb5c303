//! The places about Service ports, found by the Service.

use crate::base::{ObjectRef, Place};
use crate::inventory::Entry;
use crate::inventory::nearness::{Nearest, add_copy, nearest};
use crate::inventory::port_uses::{PortUse, Whom, uses_of};
use crate::inventory::shard::{Renewed, renew};
use crate::manifest::Object;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// All places that are known.
#[derive(Debug, Clone, Default)]
pub struct PortUses {
    copies: HashMap<ObjectRef, Vec<Entry<Vec<PortUse>>>>,
    /// By namespace and name of the Service.
    by_name: HashMap<(String, String), BTreeSet<ObjectRef>>,
    /// By the namespace in which they select, or none for all namespaces.
    by_selection: HashMap<Option<String>, BTreeSet<ObjectRef>>,
}

/// A place about a port, seen from a file.
#[derive(Debug, Clone, Copy)]
pub struct NearUse<'a> {
    /// The object with the place.
    pub by: &'a Entry<Vec<PortUse>>,
    /// What is there.
    pub found: &'a PortUse,
    /// Whether no other copy of the object, equally near, says something else.
    pub is_clear: bool,
}

impl PortUses {
    /// Adds the places of an object: one at least.
    pub fn add(&mut self, object: &Object, facts: Vec<PortUse>, kept: Option<Arc<Object>>) {
        let reference = object.reference().clone();
        for it in &facts {
            match &it.service {
                Whom::Named { namespace, name } => {
                    let service = (namespace.clone(), name.clone());
                    self.by_name.entry(service).or_default().insert(reference.clone());
                }
                Whom::Selected { namespaces: None, .. } => self.add_selection(None, &reference),
                Whom::Selected { namespaces: Some(namespaces), .. } => {
                    namespaces.iter().for_each(|namespace| self.add_selection(Some(namespace.clone()), &reference));
                }
            }
        }
        add_copy(self.copies.entry(reference.clone()).or_default(), Entry { reference, facts, object: kept });
    }

    fn add_selection(&mut self, namespace: Option<String>, reference: &ObjectRef) {
        self.by_selection.entry(namespace).or_default().insert(reference.clone());
    }

    /// Takes all copies of an object out. Where it was found by, nothing is found any more.
    pub fn remove(&mut self, reference: &ObjectRef) {
        self.copies.remove(reference);
    }

    /// Puts an object as it is now in the place of what it was.
    pub fn renew(&mut self, before: &Arc<Object>, now: &Arc<Object>) -> Renewed {
        let facts = uses_of(now);
        match self.copies.get_mut(before.reference()) {
            Some(copies) => renew(copies, before, now, facts, |old, new| services(old).eq(services(new))),
            None if facts.is_empty() => Renewed::Unseen,
            None => Renewed::NotFound,
        }
    }

    /// The places about a Service with these labels, in the order of the objects' names: of each object those of the copy
    /// that is nearest to a file.
    pub fn of_service<'a, 'l>(
        &'a self,
        namespace: &str,
        name: &str,
        label: &dyn Fn(&str) -> Option<&'l str>,
        file: &str,
    ) -> Vec<NearUse<'a>> {
        let named = self.by_name.get(&(namespace.to_owned(), name.to_owned()));
        let selecting = [None, Some(namespace.to_owned())].into_iter().filter_map(|it| self.by_selection.get(&it));
        let references: BTreeSet<&ObjectRef> = named.into_iter().chain(selecting).flatten().collect();
        let near = references.into_iter().filter_map(|reference| self.near(reference, file));
        let uses = near.flat_map(|(by, is_clear)| {
            let meant = by.facts.iter().filter(|it| it.service.is(namespace, name, label));
            meant.map(move |found| NearUse { by, found, is_clear }).collect::<Vec<_>>()
        });
        uses.collect()
    }

    /// The copy of an object that is nearest to a file; of several that differ any, which is then not clear.
    fn near(&self, reference: &ObjectRef, file: &str) -> Option<(&Entry<Vec<PortUse>>, bool)> {
        let copies = self.copies.get(reference)?;
        match nearest(copies, file) {
            Nearest::One(entry) => Some((entry, true)),
            Nearest::Ambiguous => copies.first().map(|first| (first, false)),
            Nearest::None => None,
        }
    }
}

fn services(uses: &[PortUse]) -> impl Iterator<Item = &Whom> {
    uses.iter().map(|it| &it.service)
}

impl NearUse<'_> {
    /// Where it is in its file, if it came from one.
    pub fn place(&self) -> Option<Place> {
        self.by.object.as_deref().and_then(|object| object.point_at(&self.found.field))
    }
}
