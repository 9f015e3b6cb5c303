//! The end of a pod as a drawing, for the findings about it.

use crate::checks::ending::Ending;
use crate::checks::pre_stop::DrainSeconds;
use crate::checks::proxy::proxy_life;
use crate::checks::serving::known_callers;
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate, Role};
use crate::mesh::SidecarKind;
use crate::mesh::shutdown::{DrawnContainer, DrawnProxy, PodEnd, ProxyLife, timeline};
use serde::Deserialize;
use serde_json::Value;

/// What the rules about endings take for granted where a pod does not tell.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Assumed {
    shutdown_seconds: Option<u32>,
    drain_seconds: DrainSeconds,
}

/// How the pods of an object end, drawn; with what a rule's parameters say of shutdown and callers. Empty without a pod.
pub fn drawn_end(subject: &Subject<'_>, params: &Value) -> Vec<String> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    let assumed: Assumed = serde_json::from_value(params.clone()).unwrap_or_default();
    let ending = match assumed.shutdown_seconds {
        Some(seconds) => Ending::of(subject, &pod, seconds),
        None => Ending::by_default(subject, &pod),
    };
    with_callers(subject, &pod, &ending, &assumed.drain_seconds, None)
}

/// The end of a pod as it stands; the container of the finding comes first.
pub fn drawing(
    subject: &Subject<'_>,
    pod: &PodTemplate<'_>,
    ending: &Ending<'_>,
    first: &Container<'_>,
) -> Vec<String> {
    draw(subject, pod, ending, &|_| 0, Some(first))
}

/// The same, with the time for which callers still come where no preStop waits for them.
pub fn with_callers(
    subject: &Subject<'_>,
    pod: &PodTemplate<'_>,
    ending: &Ending<'_>,
    drain: &DrainSeconds,
    first: Option<&Container<'_>>,
) -> Vec<String> {
    let known = known_callers(subject, pod);
    let callers = |container: &Container<'_>| known.of(container).map_or(0, |callers| i64::from(drain.of(callers)));
    draw(subject, pod, ending, &callers, first)
}

fn draw(
    subject: &Subject<'_>,
    pod: &PodTemplate<'_>,
    ending: &Ending<'_>,
    callers: &dyn Fn(&Container<'_>) -> i64,
    first: Option<&Container<'_>>,
) -> Vec<String> {
    if !pod.tells_grace_period() {
        return Vec::new();
    }
    let mut containers: Vec<(bool, DrawnContainer<'_>)> = ending
        .containers()
        .map(|end| {
            let container = &end.container;
            let is_first = first.is_some_and(|first| first.is(container));
            let drawn = DrawnContainer {
                name: container.name(),
                hook: end.hook,
                shutdown: end.takes.shutdown,
                stops_last: container.role() == Role::NativeSidecar,
                callers: callers(container),
            };
            (is_first, drawn)
        })
        .collect();
    containers.sort_by_key(|(is_first, container)| (!is_first, container.stops_last));
    let containers = containers.into_iter().map(|(_, container)| container).collect();
    timeline(&PodEnd { containers, grace: pod.grace_period(), proxy: drawn_proxy(subject, pod) })
}

fn drawn_proxy(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> DrawnProxy {
    match subject.sidecar_kind() {
        None => DrawnProxy::Absent,
        Some(SidecarKind::Classic) => proxy_life(subject, pod).map_or(DrawnProxy::Unknown, DrawnProxy::Lives),
        Some(kind @ SidecarKind::Native) => {
            let profile = subject.profile;
            DrawnProxy::Lives(ProxyLife::of(kind, &profile.proxy, profile.istio_version, 0))
        }
    }
}
