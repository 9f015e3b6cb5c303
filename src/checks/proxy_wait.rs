//! `proxy-wait`: commands that wait for the proxy before they start the application.
//!
//! Three rules share it, and of one wait one of them speaks: it never ends, it is of no use, or it is in use and weak.

mod fragile;
mod own_wait;
mod post_start;
mod unwrapping;

use crate::base::{Fix, PodRepair, Safety, field};
use crate::checks::container_start::{ask_start, proxy_wait};
use crate::checks::fix_budget::FixBudget;
use crate::checks::held::Held;
use crate::checks::injection_key::asks_in_vain;
use crate::checks::proxy::assumed_native;
use crate::checks::{Check, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::manifest::{Container, ImageReference, PodTemplate};
use crate::mesh::{Bound, Membership, ProxyWait, Rest, SidecarKind};
use fragile::{fragile, missing_shell, unwrapped};
use own_wait::{fails_again_and_again, is_own, only_quits, own_wait};
use post_start::post_start_waits;
use schemars::JsonSchema;
use serde::Deserialize;
use unwrapping::command_key;

/// The check.
pub const CHECK: Check = Check {
    id: "proxy-wait",
    summary: "commands that wait for the proxy before they start the application",
    cases: &[fragile::BOUNDED],
    repair: PodRepair::Never,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// Parameters of `proxy-wait`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {
    /// Which wait is a finding.
    finds: Wait,
    /// The image of seaworthy-wait, for what replaces a wait. Absent: `repairs.image` of `seaworthy.yaml`.
    #[serde(default)]
    #[schemars(with = "ImageReference")]
    image: Option<String>,
}

/// A wait that is a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Wait {
    /// One without end: the pod gets no proxy, or gets it only afterwards.
    Endless,
    /// One for a proxy that is ready before the container starts.
    Redundant,
    /// One that is needed, and may do harm itself.
    Fragile,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    let may_wait = |it: &Container<'_>| matches!(proxy_wait(it), ProxyWait::Certain(_));
    let has_hook = |it: &Container<'_>| field(it.value(), &["lifecycle", "postStart"]).is_some();
    let may_be_meant = |it: &Container<'_>| may_wait(it) || has_hook(it) || only_quits(it);
    if !pod.all_containers().any(|it| may_be_meant(&it)) {
        return Vec::new();
    }
    let answering = answering(&pod);
    let (held, fixes) = (Held::of(subject, &pod), FixBudget::default());
    let scene = Scene { subject, pod, held, image: params.image.as_deref(), answering, fixes };
    let waits = |it: &Container<'_>| may_wait(it) && !scene.others_may_answer(it);
    let observe = |it: Container<'_>| match params.finds {
        Wait::Endless => endless(&scene, &it),
        Wait::Redundant => redundant(&scene, &it),
        Wait::Fragile => fragile(&scene, &it),
    };
    let is_meant = |it: &Container<'_>| waits(it) || params.finds == Wait::Redundant && only_quits(it);
    let (own, others): (Vec<_>, Vec<_>) = pod.all_containers().filter(is_meant).partition(is_own);
    let by_command = others.into_iter().filter_map(observe).chain(own_wait(&scene, params.finds, own));
    by_command.chain(post_start_waits(&scene, params.finds)).collect()
}

/// A pod whose containers are looked at.
struct Scene<'a> {
    subject: &'a Subject<'a>,
    pod: PodTemplate<'a>,
    /// Which containers its proxy holds back; none without one, or where that cannot be told.
    held: Option<Held>,
    /// The image of seaworthy-wait.
    image: Option<&'a str>,
    /// Containers that may be what the others wait for, two of them at most.
    answering: Vec<Container<'a>>,
    fixes: FixBudget,
}

impl Scene<'_> {
    /// Why the pod certainly gets no proxy; none where it may get one.
    fn has_no_proxy(&self) -> Option<&'static str> {
        match self.subject.membership {
            Membership::Ambient => Some("is in an ambient mesh"),
            Membership::Outside if self.pod.host_network() => Some("uses the network of its node"),
            Membership::Outside => Some("is not injected"),
            Membership::Sidecar(_) | Membership::Unknown => None,
        }
    }

    /// Whether another container may be what this one waits for: they share their localhost.
    fn others_may_answer(&self, waiting: &Container<'_>) -> bool {
        self.answering.iter().any(|other| !other.is(waiting))
    }

    /// Whether the proxy is ready before this container starts, and nothing else needs its wrapper.
    fn needs_no_wait(&self, container: &Container<'_>) -> bool {
        // A wrapper is still needed for what it does in the end: a classic proxy does not end with the work.
        let quits = || ask_start(container, |start| start.wrapper_may_quit_proxy());
        self.held.is_some_and(|held| held.holds(container)) && !(self.is_classic() && quits())
    }

    fn why_no_wait(&self) -> &'static str {
        if self.is_classic() { "is held back until its proxy is ready" } else { "starts after its native sidecar" }
    }

    /// The fix of a wait of no use: for a person to look at where it is only assumed that it is of none, or is not meant to stay so.
    fn doubted(&self, fix: Fix) -> Fix {
        let reason = match self.subject.membership {
            Membership::Unknown => Some(UNKNOWN),
            Membership::Outside | Membership::Ambient => {
                asks_in_vain(self.subject, &self.pod).then_some(ASKS_FOR_INJECTION)
            }
            Membership::Sidecar(_) => assumed_native(self.subject, &self.pod),
        };
        match reason {
            Some(reason) => Fix { safety: Safety::Unsafe(reason.to_owned()), ..fix },
            None => fix,
        }
    }

    fn is_classic(&self) -> bool {
        self.subject.sidecar_kind() == Some(SidecarKind::Classic)
    }
}

/// The containers that may be what the others wait for, two of them at most. Several rules ask, so their places are kept.
fn answering<'a>(pod: &PodTemplate<'a>) -> Vec<Container<'a>> {
    struct Places(Vec<usize>);
    let places = || {
        let found = pod.running_containers().enumerate().filter(|(_, it)| may_answer(it));
        found.map(|(place, _)| place).take(2).collect()
    };
    let places = pod.once(|| Places(places()));
    places.0.iter().filter_map(|place| pod.running_containers().nth(*place)).collect()
}

/// Whether a container may be what the others of its pod wait for: an Envoy of its own, or whatever declares one of the
/// proxy's ports. Istio's own proxy is none of these.
fn may_answer(container: &Container<'_>) -> bool {
    let is_proxy = |text: &str| ["envoy", "proxyv2", "istio"].iter().any(|sign| text.contains(sign));
    container.name() != "istio-proxy"
        && (container.ports().any(|port| READY_PORTS.contains(&port.number))
            || is_proxy(container.name())
            || is_proxy(container.image()))
}

/// The ports on which Istio's proxy says whether it is ready.
const READY_PORTS: [i64; 3] = [15000, 15020, 15021];

/// A wait without end.
fn endless(scene: &Scene<'_>, container: &Container<'_>) -> Option<Observation> {
    if proxy_wait(container) != ProxyWait::Certain(Bound::Endless) && !fails_again_and_again(container) {
        return None;
    }
    let name = shortened_to(24, container.name());
    let path = container.path().key(command_key(container));
    let Some(why) = scene.has_no_proxy() else { return before_proxy(scene, container) };
    let cause = match missing_shell(scene, container) {
        None => format!("it waits for a proxy, but the pod {why}"),
        Some(base) => format!("its wait needs a shell, which {} has not, and a proxy, but the pod {why}", base.name()),
    };
    let message = format!("container {name} never starts: {cause}: want no wait at {path}");
    let help = "take the wait out of `command` and `args`, or let the pod be injected";
    let fix = scene.fixes.spend(|| unwrapped(scene, container, Rest::NeverMeansProxy)).map(|fix| scene.doubted(fix));
    Some(Observation::new(path, message).help(help).remedied_by(fix))
}

/// An init container that waits for a classic proxy keeps it from starting, and all else.
fn before_proxy(scene: &Scene<'_>, container: &Container<'_>) -> Option<Observation> {
    if scene.subject.membership == Membership::Unknown {
        return None;
    }
    scene.held.filter(|held| held.is_before_proxy(container))?;
    let name = shortened_to(24, container.name());
    let path = container.path().key(command_key(container));
    let message =
        format!("init container {name} never ends: it waits for a proxy that starts after it: want no wait at {path}");
    let help = "take the wait out, or use a native sidecar, which starts before the init containers";
    let fix = scene.fixes.spend(|| unwrapped(scene, container, Rest::NeverMeansProxy));
    Some(Observation::new(path, message).help(help).remedied_by(fix))
}

/// A wait for a proxy that is ready before the container starts.
fn redundant(scene: &Scene<'_>, container: &Container<'_>) -> Option<Observation> {
    scene.needs_no_wait(container).then_some(())?;
    let name = shortened_to(24, container.name());
    let path = container.path().key(command_key(container));
    let why = scene.why_no_wait();
    let message = format!("container {name} {why}, and has no use for a wait: want no wait at {path}");
    let help = "take the wait out of `command` and `args`: where there is no proxy, it is in the way";
    let fix = scene.fixes.spend(|| unwrapped(scene, container, Rest::MeansProxy)).map(|fix| scene.doubted(fix));
    Some(Observation::new(path, message).help(help).remedied_by(fix))
}

/// A wait that is in use in another mesh than the one that is assumed would be missed.
const UNKNOWN: &str = "whether the pod is in the mesh, and so what its proxy does, is not known";

/// One cause has two findings then, and to take the wait out destroys what the other one's fix needs.
const ASKS_FOR_INJECTION: &str =
    "the pod asks for injection, in vain as it is written: once it is injected, the wait is needed";

#[cfg(test)]
mod tests;
