//! `envoy-drain`: Envoy of a classic proxy must take new connections as long as its agent lets it live.
//!
//! With SIGTERM Envoy begins to drain, and closes its listeners when `drainDuration` is over; the agent ends it after
//! `terminationDrainDuration`. Source: <https://github.com/istio/istio/blob/master/pkg/envoy/agent.go>

use crate::base::PodRepair;
use crate::checks::proxy::{annotated_config, proxy_container, proxy_settings};
use crate::checks::proxy_edit::longer_drain;
use crate::checks::{Check, NoParams, Observation, bind, schema_of};
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate};
use crate::mesh::proxy_config::PROXY_CONFIG_ANNOTATION;
use crate::mesh::shutdown::{envoy_outlasts, hook_seconds};
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
        let pod = subject.pod().filter(|_| subject.sidecar_kind() == Some(SidecarKind::Classic))?;
        let settings = chosen_by_pod(subject, &pod)?;
        let end = ProxyEnd::of(SidecarKind::Classic, &settings, subject.profile.istio_version);
        let is_cut_short = matches!(end, ProxyEnd::After(_)) && !envoy_outlasts(end, settings.drain_duration);
        (is_cut_short && is_drained_before_kill(&pod, settings.drain_duration)).then(|| observe(&pod, &settings))
    };
    found().into_iter().collect()
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

/// Whether the listeners close before all is killed at the end of the grace period. An own preStop of the proxy comes before
/// its SIGTERM, and one of unknown length proves nothing.
fn is_drained_before_kill(pod: &PodTemplate<'_>, drain: GoDuration) -> bool {
    let own_hook = proxy_container(pod).as_ref().and_then(Container::pre_stop);
    let before_signal = own_hook.map_or(Some(0), hook_seconds);
    let closes = before_signal.map(|seconds| drain.plus(GoDuration::from_seconds(seconds)));
    closes.is_some_and(|closes| closes < GoDuration::from_seconds(pod.grace_period()))
}

fn observe(pod: &PodTemplate<'_>, settings: &ProxySettings) -> Observation {
    let (life, drain) = (settings.termination_drain_duration, settings.drain_duration);
    // Istio takes whole seconds here.
    let wanted = GoDuration::from_seconds(life.seconds_ceil());
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
