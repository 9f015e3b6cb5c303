//! The signs of what a Service port speaks, each with the words that say where it is.

use crate::checks::port_evidence::claim::{Claim, carried, is_called_http, is_denied_by, known, meant, probed};
use crate::checks::{RelatedPlace, shortened_to};
use crate::inventory::{Carried, Entry, NearUse, PortFacts, Subject, WorkloadFacts};
use crate::manifest::{ServicePort, Target};
use crate::mesh::{Protocol, Spoken, WELL_KNOWN, WellKnown};

/// One sign.
#[derive(Debug, Clone, PartialEq)]
pub struct Sign {
    /// What it says.
    pub claim: Claim,
    /// Where it is said: ``the container port `grpc` of Deployment `cart` ``.
    pub words: String,
    /// The same in two or three words: `its container port`.
    pub source: String,
    /// The place in another object, of a route.
    pub place: Option<RelatedPlace>,
    /// Whether it only tells that somebody asks by HTTP/1: what answers may speak gRPC on the same port.
    pub is_question: bool,
}

impl Sign {
    fn new(claim: Claim, source: &str, words: String) -> Self {
        Self { claim, words, source: source.to_owned(), place: None, is_question: false }
    }
}

/// What the port's own fields say where Istio does not read them as a protocol: a name that always means one, an
/// `appProtocol` that this Istio is too old for, a name that an unknown `appProtocol` hides. A number proves nothing by itself,
/// and with a word of the name it does.
pub fn own_signs(port: &ServicePort<'_>) -> Vec<Sign> {
    let fields = [("appProtocol", "its appProtocol", port.app_protocol), ("the port name", "its name", port.name)];
    let sign = |(field, source, text): (&str, &str, Option<&str>)| {
        let text = text?;
        Some(Sign::new(Claim::Exactly(meant(text)?), source, format!("{field} {}", shown(text))))
    };
    let mut signs: Vec<Sign> = fields.into_iter().filter_map(sign).collect();
    let is_word = |name: &str, known: &WellKnown| name.split('-').any(|word| known.port_names.contains(&word));
    if let (Some(name), [(number, server), ..]) = (port.name, &numbers(port)[..])
        && meant(name).is_none()
        && is_word(name, server)
        && !is_denied_by(known(server), name)
    {
        let words = format!("the number {number} and the port name {}", shown(name));
        signs.push(Sign::new(known(server), "its name and number", words));
    }
    signs
}

/// What the pods of a workload say about the port that a Service port leads to.
pub fn pod_signs(workload: &Entry<WorkloadFacts>, port: &ServicePort<'_>) -> Vec<Sign> {
    let facts = &workload.facts;
    let Some(number) = facts.resolve(port.target, port.protocol) else { return Vec::new() };
    let of = called(workload);
    let names = facts.ports.of_number(number, port.protocol).filter_map(|it| it.name.as_deref());
    let by_name = names.filter_map(|name| {
        let words = format!("the container port {} of {of}", shown(name));
        Some(Sign::new(Claim::Exactly(meant(name)?), "its container port", words))
    });
    let probes = facts.probes.iter().filter(|probe| probe.port == number);
    let by_probe = probes.map(|probe| {
        let (claim, how) = probed(probe.protocol);
        let sign = Sign::new(claim, "a probe", format!("the {} ({how}) of {of}", probe.field));
        Sign { is_question: claim == Claim::Exactly(Protocol::Http), ..sign }
    });
    // Bytes are bytes whatever the settings of a server; whether a web server speaks TLS is one of its settings.
    let is_told = |server: &WellKnown| server.numbers.contains(&number) && known(server) == Claim::AnyBytes;
    let by_server = server(facts, number, port.protocol).filter(|(server, _)| is_told(server)).map(|(_, image)| {
        let words = format!("the number {number} and the image {} of {of}", shown(image));
        Sign::new(Claim::AnyBytes, "its image and number", words)
    });
    by_name.chain(by_probe).chain(by_server).collect()
}

/// Whether the Service says by its name or number that a port speaks HTTP: a second witness beside one who only asks.
pub fn is_http_by_service(port: &ServicePort<'_>) -> bool {
    let target = if let Target::Number(number) = port.target { Some(number) } else { None };
    let mut numbers = [Some(port.number), target].into_iter().flatten();
    numbers.any(|number| HTTP_NUMBERS.contains(&number)) || port.name.is_some_and(is_called_http)
}

/// The same of the pods of a workload: by the name of the container port, its number, or the image of a web server.
pub fn is_http_by_pods(workload: &Entry<WorkloadFacts>, port: &ServicePort<'_>) -> bool {
    let facts = &workload.facts;
    let Some(number) = facts.resolve(port.target, port.protocol) else { return false };
    let by_image = || server(facts, number, port.protocol).is_some_and(|(it, _)| it.speaks == Spoken::Http);
    HTTP_NUMBERS.contains(&number) || container_names(workload, port).any(is_called_http) || by_image()
}

/// The names of the container ports that a Service port leads to.
pub fn container_names<'a>(
    workload: &'a Entry<WorkloadFacts>,
    port: &ServicePort<'_>,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let facts = &workload.facts;
    let protocol = port.protocol.to_owned();
    let number = facts.resolve(port.target, port.protocol);
    let is_it = move |it: &&PortFacts| Some(it.number) == number && it.protocol == protocol;
    facts.ports.iter().filter(is_it).filter_map(|it| it.name.as_deref())
}

/// Where web servers listen: the registered number, its registered alternatives, and what frameworks take by default. 5000 and 9090
/// are as much gRPC's.
const HTTP_NUMBERS: [i64; 8] = [80, 3000, 8000, 8008, 8080, 8081, 8088, 8888];

/// The routes in the files that lead to the port, and the monitors that ask it. Routes of HTTP say nothing about its version.
pub fn route_signs(subject: &Subject<'_>, port: &ServicePort<'_>) -> Vec<Sign> {
    let uses = subject.uses_of_port(port);
    let sign = |route: &NearUse<'_>| {
        let reference = &route.by.reference;
        let claim = carried(route.found.carries?);
        let full = match &reference.namespace {
            Some(namespace) => format!("{namespace}/{}", reference.name),
            None => reference.name.clone(),
        };
        let words = format!("{} {}", reference.kind, shortened_to(LONGEST_OBJECT, &full).trim_matches('`'));
        let message = match reference.kind.ends_with("Monitor") {
            true => format!("{words} scrapes the port over {claim}"),
            false => format!("{words} brings {claim} to the port"),
        };
        let place = RelatedPlace { message, path: route.found.field.clone(), place: route.place() };
        let is_question = route.found.carries == Some(Carried::Http1);
        Some(Sign { place: Some(place), is_question, ..Sign::new(claim, &format!("a {}", reference.kind), words) })
    };
    uses.iter().filter(|route| subject.is_surely_meant_by(route)).filter_map(sign).collect()
}

/// What is likely, and no more: the number of the port, or the image of the server in its pods. A name that says otherwise is
/// enough for silence.
pub fn likely_signs(subject: &Subject<'_>, port: &ServicePort<'_>) -> Vec<Sign> {
    let resolved = |workload: &&Entry<WorkloadFacts>| workload.facts.resolve(port.target, port.protocol);
    let of_pods = subject.workloads().iter().filter_map(resolved).filter_map(known_number);
    let mut known_numbers: Vec<KnownNumber> = numbers(port).into_iter().chain(of_pods).collect();
    known_numbers.sort_unstable_by_key(|(number, _)| *number);
    known_numbers.dedup();
    let by_number = known_numbers.into_iter();
    let by_number =
        by_number.map(|(number, server)| Sign::new(known(server), "its number", format!("the number {number}")));
    let by_image = subject.workloads().iter().filter_map(|workload| {
        let (server, image) = server(&workload.facts, resolved(workload)?, port.protocol)?;
        let words = format!("the image {} of {}", shown(image), called(workload));
        Some(Sign::new(known(server), "its image", words))
    });
    let mut signs: Vec<Sign> = by_number.chain(by_image).collect();
    if port.name.is_some_and(|name| signs.iter().any(|sign| is_denied_by(sign.claim, name))) {
        signs.clear();
    }
    signs
}

/// A number with the protocol that it stands for.
type KnownNumber = (i64, &'static WellKnown);

fn known_number(number: i64) -> Option<KnownNumber> {
    WELL_KNOWN.iter().find(|it| it.numbers.contains(&number)).map(|it| (number, it))
}

/// The numbers of a port that everybody knows: the one that its pods listen on and the one that its callers use. Callers of 443
/// may speak to somebody who ends the TLS, so that says nothing about the pods.
fn numbers(port: &ServicePort<'_>) -> Vec<KnownNumber> {
    let of_target = if let Target::Number(number) = port.target { known_number(number) } else { None };
    let of_callers = known_number(port.number).filter(|(_, it)| known(it) != Claim::Exactly(Protocol::Https));
    let differs = of_callers.filter(|it| Some(*it) != of_target);
    of_target.into_iter().chain(differs).collect()
}

/// The server whose image is in the container that declares a port, and the image. One that declares several ports listens on
/// each for something else, and only the number tells which is which.
fn server<'a>(facts: &'a WorkloadFacts, number: i64, protocol: &str) -> Option<(&'static WellKnown, &'a str)> {
    let image = facts.ports.of_number(number, protocol).next().map(|port| port.image.as_str());
    let image = image.or_else(|| if let [only] = &facts.images[..] { Some(only.as_str()) } else { None })?;
    let mut servers = WELL_KNOWN.iter().filter(|it| it.images.contains(&image));
    let is_only_one = || facts.ports.iter().filter(|port| port.image == image).take(2).count() == 1;
    let by_number = servers.clone().find(|it| it.numbers.contains(&number));
    by_number.or_else(|| servers.next().filter(|_| is_only_one())).map(|it| (it, image))
}

/// A name in quotes, cut where it would fill the line.
fn shown(name: &str) -> String {
    shortened_to(LONGEST_NAME, name)
}

const LONGEST_NAME: usize = 24;
const LONGEST_OBJECT: usize = 70;

/// A workload as people call it.
pub fn called(workload: &Entry<WorkloadFacts>) -> String {
    format!("{} {}", workload.reference.kind, shown(&workload.reference.name))
}
