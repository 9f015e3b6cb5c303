//! `envoy-drain`: Envoy of a classic proxy must take new connections as long as its agent lets it live.
//!
//! With SIGTERM Envoy begins to drain, and closes its listeners when `drainDuration` is over; the agent ends it after
//! `terminationDrainDuration`. Source: <https://github.com/istio/istio/blob/master/pkg/envoy/agent.go>

use crate::base::PodRepair;
use crate::checks::proxy::{annotated_config, own_wait, proxy_settings};
use crate::checks::proxy_edit::{ProxyEdit, longer_drain};
use crate::checks::{Check, NoParams, Observation, bind, schema_of};
use crate::inventory::Subject;
use crate::manifest::PodTemplate;
use crate::mesh::proxy_config::PROXY_CONFIG_ANNOTATION;
use crate::mesh::shutdown::envoy_outlasts;
use crate::mesh::{GoDuration, ProxyEnd, ProxySettings, SidecarKind};

/// The check.
pub const CHECK: Check = Check {
    id: "envoy-drain",
    summary: "whether Envoy of a classic proxy takes new connections as long as it lives",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let found = || {
        let pod = subject.pod()?;
        let settings = drained_too_early(subject, &pod, pod.grace_period())?;
        Some(observe(&pod, &settings))
    };
    found().into_iter().collect()
}

/// The drain that a grace period of so many seconds asks for, where the one in force is too short only with it: up to now all was
/// killed before Envoy had drained. It belongs to whatever raises the grace period.
///
/// # Errors
/// The reason why it cannot be had: one line for people.
pub fn drain_for_grace(subject: &Subject<'_>, pod: &PodTemplate<'_>, grace: i64) -> Result<Option<ProxyEdit>, String> {
    if drained_too_early(subject, pod, pod.grace_period()).is_some() {
        return Ok(None);
    }
    let Some(settings) = drained_too_early(subject, pod, grace) else { return Ok(None) };
    longer_drain(pod, wanted_drain(&settings)).map(|edit| Some(ProxyEdit { risk: None, ..edit }))
}

/// The settings of a classic proxy, chosen by its pod, whose Envoy takes no new connections at its end, in a pod with this grace
/// period in seconds.
fn drained_too_early(subject: &Subject<'_>, pod: &PodTemplate<'_>, grace: i64) -> Option<ProxySettings> {
    if subject.sidecar_kind() != Some(SidecarKind::Classic) || !pod.tells_grace_period() {
        return None;
    }
    let settings = chosen_by_pod(subject, pod)?;
    let end = ProxyEnd::of(SidecarKind::Classic, &settings, subject.profile.istio_version);
    let is_cut_short = matches!(end, ProxyEnd::After(_)) && !envoy_outlasts(end, settings.drain_duration);
    // An own preStop of the proxy comes before its SIGTERM, and one of unknown length proves nothing.
    let closes = settings.drain_duration.plus(GoDuration::from_seconds(own_wait(subject, pod)?));
    (is_cut_short && closes < GoDuration::from_seconds(grace)).then_some(settings)
}

/// As long as the proxy lives; Istio takes whole seconds here.
fn wanted_drain(settings: &ProxySettings) -> GoDuration {
    GoDuration::from_seconds(settings.termination_drain_duration.seconds_ceil())
}

/// The settings of the proxy, if the pod itself sets one of the two times: else it is the mesh's own affair.
fn chosen_by_pod(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Option<ProxySettings> {
    let settings = proxy_settings(subject, pod).ok()?;
    let annotated = annotated_config(pod).ok()?;
    let (_, config) = &*annotated;
    // A proxy that is there may have been made from another annotation.
    let holds = |chosen: Option<GoDuration>, effective| chosen.is_none_or(|chosen| chosen == effective);
    let is_chosen = config.termination_drain_duration.is_some() || config.drain_duration.is_some();
    let is_effective = holds(config.termination_drain_duration, settings.termination_drain_duration)
        && holds(config.drain_duration, settings.drain_duration);
    (is_chosen && is_effective).then_some(settings)
}

fn observe(pod: &PodTemplate<'_>, settings: &ProxySettings) -> Observation {
    let (life, drain) = (settings.termination_drain_duration, settings.drain_duration);
    let wanted = wanted_drain(settings);
    let path = pod.annotation_path(PROXY_CONFIG_ANNOTATION);
    let message =
        format!("proxy lasts {life} but takes new connections for {drain} only: want drainDuration {wanted} at {path}");
    let observation = Observation::new(path, message);
    match longer_drain(pod, wanted) {
        Ok(edit) => {
            let help = format!("write `{}` beside it, or a shorter `terminationDrainDuration`", edit.setting);
            observation.help(help).fixed_by(edit.fix("let Envoy take new connections as long as it lives"))
        }
        Err(reason) => observation.unfixed(reason),
    }
}
