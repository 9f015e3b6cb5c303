//! Which Services, workloads and places of other objects belong to the one under review, where there are copies of them.

use crate::inventory::nearness::same_folder;
use crate::inventory::{Entry, NearUse, PortKey, ServiceFacts, Subject, WorkloadFacts};
use crate::manifest::ServicePort;

impl<'a> Subject<'a> {
    /// The other Services that select the pods of a workload, by name.
    pub fn other_services(&self, workload: &WorkloadFacts) -> Vec<&'a Entry<ServiceFacts>> {
        let labels: Vec<(&str, &str)> = workload.pod_labels.iter().map(|(key, value)| (&**key, &**value)).collect();
        let mut services = self.inventory.services_selecting(self.namespace(), &labels, self.object.file());
        services.retain(|service| service.reference.name != self.object.reference().name);
        services
    }

    /// The other Services with the same selector, if it is a Service: they lead to the same pods, whichever those are.
    pub fn services_with_same_selector(&self) -> Vec<&'a Entry<ServiceFacts>> {
        let Some(facts) = self.service_facts() else { return Vec::new() };
        let labels: Vec<(&str, &str)> = facts.selector.iter().map(|(key, value)| (&**key, &**value)).collect();
        let mut services = self.inventory.services_selecting(self.namespace(), &labels, self.object.file());
        services.retain(|it| it.reference.name != self.object.reference().name && it.facts.selector == facts.selector);
        services
    }

    /// Whether another Service belongs to the same surroundings, seen from there too: of a Service or workload with
    /// several copies in the files both must mean the same one, and files of different folders are only taken together
    /// where they name the namespace. In a cluster all objects belong together.
    pub fn belongs_with(&self, other: &Entry<ServiceFacts>, workload: Option<&Entry<WorkloadFacts>>) -> bool {
        let is_in_cluster = self.object.source().is_none() || other.object.is_none();
        let sees_same = |it: &Entry<WorkloadFacts>| {
            let seen = self.inventory.same_workload(it, other.file());
            seen.is_some_and(|seen| seen.file() == it.file())
        };
        is_in_cluster || (self.is_service_meant_in(other.file()) && workload.is_none_or(sees_same))
    }

    /// The same for a workload whose pods it selects, if it is a Service.
    pub fn belongs_with_workload(&self, workload: &Entry<WorkloadFacts>) -> bool {
        let is_in_cluster = self.object.source().is_none() || workload.object.is_none();
        is_in_cluster || self.is_service_meant_in(workload.file())
    }

    /// Whether its name, if it is a Service, means this copy of it to the objects of a file.
    fn is_service_meant_in(&self, file: &str) -> bool {
        let me = self.object.reference();
        let may_be_meant = me.namespace.is_some() || same_folder(self.object.file(), file);
        let meant = || self.inventory.service(self.namespace(), &me.name, file);
        may_be_meant && meant().is_some_and(|meant| meant.file() == self.object.file())
    }

    /// The places of other objects about a port of it, if it is a Service; only of objects in files. Another copy of the Service
    /// may be nearer to an object than this one: then that one is meant.
    pub fn uses_of_port(&self, port: &ServicePort<'_>) -> Vec<NearUse<'a>> {
        let Some(service) = self.service() else { return Vec::new() };
        let (labels, name) = (self.object.labels(), &self.object.reference().name);
        let label = |key: &str| labels.get(key);
        let mut uses = self.inventory.port_uses(self.namespace(), name, &label, self.object.file());
        let is_it = |key: &PortKey| match key {
            PortKey::Name(name) => port.name == Some(name),
            PortKey::Number(number) => port.number == *number,
            PortKey::Only => service.ports().count() == 1,
            PortKey::Each => true,
        };
        uses.retain(|it| is_it(&it.found.port) && self.may_be_meant_by(it.by.file()));
        uses
    }

    /// Whether such a place is about this very Service, and nothing else is said by another copy of its object.
    pub fn is_surely_meant_by(&self, place: &NearUse<'_>) -> bool {
        let is_in_cluster = self.object.source().is_none() || place.by.object.is_none();
        place.is_clear && (is_in_cluster || self.is_service_meant_in(place.by.file()))
    }

    fn may_be_meant_by(&self, file: &str) -> bool {
        let meant = self.inventory.service(self.namespace(), &self.object.reference().name, file);
        meant.is_none_or(|meant| meant.file() == self.object.file())
    }
}
