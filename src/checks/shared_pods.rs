//! The ports of other Services that lead to the same pods as the Service under review.

use crate::base::{Path, Place};
use crate::checks::RelatedPlace;
use crate::inventory::{Entry, ServiceFacts, Subject, WorkloadFacts};
use crate::manifest::{ServicePort, Target};
use crate::mesh::{Membership, is_gateway_or_control_plane};

/// A port of another Service over the same pods.
#[derive(Clone, Copy)]
pub struct RivalPort<'a> {
    /// The other Service.
    pub service: &'a Entry<ServiceFacts>,
    /// Its port.
    pub port: ServicePort<'a>,
    /// The workload of the pods; none where it is not known, and only the selectors tell.
    workload: Option<&'a Entry<WorkloadFacts>>,
}

/// The ports of each other Service with a workload that both select, once for each such workload. Two Services with the
/// same selector meet on the same pods even where their workload is not known.
pub fn rival_ports<'a>(subject: &Subject<'a>) -> Vec<RivalPort<'a>> {
    let ports = |service: &'a Entry<ServiceFacts>, workload: Option<&'a Entry<WorkloadFacts>>| {
        let views = service.facts.ports.iter().map(|port| port.view());
        views.map(move |port| RivalPort { service, port, workload })
    };
    if subject.workloads().is_empty() {
        let others = subject.services_with_same_selector().into_iter();
        return others.flat_map(|service| ports(service, None)).collect();
    }
    let with_others = |workload: &'a Entry<WorkloadFacts>| {
        let others = subject.other_services(&workload.facts).into_iter();
        others.flat_map(move |service| ports(service, Some(workload)))
    };
    listening_workloads(subject).flat_map(with_others).collect()
}

/// The workloads behind the Service whose pods have a proxy that listens for them: as surely as it is known of the Service
/// itself. Gateways have listeners of another making.
pub fn listening_workloads<'a>(subject: &Subject<'a>) -> impl Iterator<Item = &'a Entry<WorkloadFacts>> {
    let listens = |workload: &&Entry<WorkloadFacts>| {
        let facts = &workload.facts;
        let as_sure = match subject.membership_of(facts) {
            Membership::Sidecar(_) => true,
            Membership::Unknown => subject.membership == Membership::Unknown,
            Membership::Ambient | Membership::Outside => false,
        };
        as_sure && !is_gateway_or_control_plane(&facts.pod_labels, &facts.pod_annotations)
    };
    subject.workloads().iter().copied().filter(listens)
}

/// Those rivals of a port that clash with it, each once. Of two files the later place is reported: that of a port with an
/// earlier rival. In the cluster it is the object under review, as the other one is there.
pub fn clashes<'a>(
    subject: &Subject<'_>,
    port: &ServicePort<'_>,
    rivals: &[RivalPort<'a>],
    clash: impl Fn(&RivalPort<'a>) -> bool,
) -> Vec<RivalPort<'a>> {
    let mut found: Vec<RivalPort<'a>> = Vec::new();
    for rival in rivals.iter().filter(|rival| clash(rival)) {
        let is_new = !found.iter().any(|it| it.is_same(rival));
        if is_new && rival.is_earlier(subject, port) && rival.belongs(subject) {
            found.push(*rival);
        }
    }
    found
}

/// Whether two ports lead to the same port of the pods; without known pods only equal targets are known to. A name that
/// the pods do not declare leads nowhere.
pub fn meet(one: &ServicePort<'_>, other: &ServicePort<'_>, workload: Option<&Entry<WorkloadFacts>>) -> bool {
    if one.protocol != other.protocol {
        return false;
    }
    let Some(workload) = workload else { return one.target == other.target };
    let number = |target: Target<'_>| workload.facts.resolve(target, one.protocol);
    number(one.target).is_some_and(|number_of_one| number(other.target) == Some(number_of_one))
}

impl RivalPort<'_> {
    /// Whether it leads to the same port of the pods.
    pub fn meets(&self, port: &ServicePort<'_>) -> bool {
        meet(&self.port, port, self.workload)
    }

    /// Whether its Service and the one under review belong to the same surroundings.
    pub fn belongs(&self, subject: &Subject<'_>) -> bool {
        subject.belongs_with(self.service, self.workload)
    }

    /// A field of it, with what is to be said of it.
    pub fn related(&self, path: Path, message: String) -> RelatedPlace {
        let place = self.service.object.as_deref().and_then(|object| object.point_at(&path));
        RelatedPlace { message, path, place }
    }

    fn is_same(&self, other: &RivalPort<'_>) -> bool {
        self.service.reference == other.service.reference && self.port.index == other.port.index
    }

    fn is_earlier(&self, subject: &Subject<'_>, port: &ServicePort<'_>) -> bool {
        let Some(object) = self.service.object.as_deref() else { return true };
        let mine = subject.object.point_at(&port.path().key("targetPort"));
        let theirs = object.point_at(&self.port.path().key("targetPort"));
        mine.is_none() || place_order(mine.as_ref()) > place_order(theirs.as_ref())
    }
}

fn place_order(place: Option<&Place>) -> Option<(&str, usize)> {
    place.map(|place| (&*place.file, place.span.start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::inventory::{Inventory, Origin};
    use crate::manifest::{Content, Limits, Object, content_of, read_documents};
    use crate::mesh::Profile;
    use std::sync::Arc;

    fn service(file: &str, name: &str) -> Arc<Object> {
        let text = format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n\
             spec: {{selector: {{app: web}}, ports: [{{port: 80}}]}}\n"
        );
        let reading = read_documents(&Source::new(file, text), &Limits::default());
        let contents = reading.documents.into_iter().map(|document| content_of(&Arc::new(document)));
        let objects = contents.flat_map(|content| match content {
            Content::Objects(objects) => objects,
            Content::Patch | Content::NotKubernetes => Vec::new(),
        });
        Arc::new(objects.into_iter().next().unwrap())
    }

    #[test]
    fn a_service_of_another_folder_is_no_rival_without_a_namespace() {
        for (file_of_other, wanted) in [("shop/a.yaml", vec!["other"]), ("blog/a.yaml", vec![])] {
            let (web, other) = (service("shop/web.yaml", "web"), service(file_of_other, "other"));
            let mut inventory = Inventory::new(Origin::Files);
            [&web, &other].into_iter().for_each(|object| inventory.add(object));
            let profile = Profile::default();
            let subject = Subject::new(&web, &inventory, &profile);
            let port = subject.service().unwrap().ports().next().unwrap();
            let found = clashes(&subject, &port, &rival_ports(&subject), |_| true);
            let names: Vec<&str> = found.iter().map(|rival| &*rival.service.reference.name).collect();
            assert_eq!(names, wanted, "{file_of_other}");
        }
    }
}
