//! `server-first-port`: guessed ports of servers that speak first. Client and proxy wait for each other.
//!
//! Source: <https://istio.io/latest/docs/ops/deployment/application-requirements/#server-first-protocols>

use crate::base::PodRepair;
use crate::checks::port_evidence::signs;
use crate::checks::port_fix::declare;
use crate::checks::service_port::{
    APP_PROTOCOL, hidden_protocol, is_listened_for_by_pod, protocol_of, reads_app_protocol, unread,
};
use crate::checks::{Check, Observation, bind, schema_of, shortened_to};
use crate::inventory::{Entry, Subject, WorkloadFacts};
use crate::manifest::{Service, ServicePort, Target};
use crate::mesh::server_first::SERVER_FIRST;
use crate::mesh::{Membership, Protocol, ServerFirst, Version};
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "server-first-port",
    summary: "guessed ports of servers that speak first",
    cases: &[HEADLESS],
    repair: PodRepair::Never,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// The Service is headless: every endpoint gets a guessing listener of its own.
const HEADLESS: &str = "headless";

/// Parameters of `server-first-port`: none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {}

/// A protocol in which the server speaks first, and how it is known that the port speaks it.
pub struct Greeting {
    known: ServerFirst,
    /// Where it is said, for people.
    words: String,
}

fn run(_: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(service) = subject.service().filter(|service| !service.is_external_name()) else { return Vec::new() };
    let istio = subject.profile.istio_version;
    let observe = |port: ServicePort<'_>| {
        let is_guessed = protocol_of(&port, istio)? == Protocol::Unsupported && hidden_protocol(&port, istio).is_none();
        let greeting = greeting(subject, &port).filter(|_| is_guessed)?;
        let observation = hangs(&service, &port, &greeting, istio);
        Some(if is_listened_for_by_pod(subject) { observation.case(HEADLESS) } else { observation })
    };
    service.ports().filter_map(observe).collect()
}

/// The protocol of a port whose server speaks first, if something says so and nothing says otherwise. None under ambient:
/// the proxy of the node guesses nothing.
pub fn greeting(subject: &Subject<'_>, port: &ServicePort<'_>) -> Option<Greeting> {
    if port.protocol != "TCP" || subject.membership == Membership::Ambient {
        return None;
    }
    let is_contradicted = || signs(subject, port).iter().any(|sign| sign.protocol != Protocol::Tcp);
    SERVER_FIRST.into_iter().find_map(|known| {
        let words = said_by_service(&known, port)
            .or_else(|| subject.workloads().iter().find_map(|workload| said_by_pods(&known, port, workload)))?;
        (!is_contradicted()).then_some(Greeting { known, words })
    })
}

/// Its name is the protocol's; or its number is, and no name says otherwise.
fn said_by_service(known: &ServerFirst, port: &ServicePort<'_>) -> Option<String> {
    let is_known = |name: &str| known.port_names.contains(&name);
    if let Some(name) = port.name.filter(|name| is_known(name)) {
        return Some(format!("the port name `{name}`"));
    }
    let target = if let Target::Number(number) = port.target { Some(number) } else { None };
    let number = [Some(port.number), target].into_iter().flatten().find(|number| known.numbers.contains(number))?;
    let agrees = port.name.is_none_or(|name| name.split('-').any(is_known));
    agrees.then(|| format!("the number {number}"))
}

/// The container port that it leads to is called like the protocol; or has its number, in the image of a server.
fn said_by_pods(known: &ServerFirst, port: &ServicePort<'_>, workload: &Entry<WorkloadFacts>) -> Option<String> {
    let facts = &workload.facts;
    let number = facts.resolve(port.target, port.protocol)?;
    let of = format!("{} {}", workload.reference.kind, shortened_to(LONGEST_NAME, &workload.reference.name));
    let mut names = facts.ports.iter().filter(|it| it.number == number && it.protocol == port.protocol);
    let named = names.find_map(|it| it.name.as_deref().filter(|name| known.port_names.contains(name)));
    let image = || facts.images.iter().find(|image| known.images.contains(&&***image));
    match named {
        Some(name) => Some(format!("the container port `{name}` of {of}")),
        None if known.numbers.contains(&number) => {
            image().map(|image| format!("port {number} of image `{image}` in {of}"))
        }
        None => None,
    }
}

const LONGEST_NAME: usize = 24;

fn hangs(service: &Service<'_>, port: &ServicePort<'_>, greeting: &Greeting, istio: Version) -> Observation {
    let (path, wanted) = match reads_app_protocol(istio) {
        true => (port.path().key(APP_PROTOCOL), "`tcp`"),
        false => (port.path().key("name"), "`tcp[-suffix]`"),
    };
    let protocol = greeting.known.protocol;
    let message = format!(
        "{}, so Istio guesses, but {protocol} servers speak first and calls hang: want {wanted} at {path}",
        unread(port, istio)
    );
    Observation::new(path, message)
        .at(port.path().key("name"))
        .help(format!("that it speaks {protocol} is told by {}", greeting.words))
        .remedied_by(declare(service, port, Protocol::Tcp, istio))
}
