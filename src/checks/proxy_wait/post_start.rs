//! postStart hooks that wait for the proxy.
//!
//! The kubelet starts the containers of a pod one after the other and goes on only when the postStart of the one before has
//! ended (<https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/#hook-handler-execution>). Istio puts a
//! classic proxy behind the application, so a hook that waits for it waits for what it keeps from starting.

use crate::base::{Edit, Fix, Path, Safety, field};
use crate::checks::held::Held;
use crate::checks::proxy::present_proxy;
use crate::checks::proxy_wait::{Scene, Wait};
use crate::checks::{Observation, shortened, shortened_to};
use crate::manifest::{Container, Role};
use crate::mesh::init_order::PROXY;
use crate::mesh::wrapper::ContainerStart;
use crate::mesh::{Bound, CannotUnwrap, Membership, ProxyWait, Rest, SidecarKind, Unwrapped};
use serde_json::{Map, Value};

/// A finding for each hook whose wait is this defect.
///
/// That of `istio-proxy` itself waits for its own container, which runs: that is how Istio means it.
pub fn post_start_waits(scene: &Scene<'_>, finds: Wait) -> Vec<Observation> {
    let may_wait = |it: &Container<'_>| it.role() != Role::Init && it.name() != PROXY && !scene.others_may_answer(it);
    let containers = scene.pod.all_containers().filter(may_wait);
    let hooks = containers.filter_map(Hook::of);
    hooks
        .filter_map(|hook| match finds {
            Wait::Endless => endless(scene, &hook),
            Wait::Redundant => redundant(scene, &hook),
            Wait::Fragile => None,
        })
        .collect()
}

/// The postStart of a container that runs a command.
struct Hook<'a> {
    container: Container<'a>,
    command: Vec<&'a str>,
    environment: Vec<(&'a str, Option<&'a str>)>,
}

impl<'a> Hook<'a> {
    fn of(container: Container<'a>) -> Option<Self> {
        let words = field(container.value(), &["lifecycle", "postStart", "exec", "command"])?.as_array()?;
        let command: Option<Vec<&str>> = words.iter().map(Value::as_str).collect();
        Some(Self { container, command: command?, environment: container.environment().collect() })
    }

    fn ask<T>(&self, question: impl FnOnce(&ContainerStart<'_>) -> T) -> T {
        let (name, image) = (self.container.name(), self.container.image());
        question(&ContainerStart { name, image, command: &self.command, args: &[], env: &self.environment })
    }

    fn path(&self) -> Path {
        self.container.path().key("lifecycle").key("postStart")
    }

    /// The hook without its wait; none of it where it does nothing else.
    fn without_wait(&self, rest: Rest) -> Result<Fix, String> {
        let name = shortened(self.container.name());
        if self.ask(|start| start.only_waits()) {
            let title = format!("take out the postStart of {name}, which only waits for the proxy");
            let hooks = self.container.value().get("lifecycle").and_then(Value::as_object).map_or(0, Map::len);
            let path = if hooks == 1 { self.container.path().key("lifecycle") } else { self.path() };
            return Ok(Fix::safe(title, vec![Edit::Remove { path }]));
        }
        match self.ask(|start| start.without_proxy_wait(rest)) {
            Ok(Unwrapped::Script { at, text }) => {
                let title = format!("take the wait for the proxy out of the postStart of {name}");
                Ok(Fix::safe(title, vec![Edit::set(self.path().key("exec").key("command").index(at), text)]))
            }
            Ok(Unwrapped::Program { .. }) => Err(CannotUnwrap::NotExact.to_string()),
            Err(CannotUnwrap::OnlyWaits) => Err(CannotUnwrap::NotExact.to_string()),
            Err(reason) => Err(reason.to_string()),
        }
    }
}

/// A hook that never ends, so that the container never runs, and those behind it never start.
fn endless(scene: &Scene<'_>, hook: &Hook<'_>) -> Option<Observation> {
    if hook.ask(|start| start.proxy_wait()) != ProxyWait::Certain(Bound::Endless) {
        return None;
    }
    let (name, path) = (shortened_to(24, hook.container.name()), hook.path());
    let (message, help, fix) = match scene.has_no_proxy() {
        Some(why) => (
            format!(
                "the postStart of {name} never ends: it waits for a proxy, but the pod {why}: want no wait at {path}"
            ),
            "take the wait out of the hook, or let the pod be injected",
            hook.without_wait(Rest::NeverMeansProxy).map(|fix| scene.doubted(fix)),
        ),
        None if starts_before_proxy(scene, &hook.container) => (
            format!("the postStart of {name} never ends: its proxy starts only after it: want no wait at {path}"),
            "the kubelet goes on to the proxy when the hook has ended: hold the application back \
             (`holdApplicationUntilProxyStarts: true`) or use a native sidecar instead",
            hook.without_wait(Rest::NeverMeansProxy).map(|fix| alone(hook, fix)),
        ),
        None => return None,
    };
    Some(Observation::new(path, message).help(help).remedied_by(fix))
}

/// What a hook does behind its wait runs before the proxy then: only one that does nothing else is taken out safely.
fn alone(hook: &Hook<'_>, fix: Fix) -> Fix {
    if hook.ask(|start| start.only_waits()) {
        return fix;
    }
    Fix { safety: Safety::Unsafe("what the hook does after its wait runs before the proxy then".to_owned()), ..fix }
}

/// Whether the kubelet starts this container before a classic proxy.
fn starts_before_proxy(scene: &Scene<'_>, container: &Container<'_>) -> bool {
    let is_classic = scene.subject.membership == Membership::Sidecar(SidecarKind::Classic);
    let is_before = match present_proxy(&scene.pod) {
        Some(proxy) => container.index() < proxy.index(),
        None => scene.held == Some(Held::None),
    };
    is_classic && scene.held.is_some() && (container.role() == Role::NativeSidecar || is_before)
}

/// A hook that waits for a proxy that is ready before its container starts.
fn redundant(scene: &Scene<'_>, hook: &Hook<'_>) -> Option<Observation> {
    let waits = matches!(hook.ask(|start| start.proxy_wait()), ProxyWait::Certain(_));
    scene.held.filter(|held| waits && held.holds(&hook.container))?;
    let (name, path, why) = (shortened_to(24, hook.container.name()), hook.path(), scene.why_no_wait());
    let message = format!("container {name} {why}, and has no use for a wait: want no wait at {path}");
    let help = "take the wait out of the hook: where there is no proxy, it is in the way";
    let fix = hook.without_wait(Rest::MeansProxy).map(|fix| scene.doubted(fix));
    Some(Observation::new(path, message).help(help).remedied_by(fix))
}
