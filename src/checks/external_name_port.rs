//! `external-name-port`: the ports of ExternalName Services, which have no address that a listener could have.
//!
//! Source: <https://istio.io/latest/docs/reference/config/analysis/ist0150/>

use crate::base::{Fix, PodRepair};
use crate::checks::port_evidence::Strength;
use crate::checks::port_fix::{declare, fixed, renamed};
use crate::checks::service_port::{APP_PROTOCOL, deciding_field, deciding_text, protocol_of};
use crate::checks::{Check, NoParams, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::manifest::{Service, ServicePort};
use crate::mesh::Protocol;
use crate::mesh::outbound_listener::EXTERNAL_NAME_IS_ALIAS_SINCE;

/// The check.
pub const CHECK: Check = Check {
    id: "external-name-port",
    summary: "the protocols of ports of ExternalName Services",
    cases: &[ALIAS],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

/// Istio takes the Service for another name of where it leads, and builds no listener.
const ALIAS: &str = "alias";

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(service) = subject.service().filter(Service::is_external_name) else { return Vec::new() };
    let istio = subject.profile.istio_version;
    let cannot_be_told = |port: &ServicePort<'_>| match protocol_of(port, istio) {
        Some(Protocol::Unsupported) => true,
        Some(Protocol::Tcp) => deciding_text(port, istio).is_some_and(|text| text.eq_ignore_ascii_case("tcp")),
        _ => false,
    };
    service.ports().filter(cannot_be_told).map(|port| observe(subject, &port)).collect()
}

fn observe(subject: &Subject<'_>, port: &ServicePort<'_>) -> Observation {
    let istio = subject.profile.istio_version;
    let (field, number) = (deciding_field(port, istio), port.number);
    let is_alias = istio >= EXTERNAL_NAME_IS_ALIAS_SINCE;
    let seen = match deciding_text(port, istio).map(|text| shortened_to(20, text)) {
        Some(text) if protocol_of(port, istio) == Some(Protocol::Tcp) => format!("{field} {text} tells no hosts apart"),
        Some(text) => format!("{field} {text} names no protocol"),
        None => format!("port {number} has no name"),
    };
    let effect = if is_alias {
        format!("before Istio 1.20 the Service would take all of port {number}")
    } else {
        format!("the Service, without an address, takes all of port {number} in every sidecar")
    };
    let path = port.path().key(field);
    let observation = Observation::new(path.clone(), format!("{seen}: {effect}; want http, https or tls at {path}"))
        .at(port.path().key("name"))
        .help("requests find an outside host by the Host header (http), TLS connections by their SNI (https, tls)");
    let observation = fixed(observation, subject, port, by_number(subject, port));
    if is_alias { observation.case(ALIAS) } else { observation }
}

/// The manifest does not show what the host outside speaks, but two numbers are hardly used for anything else.
fn by_number(subject: &Subject<'_>, port: &ServicePort<'_>) -> Result<Fix, String> {
    let (protocol, word) = match port.number {
        80 => (Protocol::Http, "http"),
        443 => (Protocol::Https, "https"),
        _ => return Err("the manifest does not show what the host outside speaks".to_owned()),
    };
    let reason = format!("only the number says that the host speaks {protocol}");
    if deciding_field(port, subject.profile.istio_version) == APP_PROTOCOL {
        return declare(subject, port, protocol, &Strength::Likely(reason));
    }
    let suffix = port.name.filter(|name| *name != "tcp").map(|name| format!("-{name}")).unwrap_or_default();
    renamed(subject, port, format!("{word}{suffix}"), protocol, &reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::tests::remedies_of_service;
    use serde_json::json;

    #[test]
    fn only_two_numbers_tell_what_the_host_speaks() {
        let unfixed = "the manifest does not show what the host outside speaks";
        for (ports, wanted) in [
            (json!([{"name": "tcp", "port": 443}]), "call port 443 `https`"),
            (json!([{"name": "web", "port": 443}]), "call port 443 `https-web`"),
            (json!([{"name": "web", "port": 80}]), "call port 80 `http-web`"),
            (json!([{"port": 80}]), "call port 80 `http`"),
            (json!([{"name": "web", "port": 443, "appProtocol": "x"}]), "set appProtocol of port 443 to `https`"),
            (json!([{"name": "web", "port": 8080}]), unfixed),
            (json!([{"port": 8443}]), unfixed),
        ] {
            let spec = json!({"type": "ExternalName", "externalName": "example.com", "ports": ports});
            assert_eq!(remedies_of_service(&CHECK, &spec), [wanted], "{ports}");
        }
    }
}
