//! The probes of a container, as far as they tell what a port of it speaks.

use crate::manifest::{Container, Target};
use serde_json::Value;

/// A probe that speaks a protocol to a port of its own pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe<'a> {
    /// The field that holds it: `readinessProbe`.
    pub field: &'static str,
    /// What the kubelet speaks to the port.
    pub protocol: ProbeProtocol,
    /// The port; a name is one that the same container declares.
    pub port: Target<'a>,
}

/// What a probe speaks. A `tcpSocket` says nothing about it, and an `exec` asks no port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProbeProtocol {
    /// `httpGet`.
    Http,
    /// `httpGet` with `scheme: HTTPS`.
    Https,
    /// `grpc`.
    Grpc,
}

const PROBES: [&str; 3] = ["startupProbe", "readinessProbe", "livenessProbe"];

impl<'a> Container<'a> {
    /// Its probes that speak a protocol to a port of the pod.
    pub fn probes(&self) -> impl Iterator<Item = Probe<'a>> + use<'a> {
        let container = self.value();
        PROBES.into_iter().filter_map(move |field| Probe::of(field, container.get(field)?))
    }

    /// The number of the port that a probe asks, where the container declares its name.
    pub fn probed_port(&self, probe: &Probe<'_>) -> Option<i64> {
        match probe.port {
            Target::Number(number) => Some(number),
            Target::Name(name) => self.ports().find(|port| port.name == Some(name)).map(|port| port.number),
        }
    }
}

impl<'a> Probe<'a> {
    /// With a `host` the kubelet asks somebody else.
    fn of(field: &'static str, probe: &'a Value) -> Option<Self> {
        if let Some(grpc) = probe.get("grpc") {
            let port = Target::Number(grpc.get("port")?.as_i64()?);
            return Some(Self { field, protocol: ProbeProtocol::Grpc, port });
        }
        let get = probe.get("httpGet")?;
        let text = |key: &str| get.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let port = match get.get("port")? {
            Value::Number(number) => Target::Number(number.as_i64()?),
            Value::String(name) => Target::Name(name),
            _ => return None,
        };
        let protocol = if text("scheme") == Some("HTTPS") { ProbeProtocol::Https } else { ProbeProtocol::Http };
        text("host").is_none().then_some(Self { field, protocol, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Object, PodTemplate};
    use serde_json::json;

    #[test]
    fn probes_tell_what_they_speak_to_which_port() {
        for (probe, wanted) in [
            (json!({"httpGet": {"port": 8080}}), Some((ProbeProtocol::Http, 8080))),
            (json!({"httpGet": {"port": "web", "scheme": "HTTPS"}}), Some((ProbeProtocol::Https, 8443))),
            (json!({"httpGet": {"port": "web", "scheme": "HTTP", "host": ""}}), Some((ProbeProtocol::Http, 8443))),
            (json!({"grpc": {"port": 9000, "service": "a"}}), Some((ProbeProtocol::Grpc, 9000))),
            (json!({"httpGet": {"port": 8080, "host": "example.com"}}), None),
            (json!({"httpGet": {"port": "other"}}), None),
            (json!({"httpGet": {"path": "/"}}), None),
            (json!({"tcpSocket": {"port": 8080}}), None),
            (json!({"exec": {"command": ["true"]}}), None),
        ] {
            let ports = json!([{"name": "web", "containerPort": 8443}]);
            let container = json!({"name": "web", "ports": ports, "livenessProbe": probe});
            let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [container]}});
            let pod = Object::from_json(pod).unwrap();
            let container = PodTemplate::of(&pod).unwrap().containers().next().unwrap();
            let found = container.probes().find_map(|probe| Some((probe.protocol, container.probed_port(&probe)?)));
            assert_eq!(found, wanted, "{probe}");
        }
    }
}
