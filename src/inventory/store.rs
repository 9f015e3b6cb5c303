//! The inventory itself: namespaces, and what is in each.

use crate::base::ObjectRef;
use crate::inventory::facts::Strings;
use crate::inventory::nearness::{add_copy, nearest};
use crate::inventory::port_uses::{NearUse, PortUses};
use crate::inventory::shard::{Indexed, Pair, Renewed, Shard, renew};
use crate::inventory::{
    AutoscalerFacts, Entry, NamespaceFacts, PeerAuthenticationFacts, Policies, ServiceAccountFacts, ServiceEntryFacts,
    ServiceFacts, WorkloadFacts,
};
use crate::manifest::{Object, Owner, group_of};
use std::collections::{BTreeMap, BTreeSet, HashMap};
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
#[derive(Debug, Default)]
pub struct Inventory {
    origin: Origin,
    /// Kinds of the cluster that could not be listed.
    unlisted: BTreeSet<String>,
    namespaces: HashMap<String, Vec<Entry<NamespaceFacts>>>,
    contents: HashMap<String, Contents>,
    /// Of all namespaces: a place may be about a Service of another one.
    port_uses: PortUses,
    policies: Policies,
}

#[derive(Debug, Default)]
struct Contents {
    services: Shard<ServiceFacts>,
    workloads: Shard<WorkloadFacts>,
    service_accounts: Shard<ServiceAccountFacts>,
    peer_authentications: Shard<PeerAuthenticationFacts>,
    service_entries: Shard<ServiceEntryFacts>,
    autoscalers: Shard<AutoscalerFacts>,
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

    /// Adds an object of a file, beside other copies of the same name. Kinds that no rule asks about are passed over.
    pub fn add(&mut self, object: &Arc<Object>) {
        self.insert(object, Some(object.clone()));
    }

    /// Puts an object of a file as it is now in the place of what it was before.
    pub fn renew(&mut self, before: &Arc<Object>, now: &Arc<Object>) -> Renewed {
        let reference = before.reference();
        if before.is("", "Namespace") {
            let copies = self.namespaces.get_mut(&reference.name).map_or(&mut [][..], Vec::as_mut_slice);
            return renew(copies, before, now, NamespaceFacts::of(now.value()), |_, _| true);
        }
        let uses = self.port_uses.renew(before, now);
        let Some(contents) = self.contents.get_mut(namespace_key(reference)) else { return uses };
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
        self.insert(object, None);
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
        let Some(contents) = self.contents.get_mut(namespace_key(reference)) else { return };
        match core_kind {
            Some("Service") => contents.services.remove(reference),
            Some("ServiceAccount") => contents.service_accounts.remove(reference),
            None if reference.kind == "PeerAuthentication" => contents.peer_authentications.remove(reference),
            None if reference.kind == "ServiceEntry" => contents.service_entries.remove(reference),
            None if reference.kind == "HorizontalPodAutoscaler" => contents.autoscalers.remove(reference),
            _ => contents.workloads.remove(reference),
        }
    }

    /// The labels of a namespace; none where no Namespace object tells them.
    pub fn namespace_labels(&self, namespace: &str, file: &str) -> Option<&Strings> {
        let copies = self.namespaces.get(namespace)?;
        nearest(copies, file).one().map(|entry| &entry.facts.labels)
    }

    /// Whether it is known which Services there are in a namespace.
    pub fn services_known(&self, namespace: &str) -> bool {
        self.all_listed("Service") || self.contents.get(namespace).is_some_and(|it| !it.services.is_empty())
    }

    /// Whether it is known that a ServiceAccount that is not here does not exist.
    pub fn service_accounts_known(&self) -> bool {
        self.all_listed("ServiceAccount")
    }

    /// The Services that select pods with these labels, by name.
    pub fn services_selecting<'a>(
        &'a self,
        namespace: &str,
        labels: &[(&str, &str)],
        file: &str,
    ) -> Vec<&'a Entry<ServiceFacts>> {
        let Some(contents) = self.contents.get(namespace) else { return Vec::new() };
        let value_of = |wanted: &str| labels.iter().find(|(key, _)| *key == wanted).map(|(_, value)| *value);
        let pairs: Vec<Pair> = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let mut services = contents.services.found_by_any(&pairs, file);
        services.retain(|service| service.facts.selects(value_of));
        services
    }

    /// The workloads whose pods a Service selects, by kind and name.
    pub fn workloads_selected<'a>(
        &'a self,
        namespace: &str,
        service: &ServiceFacts,
        file: &str,
    ) -> Vec<&'a Entry<WorkloadFacts>> {
        let Some(contents) = self.contents.get(namespace) else { return Vec::new() };
        let mut workloads = contents.workloads.found_by_all(&service.index_pairs(), file);
        workloads.retain(|workload| {
            let labels = &workload.facts.pod_labels;
            service.selects(|key| labels.get(key).map(String::as_str))
        });
        workloads
    }

    /// All copies of the workloads whose pods a Service selects, wherever they are: what none of them has is in no pod behind it.
    pub fn copies_selected<'a>(
        &'a self,
        namespace: &str,
        service: &'a ServiceFacts,
    ) -> impl Iterator<Item = &'a Entry<WorkloadFacts>> + use<'a> {
        let copies = self.contents.get(namespace).into_iter().flat_map(|contents| contents.workloads.all());
        copies.filter(|workload| service.selects(|key| workload.facts.pod_labels.get(key).map(String::as_str)))
    }

    /// A ServiceAccount.
    pub fn service_account(&self, namespace: &str, name: &str, file: &str) -> Option<&Entry<ServiceAccountFacts>> {
        self.contents.get(namespace)?.service_accounts.find("ServiceAccount", name, file).one()
    }

    /// The Service of a name: the copy nearest to a file.
    pub fn service(&self, namespace: &str, name: &str, file: &str) -> Option<&Entry<ServiceFacts>> {
        self.contents.get(namespace)?.services.find("Service", name, file).one()
    }

    /// The Services of all namespaces, by namespace and name: of each the copy nearest to a file.
    pub fn all_services(&self, file: &str) -> Vec<&Entry<ServiceFacts>> {
        let namespaces: BTreeMap<&String, &Contents> = self.contents.iter().collect();
        namespaces.values().flat_map(|contents| contents.services.nearest_of_all(file)).collect()
    }

    /// The workload of a kind and name, in the cluster; of several templates the first.
    pub fn workload(&self, namespace: &str, kind: &str, name: &str) -> Option<&Entry<WorkloadFacts>> {
        self.contents.get(namespace)?.workloads.find(kind, name, "").one()
    }

    /// The copy of the same workload that is nearest to a file.
    pub fn same_workload(&self, workload: &Entry<WorkloadFacts>, file: &str) -> Option<&Entry<WorkloadFacts>> {
        self.contents.get(namespace_key(&workload.reference))?.workloads.find_same(workload, file).one()
    }

    /// The places of other objects about the ports of a Service with these labels: of each object those of the copy nearest
    /// to a file, in the order of their names.
    pub fn port_uses<'a, 'l>(
        &'a self,
        namespace: &str,
        name: &str,
        label: &dyn Fn(&str) -> Option<&'l str>,
        file: &str,
    ) -> Vec<NearUse<'a>> {
        self.port_uses.of_service(namespace, name, label, file)
    }

    /// The workloads of a namespace, or of all, by namespace, kind and name: of each the copy nearest to a file.
    pub fn all_workloads(&self, namespace: Option<&str>, file: &str) -> Vec<&Entry<WorkloadFacts>> {
        let namespaces: BTreeMap<&String, &Contents> = self.contents.iter().collect();
        let chosen = namespaces.iter().filter(|(name, _)| namespace.is_none_or(|wanted| wanted == name.as_str()));
        chosen.flat_map(|(_, contents)| contents.workloads.nearest_of_all(file)).collect()
    }

    /// Where other people's policies hold.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// The PeerAuthentications of a namespace, by name: of each the copy nearest to a file.
    pub fn peer_authentications(&self, namespace: &str, file: &str) -> Vec<&Entry<PeerAuthenticationFacts>> {
        self.contents.get(namespace).map_or_else(Vec::new, |it| it.peer_authentications.nearest_of_all(file))
    }

    /// The ServiceEntries of all namespaces: of each the copy nearest to a file. Only files tell them.
    pub fn service_entries(&self, file: &str) -> Vec<&Entry<ServiceEntryFacts>> {
        self.contents.values().flat_map(|contents| contents.service_entries.nearest_of_all(file)).collect()
    }

    /// The workload that an autoscaler scales, each of its pod templates by itself; of several copies the one nearest to a file.
    pub fn workloads_scaled<'a>(
        &'a self,
        namespace: &str,
        autoscaler: &AutoscalerFacts,
        file: &str,
    ) -> Vec<&'a Entry<WorkloadFacts>> {
        let Some(contents) = self.contents.get(namespace) else { return Vec::new() };
        let mut workloads = contents.workloads.nearest_of_name(&autoscaler.kind, &autoscaler.name, file);
        workloads.retain(|workload| autoscaler.scales(&workload.reference));
        workloads
    }

    /// The HorizontalPodAutoscalers of a workload, by name: of each the copy nearest to a file. Only files tell them.
    pub fn autoscalers_of(&self, workload: &ObjectRef, file: &str) -> Vec<&Entry<AutoscalerFacts>> {
        let Some(contents) = self.contents.get(namespace_key(workload)) else { return Vec::new() };
        let mut autoscalers = contents.autoscalers.nearest_of_all(file);
        autoscalers.retain(|autoscaler| autoscaler.facts.scales(workload));
        autoscalers
    }

    fn all_listed(&self, kind: &str) -> bool {
        self.origin == Origin::Cluster && !self.unlisted.contains(kind)
    }

    /// Whether an owner is here: a workload of its group, kind and name with that very uid. Only objects that were in a
    /// cluster have one.
    pub fn has_owner(&self, namespace: &str, owner: &Owner) -> bool {
        let Some(contents) = self.contents.get(namespace) else { return false };
        contents.workloads.copies(&owner.kind, &owner.name).any(|copy| {
            copy.facts.uid.as_deref() == Some(&*owner.uid) && group_of(&copy.reference.api_version) == owner.group()
        })
    }

    fn insert(&mut self, object: &Arc<Object>, kept: Option<Arc<Object>>) {
        self.port_uses.add(object, kept.clone());
        let reference = object.reference().clone();
        if object.is("", "Namespace") {
            let facts = NamespaceFacts::of(object.value());
            let copies = self.namespaces.entry(reference.name.clone()).or_default();
            add_copy(copies, Entry { reference, facts, object: kept });
            return;
        }
        let contents = || namespace_key(&reference).to_owned();
        if self.policies.add(object) {
            return;
        }
        if object.is("", "Service") {
            let facts = ServiceFacts::of(object.value());
            self.contents.entry(contents()).or_default().services.add(Entry { reference, facts, object: kept });
        } else if object.is("", "ServiceAccount") {
            let facts = ServiceAccountFacts::of(object.value());
            self.contents.entry(contents()).or_default().service_accounts.add(Entry { reference, facts, object: kept });
        } else if let Some(facts) = PeerAuthenticationFacts::of(object) {
            let policies = &mut self.contents.entry(contents()).or_default().peer_authentications;
            policies.add(Entry { reference, facts, object: kept });
        } else if let Some(facts) = ServiceEntryFacts::of(object) {
            self.contents.entry(contents()).or_default().service_entries.add(Entry { reference, facts, object: kept });
        } else if let Some(facts) = AutoscalerFacts::of(object) {
            self.contents.entry(contents()).or_default().autoscalers.add(Entry { reference, facts, object: kept });
        } else if !object.templates().is_empty() {
            let workloads = &mut self.contents.entry(contents()).or_default().workloads;
            for facts in WorkloadFacts::all_of(object) {
                workloads.add(Entry { reference: reference.clone(), facts, object: kept.clone() });
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

    /// All labels: any of them may be in a selector.
    fn index_pairs(&self) -> Vec<Pair> {
        self.pod_labels.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

impl Indexed for ServiceAccountFacts {
    const ONE_PAIR_IS_ENOUGH: bool = true;

    /// ServiceAccounts are found by name only.
    fn index_pairs(&self) -> Vec<Pair> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service(name: &str, app: &str) -> Arc<Object> {
        let metadata = json!({"name": name, "namespace": "shop"});
        let value =
            json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"selector": {"app": app}}});
        Arc::new(Object::from_json(value).unwrap())
    }

    fn selecting(inventory: &Inventory, app: &str) -> Vec<String> {
        let services = inventory.services_selecting("shop", &[("app", app)], "");
        services.into_iter().map(|service| service.reference.name.clone()).collect()
    }

    #[test]
    fn an_object_of_the_cluster_is_replaced_and_removed_alone() {
        let mut inventory = Inventory::new(Origin::Cluster);
        for (name, app) in [("a", "web"), ("b", "web"), ("c", "web"), ("a", "pay")] {
            inventory.set(&service(name, app));
        }
        inventory.remove(service("b", "").reference());
        assert_eq!((selecting(&inventory, "web"), selecting(&inventory, "pay")), (vec!["c".into()], vec!["a".into()]));
        inventory.remove(service("c", "").reference());
        assert_eq!((selecting(&inventory, "web"), selecting(&inventory, "pay")), (vec![], vec!["a".into()]));
    }

    #[test]
    fn absence_means_something_where_the_kind_was_listed() {
        let mut inventory = Inventory::new(Origin::Cluster);
        assert!(inventory.services_known("shop") && inventory.service_accounts_known());
        inventory.set_listed("Service", false);
        assert!(!inventory.services_known("shop") && inventory.service_accounts_known());
        inventory.set_listed("Service", true);
        assert!(inventory.services_known("shop"));
    }

    #[test]
    fn kinds_of_other_groups_do_not_take_the_place_of_core_ones() {
        let mut inventory = Inventory::new(Origin::Cluster);
        let mut knative = service("a", "web").value().clone();
        knative["apiVersion"] = json!("serving.knative.dev/v1");
        let knative = Arc::new(Object::from_json(knative).unwrap());
        inventory.set(&service("a", "web"));
        inventory.set(&knative);
        inventory.remove(knative.reference());
        assert_eq!(selecting(&inventory, "web"), ["a"]);
    }
}
