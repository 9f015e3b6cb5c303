//! `proxy-resources`: many pods whose proxy has the size that the mesh gives to every proxy.
//!
//! Source: <https://istio.io/latest/docs/reference/config/annotations/#SidecarProxyCPU>

use crate::base::PodRepair;
use crate::checks::{Check, Observation, bind, schema_of};
use crate::inventory::Subject;
use crate::manifest::PodTemplate;
use crate::mesh::Membership;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// The check.
pub const CHECK: Check = Check {
    id: "proxy-resources",
    summary: "many pods whose proxy has the size that the mesh gives to every proxy",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `proxy-resources`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {
    /// From how many replicas on pods are many, where no autoscaler decides their number.
    #[schemars(range(min = 1))]
    many_replicas: i64,
}

/// Each sets a part of the size of the proxy.
const ANNOTATIONS: [&str; 4] = [
    "sidecar.istio.io/proxyCPU",
    "sidecar.istio.io/proxyMemory",
    "sidecar.istio.io/proxyCPULimit",
    "sidecar.istio.io/proxyMemoryLimit",
];

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let is_injected = matches!(subject.membership, Membership::Sidecar(_)) && !subject.has_proxy();
    let Some(pod) = subject.pod().filter(|pod| is_injected && !is_sized(pod)) else { return Vec::new() };
    let autoscalers = subject.inventory.autoscalers_of(subject.object.reference(), subject.object.file());
    let many = match pod.replicas() {
        _ if autoscalers.iter().any(|it| it.facts.most.is_none_or(|most| most > 1)) => {
            "an autoscaler makes more of these pods".to_owned()
        }
        Some(replicas) if replicas >= params.many_replicas => format!("there are {replicas} of these pods"),
        _ => return Vec::new(),
    };
    let path = pod.annotation_path(ANNOTATIONS[0]);
    let message = format!("{many}, each with a proxy of the mesh's usual size: want a size of their own at {path}");
    let observation = Observation::new(path, message)
        .help("proxyCPU and proxyMemory are what the proxy asks for; the usual size is 100m and 128Mi")
        .unfixed("how much the proxy needs has to be measured");
    vec![observation]
}

/// Whether the pod says anything about the size of its proxy.
fn is_sized(pod: &PodTemplate<'_>) -> bool {
    let says_size = |value: &Value| value.as_object().is_some_and(|resources| !resources.is_empty());
    let mut adjusted = pod.all_containers().filter(|container| container.name() == "istio-proxy");
    ANNOTATIONS.iter().any(|key| pod.annotations().has(key))
        || adjusted.any(|container| container.value().get("resources").is_some_and(says_size))
}
