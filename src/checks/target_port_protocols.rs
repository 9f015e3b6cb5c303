//! `target-port-protocols`: Services that lead to the same port of the same pods must agree on its protocol.
//!
//! The proxy has one inbound listener per port of the pod. Of two Services for it the older one decides the protocol,
//! and the newer one's is dropped without a word to its owner. Source:
//! <https://github.com/istio/istio/blob/master/pilot/pkg/networking/core/listener_inbound.go>

use crate::base::Place;
use crate::checks::service_port::protocol_of;
use crate::checks::{Check, Observation, RelatedPlace, bind, schema_of};
use crate::inventory::{Entry, ServiceFacts, Subject, WorkloadFacts};
use crate::manifest::{ServicePort, Target};
use crate::mesh::{Membership, Protocol};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The check.
pub const CHECK: Check = Check {
    id: "target-port-protocols",
    summary: "the protocols of Services that lead to the same port of the same pods",
    cases: &[],
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `target-port-protocols`: none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {}

/// A port of the Service under review and one of another Service that meet on one port of the pods.
struct Clash<'a> {
    port: ServicePort<'a>,
    protocol: Protocol,
    other: &'a Entry<ServiceFacts>,
    other_port: ServicePort<'a>,
    other_protocol: Protocol,
}

fn run(_: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(service) = subject.service() else { return Vec::new() };
    if service.is_external_name() {
        return Vec::new();
    }
    let ports: Vec<ServicePort<'_>> = service.ports().collect();
    let mut seen = BTreeSet::new();
    let mut observations = Vec::new();
    for (workload, other) in rivals(subject) {
        for clash in clashes(subject, &ports, other, workload) {
            let key = (clash.port.index, other.reference.name.clone(), clash.other_port.index);
            if is_primary(subject, &clash) && seen.insert(key) {
                observations.push(observe(&clash));
            }
        }
    }
    observations
}

/// Each other Service with a workload that both select. Two Services with the same selector meet on the same pods
/// even where their workload is not known.
fn rivals<'a>(subject: &Subject<'a>) -> Vec<(Option<&'a WorkloadFacts>, &'a Entry<ServiceFacts>)> {
    let workloads = subject.workloads();
    if workloads.is_empty() {
        return subject.services_with_same_selector().into_iter().map(|other| (None, other)).collect();
    }
    let in_mesh = |facts: &WorkloadFacts| subject.membership_of(facts) != Membership::Outside;
    let workloads = workloads.into_iter().map(|workload| &workload.facts).filter(|facts| in_mesh(facts));
    workloads
        .flat_map(|facts| subject.other_services(facts).into_iter().map(move |other| (Some(facts), other)))
        .collect()
}

fn clashes<'a>(
    subject: &Subject<'_>,
    ports: &[ServicePort<'a>],
    other: &'a Entry<ServiceFacts>,
    workload: Option<&WorkloadFacts>,
) -> Vec<Clash<'a>> {
    let istio = subject.profile.istio_version;
    let mut clashes = Vec::new();
    for port in ports {
        for other_port in other.facts.ports.iter().map(|port| port.view()) {
            let (Some(protocol), Some(other_protocol)) = (protocol_of(port, istio), protocol_of(&other_port, istio))
            else {
                continue;
            };
            // UDP has no listener to share; the same protocol twice is no clash.
            let differ = protocol != other_protocol && protocol != Protocol::Udp && other_protocol != Protocol::Udp;
            if differ && same_target(port, &other_port, workload) {
                clashes.push(Clash { port: *port, protocol, other, other_port, other_protocol });
            }
        }
    }
    clashes
}

/// Whether two ports lead to the same port of the pods; without known pods only equal targets are known to.
fn same_target(one: &ServicePort<'_>, other: &ServicePort<'_>, workload: Option<&WorkloadFacts>) -> bool {
    if one.protocol != other.protocol {
        return false;
    }
    let number = |port: &ServicePort<'_>| match (workload, port.target) {
        (Some(workload), target) => workload.resolve(target, port.protocol),
        (None, Target::Number(number)) => Some(number),
        (None, Target::Name(_)) => None,
    };
    match (number(one), number(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one.target == other.target,
    }
}

/// Of two files the later place is reported. In the cluster it is the object under review: the other one is there.
fn is_primary(subject: &Subject<'_>, clash: &Clash<'_>) -> bool {
    let Some(other) = clash.other.object.as_deref() else { return true };
    let (mine, theirs) =
        (subject.object.point_at(&target_path(&clash.port)), other.point_at(&target_path(&clash.other_port)));
    place_order(mine.as_ref()) > place_order(theirs.as_ref())
}

fn place_order(place: Option<&Place>) -> Option<(&str, usize)> {
    place.map(|place| (&*place.file, place.span.start))
}

fn target_path(port: &ServicePort<'_>) -> crate::base::Path {
    port.path().key("targetPort")
}

fn observe(clash: &Clash<'_>) -> Observation {
    let Clash { port, protocol, other, other_port, other_protocol } = clash;
    let path = port.path().key("name");
    let name = &other.reference.name;
    let message = format!(
        "port `{}` is {} here and {} in Service {name}, on the same port of the same pods; the older Service wins: \
         want one protocol at {path}",
        port.label(),
        spoken(*protocol),
        spoken(*other_protocol),
    );
    let related_path = other_port.path().key("name");
    Observation::new(path, message)
        .help("give both ports the same protocol, in both Services, by name or by appProtocol")
        .related(RelatedPlace {
            message: format!("Service {name} says {} for the same port", spoken(*other_protocol)),
            place: other.object.as_deref().and_then(|object| object.point_at(&related_path)),
            path: related_path,
        })
}

fn spoken(protocol: Protocol) -> &'static str {
    if protocol == Protocol::Unsupported { "unclear" } else { protocol.name() }
}
