//! `database-port`: mongo and mysql ports whose listener another protocol may get first.
//!
//! Sidecars build listeners for the Services of the whole mesh. Where two ports would share one, Istio merges them, but not
//! if one is Mongo or MySQL and the other something else: the younger Service gets none. Source:
//! `isConflictWithWellKnownPort` in <https://github.com/istio/istio/blob/master/pilot/pkg/networking/core/listener.go>

use crate::base::PodRepair;
use crate::checks::service_port::{protocol_of, spoken};
use crate::checks::shared_pods::{RivalPort, Rivals};
use crate::checks::{Check, NoParams, Observation, RelatedPlace, bind, schema_of, shortened};
use crate::inventory::{Entry, ServiceFacts, Subject};
use crate::manifest::ServicePort;
use crate::mesh::{OutboundListener, Protocol, differ_inbound, outbound_listener};
use std::cell::OnceCell;
use std::collections::HashMap;

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
    let (Some(service), Some(facts)) = (subject.service(), subject.service_facts()) else { return Vec::new() };
    let istio = subject.profile.istio_version;
    let others = Others { subject, rivals: OnceCell::new(), by_number: OnceCell::new() };
    let observe = |port: ServicePort<'_>| {
        let protocol = protocol_of(&port, istio).filter(|it| matches!(it, Protocol::Mongo | Protocol::MySql))?;
        let first = match outbound_listener(istio, facts.address(), protocol) {
            OutboundListener::None | OutboundListener::OfService => None,
            OutboundListener::OfEachPod => others.with_same_pods(&port, protocol),
            OutboundListener::Shared => others.with_same_number(&port, protocol),
        };
        first.map(|first| observe(&port, protocol, &first))
    };
    service.ports().filter_map(observe).collect()
}

/// The ports of other Services, looked through once for all ports of this one.
struct Others<'a, 's> {
    subject: &'s Subject<'a>,
    rivals: OnceCell<Rivals<'a>>,
    by_number: OnceCell<HashMap<i64, Vec<Port<'a>>>>,
}

/// A port with its Service.
type Port<'a> = (&'a Entry<ServiceFacts>, ServicePort<'a>);

impl<'a> Others<'a, '_> {
    /// The first port of another headless Service over the same pods. Where the two lead to the same port of the pods and its
    /// proxy minds, that is another rule's finding.
    fn with_same_pods(&self, port: &ServicePort<'_>, protocol: Protocol) -> Option<Clash<'a>> {
        let rivals = self.rivals.get_or_init(|| Rivals::of(self.subject));
        let clash = |rival: &RivalPort<'a>| {
            let clash = self.clash((rival.service, rival.port), protocol, OutboundListener::OfEachPod)?;
            let is_conflict = rivals.meets(rival, port) && differ_inbound(protocol, clash.protocol);
            (!is_conflict && rivals.belongs(rival, self.subject)).then_some(clash)
        };
        rivals.of_number(port.number).find_map(clash)
    }

    /// The first port of this number of all Services in the mesh whose listener is on all addresses.
    fn with_same_number(&self, port: &ServicePort<'_>, protocol: Protocol) -> Option<Clash<'a>> {
        let others = self.by_number.get_or_init(|| self.all_by_number()).get(&port.number)?;
        let clashes = others.iter().filter_map(|other| self.clash(*other, protocol, OutboundListener::Shared));
        clashes.into_iter().find(|clash| self.subject.belongs_with(clash.service, None))
    }

    fn all_by_number(&self) -> HashMap<i64, Vec<Port<'a>>> {
        let subject = self.subject;
        let others = subject.inventory.all_services(subject.object.file()).into_iter();
        let others = others.filter(|other| other.reference != *subject.object.reference());
        let mut by_number: HashMap<i64, Vec<Port<'a>>> = HashMap::new();
        for (other, port) in others.flat_map(|other| other.facts.ports.iter().map(move |port| (other, port.view()))) {
            by_number.entry(port.number).or_default().push((other, port));
        }
        by_number
    }

    /// A port of the same number that has the same listener, but speaks something else.
    fn clash(&self, (service, port): Port<'a>, protocol: Protocol, listener: OutboundListener) -> Option<Clash<'a>> {
        let istio = self.subject.profile.istio_version;
        let theirs = protocol_of(&port, istio).filter(|theirs| *theirs != protocol)?;
        let is_shared = outbound_listener(istio, service.facts.address(), theirs) == listener;
        is_shared.then_some(Clash { service, port, protocol: theirs })
    }
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
        .beside_others()
        .related(related)
}
