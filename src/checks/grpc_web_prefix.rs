//! `grpc-web-prefix`: ports that Istio takes for gRPC-Web because of their first eight letters.
//!
//! Istio compares the beginning only, without looking where the word ends. Source:
//! <https://github.com/istio/istio/blob/master/pkg/config/kube/conversion.go>

use crate::base::{Path, PodRepair};
use crate::checks::port_evidence::{Evidence, Strength, evidence};
use crate::checks::port_fix::{declare, fixed, name_prefix, renamed};
use crate::checks::service_port::{APP_PROTOCOL, deciding_field, deciding_text, protocol_of, reads_app_protocol};
use crate::checks::{Check, NoParams, Observation, bind, schema_of, shortened};
use crate::inventory::Subject;
use crate::manifest::ServicePort;
use crate::mesh::{Protocol, Version};

/// The check.
pub const CHECK: Check = Check {
    id: "grpc-web-prefix",
    summary: "ports that Istio takes for gRPC-Web because of their first letters",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(service) = subject.service().filter(|service| !service.is_external_name()) else { return Vec::new() };
    let istio = subject.profile.istio_version;
    let observe = |port: ServicePort<'_>| {
        let field = deciding_field(&port, istio);
        let word = mistaken_word(&port, istio)?;
        let told = evidence(subject, &port).ok().filter(|told| told.strength == Strength::Certain);
        let told = told.filter(|_| reads_app_protocol(istio));
        let fix = match (field, &told) {
            // The name stays where it is known what to say beside it.
            (_, Some(told)) => declare(subject, &port, told.protocol, &told.strength),
            (APP_PROTOCOL, _) => declare(subject, &port, Protocol::Grpc, &Strength::Certain),
            _ => renamed(subject, &port, format!("grpc-svc-{word}"), Protocol::Grpc, ""),
        };
        let seen = lookalike(port.path().key(field), field, deciding_text(&port, istio)?, told.as_ref());
        Some(fixed(seen, subject, &port, fix))
    };
    service.ports().filter_map(observe).collect()
}

/// The word behind `grpc-` of a port that Istio takes for gRPC-Web although it only begins like that.
pub fn mistaken_word<'a>(port: &ServicePort<'a>, istio: Version) -> Option<&'a str> {
    longer_word(deciding_text(port, istio)?).filter(|_| protocol_of(port, istio) == Some(Protocol::GrpcWeb))
}

const GRPC_WEB: &str = "grpc-web";

/// The word behind `grpc-` where it only begins with `web`: `webhook` of `grpc-webhook`. A digit may well number several
/// ports that speak gRPC-Web.
fn longer_word(text: &str) -> Option<&str> {
    let rest = text.get(GRPC_WEB.len()..).filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    text.get(text.len() - rest.len() - "web".len()..)
}

fn lookalike(path: Path, field: &str, text: &str, told: Option<&Evidence>) -> Observation {
    let told_by = told.map(|told| format!("; it is {} by {}", told.protocol, told.source)).unwrap_or_default();
    let wanted = match told {
        _ if field == APP_PROTOCOL => format!("`{}`", told.map_or("grpc", |told| name_prefix(told.protocol))),
        Some(told) => format!("`{}[-suffix]`", name_prefix(told.protocol)),
        None => "`grpc`, or another word behind it,".to_owned(),
    };
    let message = format!(
        "{field} {} begins with `grpc-web`, so Istio reads gRPC-Web{told_by}: want {wanted} at {path}",
        shortened(text)
    );
    let help = match told {
        Some(told) => format!("an appProtocol keeps the name that others refer to; told by {}", told.words),
        None => "if the port does speak gRPC-Web, write `grpc-web` or `grpc-web-suffix`".to_owned(),
    };
    Observation::new(path, message).help(help)
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
