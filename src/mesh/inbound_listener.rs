//! What the proxy of a pod makes of the Service ports that lead to it: it has one listener for each port of the pod.
//!
//! Source: the filters in <https://github.com/istio/istio/blob/master/pilot/pkg/networking/core/networkfilter.go> and the
//! upstream protocol in <https://github.com/istio/istio/blob/master/pilot/pkg/networking/core/cluster_builder.go>.

use crate::mesh::Protocol;

/// What becomes of the connections to a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboundListener {
    /// HTTP, passed on as HTTP/1.
    Http,
    /// HTTP, passed on as HTTP/2.
    Http2,
    /// HTTP/2, translated from gRPC-Web.
    GrpcWeb,
    /// Bytes. The filters for MySQL and Redis are off unless the mesh switches them on, and TLS is not looked into.
    Bytes,
    /// Bytes that a filter looks into.
    Mongo,
    /// HTTP or bytes, as the first of them look.
    Guessed,
    /// UDP has no listener.
    None,
}

/// The listener that a pod gets for a port of this protocol.
pub fn inbound_listener(protocol: Protocol) -> InboundListener {
    match protocol {
        Protocol::Http | Protocol::HttpProxy => InboundListener::Http,
        Protocol::Http2 | Protocol::Grpc => InboundListener::Http2,
        Protocol::GrpcWeb => InboundListener::GrpcWeb,
        Protocol::Tcp | Protocol::Https | Protocol::Tls | Protocol::Redis | Protocol::MySql => InboundListener::Bytes,
        Protocol::Mongo => InboundListener::Mongo,
        Protocol::Unsupported => InboundListener::Guessed,
        Protocol::Udp => InboundListener::None,
    }
}

/// Whether it matters which of two protocols the listener gets.
pub fn differ_inbound(one: Protocol, other: Protocol) -> bool {
    let (one, other) = (inbound_listener(one), inbound_listener(other));
    one != other && one != InboundListener::None && other != InboundListener::None
}

#[cfg(test)]
mod tests {
    use super::*;
    use Protocol::*;

    #[test]
    fn protocols_differ_where_the_proxy_treats_them_differently() {
        let alike: [&[Protocol]; 6] = [
            &[Http, HttpProxy],
            &[Http2, Grpc],
            &[GrpcWeb],
            &[Tcp, Tls, Https, Redis, MySql],
            &[Mongo],
            &[Unsupported],
        ];
        let groups = || alike.iter().enumerate();
        for ((one_group, one), (other_group, other)) in groups().flat_map(|one| groups().map(move |other| (one, other)))
        {
            for (one, other) in one.iter().flat_map(|one| other.iter().map(move |other| (*one, *other))) {
                assert_eq!(differ_inbound(one, other), one_group != other_group, "{one} {other}");
                assert!(!differ_inbound(one, Udp) && !differ_inbound(Udp, other), "UDP has no listener to share");
            }
        }
    }
}
