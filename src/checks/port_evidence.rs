//! Evidence of what a Service port speaks: what other words of the manifests say about it.
//!
//! A sign is a protocol with the words that say where it comes from. Evidence is signs that all agree: of the port's own
//! fields, and of every workload that is known to be behind it. One that is silent may speak something else, and two
//! that contradict each other prove that one is wrong; in both cases there is none. Nothing is guessed from numbers.

use crate::checks::shortened_to;
use crate::inventory::{Entry, Subject, WorkloadFacts};
use crate::manifest::{ProbeProtocol, ServicePort};
use crate::mesh::Protocol;
use crate::mesh::protocol::named_protocol;

/// What a port speaks, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The protocol.
    pub protocol: Protocol,
    /// Where it is said, for people: ``the container port `grpc` of Deployment `cart` ``.
    pub words: String,
}

/// What a TCP port of the Service under review speaks, as all that is known says.
///
/// # Errors
/// Why it cannot be told: one line for people, no full stop.
pub fn evidence(subject: &Subject<'_>, port: &ServicePort<'_>) -> Result<Evidence, String> {
    if port.protocol != "TCP" {
        return Err(format!("nothing in manifests tells what speaks over {}", port.protocol));
    }
    let mut signs = own_signs(port);
    let named = !signs.is_empty();
    for workload in subject.workloads() {
        let found = signs_of(workload, port);
        if found.is_empty() && !named {
            return Err(format!(
                "{} does not tell what the port speaks: no protocol in the name of its container port, no httpGet or gRPC \
                 probe of it",
                called(workload)
            ));
        }
        signs.extend(found);
    }
    let mut signs = signs.into_iter();
    let Some(first) = signs.next() else {
        return Err("no workload behind it is known that would tell what the port speaks".to_owned());
    };
    match signs.find(|other| other.protocol != first.protocol) {
        Some(other) => Err(format!(
            "it is told in two ways what the port speaks: {} by {}, {} by {}",
            first.protocol, first.words, other.protocol, other.words
        )),
        None => Ok(first),
    }
}

/// All that is said of a port, whether or not it agrees.
pub fn signs(subject: &Subject<'_>, port: &ServicePort<'_>) -> Vec<Evidence> {
    let of_pods = subject.workloads().iter().flat_map(|workload| signs_of(workload, port));
    own_signs(port).into_iter().chain(of_pods).collect()
}

/// What the port's own fields say where Istio does not read them as a protocol: a name that always means one, an
/// `appProtocol` that this Istio is too old for, a name that an unknown `appProtocol` hides.
fn own_signs(port: &ServicePort<'_>) -> Vec<Evidence> {
    let fields = [("appProtocol", port.app_protocol), ("the port name", port.name)];
    let sign = |(field, text): (&str, Option<&str>)| {
        let text = text?;
        Some(Evidence { protocol: meant(text)?, words: format!("{field} {}", shortened_to(LONGEST_NAME, text)) })
    };
    fields.into_iter().filter_map(sign).collect()
}

/// What the pods of a workload say about the port that a Service port leads to.
fn signs_of(workload: &Entry<WorkloadFacts>, port: &ServicePort<'_>) -> Vec<Evidence> {
    let facts = &workload.facts;
    let Some(number) = facts.resolve(port.target, port.protocol) else { return Vec::new() };
    let of = called(workload);
    let names = facts.ports.iter().filter(|it| it.number == number && it.protocol == port.protocol);
    let by_name = names.filter_map(|it| it.name.as_deref()).filter_map(|name| {
        let words = format!("the container port {} of {of}", shortened_to(LONGEST_NAME, name));
        Some(Evidence { protocol: meant(name)?, words })
    });
    let probes = facts.probes.iter().filter(|probe| probe.port == number);
    let by_probe = probes.map(|probe| {
        let (protocol, how) = probed(probe.protocol);
        Evidence { protocol, words: format!("the {} ({how}) of {of}", probe.field) }
    });
    by_name.chain(by_probe).collect()
}

const LONGEST_NAME: usize = 24;

fn called(workload: &Entry<WorkloadFacts>) -> String {
    format!("{} {}", workload.reference.kind, shortened_to(LONGEST_NAME, &workload.reference.name))
}

fn probed(protocol: ProbeProtocol) -> (Protocol, &'static str) {
    match protocol {
        ProbeProtocol::Http => (Protocol::Http, "httpGet"),
        ProbeProtocol::Https => (Protocol::Https, "httpGet over HTTPS"),
        ProbeProtocol::Grpc => (Protocol::Grpc, "grpc"),
    }
}

/// The protocol that a name means beyond doubt: by Istio's own convention, or as a name known to everybody.
///
/// Databases are taken for the bytes that they are: `mongo` and `mysql` ask Istio for filters that look into them, and
/// make it drop a Service that shares a port number with another protocol; that is for the owner to ask for.
fn meant(name: &str) -> Option<Protocol> {
    let is_grpc_web = || name == "grpc-web" || name.starts_with("grpc-web-");
    match named_protocol(name) {
        Protocol::Mongo | Protocol::MySql | Protocol::Redis => Some(Protocol::Tcp),
        // `grpc-webhook` is gRPC-Web for Istio only, because it looks at the first eight letters.
        Protocol::GrpcWeb if !is_grpc_web() => None,
        Protocol::Udp | Protocol::HttpProxy => None,
        Protocol::Unsupported if name == "h2c" => Some(Protocol::Http2),
        Protocol::Unsupported => BYTES.contains(&name).then_some(Protocol::Tcp),
        named => Some(named),
    }
}

/// Whole names of protocols that are never HTTP. `kafka-ui` or `postgres-metrics` is: no prefixes.
const BYTES: [&str; 30] = [
    "amqp",
    "amqps",
    "cassandra",
    "cql",
    "ftp",
    "imap",
    "imaps",
    "kafka",
    "ldap",
    "ldaps",
    "mariadb",
    "memcached",
    "mongodb",
    "mqtt",
    "mqtts",
    "mssql",
    "nats",
    "pgsql",
    "pop3",
    "pop3s",
    "postgres",
    "postgresql",
    "rediss",
    "sftp",
    "smtp",
    "smtps",
    "ssh",
    "stomp",
    "telnet",
    "zookeeper",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_a_protocol_only_beyond_doubt() {
        use Protocol::*;
        for (name, wanted) in [
            ("http", Some(Http)),
            ("http-web", Some(Http)),
            ("https", Some(Https)),
            ("grpc-api", Some(Grpc)),
            ("grpc-web", Some(GrpcWeb)),
            ("grpc-web-shop", Some(GrpcWeb)),
            ("grpc-webhook", None),
            ("http2", Some(Http2)),
            ("h2c", Some(Http2)),
            ("tls-db", Some(Tls)),
            ("tcp-x", Some(Tcp)),
            ("mongo", Some(Tcp)),
            ("mongodb", Some(Tcp)),
            ("mysql", Some(Tcp)),
            ("redis-cache", Some(Tcp)),
            ("postgres", Some(Tcp)),
            ("postgres-metrics", None),
            ("kafka-ui", None),
            ("udp", None),
            ("udp-dns", None),
            ("http_proxy", None),
            ("web", None),
            ("metrics", None),
            ("ws", None),
            ("httpx", None),
            ("", None),
        ] {
            assert_eq!(meant(name), wanted, "{name}");
        }
    }
}
