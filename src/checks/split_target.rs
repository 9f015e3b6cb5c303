//! `split-target`: ports of one Service that lead to the same port of its pods with different protocols.
//!
//! The proxy of a pod has one listener for each port of the pod. Istio goes through the ports of a Service in their order,
//! and the first one decides. Source: `GetProxyServiceTargets` in
//! <https://github.com/istio/istio/blob/master/pilot/pkg/serviceregistry/kube/controller/controller.go>.

use crate::base::PodRepair;
use crate::checks::service_port::{protocol_of, spoken};
use crate::checks::shared_pods::{Meeting, listening_workloads};
use crate::checks::{Check, NoParams, Observation, RelatedPlace, bind, schema_of};
use crate::inventory::{Entry, Subject, WorkloadFacts};
use crate::manifest::ServicePort;
use crate::mesh::{InboundListener, Protocol, differ_inbound, inbound_listener};
use std::collections::HashMap;

/// The check.
pub const CHECK: Check = Check {
    id: "split-target",
    summary: "ports of one Service that lead to the same port of its pods",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

/// A port with the protocol that Istio reads from it.
type Read<'a> = (ServicePort<'a>, Protocol);

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(service) = subject.service().filter(|service| !service.is_external_name()) else { return Vec::new() };
    let protocol = |port: &ServicePort<'_>| protocol_of(port, subject.profile.istio_version);
    let listens = |port: &Read<'_>| inbound_listener(port.1) != InboundListener::None;
    let ports: Vec<Read<'_>> =
        service.ports().filter_map(|port| Some((port, protocol(&port)?))).filter(listens).collect();
    if ports.len() < 2 {
        return Vec::new();
    }
    let pods = listeners(subject);
    // For each of the pods the first port that leads to each of theirs.
    let mut deciding: Vec<HashMap<Meeting<'_>, &Read<'_>>> = vec![HashMap::new(); pods.len()];
    let mut found = Vec::new();
    for port in &ports {
        let mut first = None;
        for (pod, deciding) in pods.iter().zip(&mut deciding) {
            let Some(meeting) = Meeting::of(&port.0, *pod) else { continue };
            let decides = *deciding.entry(meeting).or_insert(port);
            first = first.or(is_split(decides.1, port.1).then_some(decides));
        }
        found.extend(first.map(|first| split(subject, port, first)));
    }
    found
}

/// The pods whose ports are compared: those behind the Service that listen by a proxy; as one, where they are not known.
pub fn listeners<'a>(subject: &Subject<'a>) -> Vec<Option<&'a Entry<WorkloadFacts>>> {
    match subject.workloads() {
        [] => vec![None],
        _ => listening_workloads(subject).map(Some).collect(),
    }
}

/// Whether it matters which of the two the listener gets. Where one of them is guessed, that is the defect: it is said of that
/// port, and once it says what it speaks there are two protocols to compare.
pub fn is_split(first: Protocol, other: Protocol) -> bool {
    let is_guessed = |protocol| inbound_listener(protocol) == InboundListener::Guessed;
    differ_inbound(first, other) && !is_guessed(first) && !is_guessed(other)
}

fn split(subject: &Subject<'_>, (port, protocol): &Read<'_>, (first, decides): &Read<'_>) -> Observation {
    let path = port.path().key("targetPort");
    let message = format!(
        "port {} ({}) leads to the same port of the pods as port {} ({}), and that one decides: want a target of its own at \
         {path}",
        port.number,
        spoken(*protocol),
        first.number,
        spoken(*decides),
    );
    let target = first.path().key("targetPort");
    let related = RelatedPlace {
        message: format!("port {} says {} for the same port of the pods", first.number, spoken(*decides)),
        place: subject.object.point_at(&target),
        path: target,
    };
    Observation::new(path, message)
        .help("or give both ports the same protocol, by name or by appProtocol")
        .unfixed("which of the two protocols the port of the pods speaks only its owner knows")
        .related(related)
}
