//! Which handlers a lifecycle hook names.
//!
//! Source: `validateHandler` in <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go>.

use crate::mesh::Version;
use serde_json::Value;

/// What a hook can name; in the order in which the API server looks at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handler {
    /// A program in the container.
    Exec,
    /// A GET by the kubelet.
    HttpGet,
    /// A field that the API server takes and that no kubelet runs.
    TcpSocket,
    /// A wait by the kubelet.
    Sleep,
}

impl Handler {
    const ALL: [Self; 4] = [Self::Exec, Self::HttpGet, Self::TcpSocket, Self::Sleep];

    /// Its field in a hook.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::HttpGet => "httpGet",
            Self::TcpSocket => "tcpSocket",
            Self::Sleep => "sleep",
        }
    }

    /// The handlers that a hook names. A valid one names exactly one.
    pub fn all_of(hook: &Value) -> Vec<Self> {
        let is_named = |handler: &Self| hook.get(handler.field()).is_some_and(|value| !value.is_null());
        Self::ALL.into_iter().filter(is_named).collect()
    }

    /// The handler of a hook; none where it names none or several, which the API server refuses.
    pub fn of(hook: &Value) -> Option<Self> {
        match Self::all_of(hook)[..] {
            [only] => Some(only),
            _ => None,
        }
    }
}

/// The first version of Kubernetes whose API server takes a sleep action without a feature gate; those before it drop it.
///
/// Source: <https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/3960-pod-lifecycle-sleep-action>.
pub const SLEEP_ACTION_SINCE: Version = Version::new(1, 30);

/// Whether a hook is a sleep action that this Kubernetes drops: nothing is left of it, and SIGTERM comes at once.
pub fn is_dropped(hook: &Value, kubernetes: Version) -> bool {
    kubernetes < SLEEP_ACTION_SINCE && Handler::of(hook) == Some(Handler::Sleep)
}

/// Whether Istio's injector sends the `httpGet` and `tcpSocket` hooks of applications through its agent, on 15020.
///
/// Source: <https://github.com/istio/istio/pull/53654>; seen in what the injector makes of a pod with such hooks.
pub fn rewrites_hooks(istio: Version) -> bool {
    istio >= Version::new(1, 25)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_hook_has_the_one_handler_that_it_names() {
        for (hook, all) in [
            (json!({"exec": {"command": ["a"]}}), vec![Handler::Exec]),
            (json!({"exec": null, "sleep": {}}), vec![Handler::Sleep]),
            (json!({"sleep": {"seconds": 1}, "exec": {}}), vec![Handler::Exec, Handler::Sleep]),
            (json!({"tcpSocket": {"port": 1}, "httpGet": {}}), vec![Handler::HttpGet, Handler::TcpSocket]),
            (json!({"grpc": {"port": 1}}), vec![]),
            (json!({}), vec![]),
        ] {
            assert_eq!(Handler::all_of(&hook), all, "{hook}");
            assert_eq!(Handler::of(&hook), if all.len() == 1 { all.first().copied() } else { None }, "{hook}");
        }
    }

    #[test]
    fn an_old_kubernetes_drops_a_sleep_and_nothing_else() {
        let (sleep, exec) = (json!({"sleep": {"seconds": 5}}), json!({"exec": {"command": ["sleep", "5"]}}));
        for (hook, minor, dropped) in [(&sleep, 29, true), (&sleep, 30, false), (&exec, 29, false)] {
            assert_eq!(is_dropped(hook, Version::new(1, minor)), dropped, "{hook} on 1.{minor}");
        }
    }
}
