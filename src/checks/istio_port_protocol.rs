//! `istio-port-protocol`: the protocol that Istio reads from each port of a Service.
//!
//! Source: <https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/>

use crate::base::PodRepair;
use crate::checks::port_evidence::{Evidence, evidence};
use crate::checks::port_fix::{app_protocol, declare, is_dns_label, without_udp};
use crate::checks::server_first::greeting;
use crate::checks::service_port::{
    APP_PROTOCOL, deciding_field, deciding_text, hidden_protocol, is_listened_for_by_pod, protocol_of,
    reads_app_protocol, unread,
};
use crate::checks::{Check, Observation, bind, schema_of, shortened};
use crate::inventory::Subject;
use crate::manifest::{Service, ServicePort};
use crate::mesh::{Protocol, Version};
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "istio-port-protocol",
    summary: "the protocol that Istio reads from each port of a Service",
    cases: &[HEADLESS],
    repair: PodRepair::Never,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// The Service is headless: every endpoint gets a listener of its own.
const HEADLESS: &str = "headless";

/// Parameters of `istio-port-protocol`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {
    /// Which reading is a finding.
    finds: Reading,
}

/// A reading of a port that is a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Reading {
    /// Neither name nor appProtocol tells a protocol: Istio guesses from the first bytes.
    Unclear,
    /// A TCP or SCTP port is declared as `udp`: Istio makes no listener for it.
    UdpOnTcp,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(service) = subject.service() else { return Vec::new() };
    if service.is_external_name() || is_api_server(subject) {
        return Vec::new();
    }
    let by_endpoint = is_listened_for_by_pod(subject);
    let istio = subject.profile.istio_version;
    let observe = |port: ServicePort<'_>| match (params.finds, protocol_of(&port, istio)?) {
        (Reading::Unclear, Protocol::Unsupported) if !is_anothers(subject, &port) => {
            let seen = unclear(&port, istio, by_endpoint);
            Some(with_evidence(seen, &service, &port, istio, evidence(subject, &port)))
        }
        (Reading::UdpOnTcp, Protocol::Udp) if port.protocol != "UDP" => {
            Some(udp_on_tcp(&port, istio).remedied_by(without_udp(&service, &port, istio)))
        }
        _ => None,
    };
    service.ports().filter_map(observe).collect()
}

/// Whether more is known of a guessed port, so that it is a finding of its own: nobody reads its name, or its server
/// speaks first.
fn is_anothers(subject: &Subject<'_>, port: &ServicePort<'_>) -> bool {
    hidden_protocol(port, subject.profile.istio_version).is_some() || greeting(subject, port).is_some()
}

/// The Service of the API server itself, which the API server keeps as it is.
fn is_api_server(subject: &Subject<'_>) -> bool {
    subject.namespace() == "default" && subject.object.reference().name == "kubernetes"
}

fn unclear(port: &ServicePort<'_>, istio: Version, by_endpoint: bool) -> Observation {
    let field = deciding_field(port, istio);
    let path = port.path().key(field);
    let seen = unread(port, istio);
    let name = match port.name.filter(|name| name.len() <= LONGEST_PROPOSED && is_dns_label(name)) {
        Some(name) => format!("`<protocol>-{name}`"),
        None => "`<protocol>[-suffix]`".to_owned(),
    };
    let wanted = match field {
        APP_PROTOCOL => format!("one that it knows at {path}"),
        _ if reads_app_protocol(istio) => format!("{name} at {path}, or an appProtocol"),
        _ => format!("{name} at {path}"),
    };
    let mut help =
        "protocols Istio reads: http, http2, https, grpc, grpc-web, tcp, tls, mongo, mysql, redis".to_owned();
    if reads_app_protocol(istio) {
        help.push_str("; adding `appProtocol` keeps the name that others refer to");
    }
    let message = format!("{seen}, so Istio guesses: want {wanted}");
    let observation = Observation::new(path, message).at(port.path().key("name")).help(help);
    if by_endpoint { observation.case(HEADLESS) } else { observation }
}

/// The same with the fix that the evidence allows, and its words in the help; without evidence there is none.
fn with_evidence(
    seen: Observation,
    service: &Service<'_>,
    port: &ServicePort<'_>,
    istio: Version,
    evidence: Result<Evidence, String>,
) -> Observation {
    let Evidence { protocol, words } = match evidence {
        Ok(evidence) => evidence,
        Err(reason) => return seen.unfixed(reason),
    };
    let help = if reads_app_protocol(istio) {
        let value = app_protocol(protocol, istio);
        format!("write `appProtocol: {value}`, told by {words}; the name that others refer to stays")
    } else {
        format!("the port speaks {protocol}, told by {words}: begin its name with that")
    };
    seen.help(help).remedied_by(declare(service, port, protocol, istio))
}

/// A longer name would fill the line when it is said twice, and with a protocol before it maybe no name any more.
const LONGEST_PROPOSED: usize = 30;

fn udp_on_tcp(port: &ServicePort<'_>, istio: Version) -> Observation {
    let field = deciding_field(port, istio);
    let value = shortened(deciding_text(port, istio).unwrap_or_default());
    let path = port.path().key(field);
    let (transport, number) = (port.protocol, port.number);
    let message = format!(
        "{field} {value} makes {transport} port {number} UDP for Istio, so it gets no listener: want a protocol over \
         {transport}, such as `tcp`, at {path}"
    );
    let instead = if field == APP_PROTOCOL { "`tcp`" } else { "`tcp` or `tcp-suffix`" };
    Observation::new(path, message).help(format!("if the port carries UDP, say `protocol: UDP`; else write {instead}"))
}

#[cfg(test)]
mod tests;
