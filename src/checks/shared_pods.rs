//! The ports of other Services that lead to the same pods as the Service under review.

use crate::base::{Path, Place};
use crate::checks::RelatedPlace;
use crate::checks::service_port::protocol_of;
use crate::inventory::{Entry, ServiceFacts, Subject, WorkloadFacts};
use crate::manifest::{ServicePort, Target};
use crate::mesh::{Membership, Protocol, is_gateway_or_control_plane};
use std::collections::HashMap;

/// A port of another Service over the same pods.
#[derive(Clone, Copy)]
pub struct RivalPort<'a> {
    /// The other Service.
    pub service: &'a Entry<ServiceFacts>,
    /// Its port.
    pub port: ServicePort<'a>,
    /// What Istio reads it as; none where its transport is not known.
    pub protocol: Option<Protocol>,
    /// The workload of the pods; none where it is not known, and only the selectors tell.
    workload: Option<&'a Entry<WorkloadFacts>>,
}

/// The ports of each other Service with a workload that both select, once for each such workload. Two Services with the
/// same selector meet on the same pods even where their workload is not known.
///
/// They are found by what they have in common with a port: Services may have as many ports as fit into them, and nobody may
/// compare each with each.
pub struct Rivals<'a> {
    all: Vec<RivalPort<'a>>,
    by_number: HashMap<i64, Vec<usize>>,
    /// By the place of the workload in the list, too.
    by_meeting: HashMap<(usize, Meeting<'a>), Vec<usize>>,
    workloads: Vec<Option<&'a Entry<WorkloadFacts>>>,
}

impl<'a> Rivals<'a> {
    /// Those of the Service under review.
    pub fn of(subject: &Subject<'a>) -> Self {
        let known: Vec<_> = listening_workloads(subject).map(Some).collect();
        let workloads = if subject.workloads().is_empty() { vec![None] } else { known };
        let mut rivals = Self { all: Vec::new(), by_number: HashMap::new(), by_meeting: HashMap::new(), workloads };
        for (place, workload) in rivals.workloads.clone().into_iter().enumerate() {
            let others = match workload {
                Some(workload) => subject.other_services(&workload.facts),
                None => subject.services_with_same_selector(),
            };
            for service in others {
                service.facts.ports.iter().for_each(|port| rivals.add(subject, place, service, port.view()));
            }
        }
        rivals
    }

    fn add(&mut self, subject: &Subject<'a>, place: usize, service: &'a Entry<ServiceFacts>, port: ServicePort<'a>) {
        let (at, workload) = (self.all.len(), self.workloads[place]);
        self.by_number.entry(port.number).or_default().push(at);
        if let Some(meeting) = Meeting::of(&port, workload) {
            self.by_meeting.entry((place, meeting)).or_default().push(at);
        }
        let protocol = protocol_of(&port, subject.profile.istio_version);
        self.all.push(RivalPort { service, port, protocol, workload });
    }

    /// Those of the same number.
    pub fn of_number(&self, number: i64) -> impl Iterator<Item = &RivalPort<'a>> {
        self.by_number.get(&number).into_iter().flatten().map(|at| &self.all[*at])
    }

    /// Those that lead to the same port of the pods.
    pub fn meeting(&self, port: &ServicePort<'a>) -> impl Iterator<Item = &RivalPort<'a>> {
        let places = self.workloads.iter().enumerate();
        let meetings = places.filter_map(|(place, workload)| Some((place, Meeting::of(port, *workload)?)));
        meetings.filter_map(|meeting| self.by_meeting.get(&meeting)).flatten().map(|at| &self.all[*at])
    }
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

/// Those of the rivals that clash with a port, each once. Of two files the later place is reported: that of a port with an
/// earlier rival. In the cluster it is the object under review, as the other one is there.
pub fn clashes<'a, 'b>(
    subject: &Subject<'_>,
    port: &ServicePort<'_>,
    rivals: impl Iterator<Item = &'b RivalPort<'a>>,
) -> Vec<RivalPort<'a>>
where
    'a: 'b,
{
    let mut found: Vec<RivalPort<'a>> = Vec::new();
    for rival in rivals {
        let is_new = !found.iter().any(|it| it.is_same(rival));
        if is_new && rival.is_earlier(subject, port) && rival.belongs(subject) {
            found.push(*rival);
        }
        if found.len() == MOST_CLASHES {
            break;
        }
    }
    found
}

/// Rivals of one port that anybody is told of.
const MOST_CLASHES: usize = 20;

/// Where a port leads on the pods: two ports that have it in common lead to the same port. Without known pods only equal targets
/// are known to. A name that the pods do not declare leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Meeting<'a> {
    protocol: &'a str,
    target: Target<'a>,
}

impl<'a> Meeting<'a> {
    /// That of a port on the pods of a workload.
    pub fn of(port: &ServicePort<'a>, workload: Option<&Entry<WorkloadFacts>>) -> Option<Self> {
        let target = match workload {
            Some(workload) => Target::Number(workload.facts.resolve(port.target, port.protocol)?),
            None => port.target,
        };
        Some(Self { protocol: port.protocol, target })
    }
}

impl RivalPort<'_> {
    /// Whether it leads to the same port of the pods.
    pub fn meets(&self, port: &ServicePort<'_>) -> bool {
        let mine = Meeting::of(&self.port, self.workload);
        mine.is_some() && mine == Meeting::of(port, self.workload)
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
            let found = clashes(&subject, &port, Rivals::of(&subject).of_number(80));
            let names: Vec<&str> = found.iter().map(|rival| &*rival.service.reference.name).collect();
            assert_eq!(names, wanted, "{file_of_other}");
        }
    }
}
