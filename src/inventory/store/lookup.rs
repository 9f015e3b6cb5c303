//! What is asked of an inventory. In files each answer is the copy nearest to the file that asks.

use crate::base::ObjectRef;
use crate::inventory::facts::Strings;
use crate::inventory::nearness::nearest;
use crate::inventory::port_uses::NearUse;
use crate::inventory::shard::Indexed;
use crate::inventory::store::{Contents, account_pair, namespace_key};
use crate::inventory::{
    AutoscalerFacts, ConfigMapFacts, Entry, Inventory, NamespaceFacts, PeerAuthenticationFacts, Policies,
    ServiceAccountFacts, ServiceEntryFacts, ServiceFacts, WorkloadFacts,
};
use crate::manifest::{Owner, group_of};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Inventory {
    /// The labels of a namespace; none where no Namespace object tells them.
    pub fn namespace_labels(&self, namespace: &str, file: &str) -> Option<&Strings> {
        self.namespace(namespace, file).map(|entry| &entry.facts.labels)
    }

    /// A Namespace.
    pub fn namespace(&self, namespace: &str, file: &str) -> Option<&Entry<NamespaceFacts>> {
        nearest(self.namespaces.get(namespace)?, file).one()
    }

    /// Whether an object of OpenShift Service Mesh 2 may take a namespace in. Only files tell them.
    pub fn may_be_mesh_member(&self, namespace: &str) -> bool {
        self.mesh_members.may_have(namespace)
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
        let mut services = contents.services.found_by_any(labels, file);
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
    pub fn copies_selected(&self, namespace: &str, service: &ServiceFacts) -> Vec<&Entry<WorkloadFacts>> {
        let Some(contents) = self.contents.get(namespace) else { return Vec::new() };
        let pairs = service.index_pairs();
        let is_selected = |workload: &&Entry<WorkloadFacts>| {
            let labels = &workload.facts.pod_labels;
            service.selects(|key| labels.get(key).map(String::as_str))
        };
        contents.workloads.copies_found_by_all(&pairs).filter(is_selected).collect()
    }

    /// A ServiceAccount.
    pub fn service_account(&self, namespace: &str, name: &str, file: &str) -> Option<&Entry<ServiceAccountFacts>> {
        self.contents.get(namespace)?.service_accounts.find("ServiceAccount", name, file).one()
    }

    /// All copies of the workloads whose pods run under a ServiceAccount of this name, other than the default one.
    pub fn copies_running_under(&self, namespace: &str, account: &str) -> impl Iterator<Item = &Entry<WorkloadFacts>> {
        let contents = self.contents.get(namespace).into_iter();
        let pair = account_pair(account);
        contents.flat_map(move |it| it.workloads.copies_found_by_all(std::slice::from_ref(&pair)).collect::<Vec<_>>())
    }

    /// Whether any ConfigMap of a namespace is known.
    pub fn has_config_maps(&self, namespace: &str) -> bool {
        self.contents.get(namespace).is_some_and(|contents| !contents.config_maps.is_empty())
    }

    /// A ConfigMap. Of a cluster none is listed.
    pub fn config_map(&self, namespace: &str, name: &str, file: &str) -> Option<&Entry<ConfigMapFacts>> {
        self.contents.get(namespace)?.config_maps.find("ConfigMap", name, file).one()
    }

    /// The Service of a name: the copy nearest to a file.
    pub fn service(&self, namespace: &str, name: &str, file: &str) -> Option<&Entry<ServiceFacts>> {
        self.contents.get(namespace)?.services.find("Service", name, file).one()
    }

    /// The Services of all namespaces, by namespace and name: of each the copy nearest to a file.
    pub fn all_services(&self, file: &str) -> Vec<&Entry<ServiceFacts>> {
        let namespaces: BTreeMap<&String, &Arc<Contents>> = self.contents.iter().collect();
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
        let namespaces: BTreeMap<&String, &Arc<Contents>> = self.contents.iter().collect();
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

    /// Whether an owner is here: a workload of its group, kind and name with that very uid. Only objects that were in a
    /// cluster have one.
    pub fn has_owner(&self, namespace: &str, owner: &Owner) -> bool {
        let Some(contents) = self.contents.get(namespace) else { return false };
        contents.workloads.copies(&owner.kind, &owner.name).any(|copy| {
            copy.facts.uid.as_deref() == Some(&*owner.uid) && group_of(&copy.reference.api_version) == owner.group()
        })
    }
}
