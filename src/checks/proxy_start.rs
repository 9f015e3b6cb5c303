//! `proxy-start`: with a classic sidecar the application must be held back until the proxy carries its traffic.
//!
//! Source: <https://istio.io/latest/docs/ops/common-problems/injection/>

use crate::base::{Fix, PodRepair};
use crate::checks::container_start::ask_start;
use crate::checks::ending::{DEFAULT_SHUTDOWN_SECONDS, Ending};
use crate::checks::ending_edit::{EndingEdit, Means};
use crate::checks::job_completion::never_completes;
use crate::checks::proxy::{present_proxy, proxy_settings};
use crate::checks::proxy_edit::{hold, native_sidecar};
use crate::checks::serving::is_application;
use crate::checks::{Check, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate};
use crate::mesh::proxy_config::PROXY_CONFIG_ANNOTATION;
use crate::mesh::sidecar::NATIVE_SIDECAR_ANNOTATION;
use crate::mesh::{ProxyWait, SidecarKind, proxy_is_ready_first};
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

/// Which containers start only when the proxy is ready.
enum Held {
    None,
    All,
    /// Those behind this place of `containers`.
    Behind(usize),
}

impl Held {
    fn holds(&self, container: &Container<'_>) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Behind(proxy) => container.index() > *proxy,
        }
    }
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    let Some(kind) = subject.sidecar_kind() else { return Vec::new() };
    let Some(held) = held(subject, &pod, kind) else { return Vec::new() };
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

/// What the proxy holds back; none where that cannot be told. Of a proxy that is in the manifest, the manifest tells and not
/// the mesh: the kubelet starts containers in order and does not go on before a postStart has ended.
fn held(subject: &Subject<'_>, pod: &PodTemplate<'_>, kind: SidecarKind) -> Option<Held> {
    if kind == SidecarKind::Native {
        return Some(Held::All);
    }
    if let Some(proxy) = present_proxy(pod) {
        let waits = proxy.value().pointer("/lifecycle/postStart").is_some();
        return Some(if waits { Held::Behind(proxy.index()) } else { Held::None });
    }
    let settings = proxy_settings(subject, pod).ok()?;
    let ready_first = proxy_is_ready_first(kind, &settings, subject.profile.istio_version);
    Some(if ready_first { Held::All } else { Held::None })
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
