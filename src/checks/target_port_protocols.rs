//! `target-port-protocols`: Services that lead to the same port of the same pods must agree on its protocol.
//!
//! The proxy has one inbound listener per port of the pod. Of two Services for it the older one decides the protocol,
//! and the newer one's is dropped without a word to its owner. Source:
//! <https://github.com/istio/istio/blob/master/pilot/pkg/networking/core/listener_inbound.go>

use crate::base::{Path, Place, PodRepair};
use crate::checks::service_port::{deciding_field, protocol_of};
use crate::checks::{Check, Observation, RelatedPlace, bind, schema_of, shortened};
use crate::inventory::{Entry, ServiceFacts, Subject, WorkloadFacts};
use crate::manifest::{ServicePort, Target};
use crate::mesh::{Membership, Protocol, Version, is_gateway_or_control_plane};
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "target-port-protocols",
    summary: "the protocols of Services that lead to the same port of the same pods",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `target-port-protocols`: none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {}

/// A Service that shares pods with the one under review.
struct Rival<'a> {
    service: &'a Entry<ServiceFacts>,
    /// The workload of the pods; none where it is not known, and only the selectors tell.
    workload: Option<&'a Entry<WorkloadFacts>>,
}

/// A port of a rival that meets a port of the Service under review.
#[derive(Clone, Copy)]
struct Clash<'a> {
    service: &'a Entry<ServiceFacts>,
    port: ServicePort<'a>,
    protocol: Protocol,
}

fn run(_: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(service) = subject.service() else { return Vec::new() };
    if service.is_external_name() {
        return Vec::new();
    }
    let rivals = rivals(subject);
    let mut observations = Vec::new();
    for port in service.ports() {
        if let Some(protocol) = protocol_of(&port, subject.profile.istio_version) {
            let clashes = clashes(subject, &port, protocol, &rivals);
            observations.extend(observe(&port, protocol, &clashes, subject.profile.istio_version));
        }
    }
    observations
}

/// Each other Service with a workload that both select. Two Services with the same selector meet on the same pods
/// even where their workload is not known.
fn rivals<'a>(subject: &Subject<'a>) -> Vec<Rival<'a>> {
    let workloads = subject.workloads();
    if workloads.is_empty() {
        let others = subject.services_with_same_selector().into_iter();
        return others.map(|service| Rival { service, workload: None }).collect();
    }
    let workloads = workloads.iter().copied().filter(|workload| has_listeners(subject, &workload.facts));
    let with_others = |workload: &'a Entry<WorkloadFacts>| {
        let others = subject.other_services(&workload.facts).into_iter();
        others.map(move |service| Rival { service, workload: Some(workload) })
    };
    workloads.flat_map(with_others).collect()
}

/// Whether the pods have a proxy that listens for them: as surely as it is known of the Service itself. Gateways have
/// listeners of another making.
fn has_listeners(subject: &Subject<'_>, workload: &WorkloadFacts) -> bool {
    let as_sure = match subject.membership_of(workload) {
        Membership::Sidecar(_) => true,
        Membership::Unknown => subject.membership == Membership::Unknown,
        Membership::Ambient | Membership::Outside => false,
    };
    as_sure && !is_gateway_or_control_plane(&workload.pod_labels, &workload.pod_annotations)
}

/// The ports of rivals that meet this one and are earlier in the files, each once.
fn clashes<'a>(
    subject: &Subject<'_>,
    port: &ServicePort<'_>,
    protocol: Protocol,
    rivals: &[Rival<'a>],
) -> Vec<Clash<'a>> {
    let mut clashes: Vec<Clash<'a>> = Vec::new();
    for rival in rivals {
        for other in rival.service.facts.ports.iter().map(|other| other.view()) {
            let Some(clash) = protocol_of(&other, subject.profile.istio_version)
                .filter(|theirs| differ(protocol, *theirs))
                .map(|protocol| Clash { service: rival.service, port: other, protocol })
            else {
                continue;
            };
            let is_new = || !clashes.iter().any(|it| is_same(it, &clash));
            if meet(port, &other, rival.workload)
                && is_new()
                && is_primary(subject, port, &clash)
                && subject.belongs_with(rival.service, rival.workload)
            {
                clashes.push(clash);
            }
        }
    }
    clashes
}

fn is_same(one: &Clash<'_>, other: &Clash<'_>) -> bool {
    one.service.reference == other.service.reference && one.port.index == other.port.index
}

/// Whether it matters which of two protocols the listener gets.
fn differ(one: Protocol, other: Protocol) -> bool {
    let (one, other) = (Inbound::of(one), Inbound::of(other));
    one != other && one != Inbound::None && other != Inbound::None
}

/// What the proxy of a pod makes of a port. Source: the filters in
/// <https://github.com/istio/istio/blob/master/pilot/pkg/networking/core/networkfilter.go> and the upstream protocol in
/// <https://github.com/istio/istio/blob/master/pilot/pkg/networking/core/cluster_builder.go>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inbound {
    /// HTTP, passed on as HTTP/1.
    Http,
    /// HTTP, passed on as HTTP/2.
    Http2,
    /// HTTP/2, translated from gRPC-Web.
    GrpcWeb,
    /// Bytes. The filters for MySQL and Redis are off unless the mesh switches them on, and TLS is not looked into.
    Bytes,
    /// Bytes that a filter looks into.
    Mongo,
    /// HTTP or bytes, as the first of them look.
    Guessed,
    /// UDP has no listener.
    None,
}

impl Inbound {
    fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Http | Protocol::HttpProxy => Self::Http,
            Protocol::Http2 | Protocol::Grpc => Self::Http2,
            Protocol::GrpcWeb => Self::GrpcWeb,
            Protocol::Tcp | Protocol::Https | Protocol::Tls | Protocol::Redis | Protocol::MySql => Self::Bytes,
            Protocol::Mongo => Self::Mongo,
            Protocol::Unsupported => Self::Guessed,
            Protocol::Udp => Self::None,
        }
    }
}

/// Whether two ports lead to the same port of the pods; without known pods only equal targets are known to. A name that
/// the pods do not declare leads nowhere.
fn meet(one: &ServicePort<'_>, other: &ServicePort<'_>, workload: Option<&Entry<WorkloadFacts>>) -> bool {
    if one.protocol != other.protocol {
        return false;
    }
    let Some(workload) = workload else { return one.target == other.target };
    let number = |target: Target<'_>| workload.facts.resolve(target, one.protocol);
    number(one.target).is_some_and(|number_of_one| number(other.target) == Some(number_of_one))
}

/// Of two files the later place is reported. In the cluster it is the object under review: the other one is there.
fn is_primary(subject: &Subject<'_>, port: &ServicePort<'_>, clash: &Clash<'_>) -> bool {
    let Some(other) = clash.service.object.as_deref() else { return true };
    let mine = subject.object.point_at(&port.path().key("targetPort"));
    let theirs = other.point_at(&clash.port.path().key("targetPort"));
    mine.is_none() || place_order(mine.as_ref()) > place_order(theirs.as_ref())
}

fn place_order(place: Option<&Place>) -> Option<(&str, usize)> {
    place.map(|place| (&*place.file, place.span.start))
}

/// One finding for a port, whatever the number of Services that contradict it.
fn observe(port: &ServicePort<'_>, protocol: Protocol, clashes: &[Clash<'_>], istio: Version) -> Option<Observation> {
    let first = clashes.first()?;
    let path = port.path().key(deciding_field(port, istio));
    let message = format!(
        "port {} is {} here but {} in Service {} for the same port of the same pods; the older wins, want one protocol at \
         {path}",
        port.number,
        spoken(protocol),
        spoken(first.protocol),
        shortened(&first.service.reference.name),
    );
    let observation = Observation::new(path, message)
        .help("give both ports the same protocol, in both Services, by name or by appProtocol")
        .unfixed("which of the two protocols the pods speak only the owner of both Services knows");
    Some(clashes.iter().fold(observation, |observation, clash| observation.related(related(clash, istio))))
}

fn related(clash: &Clash<'_>, istio: Version) -> RelatedPlace {
    let path: Path = clash.port.path().key(deciding_field(&clash.port, istio));
    let name = shortened(&clash.service.reference.name);
    RelatedPlace {
        message: format!("Service {name} says {} for the same port", spoken(clash.protocol)),
        place: clash.service.object.as_deref().and_then(|object| object.point_at(&path)),
        path,
    }
}

fn spoken(protocol: Protocol) -> &'static str {
    if protocol == Protocol::Unsupported { "unclear" } else { protocol.name() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Protocol::*;

    #[test]
    fn protocols_differ_where_the_proxy_treats_them_differently() {
        let alike: [&[Protocol]; 6] = [
            &[Http, HttpProxy],
            &[Http2, Grpc],
            &[GrpcWeb],
            &[Tcp, Tls, Https, Redis, MySql],
            &[Mongo],
            &[Unsupported],
        ];
        let groups = || alike.iter().enumerate();
        for ((one_group, one), (other_group, other)) in groups().flat_map(|one| groups().map(move |other| (one, other)))
        {
            for (one, other) in one.iter().flat_map(|one| other.iter().map(move |other| (*one, *other))) {
                assert_eq!(differ(one, other), one_group != other_group, "{one} {other}");
                assert!(!differ(one, Udp) && !differ(Udp, other), "UDP has no listener to share");
            }
        }
    }
}
