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
    if port.app_protocol.is_some() && istio >= APP_PROTOCOL_SINCE { "appProtocol" } else { "name" }
}

/// The first version of Istio that reads `appProtocol`.
const APP_PROTOCOL_SINCE: Version = Version::new(1, 8);
