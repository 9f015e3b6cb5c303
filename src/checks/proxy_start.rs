//! `proxy-start`: with a classic sidecar the application must be held back until the proxy carries its traffic.
//!
//! Source: <https://istio.io/latest/docs/ops/common-problems/injection/>

use crate::base::{Fix, PodRepair};
use crate::checks::container_start::ask_start;
use crate::checks::ending::{DEFAULT_SHUTDOWN_SECONDS, Ending};
use crate::checks::ending_edit::{EndingEdit, Means};
use crate::checks::held::Held;
use crate::checks::job_completion::never_completes;
use crate::checks::proxy_edit::{hold, native_sidecar};
use crate::checks::serving::is_application;
use crate::checks::{Check, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate};
use crate::mesh::proxy_config::PROXY_CONFIG_ANNOTATION;
use crate::mesh::sidecar::NATIVE_SIDECAR_ANNOTATION;
use crate::mesh::{ProxyWait, SidecarKind};
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "proxy-start",
    summary: "whether the application is held back until a classic proxy is ready",
    cases: &[],
    repair: PodRepair::Possible,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `proxy-start`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// What is proposed: `hold`, `native` or `wrapper`.
    strategy: Strategy,
}

/// A way to start in the right order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Strategy {
    /// Istio starts the proxy first and waits for it.
    #[default]
    Hold,
    /// A native sidecar is ready before the application starts.
    Native,
    /// The command waits for the proxy and then becomes the application.
    Wrapper,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    let Some(held) = Held::of(subject, &pod) else { return Vec::new() };
    let applications = pod.containers().filter(is_application);
    let unheld: Vec<Container<'_>> = applications.filter(|it| !held.holds(it) && !may_wait(it)).collect();
    let strategy = way(params, subject, &pod);
    let Some(observation) = observe(strategy, &pod, &unheld) else { return Vec::new() };
    vec![match fix(strategy, subject, &pod) {
        Ok(fix) => observation.fixed_by(fix),
        Err(reason) => observation.unfixed(reason),
    }]
}

/// What is proposed. A Job needs a proxy that ends with the work: a native one, which is ready first too, so that there is nothing to
/// hold.
fn way(params: &Params, subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Strategy {
    let can_be_native = || native_sidecar(subject, pod).is_ok_and(|edit| edit.risk.is_none());
    match params.strategy {
        Strategy::Hold if never_completes(subject, pod) && can_be_native() => Strategy::Native,
        strategy => strategy,
    }
}

/// What has a pod start in the right order.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadyFirst {
    /// The proxy that the pod has then.
    pub kind: SidecarKind,
    /// What does it.
    pub fix: Fix,
}

/// What has the applications of a pod start in the right order, whichever of them do not today. Of a Job the proxy is to end
/// with the work as well.
///
/// # Errors
/// The reason why it cannot be done, or would do nothing: one line for people.
pub fn ready_first(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Result<ReadyFirst, String> {
    let native = || Ok(ReadyFirst { kind: SidecarKind::Native, fix: fix(Strategy::Native, subject, pod)? });
    let hold = || Ok(ReadyFirst { kind: SidecarKind::Classic, fix: fix(Strategy::Hold, subject, pod)? });
    if pod.runs_to_completion() { native().or_else(|_: String| hold()) } else { hold() }
}

fn fix(strategy: Strategy, subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Result<Fix, String> {
    match strategy {
        Strategy::Hold => Ok(hold(subject, pod)?.fix("hold the application until its proxy is ready")),
        Strategy::Native => {
            let ending = Ending::of(pod, DEFAULT_SHUTDOWN_SECONDS);
            let edit = EndingEdit::native(subject, pod, &ending, Means::default())?;
            Ok(edit.fix("use a native sidecar, which is ready before the application starts", Vec::new()))
        }
        Strategy::Wrapper => Err("a program that waits has to be put before the command by hand".to_owned()),
    }
}

/// Whether it waits for the proxy by itself; where it only may, nothing is said about it.
fn may_wait(container: &Container<'_>) -> bool {
    ask_start(container, |start| start.proxy_wait()) != ProxyWait::None
}

/// One finding for the pod, at the first container: one setting holds them all.
fn observe(strategy: Strategy, pod: &PodTemplate<'_>, unheld: &[Container<'_>]) -> Option<Observation> {
    let (first, others) = unheld.split_first()?;
    let name = shortened_to(20, first.name());
    let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
    let (path, wanted, help) = match strategy {
        Strategy::Hold => (
            pod.annotation_path(PROXY_CONFIG_ANNOTATION),
            "holdApplicationUntilProxyStarts",
            format!(
                "annotate the pod template with `{PROXY_CONFIG_ANNOTATION}: \
                 '{{\"holdApplicationUntilProxyStarts\": true}}'`"
            ),
        ),
        Strategy::Native => (
            pod.annotation_path(NATIVE_SIDECAR_ANNOTATION),
            "\"true\"",
            format!("annotate the pod template with `{NATIVE_SIDECAR_ANNOTATION}: \"true\"`"),
        ),
        Strategy::Wrapper => (
            first.path().key("command"),
            "a wait for it",
            "let the command wait for the proxy with a time-out before it starts the application".to_owned(),
        ),
    };
    let message = format!("container {name}{more} may start before the classic proxy: want {wanted} at {path}");
    Some(Observation::new(path, message).at(first.path().key("name")).help(help))
}
