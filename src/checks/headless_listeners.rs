//! `headless-listeners`: ports of headless Services for which each sidecar has a listener for each pod.
//!
//! Source: <https://github.com/istio/istio/blob/master/pilot/pkg/networking/core/listener.go>

use crate::base::PodRepair;
use crate::checks::service_port::protocol_of;
use crate::checks::{Check, Observation, bind, schema_of, shortened_to};
use crate::inventory::{Entry, Subject, WorkloadFacts};
use crate::manifest::ServicePort;
use crate::mesh::{OutboundListener, Protocol, outbound_listener};
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "headless-listeners",
    summary: "ports of headless Services for which each sidecar has a listener for each pod",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `headless-listeners`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {
    /// How many replicas of a StatefulSet are no finding yet.
    max_replicas: u32,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let (Some(service), Some(facts)) = (subject.service(), subject.service_facts()) else { return Vec::new() };
    let is_many = |(_, replicas): &(_, i64)| *replicas > i64::from(params.max_replicas);
    let Some((workload, replicas)) = largest(subject).filter(is_many) else { return Vec::new() };
    if subject.object.annotations().get(EXPORT_TO) == Some(TO_NOBODY) {
        return Vec::new();
    }
    let istio = subject.profile.istio_version;
    let observe = |port: ServicePort<'_>| {
        let protocol = protocol_of(&port, istio)?;
        let listener = outbound_listener(istio, facts.address(), protocol);
        (listener == OutboundListener::OfEachPod).then(|| fan_out(&port, protocol, workload, replicas))
    };
    service.ports().filter_map(observe).collect()
}

/// Which namespaces see a Service. Source: <https://istio.io/latest/docs/reference/config/annotations/#NetworkingExportTo>
const EXPORT_TO: &str = "networking.istio.io/exportTo";
const TO_NOBODY: &str = "~";

/// The StatefulSet, whoever's, with the most pods behind the Service.
fn largest<'a>(subject: &Subject<'a>) -> Option<(&'a Entry<WorkloadFacts>, i64)> {
    let stateful = subject.workloads().iter().filter(|workload| workload.reference.kind == "StatefulSet");
    let sized = stateful.filter_map(|workload| Some((*workload, workload.facts.replicas?)));
    sized.max_by_key(|(_, replicas)| *replicas)
}

fn fan_out(port: &ServicePort<'_>, protocol: Protocol, workload: &Entry<WorkloadFacts>, replicas: i64) -> Observation {
    let path = port.path();
    let what = if protocol == Protocol::Unsupported { "of no clear protocol" } else { protocol.name() };
    let message = format!(
        "port {} is {what}, so each sidecar has a listener for each of {replicas} pods of {}: want an HTTP port, or fewer \
         callers, at {path}",
        port.number,
        shortened_to(30, &workload.reference.name),
    );
    Observation::new(path, message)
        .help("HTTP and gRPC ports share one listener; `networking.istio.io/exportTo` or a Sidecar keeps others from all callers")
        .unfixed("what the port speaks, and who has to reach each pod by its own address, only its owner knows")
}
