//! `server-first-port`: guessed ports of servers that speak first. Client and proxy wait for each other.
//!
//! Source: <https://istio.io/latest/docs/ops/deployment/application-requirements/#server-first-protocols>

use crate::base::PodRepair;
use crate::checks::port_evidence::{evidence, is_more_than_bytes};
use crate::checks::port_fix::{declare, fixed};
use crate::checks::port_siblings::Siblings;
use crate::checks::service_port::{
    APP_PROTOCOL, hidden_protocol, is_listened_for_by_pod, protocol_of, reads_app_protocol, unread,
};
use crate::checks::{Check, NoParams, Observation, bind, schema_of, shortened_to};
use crate::inventory::{Entry, Subject, WorkloadFacts};
use crate::manifest::{ServicePort, Target};
use crate::mesh::{Membership, Protocol, WELL_KNOWN, WellKnown};
use std::cell::LazyCell;
use std::ops::Deref;

/// The check.
pub const CHECK: Check = Check {
    id: "server-first-port",
    summary: "guessed ports of servers that speak first",
    cases: &[HEADLESS],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

/// The Service is headless: every endpoint gets a guessing listener of its own.
const HEADLESS: &str = "headless";

/// A protocol in which the server speaks first, and how it is known that the port speaks it.
pub struct Greeting {
    known: &'static WellKnown,
    /// Where it is said, for people.
    words: String,
    /// The same in a word or two: `number`.
    source: &'static str,
}

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(service) = subject.service().filter(|service| !service.is_external_name()) else { return Vec::new() };
    let (istio, siblings) = (subject.profile.istio_version, LazyCell::new(|| Siblings::of(subject)));
    let observe = |port: ServicePort<'_>| {
        let is_guessed = protocol_of(&port, istio)? == Protocol::Unsupported && hidden_protocol(&port, istio).is_none();
        let greeting = greeting(subject, &port).filter(|_| is_guessed)?;
        let observation = hangs(subject, &siblings, &port, &greeting);
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
    let greeting = WELL_KNOWN.iter().filter(|known| known.greets).find_map(|known| {
        let by_pods = || subject.workloads().iter().find_map(|workload| said_by_pods(known, port, workload));
        let (source, words) = said_by_service(known, port).or_else(by_pods)?;
        Some(Greeting { known, words, source })
    });
    greeting.filter(|_| !is_more_than_bytes(subject, port))
}

/// What says it, in a word or two and in full.
type Said = (&'static str, String);

/// Its name is the protocol's; or its number is, and no name says otherwise.
fn said_by_service(known: &WellKnown, port: &ServicePort<'_>) -> Option<Said> {
    let is_known = |name: &str| known.port_names.contains(&name);
    if let Some(name) = port.name.filter(|name| is_known(name)) {
        return Some(("name", format!("the port name `{name}`")));
    }
    let target = if let Target::Number(number) = port.target { Some(number) } else { None };
    let number = [Some(port.number), target].into_iter().flatten().find(|number| known.numbers.contains(number))?;
    let agrees = port.name.is_none_or(|name| name.split('-').any(is_known));
    agrees.then(|| ("number", format!("the number {number}")))
}

/// The container port that it leads to is called like the protocol; or has its number, in the image of a server.
fn said_by_pods(known: &WellKnown, port: &ServicePort<'_>, workload: &Entry<WorkloadFacts>) -> Option<Said> {
    let facts = &workload.facts;
    let number = facts.resolve(port.target, port.protocol)?;
    let of = format!("{} {}", workload.reference.kind, shortened_to(LONGEST_NAME, &workload.reference.name));
    let mut names = facts.ports.of_number(number, port.protocol);
    let named = names.find_map(|it| it.name.as_deref().filter(|name| known.port_names.contains(name)));
    let image = || facts.images.iter().find(|image| known.images.contains(&&***image));
    match named {
        Some(name) => Some(("container port", format!("the container port `{name}` of {of}"))),
        None if known.numbers.contains(&number) => {
            image().map(|image| ("image", format!("port {number} of image `{image}` in {of}")))
        }
        None => None,
    }
}

const LONGEST_NAME: usize = 24;

fn hangs<'a>(
    subject: &Subject<'a>,
    siblings: &impl Deref<Target = Siblings<'a>>,
    port: &ServicePort<'_>,
    greeting: &Greeting,
) -> Observation {
    let istio = subject.profile.istio_version;
    let (path, wanted) = match reads_app_protocol(istio) {
        true => (port.path().key(APP_PROTOCOL), "`tcp`"),
        false => (port.path().key("name"), "`tcp[-suffix]`"),
    };
    let protocol = greeting.known.called;
    let message = format!(
        "{}, so Istio guesses, but {protocol} (by its {}) speaks first and calls hang: want {wanted} at {path}",
        unread(port, istio),
        greeting.source,
    );
    let fix = evidence(subject, port).and_then(|told| {
        siblings.agree(port, told.protocol)?;
        declare(subject, port, told.protocol, &told.strength)
    });
    let seen = Observation::new(path, message)
        .at(port.path().key("name"))
        .help(format!("that it speaks {protocol} is told by {}", greeting.words));
    fixed(seen, subject, port, fix)
}
