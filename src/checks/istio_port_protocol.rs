//! `istio-port-protocol`: the protocol that Istio reads from each port of a Service.
//!
//! Source: <https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/>

use crate::checks::service_port::{deciding_field, protocol_of};
use crate::checks::{Check, Observation, bind, schema_of};
use crate::inventory::Subject;
use crate::manifest::{Service, ServicePort};
use crate::mesh::Protocol;
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "istio-port-protocol",
    summary: "the protocol that Istio reads from each port of a Service",
    cases: &[HEADLESS],
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
    let observe = |port: ServicePort<'_>| match (params.finds, protocol_of(&port, subject.profile.istio_version)?) {
        (Reading::Unclear, Protocol::Unsupported) => Some(unclear(&port, &service)),
        (Reading::UdpOnTcp, Protocol::Udp) if port.protocol != "UDP" => Some(udp_on_tcp(&port, subject)),
        _ => None,
    };
    service.ports().filter_map(observe).collect()
}

/// The Service of the API server itself, which the API server keeps as it is.
fn is_api_server(subject: &Subject<'_>) -> bool {
    subject.namespace() == "default" && subject.object.reference().name == "kubernetes"
}

fn unclear(port: &ServicePort<'_>, service: &Service<'_>) -> Observation {
    let path = port.path().key("name");
    let number = port.number;
    let seen = match (port.app_protocol, port.name) {
        (Some(app_protocol), _) => format!("appProtocol `{app_protocol}` of port {number} is not known to Istio"),
        (None, Some(name)) => format!("port name `{name}` names no protocol"),
        (None, None) => format!("port {number} has no name"),
    };
    let wanted = match (port.app_protocol, port.name) {
        (Some(_), _) => format!("an appProtocol Istio knows at {}", port.path()),
        (None, Some(name)) => format!("`<protocol>-{name}` or an appProtocol at {path}"),
        (None, None) => format!("`<protocol>[-suffix]` or an appProtocol at {path}"),
    };
    let observation = Observation::new(path, format!("{seen}, so Istio guesses: want {wanted}")).help(
        "protocols Istio reads: http, http2, https, grpc, grpc-web, tcp, tls, mongo, mysql, redis; adding \
               `appProtocol` keeps the name that others refer to",
    );
    if service.is_headless() { observation.case(HEADLESS) } else { observation }
}

fn udp_on_tcp(port: &ServicePort<'_>, subject: &Subject<'_>) -> Observation {
    let field = deciding_field(port, subject.profile.istio_version);
    let value = if field == "name" { port.name } else { port.app_protocol }.unwrap_or_default();
    let path = port.path().key(field);
    let transport = port.protocol;
    let message = format!(
        "{field} `{value}` on {transport} port {} gets no listener, its traffic bypasses the mesh: want a {transport} \
         protocol such as `tcp` at {path}",
        port.number
    );
    Observation::new(path, message)
        .help(format!("if the port carries UDP, say `protocol: UDP`; else call it `tcp` or `tcp-{value}`"))
}
