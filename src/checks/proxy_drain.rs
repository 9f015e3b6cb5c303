//! `proxy-drain`: a classic proxy must last as long as the application's preStop and shutdown.
//!
//! It gets SIGTERM together with the application's containers, drains for a fixed time and ends. Source:
//! <https://github.com/istio/istio/blob/master/pkg/envoy/agent.go>

use crate::base::Path;
use crate::checks::ending::{ContainerEnd, container_ends, shutdown_of};
use crate::checks::hook::hook_seconds;
use crate::checks::proxy::proxy_settings;
use crate::checks::{Check, Observation, bind, schema_of, shortened};
use crate::inventory::Subject;
use crate::manifest::PodTemplate;
use crate::mesh::proxy_config::PROXY_CONFIG_ANNOTATION;
use crate::mesh::{GoDuration, ProxyEnd, SidecarKind};
use schemars::JsonSchema;
use serde::Deserialize;
use std::cmp::Reverse;

/// The check.
pub const CHECK: Check = Check {
    id: "proxy-drain",
    summary: "whether a classic proxy lasts as long as the application's preStop and shutdown",
    cases: &[SHUTDOWN_UNCOVERED],
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// The preStop has its network, the shutdown after it has not.
const SHUTDOWN_UNCOVERED: &str = "shutdownUncovered";

/// Parameters of `proxy-drain`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// How long a container takes to end after SIGTERM, in seconds, where the pod annotation
    /// `seaworthy.dev/shutdown-seconds` does not tell.
    shutdown_seconds: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self { shutdown_seconds: 10 }
    }
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    if subject.sidecar_kind() != Some(SidecarKind::Classic) || pod.grace_period() <= 0 {
        return Vec::new();
    }
    let Some(proxy) = proxy_lifetime(subject, &pod) else { return Vec::new() };
    let ends = container_ends(&pod, &shutdown_of(&pod, params.shutdown_seconds));
    let waiting = ends.iter().filter(|end| end.pre_stop.is_some_and(|seconds| seconds > 0));
    let longest = waiting.max_by_key(|end| (end.seconds(), Reverse(end.container.index())));
    let uncovered = longest.filter(|end| GoDuration::from_seconds(end.seconds()) > proxy);
    uncovered.map(|end| observe(end, proxy, pod.annotation_path(PROXY_CONFIG_ANNOTATION))).into_iter().collect()
}

/// How long the proxy certainly lasts after the first signal. None where the manifest does not tell: the annotation is
/// broken, or the proxy has a preStop of its own that takes an unknown time.
fn proxy_lifetime(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Option<GoDuration> {
    let settings = proxy_settings(subject, pod)?;
    let end = ProxyEnd::of(SidecarKind::Classic, &settings, subject.profile.istio_version).guaranteed()?;
    let own = pod.containers().find(|container| container.name() == "istio-proxy").and_then(|it| it.pre_stop());
    let before_signal = own.map_or(Some(0), hook_seconds)?;
    Some(end.plus(GoDuration::from_seconds(before_signal)))
}

/// One finding for the pod, at the preStop that needs the proxy longest: one setting covers them all.
fn observe(end: &ContainerEnd<'_>, proxy: GoDuration, annotation: Path) -> Observation {
    let pre_stop = end.pre_stop.unwrap_or(0);
    let needed = end.seconds();
    let container = shortened(end.container.name());
    let message = format!(
        "the classic proxy ends {proxy} after SIGTERM, but {container} needs it for preStop {pre_stop}s + shutdown {}s: \
         want {needed}s at {annotation}",
        end.shutdown
    );
    let drain = if needed > 45 {
        format!("terminationDrainDuration: {needed}s, drainDuration: {needed}s")
    } else {
        format!("terminationDrainDuration: {needed}s")
    };
    let pre_stop_path = end.container.path().key("lifecycle").key("preStop");
    let observation = Observation::new(annotation, message).at(pre_stop_path).help(format!(
        "annotate the pod template with `{PROXY_CONFIG_ANNOTATION}: \"{{{drain}}}\"`, or use a native sidecar \
         (`sidecar.istio.io/nativeSidecar: \"true\"`)"
    ));
    if GoDuration::from_seconds(pre_stop) > proxy { observation } else { observation.case(SHUTDOWN_UNCOVERED) }
}
