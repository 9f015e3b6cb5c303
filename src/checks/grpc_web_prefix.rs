//! `grpc-web-prefix`: ports that Istio takes for gRPC-Web because of their first eight letters.
//!
//! Istio compares the beginning only, without looking where the word ends. Source:
//! <https://github.com/istio/istio/blob/master/pkg/config/kube/conversion.go>

use crate::base::{Path, PodRepair};
use crate::checks::port_evidence::{Strength, evidence};
use crate::checks::port_fix::{declare, fixed, renamed};
use crate::checks::service_port::{APP_PROTOCOL, deciding_field, deciding_text, protocol_of, reads_app_protocol};
use crate::checks::{Check, Observation, bind, schema_of, shortened};
use crate::inventory::Subject;
use crate::manifest::ServicePort;
use crate::mesh::Protocol;
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "grpc-web-prefix",
    summary: "ports that Istio takes for gRPC-Web because of their first letters",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `grpc-web-prefix`: none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {}

fn run(_: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(service) = subject.service().filter(|service| !service.is_external_name()) else { return Vec::new() };
    let istio = subject.profile.istio_version;
    let observe = |port: ServicePort<'_>| {
        let (field, text) = (deciding_field(&port, istio), deciding_text(&port, istio)?);
        let word = longer_word(text).filter(|_| protocol_of(&port, istio) == Some(Protocol::GrpcWeb))?;
        let fix = match (field, evidence(subject, &port)) {
            // The name stays where it is known what to say beside it.
            (_, Ok(told)) if told.strength == Strength::Certain && reads_app_protocol(istio) => {
                declare(subject, &port, told.protocol, &told.strength)
            }
            (APP_PROTOCOL, _) => declare(subject, &port, Protocol::Grpc, &Strength::Certain),
            _ => renamed(subject, &port, format!("grpc-svc-{word}"), Protocol::Grpc, ""),
        };
        Some(fixed(lookalike(port.path().key(field), field, text), subject, &port, fix))
    };
    service.ports().filter_map(observe).collect()
}

const GRPC_WEB: &str = "grpc-web";

/// The word behind `grpc-` where it only begins with `web`: `webhook` of `grpc-webhook`. A digit may well number several
/// ports that speak gRPC-Web.
fn longer_word(text: &str) -> Option<&str> {
    let rest = text.get(GRPC_WEB.len()..).filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    text.get(text.len() - rest.len() - "web".len()..)
}

fn lookalike(path: Path, field: &str, text: &str) -> Observation {
    let wanted = if field == APP_PROTOCOL { "`grpc`" } else { "`grpc`, or another word behind it," };
    let message =
        format!("{field} {} begins with `grpc-web`, so Istio reads gRPC-Web: want {wanted} at {path}", shortened(text));
    Observation::new(path, message).help("if the port does speak gRPC-Web, write `grpc-web` or `grpc-web-suffix`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::tests::remedies_of_service;
    use serde_json::{Value, json};

    #[test]
    fn a_word_comes_between() {
        let remedy = |ports: &Value| remedies_of_service(&CHECK, &json!({"ports": ports})).remove(0);
        let longest = format!("grpc-web{}", "x".repeat(51));
        for (ports, wanted) in [
            (json!([{"name": "grpc-webhook", "port": 1}]), "call port 1 `grpc-svc-webhook`"),
            (json!([{"name": longest, "port": 1}]), "call port 1 `grpc-svc-webxxxxxxxxxxxxxxxxxxxxxxxxx...`"),
            (json!([{"name": "x", "appProtocol": "grpc-website", "port": 1}]), "set appProtocol of port 1 to `grpc`"),
            (
                json!([{"name": "grpc-webhook", "port": 1}, {"name": "grpc-svc-webhook", "port": 2}]),
                "another port of the Service is called `grpc-svc-webhook` already",
            ),
        ] {
            assert_eq!(remedy(&ports), wanted);
        }
        assert!(remedy(&json!([{"name": format!("{longest}x"), "port": 1}])).contains("would be no name for a port"));
    }
}
