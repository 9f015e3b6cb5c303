//! `pre-stop`: containers that serve need a preStop, so that callers go elsewhere before they stop.
//!
//! Source: <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination>

use crate::checks::ending::{DEFAULT_SHUTDOWN_SECONDS, SLACK_SECONDS, proxy_exit_seconds, shutdown_of};
use crate::checks::serving::{Callers, serving_containers};
use crate::checks::{Check, Observation, bind, schema_of, shortened};
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate};
use crate::mesh::proxy_config::PROXY_CONFIG_ANNOTATION;
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
    let mut observations = Vec::new();
    for serving in serving_containers(subject).iter().filter(|it| it.container.pre_stop().is_none()) {
        let wait = params.drain_seconds.of(serving.callers);
        // Zero says that these callers need no time.
        if wait > 0 {
            observations.push(observe(subject, &pod, &serving.container, wait));
        }
    }
    observations
}

impl DrainSeconds {
    fn of(&self, callers: Callers) -> u32 {
        match callers {
            Callers::Grpc => self.grpc,
            Callers::Http => self.http,
            Callers::Other => self.other,
        }
    }
}

fn observe(subject: &Subject<'_>, pod: &PodTemplate<'_>, container: &Container<'_>, wait: u32) -> Observation {
    let path = container.path().key("lifecycle").key("preStop");
    let has_lifecycle = container.value().get("lifecycle").is_some();
    let at = container.path().key(if has_lifecycle { "lifecycle" } else { "name" });
    let message = format!(
        "container {} serves but has no preStop, so requests die when it stops: want a wait of {wait}s at {path}",
        shortened(container.name())
    );
    let observation = Observation::new(path, message).at(at).help(advice(subject, pod, wait));
    if subject.membership == Membership::Ambient { observation.case(AMBIENT) } else { observation }
}

/// What belongs together: the hook, the grace period for it and, under a classic sidecar, a proxy that lasts as long.
fn advice(subject: &Subject<'_>, pod: &PodTemplate<'_>, wait: u32) -> String {
    let end = i64::from(wait) + shutdown_of(pod, DEFAULT_SHUTDOWN_SECONDS).seconds;
    let needed = end + SLACK_SECONDS + proxy_exit_seconds(subject);
    let mut advice = hook_advice(subject, wait);
    if pod.grace_period() < needed {
        advice.push_str(&format!("; set `terminationGracePeriodSeconds: {needed}`"));
    }
    if subject.sidecar_kind() == Some(SidecarKind::Classic) {
        advice.push_str(&format!(
            "; and let the proxy last as long: `terminationDrainDuration: {end}s` in the annotation \
             {PROXY_CONFIG_ANNOTATION}"
        ));
    }
    advice
}

fn hook_advice(subject: &Subject<'_>, wait: u32) -> String {
    let profile = subject.profile;
    if profile.kubernetes_version >= SLEEP_ACTION_SINCE {
        return format!("add `lifecycle: {{preStop: {{sleep: {{seconds: {wait}}}}}}}`");
    }
    if profile.shell == Shell::Assume {
        return format!("add `lifecycle: {{preStop: {{exec: {{command: [sleep, \"{wait}\"]}}}}}}`");
    }
    format!(
        "add a preStop hook that waits {wait}s (Kubernetes {} has no sleep action, and the image may lack `sleep`)",
        profile.kubernetes_version
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::mesh::Profile;
    use serde_json::{Value, json};

    /// The help of the finding on a pod that serves HTTP.
    fn help(params: &Params, profile: Value, grace: i64) -> Option<String> {
        let profile: Profile = serde_json::from_value(profile).unwrap();
        let containers = json!([{"name": "web", "ports": [{"name": "http", "containerPort": 8080}]}]);
        let spec = json!({"terminationGracePeriodSeconds": grace, "containers": containers});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec});
        let (pod, inventory) = (Object::from_json(pod).unwrap(), Inventory::default());
        run(params, &Subject::new(&pod, &inventory, &profile)).pop()?.help
    }

    #[test]
    fn the_help_names_all_that_belongs_together() {
        let sleep = "add `lifecycle: {preStop: {sleep: {seconds: 30}}}`";
        let proxy =
            "; and let the proxy last as long: `terminationDrainDuration: 40s` in the annotation proxy.istio.io/config";
        for (profile, grace, wanted) in [
            (json!({"assumeMembership": "sidecar"}), 30, format!("{sleep}; set `terminationGracePeriodSeconds: 47`")),
            (json!({"assumeMembership": "sidecar"}), 47, sleep.to_owned()),
            (
                json!({"assumeMembership": "sidecar", "dataPlane": "classic"}),
                41,
                format!("{sleep}; set `terminationGracePeriodSeconds: 42`{proxy}"),
            ),
            (
                json!({"assumeMembership": "ambient", "kubernetesVersion": "1.29", "shell": "assume"}),
                60,
                "add `lifecycle: {preStop: {exec: {command: [sleep, \"30\"]}}}`".to_owned(),
            ),
            (
                json!({"assumeMembership": "ambient", "kubernetesVersion": "1.29"}),
                60,
                "add a preStop hook that waits 30s (Kubernetes 1.29 has no sleep action, and the image may lack `sleep`)"
                    .to_owned(),
            ),
        ] {
            assert_eq!(help(&Params::default(), profile.clone(), grace), Some(wanted), "{profile} grace {grace}");
        }
    }

    #[test]
    fn a_wait_of_zero_asks_for_none() {
        let params: Params = serde_json::from_value(json!({"drainSeconds": {"http": 0}})).unwrap();
        assert_eq!(help(&params, json!({"assumeMembership": "sidecar"}), 30), None);
    }
}
