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

/// The words that start the application of a server once `fragile-proxy-wait` has put seaworthy-wait in the place of its
/// wrapper; else why it does not. No native sidecar can be had here.
fn rewrapped(container: Value) -> Result<String, String> {
    let pod =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [container]}});
    let pod = Object::from_json(pod).unwrap();
    let inventory = Inventory::new(Origin::Files);
    let profile = json!({"assumeMembership": "sidecar", "istioVersion": "1.6", "kubernetesVersion": "1.18"});
    let profile: Profile = serde_json::from_value(profile).unwrap();
    let params = Params { finds: Wait::Fragile, image: Some("wait:1".to_owned()) };
    match run(&params, &Subject::new(&pod, &inventory, &profile)).pop().unwrap().remedy {
        Remedy::Unfixed(reason) => Err(reason),
        Remedy::Fix(fix) => {
            assert_eq!(fix.safety, Safety::Safe);
            assert_eq!(fix.title, "let seaworthy-wait wait in `app`, with a time-out");
            let after = applied(&fix.edits, pod.value()).unwrap();
            let container = &after["spec"]["containers"][0];
            assert_eq!(container["volumeMounts"][0]["mountPath"], "/seaworthy");
            assert_eq!(after["spec"]["initContainers"][0]["name"], "seaworthy-wait");
            let words = |key: &str| container[key].as_array().cloned().unwrap_or_default();
            let words: Vec<Value> = words("command").into_iter().chain(words("args")).collect();
            Ok(words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "))
        }
    }
}

#[test]
fn a_server_behind_a_wrapper_without_time_out_gets_one_that_does_the_same() {
    const HEALTH: &str = "--http http://localhost:15020/healthz/ready";
    let variable = |name: &str, value: &str| json!({"name": name, "value": value});
    let quits = variable("ISTIO_QUIT_API", "http://127.0.0.1:15020");
    let on_failure = |value: &str| variable("NEVER_KILL_ISTIO_ON_FAILURE", value);
    let unknown = "its wrapper also ends the proxy when the work is done";
    for (more, wanted) in [
        (vec![quits.clone()], Ok(format!("/seaworthy/wait job {HEALTH} -- /app -v"))),
        (vec![quits.clone(), on_failure("false")], Ok(format!("/seaworthy/wait job {HEALTH} -- /app -v"))),
        (
            vec![quits.clone(), on_failure("true")],
            Ok(format!("/seaworthy/wait job {HEALTH} --quit-after success -- /app -v")),
        ),
        (vec![quits, on_failure("sometimes")], Err(unknown)),
        (vec![variable("NEVER_KILL_ISTIO", "true")], Ok(format!("/seaworthy/wait run {HEALTH} -- /app -v"))),
        (vec![], Err(unknown)),
        (vec![variable("ISTIO_QUIT_API", "http://envoy:15020")], Err(unknown)),
    ] {
        let env: Vec<Value> =
            [variable("ENVOY_ADMIN_API", "http://127.0.0.1:15000")].into_iter().chain(more.clone()).collect();
        let found = rewrapped(json!({"name": "app", "command": ["scuttle", "/app"], "args": ["-v"], "env": env}));
        assert_eq!(found, wanted.map_err(str::to_owned), "{more:?}");
    }
}

#[test]
fn an_image_without_a_shell_is_started_without_one() {
    let of = |script: &str| {
        rewrapped(
            json!({"name": "app", "image": "gcr.io/distroless/static", "command": ["sh", "-c", format!("{WAIT}; {script}")]}),
        )
    };
    let wanted = "/seaworthy/wait run --http http://localhost:15020/healthz/ready -- /app -v";
    assert_eq!(of("exec /app -v"), Ok(wanted.to_owned()));
    let reason = "the image runs no script at all: write the command without a shell";
    assert_eq!(of("cd /srv; exec /app"), Err(reason.to_owned()));
}

/// The fix of a fragile wait where an image of seaworthy-wait is given.
fn fix_of_fragile(annotations: Value, profile: Value) -> Fix {
    let container = json!({"name": "app", "command": ["sh", "-c", format!("{WAIT}; exec /app")]});
    let metadata = json!({"name": "web", "annotations": annotations});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}});
    let (pod, inventory) = (Object::from_json(pod).unwrap(), Inventory::new(Origin::Files));
    let profile: Profile = serde_json::from_value(profile).unwrap();
    let params = Params { finds: Wait::Fragile, image: Some("wait:1".to_owned()) };
    let found = run(&params, &Subject::new(&pod, &inventory, &profile)).pop().unwrap();
    found.remedy.fix().unwrap().clone()
}

#[test]
fn istio_waits_where_nobody_chose_otherwise_and_our_program_where_somebody_did() {
    let classic = json!({"assumeMembership": "sidecar", "dataPlane": "classic"});
    let by_istio = fix_of_fragile(json!({}), classic.clone());
    assert!(by_istio.title.ends_with("in place of the wait of `app`"), "{}", by_istio.title);
    let chosen = json!({
        "sidecar.istio.io/nativeSidecar": "false",
        "proxy.istio.io/config": "holdApplicationUntilProxyStarts: false",
    });
    let by_program = fix_of_fragile(chosen, classic);
    assert_eq!(
        (by_program.title.as_str(), by_program.safety),
        ("let seaworthy-wait wait in `app`, with a time-out", Safety::Safe)
    );
}

#[test]
fn our_program_waits_where_a_person_looks_if_the_pod_may_be_outside_the_mesh() {
    let fix = fix_of_fragile(json!({}), json!({"istioVersion": "1.6", "kubernetesVersion": "1.18"}));
    assert!(fix.title.starts_with("let seaworthy-wait wait"), "{}", fix.title);
    assert_eq!(fix.safety, Safety::Unsafe(UNKNOWN.to_owned()));
}
