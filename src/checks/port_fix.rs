//! Edits that make a Service port say what it speaks.

use crate::base::{Edit, Fix};
use crate::checks::port_evidence::{Strength, evidence};
use crate::checks::port_names::PortNames;
use crate::checks::port_references::{in_words, references};
use crate::checks::port_siblings::Siblings;
use crate::checks::service_port::{APP_PROTOCOL, deciding_field, reads_app_protocol};
use crate::checks::{Observation, shortened_to};
use crate::inventory::Subject;
use crate::manifest::ServicePort;
use crate::mesh::protocol::{convert, named_protocol};
use crate::mesh::{Protocol, Transport, Version, differ_inbound};
use std::ops::Deref;

/// Declares the protocol of a TCP port that says none.
///
/// A new `appProtocol` is safe where the protocol is certain: it is a true statement about the port that nothing refers to by
/// its value, and it stays true whether or not the pods turn out to be in the mesh. An old one is somebody's statement, and a
/// name is a key.
///
/// # Errors
/// Why it cannot be declared: one line for people, no full stop.
pub fn declare(
    subject: &Subject<'_>,
    port: &ServicePort<'_>,
    protocol: Protocol,
    strength: &Strength,
) -> Result<Fix, String> {
    let istio = subject.profile.istio_version;
    let doubt = if let Strength::Likely(reason) = strength { reason } else { "" };
    if !reads_app_protocol(istio) {
        let prefix = name_prefix(protocol);
        let name = port.name.map_or_else(|| prefix.to_owned(), |old| format!("{prefix}-{old}"));
        return renamed(subject, port, name, protocol, doubt);
    }
    let value = app_protocol(protocol, istio);
    let title = format!("set appProtocol of port {} to `{value}`", port.number);
    let edits = vec![Edit::set(port.path().key(APP_PROTOCOL), value)];
    let replaced = port.app_protocol.map(|old| {
        let old = shortened_to(LONGEST_NAME, old);
        format!("other controllers read appProtocol too, and one of them may know {old}")
    });
    Ok(match (doubt, replaced) {
        ("", None) => Fix::safe(title, edits),
        ("", Some(replaced)) => Fix::risky(title, replaced, edits),
        (doubt, None) => Fix::risky(title, doubt, edits),
        (doubt, Some(replaced)) => Fix::risky(title, format!("{doubt}; {replaced}"), edits),
    })
}

/// The observation with its fix; where that is a new name, with all that is known to refer to the old one.
pub fn fixed(
    seen: Observation,
    subject: &Subject<'_>,
    port: &ServicePort<'_>,
    fix: Result<Fix, String>,
) -> Observation {
    let name = port.path().key("name");
    let is_rename = |edit: &Edit| matches!(edit, Edit::Set { path, .. } if *path == name);
    let renames = fix.as_ref().is_ok_and(|fix| fix.edits.iter().any(is_rename));
    let referring = if renames { references(subject, port) } else { Vec::new() };
    referring.into_iter().fold(seen.remedied_by(fix), Observation::related)
}

/// Takes the word udp from a port of another transport, which is bytes then unless more is known of it: who knows the port by
/// its name then need not be asked.
///
/// # Errors
/// Why it cannot be taken away: one line for people, no full stop.
pub fn without_udp<'a>(
    subject: &Subject<'a>,
    siblings: &impl Deref<Target = Siblings<'a>>,
    port: &ServicePort<'_>,
) -> Result<Fix, String> {
    if deciding_field(port, subject.profile.istio_version) == APP_PROTOCOL {
        // The name beside it says what was meant, where that is more than bytes.
        let said = port.name.map(named_protocol).filter(|said| differ_inbound(*said, Protocol::Tcp));
        let said = said.filter(|said| *said != Protocol::Unsupported).unwrap_or(Protocol::Tcp);
        siblings.agree(port, said)?;
        let value = app_protocol(said, subject.profile.istio_version);
        let title = format!("set appProtocol of port {} to `{value}`", port.number);
        return Ok(Fix::risky(title, MAY_BE_UDP, vec![Edit::set(port.path().key(APP_PROTOCOL), value)]));
    }
    let told = evidence(subject, port).ok().filter(|told| told.strength == Strength::Certain);
    if let Some(told) = told.filter(|_| reads_app_protocol(subject.profile.istio_version)) {
        siblings.agree(port, told.protocol)?;
        return declare(subject, port, told.protocol, &told.strength);
    }
    siblings.agree(port, Protocol::Tcp)?;
    let rest = port.name.and_then(|name| name.get("udp".len()..)).unwrap_or_default();
    renamed(subject, port, format!("tcp{rest}"), Protocol::Tcp, MAY_BE_UDP)
}

const MAY_BE_UDP: &str = "if the port carries UDP, write `protocol: UDP` instead";

/// A new name, which must be one for Kubernetes, no other port's, and read by Istio as it is meant: `grpc-` before `web`
/// would be gRPC-Web. It is never safe, since others know the port by its name; `reason` says what else there is to look at.
///
/// # Errors
/// Why it cannot have the name: one line for people, no full stop.
pub fn renamed(
    subject: &Subject<'_>,
    port: &ServicePort<'_>,
    name: String,
    protocol: Protocol,
    reason: &str,
) -> Result<Fix, String> {
    let shown = shortened_to(LONGEST_NAME, &name);
    if !is_dns_label(&name) {
        return Err(format!("{shown} would be no name for a port: want at most 63 of a-z, 0-9 and `-`"));
    }
    if PortNames::of(subject).is_some_and(|names| names.is_taken(&name, port)) {
        return Err(format!("another port of the Service is called {shown} already"));
    }
    if convert(subject.profile.istio_version, port.number, Some(&name), Transport::Tcp, None) != protocol {
        return Err(format!("Istio would not read {shown} as {protocol}"));
    }
    let title = format!("call port {} {shown}", port.number);
    let referred = in_words(subject, port);
    let reason = if reason.is_empty() { referred } else { format!("{reason}; {referred}") };
    Ok(Fix::risky(title, reason, vec![Edit::set(port.path().key("name"), name)]))
}

const LONGEST_NAME: usize = 40;

/// What Kubernetes takes as the name of a Service port
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names>).
pub fn is_dns_label(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

/// The value of `appProtocol` that this Istio reads as the protocol. Kubernetes' own word for HTTP/2 without TLS is
/// understood by other controllers as well; Istio knows it since 1.19.
pub fn app_protocol(protocol: Protocol, istio: Version) -> &'static str {
    const H2C: &str = "kubernetes.io/h2c";
    let knows = || convert(istio, 0, None, Transport::Tcp, Some(H2C)) == Protocol::Http2;
    if protocol == Protocol::Http2 && knows() { H2C } else { name_prefix(protocol) }
}

/// The word that Istio reads as the protocol, at the front of a name as in `appProtocol`.
pub fn name_prefix(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Http | Protocol::HttpProxy => "http",
        Protocol::Http2 => "http2",
        Protocol::Https => "https",
        Protocol::Grpc => "grpc",
        Protocol::GrpcWeb => "grpc-web",
        Protocol::Tls => "tls",
        Protocol::Mongo => "mongo",
        Protocol::Redis => "redis",
        Protocol::MySql => "mysql",
        Protocol::Tcp | Protocol::Udp | Protocol::Unsupported => "tcp",
    }
}
