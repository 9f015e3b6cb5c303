//! `proxy-wait`: commands that wait for the proxy before they start the application.

use crate::checks::container_start::ask_start;
use crate::checks::{Check, Observation, bind, schema_of, shortened};
use crate::inventory::Subject;
use crate::manifest::Container;
use crate::mesh::Membership;
use crate::mesh::{Bound, ProxyWait};
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "proxy-wait",
    summary: "commands that wait for the proxy before they start the application",
    cases: &[],
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
    match params.finds {
        Wait::Endless => pod.all_containers().filter(waits_for_ever).map(|it| observe(&it, why)).collect(),
    }
}

fn waits_for_ever(container: &Container<'_>) -> bool {
    ask_start(container, |start| start.proxy_wait()) == ProxyWait::Certain(Bound::Endless)
}

fn observe(container: &Container<'_>, why: &str) -> Observation {
    let key = if container.command().next().is_some() { "command" } else { "args" };
    let path = container.path().key(key);
    let name = shortened(container.name());
    let message = format!(
        "container {name} waits for a proxy, but the pod {why} and gets none, so it never starts: want the application \
         itself at {path}"
    );
    Observation::new(path, message).help("take the wait out of `command` and `args`, or let the pod be injected")
}
