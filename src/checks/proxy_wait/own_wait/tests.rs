//! What was put in is taken out, exactly, and nothing else.

use super::names_folder;
use crate::base::{Fix, Safety};
use crate::checks::proxy_wait::UNKNOWN;
use crate::checks::{CHECKS, Check, Observation, proxy_start, proxy_wait};
use crate::inventory::{Inventory, Origin, Subject};
use crate::manifest::Object;
use crate::manifest::edit::applied;
use crate::mesh::Profile;
use serde_json::{Value, json};

fn observe(check: &Check, params: Value, profile: Value, pod: &Object) -> Vec<Observation> {
    let (inventory, profile) = (Inventory::new(Origin::Files), serde_json::from_value::<Profile>(profile).unwrap());
    (check.bind)(&params).unwrap()(&Subject::new(pod, &inventory, &profile))
}

fn pod(spec: &Value) -> Object {
    Object::from_json(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec})).unwrap()
}

fn fixed(pod: &Object, fix: &Fix) -> Object {
    Object::from_json(applied(&fix.edits, pod.value()).unwrap()).unwrap()
}

/// A pod whose containers are wrapped, as `app-starts-before-proxy` does it.
fn wrapped(spec: &Value) -> Object {
    let params = json!({"strategy": "wrapper", "image": "wait:1"});
    let before = pod(spec);
    let observations =
        observe(&proxy_start::CHECK, params, json!({"assumeMembership": "sidecar", "dataPlane": "classic"}), &before);
    fixed(&before, observations[0].remedy.safe_fix().unwrap())
}

fn found(finds: &str, profile: Value, pod: &Object) -> Vec<Observation> {
    observe(&proxy_wait::CHECK, json!({"finds": finds}), profile, pod)
}

#[test]
fn what_the_wrapper_brought_goes_once_it_is_of_no_use() {
    assert!(CHECKS.iter().any(|check| check.id == proxy_wait::CHECK.id));
    let native = json!({"assumeMembership": "sidecar", "dataPlane": "native"});
    let held = json!({"assumeMembership": "sidecar", "dataPlane": "classic", "proxy": {"holdApplicationUntilProxyStarts": true}});
    let outside = json!({"assumeMembership": "outside"});
    let ambient = json!({"assumeMembership": "ambient"});
    for spec in [
        json!({"containers": [{"name": "web", "command": ["/web"]}]}),
        json!({"containers": [{"name": "web", "command": ["/web", "$(X)"], "args": ["--", "-v"]}, {"name": "log", "command": ["/log"]}]}),
        json!({
            "volumes": [{"name": "data"}],
            "initContainers": [{"name": "migrate"}],
            "containers": [{"name": "web", "command": ["/web"], "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
        }),
    ] {
        let wrapped = wrapped(&spec);
        for (finds, profile) in
            [("redundant", &native), ("redundant", &held), ("endless", &outside), ("endless", &ambient)]
        {
            let observations = found(finds, profile.clone(), &wrapped);
            assert_eq!(observations.len(), 1, "{finds} {profile} {spec}");
            let after = fixed(&wrapped, observations[0].remedy.safe_fix().unwrap());
            assert_eq!(after.value()["spec"], spec, "{finds} {profile}");
            assert!(found(finds, profile.clone(), &after).is_empty());
        }
        let classic = json!({"assumeMembership": "sidecar", "dataPlane": "classic"});
        for finds in ["redundant", "endless", "fragile"] {
            assert!(found(finds, classic.clone(), &wrapped).is_empty(), "{finds}: it is of use");
        }
    }
}

#[test]
fn what_somebody_else_needs_stays() {
    let native = json!({"assumeMembership": "sidecar", "dataPlane": "native"});
    let mounts = json!([{"name": "seaworthy", "mountPath": "/seaworthy", "readOnly": true}]);
    let drain = json!({"preStop": {"exec": {"command": ["/seaworthy/wait", "drain"]}}});
    let web = json!({"name": "web", "command": ["/seaworthy/wait", "run", "--", "/web"], "volumeMounts": mounts});
    let with = |mut container: Value, key: &str, value: Value| {
        container[key] = value;
        container
    };
    let pod_of = |containers: Value| {
        pod(&json!({
            "volumes": [{"name": "seaworthy", "emptyDir": {}}],
            "initContainers": [{"name": "seaworthy-wait", "image": "wait:1", "args": ["install", "/seaworthy"]}],
            "containers": containers,
        }))
    };
    let lists = |containers: Value| {
        let pod = pod_of(containers);
        let observations = found("redundant", native.clone(), &pod);
        let after = fixed(&pod, observations[0].remedy.safe_fix().unwrap());
        assert_eq!(after.value()["spec"]["containers"][0]["command"], json!(["/web"]));
        let spec = &after.value()["spec"];
        (
            spec["containers"][0].get("volumeMounts").is_some(),
            spec.get("volumes").is_some(),
            spec.get("initContainers").is_some(),
        )
    };
    assert_eq!(lists(json!([web])), (false, false, false));
    let proxy = json!({"name": "istio-proxy", "image": "auto", "lifecycle": drain, "volumeMounts": mounts});
    assert_eq!(lists(json!([web, proxy])), (false, true, true));
    assert_eq!(lists(json!([with(web.clone(), "lifecycle", drain.clone())])), (true, true, true));
    let nested = ["/seaworthy/wait", "run", "--tcp", "localhost:1", "--", "/web"];
    let other = json!({"name": "other", "command": nested, "volumeMounts": mounts});
    assert_eq!(lists(json!([web, other])), (false, true, true));
    let unrelated = json!({"name": "log", "volumeMounts": [{"name": "data", "mountPath": "/data"}]});
    assert_eq!(lists(json!([web, unrelated])), (false, false, false));
}

#[test]
fn what_only_has_the_name_of_the_installer_stays() {
    let native = json!({"assumeMembership": "sidecar", "dataPlane": "native"});
    let waits = json!([{"name": "seaworthy-wait", "image": "wait:1", "args": ["identity"]}]);
    let before = pod(&json!({
        "initContainers": waits,
        "containers": [{"name": "web", "command": ["/seaworthy/wait", "run", "--proxy", "--", "/web"]}],
    }));
    let after = fixed(&before, found("redundant", native, &before)[0].remedy.safe_fix().unwrap());
    assert_eq!(
        after.value()["spec"],
        json!({"initContainers": waits, "containers": [{"name": "web", "command": ["/web"]}]})
    );
}

#[test]
fn a_person_looks_where_it_is_not_known_whether_the_pod_is_in_the_mesh() {
    let wrapped = wrapped(&json!({"containers": [{"name": "web", "command": ["/web"]}]}));
    let observations = found("redundant", json!({"dataPlane": "native"}), &wrapped);
    let fix = observations[0].remedy.fix().unwrap();
    assert_eq!(fix.safety, Safety::Unsafe(UNKNOWN.to_owned()));
}

#[test]
fn a_wait_for_more_than_the_proxy_keeps_the_rest() {
    let native = json!({"assumeMembership": "sidecar", "dataPlane": "native"});
    let command =
        |words: &str| json!({"containers": [{"name": "web", "command": words.split(' ').collect::<Vec<_>>()}]});
    let before = pod(&command("/seaworthy/wait run --proxy --tcp db:5432 -- /web"));
    let after = fixed(&before, found("redundant", native.clone(), &before)[0].remedy.safe_fix().unwrap());
    assert_eq!(after.value()["spec"], command("/seaworthy/wait run --tcp db:5432 -- /web"));
    let mixed = pod(&command("/seaworthy/wait run --tcp db:5432 --http http://localhost:15020/healthz/ready -- /web"));
    assert!(found("redundant", native, &mixed)[0].remedy.fix().is_none());
}

#[test]
fn what_is_left_of_a_call_keeps_the_program() {
    let native = json!({"assumeMembership": "sidecar", "dataPlane": "native"});
    let mut spec = wrapped(&json!({"containers": [{"name": "web", "command": ["/web"]}]})).value()["spec"].clone();
    spec["containers"][0]["command"] = json!(["/seaworthy/wait", "run", "--proxy", "--tcp", "db:5432", "--", "/web"]);
    let before = pod(&spec);
    let after = fixed(&before, found("redundant", native, &before)[0].remedy.safe_fix().unwrap());
    spec["containers"][0]["command"] = json!(["/seaworthy/wait", "run", "--tcp", "db:5432", "--", "/web"]);
    assert_eq!(after.value()["spec"], spec);
}

#[test]
fn a_text_names_the_folder_or_something_else() {
    for (text, wanted) in [
        ("/seaworthy", true),
        ("/seaworthy/wait", true),
        ("exec /seaworthy/wait drain", true),
        ("PATH=/bin:/seaworthy", true),
        ("\"/seaworthy\"", true),
        ("/seaworthy-data", false),
        ("/seaworthy.conf", false),
        ("/data/seaworthy2 /seaworthy", true),
        ("ghcr.io/seaworthy/app:1", false),
        ("https://example.com/seaworthy", false),
        ("seaworthy", false),
    ] {
        assert_eq!(names_folder(text), wanted, "{text}");
    }
}

#[test]
fn one_that_starts_the_application_anyway_is_no_defect_without_a_proxy() {
    let spec = json!({"containers": [{"name": "web", "command": ["/seaworthy/wait", "run", "--on-timeout", "start", "--", "/web"]}]});
    assert!(found("endless", json!({"assumeMembership": "outside"}), &pod(&spec)).is_empty());
    assert!(
        found("endless", json!({}), &wrapped(&json!({"containers": [{"name": "web", "command": ["/web"]}]})))
            .is_empty()
    );
}

#[test]
fn a_job_goes_with_its_proxy_only() {
    let spec = json!({"containers": [{"name": "web", "command": ["/seaworthy/wait", "job", "--proxy", "--", "/web"]}]});
    let held = json!({"assumeMembership": "sidecar", "dataPlane": "classic", "proxy": {"holdApplicationUntilProxyStarts": true}});
    assert!(found("redundant", held, &pod(&spec)).is_empty(), "it still tells the proxy to quit");
    let native = found("redundant", json!({"assumeMembership": "sidecar", "dataPlane": "native"}), &pod(&spec));
    let after = fixed(&pod(&spec), native[0].remedy.safe_fix().unwrap());
    assert_eq!(after.value()["spec"], json!({"containers": [{"name": "web", "command": ["/web"]}]}));
}

#[test]
fn a_job_that_waits_for_nothing_goes_once_its_proxy_is_native() {
    let held = json!({"assumeMembership": "sidecar", "dataPlane": "classic", "proxy": {"holdApplicationUntilProxyStarts": true}});
    let classic = json!({"assumeMembership": "sidecar", "dataPlane": "classic"});
    let native = json!({"assumeMembership": "sidecar", "dataPlane": "native"});
    let job = |words: &str| {
        let command: Vec<&str> = words.split(' ').collect();
        pod(&json!({"containers": [{"name": "web", "command": command}]}))
    };
    let spent = job("/seaworthy/wait job --quit-after success -- /web");
    for (finds, profile) in [("redundant", &held), ("redundant", &classic), ("endless", &native), ("fragile", &native)]
    {
        assert!(found(finds, profile.clone(), &spent).is_empty(), "{finds} {profile}");
    }
    assert!(found("endless", json!({"assumeMembership": "outside"}), &spent).is_empty(), "it starts and ends");
    let observations = found("redundant", native.clone(), &spent);
    let after = fixed(&spent, observations[0].remedy.safe_fix().unwrap());
    assert_eq!(after.value()["spec"], json!({"containers": [{"name": "web", "command": ["/web"]}]}));
    let another = job("/seaworthy/wait job --quit-url http://localhost:9091/quitquitquit -- /web");
    assert!(found("redundant", native, &another).is_empty(), "it ends something else");
}
