//! What a repair may touch of a Pod, as data: the last wall between a wrong fix and a cluster.
//!
//! A patch that the API server cannot apply, or whose result it refuses, fails the request whatever the failure policy:
//! <https://github.com/kubernetes/apiserver/blob/master/pkg/admission/plugin/webhook/mutating/dispatcher.go>.

mod command;
mod order;

use crate::base::Path;
use crate::manifest::edit::{Change, Difference, changes, pointer};
use crate::mesh::OWN_FOLDER;
use command::command_lost;
use order::with_one_moved;
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

/// A list into which repairs may put items of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenList {
    /// A JSON Pointer; `*` stands for any one item of a list.
    pub pointer: &'static str,
    /// The key that tells items apart.
    pub key: &'static str,
    /// What it says of ours.
    pub own: &'static [&'static str],
}

/// All such lists.
pub const OPEN_LISTS: [OpenList; 4] = [
    OpenList { pointer: "/spec/initContainers", key: "name", own: &["seaworthy-wait-identity", "seaworthy-wait"] },
    OpenList { pointer: "/spec/volumes", key: "name", own: &["seaworthy"] },
    OpenList { pointer: "/spec/containers/*/volumeMounts", key: "mountPath", own: &[OWN_FOLDER] },
    OpenList { pointer: "/spec/initContainers/*/volumeMounts", key: "mountPath", own: &[OWN_FOLDER] },
];

/// A command may get a call of our program before it, and keeps all its words.
pub const COMMAND: &str = "/spec/containers/*/command";

/// The first place, as a JSON Pointer, where two states of a Pod differ although no repair may touch it. Where Istio has
/// made its proxy already, what it reads is out of bounds too.
pub fn forbidden(before: &Value, after: &Value, has_proxy: bool) -> Option<String> {
    let moved = with_one_moved(before, after);
    let before = moved.as_ref().unwrap_or(before);
    changes(before, after).iter().find_map(|change| {
        let at = pointer(&change.path);
        if covers(COMMAND, &at) { command_lost(&at, before, after) } else { forbidden_in(change, &at, has_proxy) }
    })
}

/// Whether Istio reads this field once, when it makes the proxy of a Pod.
pub fn is_read_by_istio(path: &Path) -> bool {
    let pointer = pointer(path);
    ALLOWED.iter().any(|allowed| allowed.read_by_istio && covers(allowed.pointer, &pointer))
}

fn forbidden_in(change: &Change, at: &str, has_proxy: bool) -> Option<String> {
    match &change.difference {
        Difference::Removed => Some(at.to_owned()),
        Difference::Inserted(item) => {
            let list = change.path.parent().map(|list| pointer(&list))?;
            (!is_own(&list, item)).then(|| at.to_owned())
        }
        Difference::Added(value) | Difference::Replaced(value) => forbidden_below(at, value, has_proxy),
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
        Value::Array(items) if items.iter().all(|item| is_own(at, item)) && !items.is_empty() => None,
        _ => Some(at.to_owned()),
    }
}

/// Whether an item of this list is one of ours.
fn is_own(list: &str, item: &Value) -> bool {
    let is_it = |open: &OpenList| {
        let name = item.get(open.key).and_then(Value::as_str);
        reaches(open.pointer, list) && name.is_some_and(|name| open.own.contains(&name))
    };
    OPEN_LISTS.iter().any(is_it)
}

/// Whether a pointer is this very place.
fn reaches(place: &str, pointer: &str) -> bool {
    covers(place, pointer) && place.split('/').count() == pointer.split('/').count()
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
    fn volumes_and_mounts_are_ours_or_stay() {
        let mount = |path: &str| json!([{"name": "seaworthy", "mountPath": path}]);
        let edits: [(&str, Value, Option<&str>); 8] = [
            ("/spec/volumes", json!([{"name": "seaworthy", "emptyDir": {}}]), None),
            ("/spec/volumes", json!([{"name": "mine", "emptyDir": {}}]), Some("/spec/volumes")),
            ("/spec/volumes", json!([]), Some("/spec/volumes")),
            ("/spec/containers/0/volumeMounts", mount("/seaworthy"), None),
            ("/spec/containers/0/volumeMounts", mount("/etc"), Some("/spec/containers/0/volumeMounts")),
            ("/spec/initContainers", json!([{"name": "seaworthy-wait"}]), None),
            ("/spec/containers/0/env", json!([{"name": "seaworthy"}]), Some("/spec/containers/0/env")),
            ("/spec/containers/0/ports", mount("/seaworthy"), Some("/spec/containers/0/ports")),
        ];
        for (at, value, wanted) in edits {
            let (parent, key) = at.rsplit_once('/').unwrap();
            let set = |pod: &mut Value| pod.pointer_mut(parent).unwrap()[key] = value.clone();
            assert_eq!(touched(set, true).as_deref(), wanted, "{at} {value}");
        }
        let with = |volumes: Value| json!({"spec": {"volumes": volumes}});
        let (mine, ours) = (json!({"name": "mine"}), json!({"name": "seaworthy"}));
        assert_eq!(forbidden(&with(json!([mine])), &with(json!([mine, ours])), true), None);
        let other = forbidden(&with(json!([ours])), &with(json!([ours, mine])), true);
        assert_eq!(other.as_deref(), Some("/spec/volumes/1"));
    }

    #[test]
    fn a_command_keeps_all_its_words_behind_our_program() {
        let (app, args) = (json!(["/app", "-v"]), json!(["x"]));
        let cases: [(Value, Value, bool); 17] = [
            (app.clone(), json!(["/seaworthy/wait", "run", "--", "/app", "-v"]), true),
            (app.clone(), json!(["/seaworthy/wait", "job", "--proxy", "--", "/app", "-v"]), true),
            (app.clone(), json!(["/seaworthy/wait", "run", "--", "/app"]), false),
            (app.clone(), json!(["/seaworthy/wait", "run", "--", "/app", "-v", "-w"]), false),
            (app.clone(), json!(["/seaworthy/wait", "run", "--", "/ap", "-v"]), false),
            (app.clone(), json!(["/bin/sh", "-c", "/app", "-v"]), false),
            (app.clone(), json!(["/seaworthy/wait", "identity"]), false),
            (app.clone(), json!(["/app"]), false),
            (app.clone(), json!([]), false),
            (app.clone(), Value::Null, false),
            (
                json!(["/seaworthy/wait", "run", "--", "/app"]),
                json!(["/seaworthy/wait", "job", "--proxy", "--", "/app"]),
                true,
            ),
            (json!(["/seaworthy/wait", "run", "--", "/app"]), json!(["/seaworthy/wait", "job", "--", "/other"]), false),
            (
                json!(["/bin/seaworthy-wait", "job", "--", "/a"]),
                json!(["/bin/seaworthy-wait", "job", "--proxy", "--", "/a"]),
                true,
            ),
            (Value::Null, json!(["/seaworthy/wait", "run", "--", "/entrypoint"]), true),
            (Value::Null, json!(["/seaworthy/wait", "run", "--"]), true),
            (json!([]), json!(["/seaworthy/wait", "run", "--", "/entrypoint"]), true),
            (Value::Null, json!(["/entrypoint"]), false),
        ];
        for (command, wrapped, allowed) in cases {
            let pod = |command: &Value| {
                let mut container = json!({"name": "web", "args": args});
                if !command.is_null() {
                    container["command"] = command.clone();
                }
                json!({"spec": {"containers": [container]}})
            };
            assert_eq!(forbidden(&pod(&command), &pod(&wrapped), true).is_none(), allowed, "{command} {wrapped}");
        }
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
