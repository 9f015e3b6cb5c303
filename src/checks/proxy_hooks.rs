//! Hooks that a pod gives its proxy itself, in a container `istio-proxy` that Istio is to fill in.
//!
//! Istio lays that container over its own by a strategic merge, key by key: an `exec` takes the place of Istio's `exec`, and any other
//! handler comes to stand beside it. The API server takes one handler in a hook and refuses the Pod. Source:
//! `reapplyOverwrittenContainers` in <https://github.com/istio/istio/blob/master/pkg/kube/inject/webhook.go>.

use crate::base::field;
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate};
use crate::mesh::ProxyWait;
use crate::mesh::shutdown::{Handler, ends_by_itself, is_dropped};
use crate::mesh::wrapper::ContainerStart;
use serde_json::Value;

/// What becomes of the postStart by which Istio holds the application back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldingHook {
    /// It stays, or the pod's own waits for the proxy too.
    Waits,
    /// The pod's own stands in its place, and ends without a wait.
    Replaced,
    /// The pod's own stands in its place, and may wait or not.
    Unknown,
    /// The pod's own stands beside it, and the Pod is refused.
    Refused,
}

impl HoldingHook {
    /// What the pod's own container `istio-proxy` makes of it.
    pub fn of(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Self {
        let Some((proxy, hook)) = own_hook(subject, pod, "postStart") else { return Self::Waits };
        if Handler::of(hook) != Some(Handler::Exec) {
            return Self::Refused;
        }
        match wait_of(&proxy, hook) {
            Some(ProxyWait::Certain(_)) => Self::Waits,
            _ if ends_by_itself(hook) => Self::Replaced,
            _ => Self::Unknown,
        }
    }

    /// Why Istio's hold would be in vain, or worse.
    pub const fn obstacle(self) -> Option<&'static str> {
        match self {
            Self::Waits => None,
            Self::Replaced | Self::Unknown => Some(
                "the postStart that the pod gives istio-proxy takes the place of the one by which Istio holds it back",
            ),
            Self::Refused => Some(
                "Istio would add an exec to the postStart that the pod gives istio-proxy, and a Pod with two handlers in a hook is \
                 refused",
            ),
        }
    }
}

/// Why the pod would be refused with a native sidecar: Istio gives that one a preStop, an exec.
pub fn native_obstacle(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Option<&'static str> {
    let (_, hook) = own_hook(subject, pod, "preStop")?;
    (Handler::of(hook) != Some(Handler::Exec)).then_some(
        "Istio would add an exec to the preStop that the pod gives istio-proxy, and a Pod with two handlers in a hook is refused",
    )
}

/// A hook of the container `istio-proxy` that Istio has yet to fill in, where it has a handler that the API server keeps.
fn own_hook<'a>(subject: &Subject<'_>, pod: &PodTemplate<'a>, moment: &str) -> Option<(Container<'a>, &'a Value)> {
    let is_to_be_filled = |it: &Container<'_>| it.name() == "istio-proxy" && matches!(it.image(), "" | "auto");
    let proxy = pod.all_containers().find(is_to_be_filled)?;
    let hook = field(proxy.value(), &["lifecycle", moment])?;
    let is_kept = !Handler::all_of(hook).is_empty() && !is_dropped(hook, subject.profile.kubernetes_version);
    is_kept.then_some((proxy, hook))
}

/// Whether the command of a hook waits for the proxy; none where its words cannot be read.
fn wait_of(proxy: &Container<'_>, hook: &Value) -> Option<ProxyWait> {
    let words = hook.pointer("/exec/command")?.as_array()?;
    let command: Option<Vec<&str>> = words.iter().map(Value::as_str).collect();
    let (command, env) = (command?, proxy.environment().collect::<Vec<_>>());
    let start = ContainerStart { name: proxy.name(), image: proxy.image(), command: &command, args: &[], env: &env };
    Some(start.proxy_wait())
}
