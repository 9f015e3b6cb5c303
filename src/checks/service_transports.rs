//! `service-transports`: Services over the same pods that offer one port number over different transports.
//!
//! Source: <https://istio.io/latest/docs/reference/config/analysis/ist0116/>

use crate::base::PodRepair;
use crate::checks::shared_pods::{RivalPort, Rivals};
use crate::checks::{Check, NoParams, Observation, bind, schema_of, shortened};
use crate::inventory::Subject;
use crate::manifest::{Service, ServicePort};
use crate::mesh::Transport;
use std::collections::HashSet;

/// The check.
pub const CHECK: Check = Check {
    id: "service-transports",
    summary: "Services over the same pods that offer one port number over different transports",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(service) = subject.service().filter(|service| !service.is_external_name()) else { return Vec::new() };
    let rivals = Rivals::of(subject);
    let ours: HashSet<(i64, &str)> = service.ports().map(|port| (port.number, port.protocol)).collect();
    let observe = |port: ServicePort<'_>| {
        let mixed = rivals.of_number(port.number).filter(|rival| {
            let we_offer_both = || ours.contains(&(rival.port.number, rival.port.protocol));
            is_mixed(&port, rival, &rivals) && !we_offer_both() && !must_be_apart(&service, rival)
        });
        rivals.clashes(subject, &port, mixed).first().map(|first| observe(&port, first))
    };
    service.ports().filter(|port| port.number != DNS).filter_map(observe).collect()
}

/// Asked over UDP and, for long answers, over TCP: whoever offers both means it.
const DNS: i64 = 53;

/// Whether the two offer one number over different transports, and the other Service does not offer both of them.
fn is_mixed(port: &ServicePort<'_>, rival: &RivalPort<'_>, rivals: &Rivals<'_>) -> bool {
    let is_known = |port: &ServicePort<'_>| Transport::read(Some(port.protocol)).is_some();
    let is_theirs = |other: &RivalPort<'_>| other.service.reference == rival.service.reference;
    let offers_ours = |other: &RivalPort<'_>| is_theirs(other) && other.port.protocol == port.protocol;
    port.protocol != rival.port.protocol
        && is_known(port)
        && is_known(&rival.port)
        && !rivals.of_number(port.number).any(offers_ours)
}

/// Load balancers often take one transport only, so that there must be two of them.
fn must_be_apart(service: &Service<'_>, rival: &RivalPort<'_>) -> bool {
    service.is_load_balancer() && rival.service.facts.load_balancer
}

fn observe(port: &ServicePort<'_>, first: &RivalPort<'_>) -> Observation {
    let path = port.path();
    let name = shortened(&first.service.reference.name);
    let message = format!(
        "port {} is {} here but {} in Service {name} for the same pods: want another number, or one Service for both, at \
         {path}",
        port.number, port.protocol, first.port.protocol,
    );
    let related = first.related(first.port.path(), format!("Service {name} says {}", first.port.protocol));
    Observation::new(path, message)
        .help(
            "one Service may offer a number over several transports; two that do are what istioctl reports as IST0116",
        )
        .unfixed("whether both transports are meant only the owner of both Services knows")
        .beside_others()
        .related(related)
}
