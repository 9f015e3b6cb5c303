//! `target-port-protocols`: Services that lead to the same port of the same pods must agree on its protocol.
//!
//! The proxy has one inbound listener per port of the pod. Of two Services for it the older one decides the protocol,
//! and the newer one's is dropped without a word to its owner. Source:
//! <https://github.com/istio/istio/blob/master/pilot/pkg/networking/core/listener_inbound.go>

use crate::base::PodRepair;
use crate::checks::service_port::{deciding_field, protocol_of, spoken};
use crate::checks::shared_pods::{RivalPort, Rivals};
use crate::checks::{Check, NoParams, Observation, RelatedPlace, bind, schema_of, shortened};
use crate::inventory::Subject;
use crate::manifest::ServicePort;
use crate::mesh::{Protocol, Version, differ_inbound};

/// The check.
pub const CHECK: Check = Check {
    id: "target-port-protocols",
    summary: "the protocols of Services that lead to the same port of the same pods",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(service) = subject.service() else { return Vec::new() };
    if service.is_external_name() {
        return Vec::new();
    }
    let (istio, rivals) = (subject.profile.istio_version, Rivals::of(subject));
    let observe = |port: ServicePort<'_>| {
        let protocol = protocol_of(&port, istio)?;
        let disagrees = |rival: &&RivalPort<'_>| rival.protocol.is_some_and(|it| differ_inbound(protocol, it));
        let clashes = rivals.clashes(subject, &port, rivals.meeting(&port).filter(disagrees));
        observe(&port, protocol, &clashes, istio)
    };
    service.ports().filter_map(observe).collect()
}

/// One finding for a port, whatever the number of Services that contradict it.
fn observe(
    port: &ServicePort<'_>,
    protocol: Protocol,
    clashes: &[RivalPort<'_>],
    istio: Version,
) -> Option<Observation> {
    let first = clashes.first()?;
    let path = port.path().key(deciding_field(port, istio));
    let message = format!(
        "port {} is {} here but {} in Service {} for the same port of the same pods; the older wins, want one protocol at \
         {path}",
        port.number,
        spoken(protocol),
        spoken(first.protocol?),
        shortened(&first.service.reference.name),
    );
    let observation = Observation::new(path, message)
        .beside_others()
        .help("give both ports the same protocol, in both Services, by name or by appProtocol")
        .unfixed("which of the two protocols the pods speak only the owner of both Services knows");
    Some(clashes.iter().fold(observation, |observation, clash| observation.related(related(clash, istio))))
}

fn related(clash: &RivalPort<'_>, istio: Version) -> RelatedPlace {
    let path = clash.port.path().key(deciding_field(&clash.port, istio));
    let said = clash.protocol.map_or("nothing", spoken);
    let name = shortened(&clash.service.reference.name);
    clash.related(path, format!("Service {name} says {said} for the same port"))
}
