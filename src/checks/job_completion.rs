//! `job-completion`: a classic proxy keeps running when the Job's work is done, and so does the Job.
//!
//! Source: <https://github.com/istio/istio/issues/6324>

use crate::base::{Edit, Fix, PodRepair};
use crate::checks::container_start::ask_start;
use crate::checks::ending::{DEFAULT_SHUTDOWN_SECONDS, Ending};
use crate::checks::ending_edit::{EndingEdit, Means};
use crate::checks::proxy::is_injected;
use crate::checks::proxy_edit::INJECTED;
use crate::checks::{Check, Observation, bind, schema_of};
use crate::inventory::Subject;
use crate::manifest::PodTemplate;
use crate::mesh::sidecar::NATIVE_SIDECAR_ANNOTATION;
use crate::mesh::{ProxyWait, SidecarKind, quits_proxy};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// The check.
pub const CHECK: Check = Check {
    id: "job-completion",
    summary: "whether something ends the classic proxy of a Job",
    cases: &[],
    repair: PodRepair::Possible,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `job-completion`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// What is proposed: `native`, `no-sidecar` or `quit`.
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
    let Some(pod) = subject.pod().filter(|pod| never_completes(subject, pod)) else { return Vec::new() };
    let label = pod.path().key("metadata").key("labels").key(INJECT_LABEL);
    let (path, wanted, help) = match way(params, subject) {
        Strategy::Native => (
            pod.annotation_path(NATIVE_SIDECAR_ANNOTATION),
            "\"true\"",
            "a native sidecar ends with the work: set the annotation on the pod template",
        ),
        Strategy::NoSidecar => {
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
    let observation = Observation::new(path, message).at(pod.path()).help(help);
    vec![match fix(params, subject, &pod) {
        Ok(fix) => observation.fixed_by(fix),
        Err(reason) => observation.unfixed(reason),
    }]
}

/// Whether these are the pods of a Job with a classic proxy that nothing ends.
pub fn never_completes(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> bool {
    pod.runs_to_completion() && subject.sidecar_kind() == Some(SidecarKind::Classic) && !may_end_proxy(pod)
}

/// What is proposed: where no native sidecar can be had, a Job without one.
fn way(params: &Params, subject: &Subject<'_>) -> Strategy {
    match params.strategy {
        Strategy::Native if subject.profile.sidecar_kind(Some("true")) != SidecarKind::Native => Strategy::NoSidecar,
        strategy => strategy,
    }
}

fn fix(params: &Params, subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Result<Fix, String> {
    match way(params, subject) {
        Strategy::Native => {
            let ending = Ending::of(pod, DEFAULT_SHUTDOWN_SECONDS);
            let edit = EndingEdit::native(subject, pod, &ending, Means::default())?;
            Ok(edit.fix("use a native sidecar, which ends with the work", Vec::new()))
        }
        Strategy::NoSidecar => without_sidecar(params, pod),
        Strategy::Quit => Err("only who knows the command can have it tell the proxy to quit".to_owned()),
    }
}

/// Keeps the pods out of the mesh. Whoever chose that for the platform has looked at it; nobody else has.
fn without_sidecar(params: &Params, pod: &PodTemplate<'_>) -> Result<Fix, String> {
    if is_injected(pod) {
        return Err(INJECTED.to_owned());
    }
    if pod.all_containers().any(|container| ask_start(&container, |start| start.proxy_wait()) != ProxyWait::None) {
        return Err("the pod waits for its proxy: without one it would wait for ever".to_owned());
    }
    let title = "keep the Job out of the mesh";
    let label = pod.path().key("metadata").key("labels").key(INJECT_LABEL);
    let edits = vec![Edit::set(label, "false")];
    if pod.labels().get(INJECT_LABEL).is_some() {
        return Ok(Fix::risky(title, "the pod asks for a sidecar itself, perhaps for a reason", edits));
    }
    if params.strategy != Strategy::NoSidecar {
        return Ok(Fix::risky(title, "what takes calls from the mesh only will refuse those of the Job", edits));
    }
    Ok(Fix::safe(title, edits))
}

/// The pod label that decides about a sidecar.
const INJECT_LABEL: &str = "sidecar.istio.io/inject";

/// Whether there is any sign that something ends the proxy: a container's command, a probe or postStart that does it, or
/// a proxy whose command is the pod's own. A preStop is no such thing: it is not called when a container ends by itself.
fn may_end_proxy(pod: &PodTemplate<'_>) -> bool {
    pod.all_containers().any(|container| {
        ask_start(&container, |start| start.may_quit_proxy())
            || HOOKS.iter().any(|hook| container.value().pointer(hook).is_some_and(mentions_quitting))
            || container.name() == "istio-proxy" && container.command().next().is_some()
    })
}

/// What the kubelet runs in a container while it lives, beside its command.
const HOOKS: [&str; 4] = ["/livenessProbe", "/readinessProbe", "/startupProbe", "/lifecycle/postStart"];

fn mentions_quitting(value: &Value) -> bool {
    match value {
        Value::String(text) => quits_proxy(text),
        Value::Array(items) => items.iter().any(mentions_quitting),
        Value::Object(map) => map.values().any(mentions_quitting),
        _ => false,
    }
}
