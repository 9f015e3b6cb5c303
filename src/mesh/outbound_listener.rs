//! Where the sidecars of callers listen for a Service port: what decides which Services can get in each other's way.
//!
//! Source: `buildSidecarOutboundListener` in
//! <https://github.com/istio/istio/blob/master/pilot/pkg/networking/core/listener.go>; the eras from the same file on the
//! release branches.

use crate::mesh::{ListenerClass, Protocol, Version};

/// How a Service can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceAddress {
    /// By an address of its own.
    ClusterIp,
    /// By the addresses of its pods.
    Headless,
    /// By a name outside.
    ExternalName,
}

/// The addresses of the listener that a sidecar builds for a Service port. Its port number is the Service's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboundListener {
    /// There is none.
    None,
    /// All addresses: shared with every other Service whose port has the same number.
    Shared,
    /// The address of the Service alone.
    OfService,
    /// One for the address of each pod behind it.
    OfEachPod,
}

/// The listener that Istio of this version builds for a port of a Service.
pub fn outbound_listener(istio: Version, address: ServiceAddress, protocol: Protocol) -> OutboundListener {
    match (address, protocol.listener_class()) {
        (_, ListenerClass::None) => OutboundListener::None,
        (ServiceAddress::ExternalName, _) if istio >= EXTERNAL_NAME_IS_ALIAS_SINCE => OutboundListener::None,
        (_, ListenerClass::Http) | (ServiceAddress::ExternalName, _) => OutboundListener::Shared,
        (ServiceAddress::Headless, _) if istio < LISTENERS_OF_PODS_SINCE => OutboundListener::Shared,
        (ServiceAddress::Headless, _) => OutboundListener::OfEachPod,
        (ServiceAddress::ClusterIp, _) => OutboundListener::OfService,
    }
}

/// Since then an ExternalName Service is another name for where it leads, unless `ENABLE_EXTERNAL_NAME_ALIAS` says no.
pub const EXTERNAL_NAME_IS_ALIAS_SINCE: Version = Version::new(1, 20);
const LISTENERS_OF_PODS_SINCE: Version = Version::new(1, 4);

#[cfg(test)]
mod tests {
    use super::*;
    use OutboundListener::{OfEachPod, OfService, Shared};
    use ServiceAddress::{ClusterIp, ExternalName, Headless};

    #[test]
    fn only_tcp_has_addresses_of_its_own() {
        let none = OutboundListener::None;
        for (address, minor, http, tcp) in [
            (ClusterIp, 3, Shared, OfService),
            (ClusterIp, 31, Shared, OfService),
            (Headless, 3, Shared, Shared),
            (Headless, 4, Shared, OfEachPod),
            (Headless, 31, Shared, OfEachPod),
            (ExternalName, 19, Shared, Shared),
            (ExternalName, 20, none, none),
        ] {
            let listener = |protocol| outbound_listener(Version::new(1, minor), address, protocol);
            assert_eq!(listener(Protocol::Grpc), http, "{address:?} 1.{minor}");
            for protocol in [Protocol::Tcp, Protocol::Https, Protocol::Mongo, Protocol::Unsupported] {
                assert_eq!(listener(protocol), tcp, "{address:?} 1.{minor} {protocol}");
            }
            assert_eq!(listener(Protocol::Udp), none, "{address:?} 1.{minor}");
        }
    }
}
