//! The inventory itself: namespaces, and what is in each.

mod lookup;

use crate::base::ObjectRef;
use crate::inventory::mesh_members::MeshMembers;
use crate::inventory::nearness::add_copy;
use crate::inventory::port_uses::PortUses;
use crate::inventory::projection::{Facts, Projection};
use crate::inventory::shard::{Indexed, Pair, Renewed, Shard, renew};
use crate::inventory::{
    AutoscalerFacts, ConfigMapFacts, Entry, Kustomizations, NamespaceFacts, PeerAuthenticationFacts, Policies,
    ServiceAccountFacts, ServiceEntryFacts, ServiceFacts, WorkloadFacts,
};
use crate::manifest::{Object, group_of};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Where an inventory comes from; it decides when the absence of an object means that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// Some files: the objects of a kind are known where there is at least one of it in the namespace.
    #[default]
    Files,
    /// The watches of a cluster, after their first lists: what is not here does not exist, unless its kind could not be
    /// listed (see [`Inventory::set_listed`]).
    Cluster,
}

/// What is known of the objects around one.
///
/// A copy is cheap: namespaces share what is in them until one of the two is changed there.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    origin: Origin,
    /// Kinds of the cluster that could not be listed.
    unlisted: BTreeSet<String>,
    namespaces: HashMap<String, Vec<Entry<NamespaceFacts>>>,
    contents: HashMap<String, Arc<Contents>>,
    /// Of all namespaces: a place may be about a Service of another one.
    port_uses: PortUses,
    policies: Policies,
    mesh_members: MeshMembers,
    kustomizations: Arc<Kustomizations>,
}

#[derive(Debug, Clone, Default)]
struct Contents {
    services: Shard<ServiceFacts>,
    workloads: Shard<WorkloadFacts>,
    service_accounts: Shard<ServiceAccountFacts>,
    peer_authentications: Shard<PeerAuthenticationFacts>,
    service_entries: Shard<ServiceEntryFacts>,
    autoscalers: Shard<AutoscalerFacts>,
    config_maps: Shard<ConfigMapFacts>,
}

impl Inventory {
    /// An empty inventory.
    pub fn new(origin: Origin) -> Self {
        Self { origin, ..Self::default() }
    }

    /// Says whether all objects of a kind are here; of a cluster that is so until something else is said. Where it is
    /// not so, the absence of such an object proves nothing.
    pub fn set_listed(&mut self, kind: &str, listed: bool) {
        if listed {
            self.unlisted.remove(kind);
        } else {
            self.unlisted.insert(kind.to_owned());
        }
    }

    /// All objects of some files, in the order of the files: what is in each namespace is put in order on all cores.
    pub fn of_files(known: impl IntoIterator<Item = (Arc<Object>, Projection)>) -> Self {
        let mut inventory = Self::new(Origin::Files);
        let mut by_namespace: HashMap<String, Vec<Content>> = HashMap::new();
        for (object, projection) in known {
            let Some(content) = inventory.insert_across(&object, projection, true) else { continue };
            match by_namespace.get_mut(content.namespace()) {
                Some(contents) => contents.push(content),
                None => drop(by_namespace.insert(content.namespace().to_owned(), vec![content])),
            }
        }
        let filled = by_namespace.into_par_iter().map(|(namespace, found)| {
            let mut contents = Contents::default();
            found.into_iter().for_each(|content| contents.add(content));
            (namespace, Arc::new(contents))
        });
        inventory.contents = filled.collect();
        inventory
    }

    /// The same with the kustomizations of the files.
    #[must_use]
    pub fn with_kustomizations(self, kustomizations: Arc<Kustomizations>) -> Self {
        Self { kustomizations, ..self }
    }

    /// The kustomizations of the files; none of a cluster, where objects are what they are.
    pub fn kustomizations(&self) -> &Arc<Kustomizations> {
        &self.kustomizations
    }

    /// Adds an object of a file, beside other copies of the same name. Kinds that no rule asks about are passed over.
    pub fn add(&mut self, object: &Arc<Object>) {
        self.insert(object, true);
    }

    /// Puts an object of a file as it is now in the place of what it was before.
    pub fn renew(&mut self, before: &Arc<Object>, now: &Arc<Object>) -> Renewed {
        let reference = before.reference();
        if before.is("", "Namespace") {
            let copies = self.namespaces.get_mut(&reference.name).map_or(&mut [][..], Vec::as_mut_slice);
            return renew(copies, before, now, NamespaceFacts::of(now.value()), |_, _| true);
        }
        let uses = self.port_uses.renew(before, now);
        let Some(contents) = self.contents_of(reference) else { return uses };
        let of_contents = if before.is("", "Service") {
            contents.services.renew(before, now, ServiceFacts::of(now.value()))
        } else if before.is("", "ServiceAccount") {
            contents.service_accounts.renew(before, now, ServiceAccountFacts::of(now.value()))
        } else if let Some(facts) = PeerAuthenticationFacts::of(now) {
            contents.peer_authentications.renew(before, now, facts)
        } else if let Some(facts) = ServiceEntryFacts::of(now) {
            contents.service_entries.renew(before, now, facts)
        } else if let Some(facts) = AutoscalerFacts::of(now) {
            contents.autoscalers.renew(before, now, facts)
        } else if let Some(facts) = ConfigMapFacts::of(now) {
            contents.config_maps.renew(before, now, facts)
        } else {
            let templates = WorkloadFacts::all_of(now);
            if templates.len() != before.templates().len() {
                return Renewed::NotFound;
            }
            let renewed = templates.into_iter().map(|facts| contents.workloads.renew(before, now, facts));
            renewed.max().unwrap_or(Renewed::Unseen)
        };
        of_contents.max(uses)
    }

    /// Sets an object of the cluster in the place of the one with its name; keeps only its projection.
    pub fn set(&mut self, object: &Arc<Object>) {
        self.remove(object.reference());
        self.insert(object, false);
    }

    /// Takes an object out.
    pub fn remove(&mut self, reference: &ObjectRef) {
        // Other groups have kinds of the same name, such as Knative's Service.
        let core_kind = Some(reference.kind.as_str()).filter(|_| group_of(&reference.api_version).is_empty());
        if core_kind == Some("Namespace") {
            self.namespaces.remove(&reference.name);
            return;
        }
        self.port_uses.remove(reference);
        let Some(contents) = self.contents_of(reference) else { return };
        match core_kind {
            Some("Service") => contents.services.remove(reference),
            Some("ServiceAccount") => contents.service_accounts.remove(reference),
            Some("ConfigMap") => contents.config_maps.remove(reference),
            None if reference.kind == "PeerAuthentication" => contents.peer_authentications.remove(reference),
            None if reference.kind == "ServiceEntry" => contents.service_entries.remove(reference),
            None if reference.kind == "HorizontalPodAutoscaler" => contents.autoscalers.remove(reference),
            _ => contents.workloads.remove(reference),
        }
    }

    fn all_listed(&self, kind: &str) -> bool {
        self.origin == Origin::Cluster && !self.unlisted.contains(kind)
    }

    fn insert(&mut self, object: &Arc<Object>, keeps: bool) {
        let Some(content) = self.insert_across(object, Projection::of(object), keeps) else { return };
        if !self.contents.contains_key(content.namespace()) {
            self.contents.insert(content.namespace().to_owned(), Arc::default());
        }
        if let Some(contents) = self.contents_of(&content.reference) {
            contents.add(content);
        }
    }

    /// What is in the namespace of an object, to be changed.
    fn contents_of(&mut self, reference: &ObjectRef) -> Option<&mut Contents> {
        self.contents.get_mut(namespace_key(reference)).map(Arc::make_mut)
    }

    /// Puts in what is found from all namespaces. Gives what is found from the namespace of the object only.
    /// Keeps the object itself too, where findings are to point into it.
    fn insert_across(&mut self, object: &Arc<Object>, projection: Projection, keeps: bool) -> Option<Content> {
        let Projection { uses, facts } = projection;
        let kept = || keeps.then(|| object.clone());
        if !uses.is_empty() {
            self.port_uses.add(object, uses, kept());
        }
        match facts {
            Facts::Policy(facts) => self.policies.add(facts),
            Facts::Members(facts) => self.mesh_members.add(facts),
            Facts::Workload(templates) if templates.is_empty() => {}
            Facts::Namespace(facts) => {
                let reference = object.reference().clone();
                let copies = self.namespaces.entry(reference.name.clone()).or_default();
                add_copy(copies, Entry { reference, facts, object: kept() });
            }
            facts => return Some(Content { reference: object.reference().clone(), facts, object: kept() }),
        }
        None
    }
}

/// What is kept of an object, and found from its namespace only.
struct Content {
    reference: ObjectRef,
    facts: Facts,
    object: Option<Arc<Object>>,
}

impl Content {
    fn namespace(&self) -> &str {
        namespace_key(&self.reference)
    }
}

impl Contents {
    fn add(&mut self, content: Content) {
        let Content { reference, facts, object } = content;
        match facts {
            Facts::Namespace(_) | Facts::Policy(_) | Facts::Members(_) => {}
            Facts::Service(facts) => self.services.add(Entry { reference, facts, object }),
            Facts::ServiceAccount(facts) => self.service_accounts.add(Entry { reference, facts, object }),
            Facts::PeerAuthentication(facts) => self.peer_authentications.add(Entry { reference, facts, object }),
            Facts::ServiceEntry(facts) => self.service_entries.add(Entry { reference, facts, object }),
            Facts::Autoscaler(facts) => self.autoscalers.add(Entry { reference, facts, object }),
            Facts::ConfigMap(facts) => self.config_maps.add(Entry { reference, facts, object }),
            Facts::Workload(templates) => {
                for facts in templates {
                    self.workloads.add(Entry { reference: reference.clone(), facts, object: object.clone() });
                }
            }
        }
    }
}

/// Objects without a namespace in their manifest relate to each other, under the empty name.
fn namespace_key(reference: &ObjectRef) -> &str {
    reference.namespace.as_deref().unwrap_or("")
}

impl Indexed for ServiceFacts {
    /// Pods that it selects have all pairs.
    const ONE_PAIR_IS_ENOUGH: bool = true;

    /// The selector.
    fn index_pairs(&self) -> Vec<Pair> {
        self.selector.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

impl Indexed for WorkloadFacts {
    const ONE_PAIR_IS_ENOUGH: bool = false;

    fn part(&self) -> &str {
        &self.part
    }

    /// All labels: any of them may be in a selector. And the ServiceAccount, where it is one of its own.
    fn index_pairs(&self) -> Vec<Pair> {
        let labels = self.pod_labels.iter().map(|(key, value)| (key.clone(), value.clone()));
        let account = Some(&self.service_account).filter(|account| *account != DEFAULT_ACCOUNT);
        labels.chain(account.map(|account| account_pair(account))).collect()
    }
}

/// The ServiceAccount of pods that name none.
const DEFAULT_ACCOUNT: &str = "default";

/// A ServiceAccount among the pairs that workloads are found by; no label has an empty key.
fn account_pair(account: &str) -> Pair {
    (String::new(), account.to_owned())
}

impl Indexed for ServiceAccountFacts {
    const ONE_PAIR_IS_ENOUGH: bool = true;

    /// ServiceAccounts are found by name only.
    fn index_pairs(&self) -> Vec<Pair> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
