//! `database-port`: mongo and mysql ports whose listener another protocol may get first.
//!
//! Sidecars build listeners for the Services of the whole mesh. Where two ports would share one, Istio merges them, but not
//! if one is Mongo or MySQL and the other something else: the younger Service gets none. Source:
//! `isConflictWithWellKnownPort` in <https://github.com/istio/istio/blob/master/pilot/pkg/networking/core/listener.go>

use crate::base::PodRepair;
use crate::checks::service_port::{protocol_of, spoken};
use crate::checks::shared_pods::{RivalPort, rival_ports};
use crate::checks::{Check, NoParams, Observation, RelatedPlace, bind, schema_of, shortened};
use crate::inventory::{Entry, ServiceFacts, Subject};
use crate::manifest::ServicePort;
use crate::mesh::{OutboundListener, Protocol, differ_inbound, outbound_listener};

/// The check.
pub const CHECK: Check = Check {
    id: "database-port",
    summary: "mongo and mysql ports whose listener another protocol may get first",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

/// A port of another Service that would have the same listener.
struct Clash<'a> {
    service: &'a Entry<ServiceFacts>,
    port: ServicePort<'a>,
    protocol: Protocol,
}

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(service) = subject.service() else { return Vec::new() };
    let istio = subject.profile.istio_version;
    let address = ServiceFacts::of(subject.object.value()).address();
    let observe = |port: ServicePort<'_>| {
        let protocol = protocol_of(&port, istio).filter(|it| matches!(it, Protocol::Mongo | Protocol::MySql))?;
        let clashes = match outbound_listener(istio, address, protocol) {
            OutboundListener::None | OutboundListener::OfService => return None,
            OutboundListener::OfEachPod => with_same_pods(subject, &port, protocol),
            OutboundListener::Shared => with_same_number(subject, &port, protocol),
        };
        clashes.first().map(|first| observe(&port, protocol, first))
    };
    service.ports().filter_map(observe).collect()
}

/// The ports of other headless Services over the same pods. Where the two lead to the same port of the pods and its proxy
/// minds, that is another rule's finding.
fn with_same_pods<'a>(subject: &Subject<'a>, port: &ServicePort<'_>, protocol: Protocol) -> Vec<Clash<'a>> {
    let clash = |rival: &RivalPort<'a>| {
        let clash = clash(subject, rival.service, rival.port, port, protocol, OutboundListener::OfEachPod)?;
        let is_conflict = rival.meets(port) && differ_inbound(protocol, clash.protocol);
        (!is_conflict && rival.belongs(subject)).then_some(clash)
    };
    rival_ports(subject).iter().filter_map(clash).collect()
}

/// The ports of this number of all Services in the mesh whose listener is on all addresses.
fn with_same_number<'a>(subject: &Subject<'a>, port: &ServicePort<'_>, protocol: Protocol) -> Vec<Clash<'a>> {
    let others = subject.inventory.all_services(subject.object.file()).into_iter();
    let others = others.filter(|other| other.reference != *subject.object.reference());
    let ports = others.flat_map(|other| other.facts.ports.iter().map(move |theirs| (other, theirs.view())));
    let clash = |(other, theirs)| clash(subject, other, theirs, port, protocol, OutboundListener::Shared);
    ports.filter_map(clash).filter(|clash| subject.belongs_with(clash.service, None)).collect()
}

fn clash<'a>(
    subject: &Subject<'_>,
    other: &'a Entry<ServiceFacts>,
    theirs: ServicePort<'a>,
    port: &ServicePort<'_>,
    protocol: Protocol,
    listener: OutboundListener,
) -> Option<Clash<'a>> {
    let istio = subject.profile.istio_version;
    let their_protocol = protocol_of(&theirs, istio)?;
    let is_clash = theirs.number == port.number
        && their_protocol != protocol
        && outbound_listener(istio, other.facts.address(), their_protocol) == listener;
    is_clash.then_some(Clash { service: other, port: theirs, protocol: their_protocol })
}

fn observe(port: &ServicePort<'_>, protocol: Protocol, first: &Clash<'_>) -> Observation {
    let (path, theirs) = (port.path(), first.port.path());
    let name = shortened(&first.service.reference.name);
    let message = format!(
        "port {} is {} here but {} in Service {name}, and the older one gets the listener: want one protocol, or two \
         numbers, at {path}",
        port.number,
        protocol.name(),
        spoken(first.protocol),
    );
    let related = RelatedPlace {
        message: format!("Service {name} says {} for port {}", spoken(first.protocol), port.number),
        place: first.service.object.as_deref().and_then(|object| object.point_at(&theirs)),
        path: theirs,
    };
    Observation::new(path, message)
        .help("give both ports the same protocol, by name or by appProtocol, or one of them another number")
        .unfixed("which of the two protocols is right only the owner of both Services knows")
        .related(related)
}
