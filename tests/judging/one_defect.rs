//! One defect of a port, one finding: of the rules about how the mesh reads a single port, at most one speaks.

use crate::{engine, judged};
use seaworthy::base::Finding;
use seaworthy::mesh::protocol::convert;
use seaworthy::mesh::{Protocol, Transport, Version};
use std::collections::{BTreeMap, BTreeSet};

/// The rules about how one port is read.
const READING: [&str; 6] = [
    "grpc-web-lookalike",
    "shadowed-port-name",
    "sniffed-server-first-port",
    "udp-named-tcp-port",
    "unclear-external-name-port",
    "unclear-port-protocol",
];

const NAMES: [&str; 13] = [
    "",
    "web",
    "http",
    "https-x",
    "grpc-webhook",
    "grpc-web",
    "tcp",
    "udp-dns",
    "smtp",
    "nats-ui",
    "git-ssh",
    "mysql",
    "postgres",
];
const APP_PROTOCOLS: [&str; 9] =
    ["", "HTTP", "tcp", "udp", "htpp", "kubernetes.io/h2c", "kubernetes.io/H2C", "grpc-website", "example.com/http"];
/// Numbers of the Service and of its pods.
const NUMBERS: [(i64, i64); 5] = [(80, 8080), (25, 25), (22, 2222), (4222, 4222), (13306, 3306)];

/// A port as it is generated.
struct Port {
    name: &'static str,
    app_protocol: &'static str,
    number: i64,
    protocol: &'static str,
    text: String,
}

fn ports() -> Vec<Port> {
    let mut ports = Vec::new();
    for name in NAMES {
        for app_protocol in APP_PROTOCOLS {
            for (number, target) in NUMBERS {
                // Another transport is none of the names' business: one number will do.
                let transports = if number == 80 { &["TCP", "SCTP", "UDP"][..] } else { &["TCP"] };
                for protocol in transports {
                    let quoted = |key: &str, value: &str| match value {
                        "" => String::new(),
                        value => format!(", {key}: '{value}'"),
                    };
                    let text = format!(
                        "{{port: {number}, targetPort: {target}, protocol: {protocol}{}{}}}",
                        quoted("name", name),
                        quoted("appProtocol", app_protocol)
                    );
                    ports.push(Port { name, app_protocol, number, protocol, text });
                }
            }
        }
    }
    ports
}

/// Each port in a Service of its own; every second one with a pod behind it that says what some of its ports are.
fn files(ports: &[Port], spec: &str) -> String {
    let mut text = String::new();
    for (index, port) in ports.iter().enumerate() {
        let service = format!("apiVersion: v1\nkind: Service\nmetadata: {{name: s{index}}}\n");
        let selector = format!("selector: {{app: s{index}}}");
        text.push_str(&format!("---\n{service}spec: {{{spec}{selector}, ports: [{}]}}\n", port.text));
        if index % 2 == 0 {
            let metadata = format!("metadata: {{name: s{index}, labels: {{app: s{index}}}}}");
            text.push_str(&format!("---\napiVersion: v1\nkind: Pod\n{metadata}\n{PODS}"));
        }
    }
    text
}

const PODS: &str = "spec: {containers: [{name: web, image: mysql, ports: [{name: http, containerPort: 8080}, {containerPort: \
                    3306}]}]}\n";

fn is_guessed(port: &Port, istio: Version) -> bool {
    let said = |text: &'static str| Some(text).filter(|text| !text.is_empty());
    let transport = Transport::read(Some(port.protocol)).expect("a transport");
    convert(istio, port.number, said(port.name), transport, said(port.app_protocol)) == Protocol::Unsupported
}

#[test]
fn each_port_has_at_most_one_finding_of_how_it_is_read_and_each_guessed_one_has_it() {
    let ports = ports();
    let mut spoken = BTreeSet::new();
    let external = "type: ExternalName, externalName: a.example.com, ";
    for (spec, version, membership) in [
        ("", "1.28", "sidecar"),
        ("", "1.28", "ambient"),
        ("", "1.28", "outside"),
        ("clusterIP: None, ", "1.28", "sidecar"),
        (external, "1.28", "sidecar"),
        (external, "1.28", "ambient"),
        (external, "1.19", "sidecar"),
        ("", "1.18", "sidecar"),
        ("", "1.7", "sidecar"),
        ("", "1.2", "sidecar"),
    ] {
        let profile = format!("profile: {{assumeMembership: {membership}, istioVersion: '{version}'}}\n");
        let outcome = judged(&engine(&profile), &[("all.yaml", &files(&ports, spec))]);
        assert_eq!(outcome.problems, []);
        let found: Vec<&Finding> = outcome.findings.iter().filter(|it| READING.contains(&&*it.rule)).collect();
        let mut of_ports: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for finding in found {
            of_ports.entry(&finding.object.name).or_default().push(&finding.rule);
        }
        let (minor, is_external) = (version[2..].parse().expect("a number"), spec.contains("ExternalName"));
        for (index, port) in ports.iter().enumerate() {
            let rules = of_ports.get(&*format!("s{index}")).cloned().unwrap_or_default();
            let about = format!("{membership} {version} {spec}{}: {rules:?}", port.text);
            assert!(rules.len() <= 1, "{about}");
            let must_speak = match membership {
                "sidecar" => true,
                "ambient" => !is_external,
                _ => false,
            };
            if is_guessed(port, Version::new(1, minor)) {
                assert_eq!(rules.len(), usize::from(must_speak), "{about}");
            }
            spoken.extend(rules.iter().map(|rule| (*rule).to_owned()));
        }
    }
    assert_eq!(spoken.into_iter().collect::<Vec<_>>(), READING);
}
