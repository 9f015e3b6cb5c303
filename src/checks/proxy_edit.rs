//! Edits of the annotations by which Istio sets up the proxy of a pod.
//!
//! Istio's injector reads them once, when the Pod is created: before that an edit decides, after it an edit is a dead letter
//! and none is offered. Values that the pod itself chose are overridden only by edits that a person looks at.

use crate::base::{Edit, Fix, Path};
use crate::checks::container_start::{ask_command, ask_start};
use crate::checks::proxy::{annotated_config, is_injected, proxy_life, proxy_settings};
use crate::checks::proxy_hooks::{HoldingHook, native_obstacle};
use crate::checks::start_strategy::can_hold;
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate, Role};
use crate::mesh::proxy_config::{EXIT_ON_ZERO, MINIMUM_DRAIN, PROXY_CONFIG_ANNOTATION, spelling};
use crate::mesh::shutdown::envoy_outlasts;
use crate::mesh::sidecar::NATIVE_SIDECAR_ANNOTATION;
use crate::mesh::{GoDuration, OutboundTrafficPolicy, ProxyConfig, ProxyEnd, ProxySettings, SidecarKind};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// How a classic proxy is made to last as long as the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DrainStrategy {
    /// It ends after a fixed time; where it ends with its last connection, not before that time.
    #[default]
    DrainDuration,
    /// It ends with its last connection, but not before that time.
    ExitOnZero,
    /// A native sidecar, which ends after the application by itself.
    Native,
}

/// A change of one annotation of a pod.
#[derive(Debug, Clone, PartialEq)]
pub struct ProxyEdit {
    /// The annotation.
    pub annotation: &'static str,
    /// What is written into it, as YAML: `terminationDrainDuration: 40s`.
    pub setting: String,
    /// The edits, relative to the object.
    pub edits: Vec<Edit>,
    /// What a person should look at: one line, no full stop.
    pub risk: Option<String>,
}

impl ProxyEdit {
    /// The fix that is this change alone.
    pub fn fix(self, title: &str) -> Fix {
        match self.risk {
            Some(risk) => Fix::risky(title, risk, self.edits),
            None => Fix::safe(title, self.edits),
        }
    }
}

/// Why no annotation helps any more.
pub const INJECTED: &str = "Istio has already set up the proxy of this pod and reads its annotations no more";

/// Lets the application start only when its classic proxy is ready.
///
/// # Errors
/// The reason why it cannot be done, or would do nothing: one line for people.
pub fn hold(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Result<ProxyEdit, String> {
    let annotation = ConfigAnnotation::of(pod)?;
    let istio = subject.profile.istio_version;
    if !can_hold(subject.profile) {
        return Err(format!("Istio {istio} cannot hold the application back"));
    }
    if let Some(obstacle) = HoldingHook::of(subject, pod).obstacle() {
        return Err(obstacle.to_owned());
    }
    let switched_off = annotation.config().hold_application_until_proxy_starts == Some(false);
    Ok(ProxyEdit {
        annotation: PROXY_CONFIG_ANNOTATION,
        setting: format!("{HOLD}: true"),
        edits: vec![annotation.set(&[HOLD], true)],
        risk: switched_off.then(|| "the pod switches it off itself, perhaps for a reason".to_owned()),
    })
}

/// Gives the pod a native sidecar, which is ready before the application starts and ends after it.
///
/// # Errors
/// The reason why it cannot be done, or would do nothing: one line for people.
pub fn native_sidecar(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Result<ProxyEdit, String> {
    if is_injected(pod) {
        return Err(INJECTED.to_owned());
    }
    let profile = subject.profile;
    if profile.sidecar_kind(Some("true")) != SidecarKind::Native {
        let (istio, kubernetes) = (profile.istio_version, profile.kubernetes_version);
        return Err(format!("Istio {istio} with Kubernetes {kubernetes} gives no native sidecar to a pod that asks"));
    }
    if let Some(obstacle) = native_obstacle(subject, pod) {
        return Err(obstacle.to_owned());
    }
    let chosen = pod.annotations().get(NATIVE_SIDECAR_ANNOTATION).is_some_and(|value| !value.is_empty());
    let chosen = chosen.then_some("the pod asks for a classic sidecar itself, perhaps for a reason");
    let cut_off = || init_containers_may_be_cut_off(subject, pod).then_some(CUT_OFF);
    let in_vain = || init_containers_may_wait_in_vain(subject, pod).then_some(WAIT_IN_VAIN);
    Ok(ProxyEdit {
        annotation: NATIVE_SIDECAR_ANNOTATION,
        setting: "\"true\"".to_owned(),
        edits: vec![Edit::set(pod.annotation_path(NATIVE_SIDECAR_ANNOTATION), "true")],
        risk: chosen.or_else(cut_off).or_else(in_vain).map(str::to_owned),
    })
}

const CUT_OFF: &str =
    "calls of init containers go through the mesh then, and REGISTRY_ONLY refuses those to hosts that it does not know";

const WAIT_IN_VAIN: &str = "an init container may take a connection for an answer, and behind a proxy it gets one whoever is there: its wait would end at once";

/// Whether init containers that wait for somebody today would no longer do so behind a proxy, which takes every connection itself.
/// With Istio's CNI plugin they get none before a classic proxy runs.
fn init_containers_may_wait_in_vain(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> bool {
    let may_connect = |it: &Container<'_>| ask_command(it, |start| start.may_take_a_connection_for_an_answer());
    !subject.profile.cni && pod.init_containers().any(|it| it.role() == Role::Init && may_connect(&it))
}

/// Whether init containers that reach everybody today would call through the mesh, which may refuse it. With Istio's CNI plugin they
/// reach nobody before a classic proxy runs.
fn init_containers_may_be_cut_off(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> bool {
    let profile = subject.profile;
    let is_refused = profile.outbound_traffic_policy == OutboundTrafficPolicy::RegistryOnly && !profile.cni;
    let is_ours = |it: &Container<'_>| ask_start(it, |start| start.own_call().is_some());
    is_refused && pod.init_containers().any(|it| it.role() == Role::Init && !is_ours(&it))
}

/// Lets the classic proxy last so many seconds after the first signal; a native one with [`DrainStrategy::Native`].
///
/// # Errors
/// The reason why it cannot be done, or would do nothing: one line for people.
pub fn longer_life(
    subject: &Subject<'_>,
    pod: &PodTemplate<'_>,
    seconds: i64,
    strategy: DrainStrategy,
) -> Result<ProxyEdit, String> {
    if strategy == DrainStrategy::Native {
        return native_sidecar(subject, pod);
    }
    let annotation = ConfigAnnotation::of(pod)?;
    let settings = proxy_settings(subject, pod).map_err(|reason| reason.to_string())?;
    // A preStop of its own may end it before.
    proxy_life(subject, pod).map_err(|reason| reason.to_string())?;
    let wanted = lasting(subject, &annotation, &settings, GoDuration::from_seconds(seconds), strategy);
    Ok(ProxyEdit {
        annotation: PROXY_CONFIG_ANNOTATION,
        setting: wanted.flow(),
        edits: wanted.edits(&annotation),
        risk: None,
    })
}

/// Lets Envoy of a classic proxy take new connections for this long after the first signal.
///
/// # Errors
/// The reason why it cannot be done, or would do nothing: one line for people.
pub fn longer_drain(pod: &PodTemplate<'_>, time: GoDuration) -> Result<ProxyEdit, String> {
    let annotation = ConfigAnnotation::of(pod)?;
    Ok(ProxyEdit {
        annotation: PROXY_CONFIG_ANNOTATION,
        setting: format!("{DRAIN}: {time}"),
        edits: vec![annotation.set(&[DRAIN], time.to_string())],
        risk: Some("after every change of its configuration Envoy keeps what it replaces for so long too".to_owned()),
    })
}

const HOLD: &str = "holdApplicationUntilProxyStarts";
const TERMINATION: &str = "terminationDrainDuration";
const DRAIN: &str = "drainDuration";
const METADATA: &str = "proxyMetadata";

/// What the annotation is to say, where it does not yet.
#[derive(Default)]
struct Wanted {
    metadata: Vec<(&'static str, String)>,
    keys: Vec<(&'static str, String)>,
}

fn lasting(
    subject: &Subject<'_>,
    annotation: &ConfigAnnotation,
    settings: &ProxySettings,
    time: GoDuration,
    strategy: DrainStrategy,
) -> Wanted {
    let istio = subject.profile.istio_version;
    let ends_when_idle = |settings: &ProxySettings| {
        matches!(ProxyEnd::of(SidecarKind::Classic, settings, istio), ProxyEnd::WhenIdleAfter(_))
    };
    let with_exit_on_zero = ProxySettings { exit_on_zero_active_connections: true, ..settings.clone() };
    // What the pod itself says about its last connection is left as it is.
    let switch_on = strategy == DrainStrategy::ExitOnZero
        && !ends_when_idle(settings)
        && ends_when_idle(&with_exit_on_zero)
        && !annotation.config().proxy_metadata.contains_key(EXIT_ON_ZERO);
    let mut wanted = Wanted::default();
    if switch_on {
        wanted.metadata.push((EXIT_ON_ZERO, "true".to_owned()));
    }
    if !switch_on && !ends_when_idle(settings) {
        wanted.keys.push((TERMINATION, time.to_string()));
    } else if settings.minimum_drain_duration < time {
        wanted.metadata.push((MINIMUM_DRAIN, time.to_string()));
    }
    if !envoy_outlasts(ProxyEnd::After(time), settings.drain_duration) {
        wanted.keys.push((DRAIN, time.to_string()));
    }
    wanted
}

impl Wanted {
    fn edits(&self, annotation: &ConfigAnnotation) -> Vec<Edit> {
        let metadata = self.metadata.iter().map(|(key, value)| annotation.set(&[METADATA, key], value.as_str()));
        let keys = self.keys.iter().map(|(key, value)| annotation.set(&[key], value.as_str()));
        metadata.chain(keys).collect()
    }

    /// As the inside of a YAML flow mapping.
    fn flow(&self) -> String {
        let pair = |(key, value): &(&str, String)| match value.as_str() {
            "true" => format!("{key}: \"true\""),
            value => format!("{key}: {value}"),
        };
        let join = |pairs: &[(&'static str, String)]| pairs.iter().map(pair).collect::<Vec<_>>().join(", ");
        match (self.metadata.is_empty(), self.keys.is_empty()) {
            (true, _) => join(&self.keys),
            (false, true) => format!("{METADATA}: {{{}}}", join(&self.metadata)),
            (false, false) => format!("{METADATA}: {{{}}}, {}", join(&self.metadata), join(&self.keys)),
        }
    }
}

/// The annotation `proxy.istio.io/config` of a pod that Istio has yet to read.
struct ConfigAnnotation {
    path: Path,
    annotated: Arc<(Value, ProxyConfig)>,
}

impl ConfigAnnotation {
    fn of(pod: &PodTemplate<'_>) -> Result<Self, String> {
        if is_injected(pod) {
            return Err(INJECTED.to_owned());
        }
        let annotated = annotated_config(pod).map_err(|reason| reason.to_string())?;
        Ok(Self { path: pod.annotation_path(PROXY_CONFIG_ANNOTATION), annotated })
    }

    /// What Istio reads from it.
    fn config(&self) -> &ProxyConfig {
        &self.annotated.1
    }

    /// Only the first step is a key of Istio's, with two spellings.
    fn set(&self, keys: &[&str], value: impl Into<Value>) -> Edit {
        let mut path = Path::root();
        for (depth, key) in keys.iter().enumerate() {
            path = if depth == 0 { path.key(&spelling(&self.annotated.0, key)) } else { path.key(key) };
        }
        Edit::SetWithin { text: self.path.clone(), path, value: value.into() }
    }
}
