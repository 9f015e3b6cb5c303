//! `istio-port-protocol`: the protocol that Istio reads from each port of a Service.
//!
//! Source: <https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/>

use crate::base::{Path, PodRepair};
use crate::checks::port_evidence::{Evidence, Strength, evidence};
use crate::checks::port_fix::{app_protocol, declare, fixed, is_dns_label, name_prefix, without_udp};
use crate::checks::port_siblings::Siblings;
use crate::checks::server_first::greeting;
use crate::checks::service_port::{
    APP_PROTOCOL, deciding_field, deciding_text, hidden_protocol, is_listened_for_by_pod, protocol_of,
    reads_app_protocol, unread,
};
use crate::checks::{Check, Observation, bind, schema_of, shortened};
use crate::inventory::Subject;
use crate::manifest::ServicePort;
use crate::mesh::{Protocol, Version};
use schemars::JsonSchema;
use serde::Deserialize;
use std::cell::LazyCell;
use std::ops::Deref;

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
    let (istio, siblings) = (subject.profile.istio_version, LazyCell::new(|| Siblings::of(subject)));
    let observe = |port: ServicePort<'_>| match (params.finds, protocol_of(&port, istio)?) {
        (Reading::Unclear, Protocol::Unsupported) if !is_anothers(subject, &port) => {
            let seen = unclear(subject, &siblings, &port);
            Some(if by_endpoint { seen.case(HEADLESS) } else { seen })
        }
        (Reading::UdpOnTcp, Protocol::Udp) if port.protocol != "UDP" => {
            Some(fixed(udp_on_tcp(&port, istio), subject, &port, without_udp(subject, &siblings, &port)))
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

/// With evidence it says what to write, and offers to write it; without, what there is to choose from. The message holds what
/// is certain, and only that.
fn unclear<'a>(
    subject: &Subject<'a>,
    siblings: &impl Deref<Target = Siblings<'a>>,
    port: &ServicePort<'_>,
) -> Observation {
    let istio = subject.profile.istio_version;
    let path = port.path().key(deciding_field(port, istio));
    let evidence = evidence(subject, port).and_then(|told| siblings.agree(port, told.protocol).map(|()| told));
    let certain = evidence.as_ref().ok().filter(|told| told.strength == Strength::Certain);
    let told_by = certain.map(|told| format!("; it is {} by {}", told.protocol, told.source)).unwrap_or_default();
    let wanted = wanted(port, certain.map(|told| told.protocol), &path, istio);
    let message = format!("{}, so Istio guesses{told_by}: want {wanted}", unread(port, istio));
    let seen = Observation::new(path, message).at(port.path().key("name"));
    match evidence {
        Err(reason) => seen.help(choice(port, istio)).unfixed(reason),
        Ok(evidence) => {
            let fix = declare(subject, port, evidence.protocol, &evidence.strength);
            let observation = fixed(seen.help(told(&evidence, port, istio)), subject, port, fix);
            evidence.place.into_iter().fold(observation, Observation::related)
        }
    }
}

/// What to write, and where: a name that begins with a protocol, or a value of appProtocol.
fn wanted(port: &ServicePort<'_>, protocol: Option<Protocol>, path: &Path, istio: Version) -> String {
    if deciding_field(port, istio) == APP_PROTOCOL {
        let value = protocol.map(|protocol| format!("`{}`", app_protocol(protocol, istio)));
        return format!("{} at {path}", value.as_deref().unwrap_or("one that it knows"));
    }
    // `grpc-web` would be another protocol than gRPC.
    let is_read_otherwise = |name: &str| protocol == Some(Protocol::Grpc) && name.starts_with("web");
    let prefix = protocol.map_or("<protocol>", name_prefix);
    let longest = if protocol.is_some() { LONGEST_TOLD } else { LONGEST_PROPOSED };
    let is_proposed = |name: &&str| name.len() <= longest && is_dns_label(name) && !is_read_otherwise(name);
    let name = match port.name.filter(is_proposed) {
        Some(name) => format!("`{prefix}-{name}`"),
        None => format!("`{prefix}[-suffix]`"),
    };
    let instead = if reads_app_protocol(istio) { ", or an appProtocol" } else { "" };
    format!("{name} at {path}{instead}")
}

/// A longer name would fill the line when it is said twice, and with a protocol before it maybe no name any more.
const LONGEST_PROPOSED: usize = 30;
/// The same where there is also to say what tells the protocol.
const LONGEST_TOLD: usize = 20;

fn choice(port: &ServicePort<'_>, istio: Version) -> String {
    let known = "protocols Istio reads: http, http2, https, grpc, grpc-web, tcp, tls, mongo, mysql, redis";
    let keeps_name = reads_app_protocol(istio) && port.name.is_some();
    let addition = if keeps_name { "; adding `appProtocol` keeps the name that others refer to" } else { "" };
    format!("{known}{addition}")
}

/// The evidence in words, with what to write.
fn told(evidence: &Evidence, port: &ServicePort<'_>, istio: Version) -> String {
    let Evidence { protocol, words, strength, .. } = evidence;
    let stays = if port.name.is_some() { "; the name that others refer to stays" } else { "" };
    let value = app_protocol(*protocol, istio);
    match (strength, reads_app_protocol(istio)) {
        (Strength::Certain, true) => {
            format!("write `appProtocol: {value}`, told by {words}{stays}")
        }
        (Strength::Likely(reason), true) => {
            format!("`appProtocol: {value}` is likely: {reason}{stays}")
        }
        (Strength::Certain, false) => {
            format!("the port speaks {protocol}, told by {words}: begin its name with that")
        }
        (Strength::Likely(reason), false) => {
            format!("likely the port speaks {protocol}: {reason}; if so, begin its name with that")
        }
    }
}

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
