//! What one sign says that a port speaks: a protocol, or a family of them.

use crate::inventory::Carried;
use crate::manifest::ProbeProtocol;
use crate::mesh::protocol::named_protocol;
use crate::mesh::{ListenerClass, Protocol, Spoken, WELL_KNOWN, WellKnown};
use std::fmt;

/// The protocols that a sign allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// This one.
    Exactly(Protocol),
    /// HTTP of any version, gRPC among them.
    AnyHttp,
    /// TLS, whatever is in it.
    AnyTls,
    /// What is passed on as bytes.
    AnyBytes,
}

impl Claim {
    /// What both say together; none where they contradict each other.
    pub fn and(self, other: Self) -> Option<Self> {
        match (self, other) {
            (one, two) if one == two => Some(one),
            (Self::Exactly(protocol), family) | (family, Self::Exactly(protocol)) => {
                family.has(protocol).then_some(Self::Exactly(protocol))
            }
            (Self::AnyTls, Self::AnyBytes) | (Self::AnyBytes, Self::AnyTls) => Some(Self::AnyTls),
            _ => None,
        }
    }

    /// The protocol to declare where nothing says more.
    pub fn protocol(self) -> Protocol {
        match self {
            Self::Exactly(protocol) => protocol,
            Self::AnyHttp => Protocol::Http,
            Self::AnyTls => Protocol::Tls,
            Self::AnyBytes => Protocol::Tcp,
        }
    }

    fn has(self, protocol: Protocol) -> bool {
        match self {
            Self::Exactly(exactly) => exactly == protocol,
            Self::AnyHttp => protocol.listener_class() == ListenerClass::Http,
            Self::AnyTls => matches!(protocol, Protocol::Tls | Protocol::Https),
            Self::AnyBytes => protocol.listener_class() == ListenerClass::Tcp,
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyHttp => formatter.write_str("HTTP"),
            exactly => write!(formatter, "{}", exactly.protocol()),
        }
    }
}

/// What a probe speaks.
pub fn probed(protocol: ProbeProtocol) -> (Claim, &'static str) {
    let (protocol, how) = match protocol {
        ProbeProtocol::Http => (Protocol::Http, "httpGet"),
        ProbeProtocol::Https => (Protocol::Https, "httpGet over HTTPS"),
        ProbeProtocol::Grpc => (Protocol::Grpc, "grpc"),
    };
    (Claim::Exactly(protocol), how)
}

/// What a route or a monitor brings.
pub fn carried(carried: Carried) -> Claim {
    match carried {
        Carried::Http => Claim::AnyHttp,
        Carried::Http1 => Claim::Exactly(Protocol::Http),
        Carried::Https => Claim::Exactly(Protocol::Https),
        Carried::Grpc => Claim::Exactly(Protocol::Grpc),
        Carried::Tls => Claim::AnyTls,
        Carried::Bytes => Claim::AnyBytes,
    }
}

/// What a number or a server stands for.
pub fn known(known: &WellKnown) -> Claim {
    match known.speaks {
        Spoken::Bytes => Claim::AnyBytes,
        Spoken::Http => Claim::Exactly(Protocol::Http),
        Spoken::Https => Claim::Exactly(Protocol::Https),
        Spoken::Grpc => Claim::Exactly(Protocol::Grpc),
    }
}

/// The protocol that a name means beyond doubt: by Istio's own convention, or as a name known to everybody.
///
/// Databases are taken for the bytes that they are: `mongo` and `mysql` ask Istio for filters that look into them, and
/// make it drop a Service that shares a port number with another protocol; that is for the owner to ask for.
pub fn meant(name: &str) -> Option<Protocol> {
    let is_grpc_web = || name == "grpc-web" || name.starts_with("grpc-web-");
    match named_protocol(name) {
        Protocol::Mongo | Protocol::MySql | Protocol::Redis => Some(Protocol::Tcp),
        // `grpc-webhook` is gRPC-Web for Istio only, because it looks at the first eight letters.
        Protocol::GrpcWeb if !is_grpc_web() => None,
        Protocol::Udp | Protocol::HttpProxy => None,
        Protocol::Unsupported if name == "h2c" => Some(Protocol::Http2),
        Protocol::Unsupported => WELL_KNOWN.iter().any(|it| it.port_names.contains(&name)).then_some(Protocol::Tcp),
        named => Some(named),
    }
}

/// Whether a word of a port name speaks against a claim: another protocol, or what people call the HTTP side of a server.
pub fn is_denied_by(claim: Claim, name: &str) -> bool {
    let denies = |word: &str| match meant(word) {
        Some(protocol) => !claim.has(protocol),
        None => claim == Claim::AnyBytes && HTTP_WORDS.contains(&word),
    };
    name.split('-').any(denies) || is_denied_as_database(claim, name)
}

/// Whether a name speaks of a database, and not of which, against a claim of HTTP or gRPC.
pub fn is_denied_as_database(claim: Claim, name: &str) -> bool {
    let is_http = claim.protocol().listener_class() == ListenerClass::Http;
    is_http && name.split('-').any(|word| matches!(word, "pg" | "sql"))
}

/// Whether a name says HTTP, although not as Istio reads it. An `api` may be one of gRPC.
pub fn is_called_http(name: &str) -> bool {
    name.split('-').any(|word| word != "api" && HTTP_WORDS.contains(&word))
}

const HTTP_WORDS: [&str; 18] = [
    "admin",
    "api",
    "console",
    "dashboard",
    "debug",
    "exporter",
    "health",
    "healthz",
    "management",
    "metrics",
    "pprof",
    "prom",
    "prometheus",
    "rest",
    "ui",
    "web",
    "webhook",
    "www",
];

#[cfg(test)]
mod tests {
    use super::*;
    use Protocol::{Grpc, GrpcWeb, Http, Http2, Https, Tcp, Tls};

    #[test]
    fn names_mean_a_protocol_only_beyond_doubt() {
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

    #[test]
    fn signs_agree_where_one_protocol_fits_both() {
        let exactly = Claim::Exactly;
        for (one, other, wanted) in [
            (exactly(Http), exactly(Http), Some(exactly(Http))),
            (exactly(Http), exactly(Grpc), None),
            (exactly(Grpc), Claim::AnyHttp, Some(exactly(Grpc))),
            (exactly(Tcp), Claim::AnyHttp, None),
            (exactly(Https), Claim::AnyTls, Some(exactly(Https))),
            (exactly(Tcp), Claim::AnyTls, None),
            (exactly(Tcp), Claim::AnyBytes, Some(exactly(Tcp))),
            (exactly(Https), Claim::AnyBytes, Some(exactly(Https))),
            (Claim::AnyTls, Claim::AnyBytes, Some(Claim::AnyTls)),
            (Claim::AnyHttp, Claim::AnyBytes, None),
            (Claim::AnyHttp, Claim::AnyHttp, Some(Claim::AnyHttp)),
        ] {
            assert_eq!((one.and(other), other.and(one)), (wanted, wanted), "{one:?} {other:?}");
        }
    }

    #[test]
    fn words_of_a_name_speak_against_a_number() {
        for (claim, name, is_denied) in [
            (Claim::AnyBytes, "db", false),
            (Claim::AnyBytes, "postgres-primary", false),
            (Claim::AnyBytes, "postgres-metrics", true),
            (Claim::AnyBytes, "web", true),
            (Claim::AnyBytes, "main-http", true),
            (Claim::Exactly(Http), "web", false),
            (Claim::Exactly(Http), "api-grpc", true),
            (Claim::Exactly(Https), "api-http", true),
            (Claim::Exactly(Grpc), "sql", true),
            (Claim::Exactly(Http), "pg-main", true),
            (Claim::AnyBytes, "sql", false),
            (Claim::Exactly(Tls), "sql", false),
        ] {
            assert_eq!(is_denied_by(claim, name), is_denied, "{claim:?} {name}");
        }
    }
}
