//! How the mesh reads a Service port: shared by the checks that ask.

use crate::checks::shortened;
use crate::inventory::Subject;
use crate::manifest::ServicePort;
use crate::mesh::protocol::{convert, named_protocol};
use crate::mesh::{Membership, Protocol, Transport, Version};

/// The protocol that Istio of this version gives a Service port; none for a transport that Kubernetes does not know.
pub fn protocol_of(port: &ServicePort<'_>, istio: Version) -> Option<Protocol> {
    let transport = Transport::read(Some(port.protocol))?;
    Some(convert(istio, port.number, port.name, transport, port.app_protocol))
}

/// The field that decides the protocol of a port: `appProtocol` where it is there, else the name.
pub fn deciding_field(port: &ServicePort<'_>, istio: Version) -> &'static str {
    if port.app_protocol.is_some() && reads_app_protocol(istio) { APP_PROTOCOL } else { "name" }
}

/// What that field says, where it is there.
pub fn deciding_text<'a>(port: &ServicePort<'a>, istio: Version) -> Option<&'a str> {
    if deciding_field(port, istio) == APP_PROTOCOL { port.app_protocol } else { port.name }
}

/// The field of a Service port that wins over its name.
pub const APP_PROTOCOL: &str = "appProtocol";

/// Whether this version of Istio reads `appProtocol`. Source: <https://istio.io/latest/news/releases/1.8.x/announcing-1.8/>
pub fn reads_app_protocol(istio: Version) -> bool {
    istio >= Version::new(1, 8)
}

/// The protocol that the name of a port says where nobody looks at it, because there is an `appProtocol`. A name that says
/// UDP over another transport is wrong itself, and an `appProtocol` is how that is put right.
pub fn hidden_protocol(port: &ServicePort<'_>, istio: Version) -> Option<Protocol> {
    let is_hidden =
        deciding_field(port, istio) == APP_PROTOCOL && Transport::read(Some(port.protocol))? != Transport::Udp;
    let said = port.name.map(named_protocol).filter(|_| is_hidden)?;
    (!matches!(said, Protocol::Unsupported | Protocol::Udp)).then_some(said)
}

/// Whether sidecars have a listener of its own for each pod behind the Service, if it is not HTTP. In an ambient mesh no
/// proxy has listeners for single endpoints.
pub fn is_listened_for_by_pod(subject: &Subject<'_>) -> bool {
    subject.service().is_some_and(|service| service.is_headless()) && subject.membership != Membership::Ambient
}

/// Why Istio reads no protocol from a port, for people.
pub fn unread(port: &ServicePort<'_>, istio: Version) -> String {
    match deciding_text(port, istio).map(shortened) {
        Some(value) if deciding_field(port, istio) == APP_PROTOCOL => {
            format!("appProtocol {value} is not known to Istio")
        }
        Some(name) => format!("port name {name} names no protocol"),
        None => format!("port {} has no name", port.number),
    }
}

/// A protocol as people are told of it.
pub fn spoken(protocol: Protocol) -> &'static str {
    if protocol == Protocol::Unsupported { "unclear" } else { protocol.name() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Target;

    #[test]
    fn a_name_is_hidden_where_something_else_is_read_in_its_place() {
        let port = |name, protocol, app_protocol| ServicePort {
            index: 0,
            name: Some(name),
            number: 8080,
            protocol,
            app_protocol,
            target: Target::Number(8080),
        };
        for (port, istio, wanted) in [
            (port("http-web", "TCP", Some("tcp")), Version::new(1, 8), Some(Protocol::Http)),
            (port("http-web", "TCP", Some("tcp")), Version::new(1, 7), None),
            (port("http-web", "TCP", None), Version::new(1, 8), None),
            (port("http-web", "UDP", Some("tcp")), Version::new(1, 8), None),
            (port("udp-web", "TCP", Some("tcp")), Version::new(1, 8), None),
            (port("web", "TCP", Some("tcp")), Version::new(1, 8), None),
        ] {
            assert_eq!(hidden_protocol(&port, istio), wanted, "{port:?} {istio}");
        }
    }
}
