//! Which protocol Istio reads from a Service port, and what listener that gives.
//!
//! Source: <https://github.com/istio/istio/blob/master/pkg/config/kube/conversion.go> and
//! <https://github.com/istio/istio/blob/master/pkg/config/protocol/instance.go>; the eras from the same files on the release branches.

use crate::mesh::Version;
use std::fmt;

/// The transport of a Service port (`protocol`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Transport {
    /// TCP, which Kubernetes assumes where none is written.
    #[default]
    Tcp,
    /// UDP: Istio builds no listener for it.
    Udp,
    /// SCTP: Istio looks at the port's name only.
    Sctp,
}

impl Transport {
    /// Reads `protocol` of a port as the API server does: absent is TCP, case counts, anything else is refused (`None`).
    pub fn read(protocol: Option<&str>) -> Option<Self> {
        match protocol {
            None | Some("TCP") => Some(Self::Tcp),
            Some("UDP") => Some(Self::Udp),
            Some("SCTP") => Some(Self::Sctp),
            Some(_) => None,
        }
    }
}

/// A protocol as Istio knows it; [`fmt::Display`] gives the name that Istio prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// HTTP/1.x.
    Http,
    /// HTTP/2 without TLS.
    Http2,
    /// HTTP with CONNECT; meant for egress listeners of a Sidecar resource.
    HttpProxy,
    /// TLS whose content is HTTP: routed as TCP.
    Https,
    /// gRPC over HTTP/2.
    Grpc,
    /// gRPC-Web: Envoy translates it for the server behind.
    GrpcWeb,
    /// Bytes.
    Tcp,
    /// TLS, routed by SNI.
    Tls,
    /// MongoDB.
    Mongo,
    /// Redis.
    Redis,
    /// MySQL.
    MySql,
    /// UDP: no listener.
    Udp,
    /// Istio guesses from the first bytes of each connection.
    Unsupported,
}

impl Protocol {
    /// The name that Istio prints.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Http2 => "HTTP2",
            Self::HttpProxy => "HTTP_PROXY",
            Self::Https => "HTTPS",
            Self::Grpc => "GRPC",
            Self::GrpcWeb => "GRPC-Web",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Mongo => "Mongo",
            Self::Redis => "Redis",
            Self::MySql => "MySQL",
            Self::Udp => "UDP",
            Self::Unsupported => "UnsupportedProtocol",
        }
    }

    /// What is built for a port of this protocol
    /// (<https://github.com/istio/istio/blob/master/pilot/pkg/networking/networking.go>, `ModelProtocolToListenerProtocol`).
    pub const fn listener_class(self) -> ListenerClass {
        match self {
            Self::Http | Self::Http2 | Self::HttpProxy | Self::Grpc | Self::GrpcWeb => ListenerClass::Http,
            Self::Tcp | Self::Https | Self::Tls | Self::Mongo | Self::Redis | Self::MySql => ListenerClass::Tcp,
            Self::Unsupported => ListenerClass::Auto,
            Self::Udp => ListenerClass::None,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The kind of Envoy listener that a port gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListenerClass {
    /// HTTP filters: routes, retries, request metrics.
    Http,
    /// Bytes are passed on.
    Tcp,
    /// The protocol is guessed for every connection.
    Auto,
    /// No listener: the traffic bypasses the mesh, without mTLS and metrics.
    None,
}

/// Ports that Istio takes for TCP when nothing else says what they are: SMTP, DNS, MySQL, MongoDB. An explicit name wins over them.
pub const WELL_KNOWN_TCP_PORTS: [i64; 4] = [25, 53, 3306, 27017];

const WELL_KNOWN_PORTS_SINCE: Version = Version::new(1, 3);
const APP_PROTOCOL_SINCE: Version = Version::new(1, 8);
const KUBERNETES_APP_PROTOCOLS_SINCE: Version = Version::new(1, 19);

/// The protocol that Istio of this version gives a Service port.
///
/// `app_protocol` counts by being there: the name is then never looked at, not even when the value is unknown.
pub fn convert(
    istio: Version,
    port: i64,
    name: Option<&str>,
    transport: Transport,
    app_protocol: Option<&str>,
) -> Protocol {
    if transport == Transport::Udp {
        return Protocol::Udp;
    }
    let app_protocol = app_protocol.filter(|_| istio >= APP_PROTOCOL_SINCE);
    if istio >= KUBERNETES_APP_PROTOCOLS_SINCE
        && let Some(protocol) = app_protocol.and_then(kubernetes_app_protocol)
    {
        return protocol;
    }
    let parsed = named_protocol(app_protocol.or(name).unwrap_or_default());
    if istio < WELL_KNOWN_PORTS_SINCE {
        // Istio 1.1 and 1.2 guess nothing: what they cannot read is TCP, `udp` on a TCP port too.
        return if matches!(parsed, Protocol::Unsupported | Protocol::Udp) { Protocol::Tcp } else { parsed };
    }
    if parsed == Protocol::Unsupported && WELL_KNOWN_TCP_PORTS.contains(&port) { Protocol::Tcp } else { parsed }
}

/// The values that Kubernetes defines; their case counts.
fn kubernetes_app_protocol(value: &str) -> Option<Protocol> {
    match value {
        "kubernetes.io/h2c" => Some(Protocol::Http2),
        "kubernetes.io/ws" => Some(Protocol::Http),
        "kubernetes.io/wss" => Some(Protocol::Https),
        _ => None,
    }
}

/// A name is read up to its first hyphen, in any case, but `grpc-web` counts as a mere prefix: `grpc-webhook` is gRPC-Web.
/// What none of them names is [`Protocol::Unsupported`].
pub fn named_protocol(name: &str) -> Protocol {
    const GRPC_WEB: &str = "grpc-web";
    if name.get(..GRPC_WEB.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(GRPC_WEB)) {
        return Protocol::GrpcWeb;
    }
    let prefix = name.split('-').next().unwrap_or_default();
    NAMES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(prefix))
        .map_or(Protocol::Unsupported, |&(_, protocol)| protocol)
}

const NAMES: [(&str, Protocol); 11] = [
    ("tcp", Protocol::Tcp),
    ("udp", Protocol::Udp),
    ("grpc", Protocol::Grpc),
    ("http", Protocol::Http),
    ("http_proxy", Protocol::HttpProxy),
    ("http2", Protocol::Http2),
    ("https", Protocol::Https),
    ("tls", Protocol::Tls),
    ("mongo", Protocol::Mongo),
    ("mysql", Protocol::MySql),
    ("redis", Protocol::Redis),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    const TODAY: Version = Version::new(1, 31);

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vector {
        port_name: Option<String>,
        app_protocol: Option<String>,
        port: i64,
        transport: String,
        istio_protocol: String,
        listener_class: String,
    }

    /// The results were computed with Istio's own two functions.
    #[test]
    fn agrees_with_istio_on_every_recorded_port() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../tests/data/istio-port-protocol.json")).unwrap();
        assert_eq!(vectors.len(), 62);
        for vector in vectors {
            let Vector { port_name, app_protocol, port, transport, istio_protocol, listener_class } = vector;
            let transport = Transport::read(Some(&transport)).unwrap();
            let protocol = convert(TODAY, port, port_name.as_deref(), transport, app_protocol.as_deref());
            assert_eq!(protocol.name(), istio_protocol, "{port_name:?} {app_protocol:?} {port}");
            let class = format!("{:?}", protocol.listener_class()).to_uppercase();
            assert_eq!(class, listener_class, "{port_name:?} {app_protocol:?} {port}");
        }
    }

    /// Istio's own table for its parser (`pkg/config/protocol/instance_test.go`).
    #[test]
    fn reads_names_in_any_case() {
        for (name, wanted) in [
            ("HTTP", Protocol::Http),
            ("Http_Proxy", Protocol::HttpProxy),
            ("gRPC-Web", Protocol::GrpcWeb),
            ("MONGO", Protocol::Mongo),
            ("Redis", Protocol::Redis),
            ("MySQL", Protocol::MySql),
            ("", Protocol::Unsupported),
            ("SMTP", Protocol::Unsupported),
            ("HBONE", Protocol::Unsupported),
            ("grpc-wéb", Protocol::Grpc),
        ] {
            assert_eq!(named_protocol(name), wanted, "{name}");
        }
    }

    #[test]
    fn eras_of_istio_differ() {
        let tcp = |minor, port, name, app| convert(Version::new(1, minor), port, name, Transport::Tcp, app);
        for (case, protocol, wanted) in [
            ("before sniffing an unknown name is TCP", tcp(2, 80, Some("web"), None), Protocol::Tcp),
            ("before sniffing udp on TCP is TCP", tcp(2, 80, Some("udp"), None), Protocol::Tcp),
            ("sniffing came with 1.3", tcp(3, 80, Some("web"), None), Protocol::Unsupported),
            ("appProtocol is not looked at", tcp(7, 80, Some("http"), Some("tcp")), Protocol::Http),
            ("appProtocol is looked at", tcp(8, 80, Some("http"), Some("tcp")), Protocol::Tcp),
            ("h2c is not known yet", tcp(18, 80, Some("http"), Some("kubernetes.io/h2c")), Protocol::Unsupported),
            ("h2c is known", tcp(19, 80, Some("http"), Some("kubernetes.io/h2c")), Protocol::Http2),
        ] {
            assert_eq!(protocol, wanted, "{case}");
        }
    }

    #[test]
    fn reads_transports_as_the_api_server_does() {
        assert_eq!(Transport::read(None), Some(Transport::Tcp));
        assert_eq!(Transport::read(Some("SCTP")), Some(Transport::Sctp));
        assert_eq!(Transport::read(Some("tcp")), None);
    }
}
