//! `proxy-wait`: commands that wait for the proxy before they start the application.

use crate::base::{Edit, Fix, Path, PodRepair};
use crate::checks::container_start::ask_start;
use crate::checks::{Check, Observation, bind, schema_of, shortened, shortened_to};
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate, Role};
use crate::mesh::{Bound, CannotUnwrap, Membership, ProxyWait, Unwrapped};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// The check.
pub const CHECK: Check = Check {
    id: "proxy-wait",
    summary: "commands that wait for the proxy before they start the application",
    cases: &[],
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
}

/// A wait that is a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Wait {
    /// One without end, in a pod that gets no proxy.
    Endless,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    let why = match subject.membership {
        Membership::Sidecar(_) | Membership::Unknown => return Vec::new(),
        Membership::Ambient => "is in an ambient mesh",
        Membership::Outside if pod.host_network() => "uses the network of its node",
        Membership::Outside => "is not injected",
    };
    let waiting = || pod.all_containers().filter(waits_for_ever).filter(|it| !others_may_answer(&pod, it));
    let alone = pod.init_containers().count() == 1;
    match params.finds {
        Wait::Endless => waiting().map(|it| observe(&it, why, alone)).collect(),
    }
}

fn waits_for_ever(container: &Container<'_>) -> bool {
    ask_start(container, |start| start.proxy_wait()) == ProxyWait::Certain(Bound::Endless)
}

/// Whether another container of the pod may be what is waited for: an Envoy of its own, or whatever declares one of the
/// proxy's ports. They share their localhost.
fn others_may_answer(pod: &PodTemplate<'_>, waiting: &Container<'_>) -> bool {
    let others = pod.running_containers().filter(|other| other.path() != waiting.path());
    let is_proxy = |text: &str| ["envoy", "proxyv2", "istio"].iter().any(|sign| text.contains(sign));
    let mut may_answer = others.map(|other| {
        other.ports().any(|port| READY_PORTS.contains(&port.number))
            || is_proxy(other.name())
            || is_proxy(other.image())
    });
    may_answer.any(|may| may)
}

/// The ports on which Istio's proxy says whether it is ready.
const READY_PORTS: [i64; 3] = [15000, 15020, 15021];

fn observe(container: &Container<'_>, why: &str, alone: bool) -> Observation {
    let key = if container.command().next().is_some() { "command" } else { "args" };
    let path = container.path().key(key);
    let name = shortened_to(24, container.name());
    let message =
        format!("container {name} never starts: it waits for a proxy, but the pod {why}: want no wait at {path}");
    let observation =
        Observation::new(path, message).help("take the wait out of `command` and `args`, or let the pod be injected");
    match without_wait(container, alone) {
        Ok(fix) => observation.fixed_by(fix),
        Err(reason) => observation.unfixed(reason),
    }
}

/// What goes with an init container: of the last one the whole list.
fn with_its_list(container: &Container<'_>, alone: bool) -> Path {
    let path = container.path();
    path.parent().filter(|_| alone).unwrap_or(path)
}

/// The container as if the proxy had answered at once. It runs then, as its owner wants it to, so this is safe.
fn without_wait(container: &Container<'_>, alone: bool) -> Result<Fix, String> {
    let words = |key: &str| container.value().get(key).and_then(Value::as_array).map_or(0, Vec::len);
    let (command, args) = (container.command().count(), container.args().count());
    if (command, args) != (words("command"), words("args")) {
        return Err("`command` and `args` hold something else than texts".to_owned());
    }
    let element = |at: usize| match at.checked_sub(command) {
        None => container.path().key("command").index(at),
        Some(at) => container.path().key("args").index(at),
    };
    let name = shortened(container.name());
    match ask_start(container, |start| start.without_proxy_wait()) {
        Ok(Unwrapped::Script { at, text }) => {
            Ok(Fix::safe(format!("take the wait for the proxy out of {name}"), vec![Edit::set(element(at), text)]))
        }
        Ok(Unwrapped::Program { at }) => {
            let title = format!("start {name} without its wait for the proxy");
            Ok(Fix::safe(title, without_program(container, at, command, element)))
        }
        Err(CannotUnwrap::OnlyWaits) if container.role() == Role::Init => {
            let title = format!("take out the init container {name}, which only waits for the proxy");
            let reason = "a patch elsewhere may refer to the container by its name";
            Ok(Fix::risky(title, reason, vec![Edit::Remove { path: with_its_list(container, alone) }]))
        }
        Err(reason) => Err(reason.to_string()),
    }
}

/// Without the wrapper at this place. An empty `command` would bring the image's own ENTRYPOINT back, so the first
/// argument takes the place of a wrapper that was all of it.
fn without_program(container: &Container<'_>, at: usize, command: usize, element: impl Fn(usize) -> Path) -> Vec<Edit> {
    match container.args().next() {
        Some(first) if at == 0 && command == 1 => {
            vec![Edit::set(element(0), first), Edit::Remove { path: element(1) }]
        }
        _ => vec![Edit::Remove { path: element(at) }],
    }
}

#[cfg(test)]
mod tests;
