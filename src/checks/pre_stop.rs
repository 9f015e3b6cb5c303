//! `pre-stop`: containers that serve need a preStop, so that callers go elsewhere before they stop.
//!
//! Source: <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination>

use crate::checks::serving::{Callers, Serving, serving_containers};
use crate::checks::{Check, Observation, bind, schema_of, shortened};
use crate::inventory::Subject;
use crate::mesh::{Membership, Shell, SidecarKind, Version};
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "pre-stop",
    summary: "whether containers that serve have a preStop hook",
    cases: &[AMBIENT],
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// The pod is in an ambient mesh: no sidecar stops beside it.
const AMBIENT: &str = "ambient";

/// The first version of Kubernetes whose API server takes `preStop.sleep` without a feature gate.
const SLEEP_ACTION_SINCE: Version = Version::new(1, 30);

/// Parameters of `pre-stop`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// How long callers need to go elsewhere, in seconds, by what they speak.
    drain_seconds: DrainSeconds,
}

/// Seconds by the protocol of the callers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct DrainSeconds {
    /// gRPC: few long connections.
    grpc: u32,
    /// HTTP: many short requests.
    http: u32,
    /// TCP, or unknown.
    other: u32,
}

impl Default for DrainSeconds {
    fn default() -> Self {
        Self { grpc: 30, http: 30, other: 15 }
    }
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    if pod.runs_to_completion() || pod.host_network() || pod.grace_period() <= 0 {
        return Vec::new();
    }
    let without_hook = serving_containers(subject).into_iter().filter(|it| it.container.pre_stop().is_none());
    without_hook.map(|serving| observe(params, subject, &serving)).collect()
}

fn observe(params: &Params, subject: &Subject<'_>, serving: &Serving<'_>) -> Observation {
    let container = &serving.container;
    let seconds = match serving.callers {
        Callers::Grpc => params.drain_seconds.grpc,
        Callers::Http => params.drain_seconds.http,
        Callers::Other => params.drain_seconds.other,
    };
    let path = container.path().key("lifecycle").key("preStop");
    let has_lifecycle = container.value().get("lifecycle").is_some();
    let at = container.path().key(if has_lifecycle { "lifecycle" } else { "name" });
    let message = format!(
        "container {} serves but has no preStop, so requests die when it stops: want a wait of {seconds}s at {path}",
        shortened(container.name())
    );
    let observation = Observation::new(path, message).at(at).help(advice(subject, seconds));
    if subject.membership == Membership::Ambient { observation.case(AMBIENT) } else { observation }
}

/// What belongs together: the hook, the grace period for it and, under a classic sidecar, a proxy that lasts as long.
fn advice(subject: &Subject<'_>, seconds: u32) -> String {
    let profile = subject.profile;
    let hook = if profile.kubernetes_version >= SLEEP_ACTION_SINCE {
        format!("add `lifecycle: {{preStop: {{sleep: {{seconds: {seconds}}}}}}}`")
    } else if profile.shell == Shell::Assume {
        format!("add `lifecycle: {{preStop: {{exec: {{command: [sleep, \"{seconds}\"]}}}}}}`")
    } else {
        format!(
            "add a preStop hook that waits {seconds}s (Kubernetes {} has no sleep action, and the image may lack `sleep`)",
            profile.kubernetes_version
        )
    };
    let grace = "a terminationGracePeriodSeconds that covers it and the shutdown";
    match subject.sidecar_kind() {
        Some(SidecarKind::Classic) => format!(
            "{hook}, {grace}, and a `terminationDrainDuration` in the annotation proxy.istio.io/config that lasts as long"
        ),
        _ => format!("{hook} and {grace}"),
    }
}
