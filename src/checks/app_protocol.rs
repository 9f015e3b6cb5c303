//! `app-protocol`: values of appProtocol that hide a port name which says something else.
//!
//! Where `appProtocol` is set Istio never looks at the name. Source:
//! <https://github.com/istio/istio/blob/master/pkg/config/kube/conversion.go>

use crate::base::{Edit, Fix, PodRepair, nearest};
use crate::checks::grpc_web_prefix::mistaken_word;
use crate::checks::port_fix::{app_protocol, fixed, name_prefix, renamed};
use crate::checks::service_port::{APP_PROTOCOL, hidden_protocol, is_listened_for_by_pod, protocol_of, spoken};
use crate::checks::{Check, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::manifest::ServicePort;
use crate::mesh::protocol::convert;
use crate::mesh::{Protocol, Transport, Version, differ_inbound};
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "app-protocol",
    summary: "values of appProtocol that hide a port name which says something else",
    cases: &[HEADLESS],
    repair: PodRepair::Never,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Istio guesses, and the Service is headless: every endpoint gets a guessing listener of its own.
const HEADLESS: &str = "headless";

/// Parameters of `app-protocol`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {
    /// Values that are meant for other controllers, and are no finding whatever the name says.
    #[serde(default)]
    allow_app_protocols: Vec<String>,
}

/// A port with an appProtocol, and what both of its fields say.
struct Shadowed<'a> {
    port: ServicePort<'a>,
    name: &'a str,
    value: &'a str,
    /// What the name says.
    hidden: Protocol,
    /// What Istio reads.
    read: Protocol,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(service) = subject.service().filter(|service| !service.is_external_name()) else { return Vec::new() };
    let istio = subject.profile.istio_version;
    let observe = |port: ServicePort<'_>| {
        let (hidden, read) = (hidden_protocol(&port, istio)?, protocol_of(&port, istio)?);
        let shadowed = Shadowed { port, name: port.name?, value: port.app_protocol?, hidden, read };
        let is_allowed = params.allow_app_protocols.iter().any(|allowed| allowed == shadowed.value);
        match read {
            // A TCP port that is UDP for Istio, or gRPC-Web by accident, is another rule's finding.
            _ if is_allowed || read == Protocol::Udp || mistaken_word(&shadowed.port, istio).is_some() => None,
            Protocol::Unsupported => Some(unknown(subject, &shadowed, istio)),
            _ if read.listener_class() == hidden.listener_class() => None,
            _ => Some(contradiction(subject, &shadowed)),
        }
    };
    service.ports().filter_map(observe).collect()
}

/// The value means nothing to Istio, so that the port is guessed although its name says what it is.
fn unknown(subject: &Subject<'_>, shadowed: &Shadowed<'_>, istio: Version) -> Observation {
    let path = shadowed.port.path().key(APP_PROTOCOL);
    let meant = meant(shadowed, istio);
    let wanted = meant.unwrap_or_else(|| app_protocol(shadowed.hidden, istio));
    let message = format!(
        "appProtocol {} is not known to Istio and hides port name {}, so Istio guesses: want `{wanted}` at {path}",
        shortened_to(LONGEST, shadowed.value),
        shortened_to(LONGEST, shadowed.name),
    );
    let fix = match meant {
        Some(value) => Fix::safe(format!("set appProtocol to `{value}`"), vec![Edit::set(path.clone(), value)]),
        None => Fix::risky(
            format!("take appProtocol away, so that {} counts", shortened_to(LONGEST, shadowed.name)),
            format!("another controller may read {}", shortened_to(LONGEST, shadowed.value)),
            vec![Edit::Remove { path: path.clone() }],
        ),
    };
    let observation = Observation::new(path, message).help(HELP).fixed_by(fix);
    if is_listened_for_by_pod(subject) { observation.case(HEADLESS) } else { observation }
}

const LONGEST: usize = 30;
const HELP: &str = "where appProtocol is set Istio does not look at the name; it knows http, http2, https, grpc, grpc-web, tcp, \
                    tls, mongo, mysql, redis, kubernetes.io/h2c, kubernetes.io/ws and kubernetes.io/wss";

/// The value that was meant: one that is near to it by spelling, and for which the proxy does what the name asks for.
fn meant(shadowed: &Shadowed<'_>, istio: Version) -> Option<&'static str> {
    let read = |value: &str| convert(istio, shadowed.port.number, None, Transport::Tcp, Some(value));
    let known = VALUES.into_iter().filter(|value| read(value) != Protocol::Unsupported);
    nearest(shadowed.value, known).filter(|value| !differ_inbound(read(value), shadowed.hidden))
}

const VALUES: [&str; 13] = [
    "http",
    "http2",
    "https",
    "grpc",
    "grpc-web",
    "tcp",
    "tls",
    "mongo",
    "mysql",
    "redis",
    "kubernetes.io/h2c",
    "kubernetes.io/ws",
    "kubernetes.io/wss",
];

/// Istio knows both, and they ask for listeners of different kinds.
fn contradiction(subject: &Subject<'_>, shadowed: &Shadowed<'_>) -> Observation {
    let Shadowed { port, name, value, hidden, read } = shadowed;
    let path = port.path().key(APP_PROTOCOL);
    let message = format!(
        "appProtocol {} makes port {} {}, although its name {} says {}: want both the same at {path}",
        shortened_to(LONGEST, value),
        port.number,
        spoken(*read),
        shortened_to(LONGEST, name),
        spoken(*hidden),
    );
    let suffix = name.split_once('-').map(|(_, suffix)| format!("-{suffix}")).unwrap_or_default();
    let fix = renamed(subject, port, format!("{}{suffix}", name_prefix(*read)), *read, WHICH_IS_RIGHT);
    fixed(Observation::new(path, message).help(HELP), subject, port, fix)
}

const WHICH_IS_RIGHT: &str = "it keeps what the mesh does now; if the name was right, take appProtocol away instead";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Remedy, Safety};
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::manifest::edit::applied;
    use crate::mesh::Profile;
    use serde_json::{Value, json};

    /// The remedy for a port, with the port as it is after it.
    fn remedy(params: &Value, name: &str, value: &str) -> Option<(Option<Safety>, Value)> {
        let port = json!({"name": name, "port": 1, "appProtocol": value});
        let service =
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [port]}});
        let service = Object::from_json(service).unwrap();
        let (inventory, profile) = (Inventory::default(), Profile::default());
        let found = (CHECK.bind)(params).unwrap()(&Subject::new(&service, &inventory, &profile));
        let [observation] = <[Observation; 1]>::try_from(found).ok()?;
        match observation.remedy {
            Remedy::Unfixed(_) => Some((None, Value::Null)),
            Remedy::Fix(fix) => {
                let after = applied(&fix.edits, service.value()).unwrap();
                Some((Some(fix.safety), after["spec"]["ports"][0].clone()))
            }
        }
    }

    #[test]
    fn only_a_misspelt_value_that_agrees_with_the_name_is_safely_put_right() {
        for (name, value, is_safe, name_after, value_after) in [
            ("http-web", "htpp", true, "http-web", Some("http")),
            ("http2-web", "kubernetes.io/H2C", true, "http2-web", Some("kubernetes.io/h2c")),
            ("tls-db", "tcpp", true, "tls-db", Some("tcp")),
            ("http-web", "grcp", false, "http-web", None),
            ("http-web", "tcpp", false, "http-web", None),
            ("http-web", "example.com/web", false, "http-web", None),
            ("http-web", "tcp", false, "tcp-web", Some("tcp")),
            ("http", "tcp", false, "tcp", Some("tcp")),
            ("tcp-web", "kubernetes.io/ws", false, "http-web", Some("kubernetes.io/ws")),
        ] {
            let (safety, port) = remedy(&json!({}), name, value).unwrap();
            assert_eq!(safety.unwrap() == Safety::Safe, is_safe, "{name} {value}");
            let after = (port["name"].as_str(), port["appProtocol"].as_str());
            assert_eq!(after, (Some(name_after), value_after), "{name} {value}");
        }
        // There is no name that says HTTP_PROXY.
        assert_eq!(remedy(&json!({}), "tcp-web", "http_proxy"), Some((None, Value::Null)));
    }

    #[test]
    fn values_of_other_controllers_can_be_allowed() {
        let params = json!({"allowAppProtocols": ["example.com/web", "tcp"]});
        for (value, is_finding) in [("example.com/web", false), ("tcp", false), ("TCP", true), ("example.com/we", true)]
        {
            assert_eq!(remedy(&params, "http-web", value).is_some(), is_finding, "{value}");
        }
    }
}
