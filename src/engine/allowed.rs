//! What a repair may touch of a Pod, as data: the last wall between a wrong fix and a cluster.
//!
//! A patch that the API server cannot apply, or whose result it refuses, fails the request whatever the failure policy:
//! <https://github.com/kubernetes/apiserver/blob/master/pkg/admission/plugin/webhook/mutating/dispatcher.go>.

use crate::base::Path;
use crate::manifest::edit::{Change, Difference, changes, pointer};
use serde_json::Value;

/// A part of a Pod that repairs may set, with everything below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    /// A JSON Pointer; `*` stands for any one item of a list.
    pub pointer: &'static str,
    /// Istio reads it once, when it makes the proxy of the Pod: set later it would be a dead letter.
    pub read_by_istio: bool,
}

/// All that repairs may set. Nothing else of a Pod is ever changed, and nothing is ever taken away.
pub const ALLOWED: [Allowed; 8] = [
    Allowed { pointer: "/metadata/annotations/seaworthy.dev~1applied", read_by_istio: false },
    Allowed { pointer: "/metadata/annotations/proxy.istio.io~1config", read_by_istio: true },
    Allowed { pointer: "/metadata/annotations/sidecar.istio.io~1nativeSidecar", read_by_istio: true },
    Allowed { pointer: "/metadata/annotations/traffic.sidecar.istio.io~1excludeOutboundIPRanges", read_by_istio: true },
    Allowed { pointer: "/metadata/labels/sidecar.istio.io~1inject", read_by_istio: true },
    Allowed { pointer: "/spec/terminationGracePeriodSeconds", read_by_istio: false },
    Allowed { pointer: "/spec/containers/*/lifecycle/preStop", read_by_istio: false },
    Allowed { pointer: "/spec/initContainers/*/lifecycle/preStop", read_by_istio: false },
];

/// The list into which repairs may put a container, and in which they may move one.
pub const OPEN_LIST: &str = "/spec/initContainers";
/// The names of the containers that repairs may put there.
pub const OWN_CONTAINERS: [&str; 1] = ["seaworthy-wait-identity"];

/// The first place, as a JSON Pointer, where two states of a Pod differ although no repair may touch it. Where Istio has
/// made its proxy already, what it reads is out of bounds too.
pub fn forbidden(before: &Value, after: &Value, has_proxy: bool) -> Option<String> {
    let moved = with_one_moved(before, after);
    changes(moved.as_ref().unwrap_or(before), after).iter().find_map(|change| forbidden_in(change, has_proxy))
}

/// The Pod before with one of its init containers, unchanged, where it stands after: a wait may have to run earlier or later.
/// None where nothing, or more than that, is in another order.
fn with_one_moved(before: &Value, after: &Value) -> Option<Value> {
    let list = |pod: &'_ Value| pod.pointer(OPEN_LIST).and_then(Value::as_array).cloned();
    let (old, mut new) = (list(before)?, list(after)?);
    new.retain(|it| !is_own(it) || old.contains(it));
    let first = old.iter().zip(&new).position(|(one, other)| one != other)?;
    let last = old.iter().zip(&new).rposition(|(one, other)| one != other)?;
    let (up, down) = (moved(&old, last, first), moved(&old, first, last));
    let moved = [up, down].into_iter().flatten().find(|it| *it == new)?;
    let mut pod = before.clone();
    *pod.pointer_mut(OPEN_LIST)? = Value::Array(moved);
    Some(pod)
}

/// The list with one item at another place.
fn moved(list: &[Value], from: usize, to: usize) -> Option<Vec<Value>> {
    let mut list = list.to_vec();
    if from >= list.len() || to >= list.len() {
        return None;
    }
    let item = list.remove(from);
    list.insert(to, item);
    Some(list)
}

/// Whether Istio reads this field once, when it makes the proxy of a Pod.
pub fn is_read_by_istio(path: &Path) -> bool {
    let pointer = pointer(path);
    ALLOWED.iter().any(|allowed| allowed.read_by_istio && covers(allowed.pointer, &pointer))
}

fn forbidden_in(change: &Change, has_proxy: bool) -> Option<String> {
    let at = pointer(&change.path);
    match &change.difference {
        Difference::Removed => Some(at),
        Difference::Inserted(item) => {
            let list = change.path.parent().map(|list| pointer(&list));
            (list.as_deref() != Some(OPEN_LIST) || !is_own(item)).then_some(at)
        }
        Difference::Added(value) | Difference::Replaced(value) => forbidden_below(&at, value, has_proxy),
    }
}

/// A map that comes with its first keys is judged by these.
fn forbidden_below(at: &str, value: &Value, has_proxy: bool) -> Option<String> {
    let is_allowed = |allowed: &Allowed| covers(allowed.pointer, at) && !(has_proxy && allowed.read_by_istio);
    if ALLOWED.iter().any(is_allowed) {
        return None;
    }
    match value {
        Value::Object(map) if !map.is_empty() => {
            let below = |key: &str| format!("{at}{}", pointer(&Path::root().key(key)));
            map.iter().find_map(|(key, value)| forbidden_below(&below(key), value, has_proxy))
        }
        Value::Array(items) if at == OPEN_LIST && items.iter().all(is_own) => None,
        _ => Some(at.to_owned()),
    }
}

fn is_own(container: &Value) -> bool {
    container.get("name").and_then(Value::as_str).is_some_and(|name| OWN_CONTAINERS.contains(&name))
}

/// Whether a pointer is this place, or below it.
fn covers(place: &str, pointer: &str) -> bool {
    let mut steps = pointer.split('/');
    place.split('/').all(|wanted| steps.next().is_some_and(|step| wanted == step || wanted == "*"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod() -> Value {
        json!({
            "metadata": {"name": "web", "labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "a"}, {"name": "log", "lifecycle": {"postStart": {}}}]},
        })
    }

    fn touched(edit: impl Fn(&mut Value), has_proxy: bool) -> Option<String> {
        let mut after = pod();
        edit(&mut after);
        forbidden(&pod(), &after, has_proxy)
    }

    #[test]
    fn repairs_touch_what_is_listed_and_nothing_else() {
        let edits: [(&str, Value, Option<&str>); 15] = [
            ("/metadata/annotations", json!({"seaworthy.dev/applied": "x", "proxy.istio.io/config": "{}"}), None),
            ("/metadata/labels/sidecar.istio.io~1inject", json!("false"), None),
            ("/spec/terminationGracePeriodSeconds", json!(47), None),
            ("/spec/containers/0/lifecycle", json!({"preStop": {"sleep": {"seconds": 30}}}), None),
            ("/spec/containers/1/lifecycle/preStop", json!({"exec": {"command": ["sleep", "9"]}}), None),
            ("/spec/initContainers", json!([{"name": "seaworthy-wait-identity"}]), None),
            ("/metadata/labels/app", json!("shop"), Some("/metadata/labels/app")),
            ("/metadata/annotations", json!({"a/b": "c"}), Some("/metadata/annotations/a~1b")),
            ("/metadata/annotations", json!({}), Some("/metadata/annotations")),
            ("/metadata/name", json!("shop"), Some("/metadata/name")),
            ("/spec/containers/0/image", json!("b"), Some("/spec/containers/0/image")),
            ("/spec/containers/0/lifecycle", json!({"postStart": {}}), Some("/spec/containers/0/lifecycle/postStart")),
            ("/spec/containers/1/lifecycle/postStart", json!(1), Some("/spec/containers/1/lifecycle/postStart")),
            ("/spec/initContainers", json!([{"name": "mine"}]), Some("/spec/initContainers")),
            ("/spec/hostNetwork", json!(true), Some("/spec/hostNetwork")),
        ];
        for (at, value, wanted) in edits {
            let (parent, key) = at.rsplit_once('/').unwrap();
            let set = |pod: &mut Value| {
                let parent = pod.pointer_mut(parent).unwrap().as_object_mut().unwrap();
                parent.insert(key.replace("~1", "/"), value.clone());
            };
            assert_eq!(touched(set, false).as_deref(), wanted, "{at} {value}");
        }
    }

    #[test]
    fn lists_grow_by_containers_of_ours_only_and_never_shrink() {
        let containers = |list: Value| move |pod: &mut Value| pod["spec"]["containers"] = list.clone();
        let (web, log) = (pod()["spec"]["containers"][0].clone(), pod()["spec"]["containers"][1].clone());
        assert_eq!(touched(containers(json!([web])), false).as_deref(), Some("/spec/containers/1"));
        assert_eq!(touched(containers(json!([log, web])), false).as_deref(), Some("/spec/containers/2"));
        let more = json!([web, {"name": "seaworthy-wait-identity"}, log]);
        assert_eq!(touched(containers(more), false).as_deref(), Some("/spec/containers/1"));

        let before = json!({"spec": {"initContainers": [{"name": "istio-init"}]}});
        for (name, wanted) in [("seaworthy-wait-identity", None), ("mine", Some("/spec/initContainers/0"))] {
            let after = json!({"spec": {"initContainers": [{"name": name}, {"name": "istio-init"}]}});
            assert_eq!(forbidden(&before, &after, true).as_deref(), wanted, "{name}");
        }
    }

    #[test]
    fn one_init_container_may_stand_elsewhere() {
        let pod = |names: &[&str]| {
            let containers: Value =
                names.iter().map(|name| json!({"name": name, "image": format!("{name}:1")})).collect();
            json!({"spec": {"initContainers": containers}})
        };
        let before = pod(&["a", "b", "c", "d"]);
        let own = "seaworthy-wait-identity";
        for (names, allowed) in [
            (&["c", "a", "b", "d"][..], true),
            (&["a", "c", "d", "b"], true),
            (&["b", "a", "c", "d"], true),
            (&[own, "d", "a", "b", "c"], true),
            (&["d", "c", "b", "a"], false),
            (&["b", "a", "d", "c"], false),
            (&["b", "a", "c"], false),
            (&["c", "a", "b", "x"], false),
        ] {
            assert_eq!(forbidden(&before, &pod(names), true).is_none(), allowed, "{names:?}");
        }
        let mut changed = pod(&["c", "a", "b", "d"]);
        changed["spec"]["initContainers"][0]["image"] = json!("other");
        assert!(forbidden(&before, &changed, true).is_some());
    }

    #[test]
    fn what_istio_reads_is_out_of_bounds_once_it_has_read() {
        for allowed in ALLOWED {
            let pointer = allowed.pointer.replace('*', "0");
            assert_eq!(forbidden_below(&pointer, &json!("x"), false), None, "{pointer}");
            let wanted = allowed.read_by_istio.then_some(pointer.clone());
            assert_eq!(forbidden_below(&pointer, &json!("x"), true), wanted);
        }
        let annotation = Path::keys("metadata.annotations");
        assert!(is_read_by_istio(&annotation.clone().key("proxy.istio.io/config")));
        assert!(!is_read_by_istio(&annotation.key("seaworthy.dev/applied")));
    }
}
