//! How the mesh reads a Service port: shared by the checks that ask.

use crate::manifest::ServicePort;
use crate::mesh::protocol::convert;
use crate::mesh::{Protocol, Transport, Version};

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

/// A protocol as people are told of it.
pub fn spoken(protocol: Protocol) -> &'static str {
    if protocol == Protocol::Unsupported { "unclear" } else { protocol.name() }
}
