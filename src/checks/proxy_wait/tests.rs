//! What the fix makes of a container that waits for a proxy which never comes.

use super::*;
use crate::base::{Remedy, Safety};
use crate::inventory::{Inventory, Origin};
use crate::manifest::Object;
use crate::manifest::edit::applied;
use crate::mesh::{AssumedMembership, Profile};
use serde_json::{Value, json};

const WAIT: &str = "until curl -fs localhost:15021/healthz/ready; do sleep 1; done";

/// The remedy for the one wait in a pod, with the pod spec as it is after it.
fn remedy(spec: Value) -> (Remedy, Value) {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec});
    let pod = Object::from_json(pod).unwrap();
    let inventory = Inventory::new(Origin::Files);
    let profile = Profile { assume_membership: Some(AssumedMembership::Outside), ..Profile::default() };
    let observe =
        |pod: &Object| run(&Params { finds: Wait::Endless, image: None }, &Subject::new(pod, &inventory, &profile));
    let remedy = observe(&pod).pop().unwrap().remedy;
    let edits = remedy.fix().map(|fix| fix.edits.clone()).unwrap_or_default();
    let after = Object::from_json(applied(&edits, pod.value()).unwrap()).unwrap();
    assert_eq!(observe(&after).is_empty(), remedy.fix().is_some());
    (remedy, after.value()["spec"].clone())
}

#[test]
fn the_application_starts_at_once() {
    let admin = json!([{"name": "ENVOY_ADMIN_API", "value": "http://127.0.0.1:15000"}]);
    for (before, after) in [
        (json!({"command": ["sh", "-c", format!("{WAIT}; /app")]}), json!({"command": ["sh", "-c", "/app"]})),
        (
            json!({"command": ["sh", "-c"], "args": [format!("{WAIT}; exec \"$0\""), "/app"]}),
            json!({"command": ["sh", "-c"], "args": ["exec \"$0\"", "/app"]}),
        ),
        (
            json!({"command": ["scuttle", "/app"], "args": ["-x"], "env": admin}),
            json!({"command": ["/app"], "args": ["-x"], "env": admin}),
        ),
        (
            json!({"command": ["scuttle"], "args": ["/app", "-x"], "env": admin}),
            json!({"command": ["/app"], "args": ["-x"], "env": admin}),
        ),
        (
            json!({"command": ["tini", "--"], "args": ["scuttle", "/app"], "env": admin}),
            json!({"command": ["tini", "--"], "args": ["/app"], "env": admin}),
        ),
    ] {
        let (remedy, spec) = remedy(json!({"containers": [before]}));
        assert!(remedy.safe_fix().is_some(), "{before}: {remedy:?}");
        assert_eq!(spec["containers"][0], after);
    }
}

#[test]
fn an_init_container_that_only_waits_goes_where_a_person_looks() {
    let waits = json!({"name": "wait", "command": ["sh", "-c", WAIT]});
    let (after, other) = (json!({"name": "app"}), json!({"name": "migrate"}));
    for (init_containers, wanted) in [
        (json!([waits, other]), json!({"initContainers": [other], "containers": [after]})),
        (json!([waits]), json!({"containers": [after]})),
    ] {
        let (remedy, spec) = remedy(json!({"initContainers": init_containers, "containers": [after]}));
        assert!(matches!(remedy.fix().map(|fix| &fix.safety), Some(Safety::Unsafe(_))), "{remedy:?}");
        assert_eq!(spec, wanted);
    }
}

#[test]
fn what_cannot_be_told_apart_is_left_to_its_owner() {
    for (container, wanted) in [
        (json!({"command": ["sh", "-c", WAIT]}), "the command does nothing but wait"),
        (json!({"command": ["sh", "-c", format!("echo a && {WAIT} || exit 1; /app")]}), "write it without the wait"),
        (json!({"command": ["sh", "-c", format!("{WAIT}; /app"), 5]}), "hold something else than texts"),
    ] {
        let (remedy, _) = remedy(json!({"containers": [container]}));
        let Remedy::Unfixed(reason) = remedy else { panic!("{container}") };
        assert!(reason.contains(wanted), "{reason}");
    }
}
