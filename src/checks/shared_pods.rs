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
    /// The place of the pods in the list.
    pods: usize,
    /// Whether it is the first of its Service that leads where it leads: what the others say, the proxy does not read.
    decides: bool,
}

/// The ports of each other Service with a workload that both select, once for all workloads whose pods look alike. Two Services
/// with the same selector meet on the same pods even where their workload is not known.
///
/// They are found by what they have in common with a port: Services may have as many ports as fit into them, and nobody may
/// compare each with each.
pub struct Rivals<'a> {
    all: Vec<RivalPort<'a>>,
    by_number: HashMap<i64, Vec<usize>>,
    by_meeting: HashMap<(usize, Meeting<'a>), Vec<usize>>,
    /// The first port of the Service under review, by its place in `spec.ports`, that leads there.
    deciding: HashMap<(usize, Meeting<'a>), usize>,
    pods: Vec<Pods<'a>>,
}

/// Workloads of one file with the same labels and ports; none where it is not known whose pods they are, and only the selectors
/// tell.
type Pods<'a> = Vec<&'a Entry<WorkloadFacts>>;

impl<'a> Rivals<'a> {
    /// Those of the Service under review.
    pub fn of(subject: &Subject<'a>) -> Self {
        let pods = if subject.workloads().is_empty() { vec![Vec::new()] } else { alike(listening_workloads(subject)) };
        let (all, by_number, by_meeting, deciding) = Default::default();
        let mut rivals = Self { all, by_number, by_meeting, deciding, pods };
        for pods in 0..rivals.pods.len() {
            rivals.note_own_ports(subject, pods);
            let others = match rivals.workload(pods) {
                Some(workload) => subject.other_services(&workload.facts),
                None => subject.services_with_same_selector(),
            };
            for service in others {
                service.facts.ports.iter().for_each(|port| rivals.add(subject, pods, service, port.view()));
            }
        }
        rivals
    }

    fn note_own_ports(&mut self, subject: &Subject<'a>, pods: usize) {
        for port in subject.service().iter().flat_map(|service| service.ports()) {
            if let Some(meeting) = Meeting::of(&port, self.workload(pods)) {
                self.deciding.entry((pods, meeting)).or_insert(port.index);
            }
        }
    }

    /// Adds a port of another Service, behind those that stand before it there.
    fn add(&mut self, subject: &Subject<'a>, pods: usize, service: &'a Entry<ServiceFacts>, port: ServicePort<'a>) {
        let at = self.all.len();
        self.by_number.entry(port.number).or_default().push(at);
        let meeting = Meeting::of(&port, self.workload(pods));
        let before = meeting.and_then(|meeting| self.by_meeting.get(&(pods, meeting))?.last());
        let decides = before.and_then(|at| self.all.get(*at)).is_none_or(|it| !std::ptr::eq(it.service, service));
        if let Some(meeting) = meeting.filter(|_| decides) {
            self.by_meeting.entry((pods, meeting)).or_default().push(at);
        }
        let protocol = protocol_of(&port, subject.profile.istio_version);
        self.all.push(RivalPort { service, port, protocol, pods, decides });
    }

    /// The first of the workloads whose pods are at a place of the list.
    fn workload(&self, pods: usize) -> Option<&'a Entry<WorkloadFacts>> {
        self.pods.get(pods)?.first().copied()
    }

    /// Those of the same number.
    pub fn of_number(&self, number: i64) -> impl Iterator<Item = &RivalPort<'a>> {
        self.by_number.get(&number).into_iter().flatten().map(|at| &self.all[*at])
    }

    /// Those that lead to the same port of the pods. Of each Service only its first port that leads there counts.
    pub fn meeting(&self, port: &ServicePort<'a>) -> impl Iterator<Item = &RivalPort<'a>> {
        let meetings = (0..self.pods.len()).filter_map(|pods| Some((pods, Meeting::of(port, self.workload(pods))?)));
        let deciding = meetings.filter(|meeting| self.deciding.get(meeting) == Some(&port.index));
        deciding.filter_map(|meeting| self.by_meeting.get(&meeting)).flatten().map(|at| &self.all[*at])
    }

    /// Whether a rival is one of these.
    pub fn meets(&self, rival: &RivalPort<'_>, port: &ServicePort<'_>) -> bool {
        let workload = self.workload(rival.pods);
        let theirs = Meeting::of(&rival.port, workload).filter(|_| rival.decides);
        theirs.is_some_and(|theirs| {
            let is_first = self.deciding.get(&(rival.pods, theirs)) == Some(&port.index);
            is_first && Some(theirs) == Meeting::of(port, workload)
        })
    }

    /// Whether the Service of a rival and the one under review belong to the same surroundings.
    pub fn belongs(&self, rival: &RivalPort<'_>, subject: &Subject<'_>) -> bool {
        match self.pods.get(rival.pods).map_or(&[][..], Vec::as_slice) {
            [] => subject.belongs_with(rival.service, None),
            workloads => workloads.iter().any(|workload| subject.belongs_with(rival.service, Some(workload))),
        }
    }

    /// Those of some rivals that clash with a port, each once. Of two files the later place is reported: that of a port with an
    /// earlier rival. In the cluster it is the object under review, as the other one is there.
    pub fn clashes<'b>(
        &self,
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
            if is_new && rival.is_earlier(subject, port) && self.belongs(rival, subject) {
                found.push(*rival);
            }
            if found.len() == MOST_CLASHES {
                break;
            }
        }
        found
    }
}

/// Rivals of one port that anybody is told of.
const MOST_CLASHES: usize = 20;

/// Workloads that look alike to Services, together: hundreds may share a label.
fn alike<'a>(workloads: impl Iterator<Item = &'a Entry<WorkloadFacts>>) -> Vec<Pods<'a>> {
    let mut places = HashMap::new();
    let mut all: Vec<Pods<'a>> = Vec::new();
    for workload in workloads {
        let look = (&workload.facts.pod_labels, &workload.facts.ports, workload.file());
        let place = *places.entry(look).or_insert(all.len());
        match all.get_mut(place) {
            Some(pods) => pods.push(workload),
            None => all.push(vec![workload]),
        }
    }
    all
}

/// The workloads behind the Service whose pods have a proxy that listens for them: as surely as it is known of the Service
/// itself. Gateways have listeners of another making.
pub fn listening_workloads<'a>(subject: &Subject<'a>) -> impl Iterator<Item = &'a Entry<WorkloadFacts>> {
    let listens = |(workload, membership): (&'a Entry<WorkloadFacts>, Membership)| {
        let facts = &workload.facts;
        let as_sure = match membership {
            Membership::Sidecar(_) => true,
            Membership::Unknown => subject.membership == Membership::Unknown,
            Membership::Ambient | Membership::Outside => false,
        };
        let listens = as_sure && !is_gateway_or_control_plane(&facts.pod_labels, &facts.pod_annotations);
        listens.then_some(workload)
    };
    subject.workloads_with_membership().filter_map(listens)
}

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

    fn object(file: &str, text: &str) -> Arc<Object> {
        let reading = read_documents(&Source::new(file, text), &Limits::default());
        let contents = reading.documents.into_iter().map(|document| content_of(&Arc::new(document)));
        let objects = contents.flat_map(|content| match content {
            Content::Objects(objects) => objects,
            Content::Patch | Content::NotKubernetes => Vec::new(),
        });
        Arc::new(objects.into_iter().next().unwrap())
    }

    fn service(file: &str, name: &str) -> Arc<Object> {
        let text = format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n\
             spec: {{selector: {{app: web}}, ports: [{{port: 80}}]}}\n"
        );
        object(file, &text)
    }

    fn deployment(file: &str, name: &str, label: &str, port: i64) -> Arc<Object> {
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\n\
             spec: {{template: {{metadata: {{labels: {{app: web, tier: {label}}}}}, \
             spec: {{containers: [{{name: app, image: x, ports: [{{containerPort: {port}}}]}}]}}}}}}\n"
        );
        object(file, &text)
    }

    /// Else as many Services and workloads of one label are compared each with each, once for each of the workloads.
    #[test]
    fn workloads_that_look_alike_are_looked_at_once() {
        let mut inventory = Inventory::new(Origin::Files);
        let web = service("shop/web.yaml", "web");
        inventory.add(&web);
        inventory.add(&service("shop/web.yaml", "other"));
        for (file, name, label, port) in [
            ("shop/web.yaml", "a", "x", 80),
            ("shop/web.yaml", "b", "x", 80),
            ("shop/web.yaml", "c", "y", 80),
            ("shop/web.yaml", "d", "x", 81),
            ("shop/more.yaml", "e", "x", 80),
        ] {
            inventory.add(&deployment(file, name, label, port));
        }
        let profile = Profile::default();
        let subject = Subject::new(&web, &inventory, &profile);
        let rivals = Rivals::of(&subject);
        let mut together: Vec<Vec<&str>> =
            rivals.pods.iter().map(|pods| pods.iter().map(|it| &*it.reference.name).collect()).collect();
        together.sort_unstable();
        assert_eq!(together, [vec!["a", "b"], vec!["c"], vec!["d"], vec!["e"]]);
        assert_eq!(rivals.all.len(), 4);
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
            let rivals = Rivals::of(&subject);
            let found = rivals.clashes(&subject, &port, rivals.of_number(80));
            let names: Vec<&str> = found.iter().map(|rival| &*rival.service.reference.name).collect();
            assert_eq!(names, wanted, "{file_of_other}");
        }
    }
}
