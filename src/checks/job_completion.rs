//! `job-completion`: a classic proxy keeps running when the Job's work is done, and so does the Job.
//!
//! Source: <https://github.com/istio/istio/issues/6324>

use crate::checks::container_start::ask_start;
use crate::checks::{Check, Observation, bind, schema_of};
use crate::inventory::Subject;
use crate::manifest::PodTemplate;
use crate::mesh::sidecar::NATIVE_SIDECAR_ANNOTATION;
use crate::mesh::{SidecarKind, Version};
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "job-completion",
    summary: "whether something ends the classic proxy of a Job",
    cases: &[],
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `job-completion`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// What is proposed.
    strategy: Strategy,
}

/// A way to let the Job end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Strategy {
    /// A native sidecar ends with the work.
    #[default]
    Native,
    /// The Job stays outside the mesh.
    NoSidecar,
    /// The work tells the proxy to quit when it is done.
    Quit,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod().filter(PodTemplate::runs_to_completion) else { return Vec::new() };
    if subject.sidecar_kind() != Some(SidecarKind::Classic) || may_end_proxy(&pod) {
        return Vec::new();
    }
    let native_runs = subject.profile.kubernetes_version >= Version::new(1, 29)
        && subject.profile.istio_version >= Version::new(1, 24);
    let label = pod.path().key("metadata").key("labels").key("sidecar.istio.io/inject");
    let (path, wanted, help) = match params.strategy {
        Strategy::Native if native_runs => (
            pod.annotation_path(NATIVE_SIDECAR_ANNOTATION),
            "\"true\"",
            "a native sidecar ends with the work: set the annotation on the pod template",
        ),
        Strategy::Native | Strategy::NoSidecar => {
            (label, "\"false\"", "without a sidecar the Job ends by itself: set the label on the pod template")
        }
        Strategy::Quit => (
            pod.spec_path().key("containers").index(0).key("command"),
            "a last call of POST localhost:15020/quitquitquit",
            "when the work is done, tell the proxy to quit: `curl -sX POST http://127.0.0.1:15020/quitquitquit`",
        ),
    };
    let message = format!(
        "the classic proxy outlives the work, the {} never completes: want {wanted} at {path}",
        subject.object.kind()
    );
    vec![Observation::new(path, message).at(pod.path()).help(help)]
}

/// Whether there is any sign that a container tells the proxy to quit.
fn may_end_proxy(pod: &PodTemplate<'_>) -> bool {
    pod.all_containers().any(|container| ask_start(&container, |start| start.may_quit_proxy()))
}
