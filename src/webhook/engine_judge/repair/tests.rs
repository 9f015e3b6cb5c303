use crate::base::{Mode, Source};
use crate::engine::Engine;
use crate::inventory::{Inventory, Origin};
use crate::manifest::Object;
use crate::policy::SettingsFile;
use crate::webhook::engine_judge::EngineJudge;
use crate::webhook::engine_judge::tests::{REPLICASET_CONTROLLER, Still, USER, deployment, pod_spec};
use crate::webhook::judge::{Answer, Judge, RepairOutcome, Repaired};
use crate::webhook::wire;
use serde_json::{Value, json};
use std::sync::Arc;

/// A cluster with a native mesh that denies and repairs in `shop`, and denies in `till`.
fn judge() -> EngineJudge<Still> {
    let settings = "modes: {default: deny, namespaces: {quiet: {default: audit}}}\n\
                    profile: {dataPlane: native}\n\
                    repairs: {apply: [{rules: [missing-pre-stop], namespaces: [shop, quiet]}]}\n";
    let settings = SettingsFile::read(&Source::new("seaworthy.yaml", settings));
    let engine = Engine::load(&settings, &[], Mode::Audit).unwrap();
    let mut inventory = Inventory::new(Origin::Cluster);
    let mut set = |object: Value| inventory.set(&Arc::new(Object::from_json(object).unwrap()));
    for namespace in ["shop", "till", "quiet"] {
        let labels = json!({"istio-injection": "enabled"});
        set(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}));
        set(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "all", "namespace": namespace},
            "spec": {"selector": {"app": "a"}, "ports": [{"name": "http", "port": 80, "targetPort": "c0"}]}}));
    }
    EngineJudge::new(Arc::new(engine), Still { inventory, ready: Ok(()) })
}

/// A Pod that serves and has no preStop, of an owner of this kind if one is named.
fn pod(owner: Option<&str>) -> Value {
    let owners = owner.map(|kind| {
        let group = if kind == "Job" { "batch" } else { "apps" };
        json!([{"apiVersion": format!("{group}/v1"), "kind": kind, "name": "web-1", "uid": "u", "controller": true}])
    });
    let metadata = json!({"name": "web-1-x", "labels": {"app": "a"}, "ownerReferences": owners});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod_spec(&["c0"])})
}

fn review(namespace: &str, user: &str, operation: &str, sub: &str, object: &Value) -> String {
    let group = if object["kind"] == "Pod" { "" } else { "apps" };
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "u", "kind": {"group": group, "kind": object["kind"]}, "operation": operation, "subResource": sub,
        "namespace": namespace, "userInfo": {"username": user}, "object": object, "oldObject": null,
    }})
    .to_string()
}

fn repaired(namespace: &str, user: &str, object: &Value) -> Repaired {
    let review = review(namespace, user, "CREATE", "", object);
    judge().repair(&wire::read(review.as_bytes()).unwrap()).unwrap()
}

fn judged(user: &str, operation: &str, object: &Value) -> Answer {
    let review = review("shop", user, operation, "", object);
    judge().judge(&wire::read(review.as_bytes()).unwrap()).unwrap()
}

/// What the API server makes of the object.
fn patched(object: &Value, repaired: &Repaired) -> Value {
    let patch: json_patch::Patch = serde_json::from_value(json!(repaired.patch)).unwrap();
    let mut object = object.clone();
    json_patch::patch(&mut object, &patch).unwrap();
    object
}

const PRE_STOP: &str = "missing-pre-stop";

#[test]
fn a_pod_comes_repaired_whoever_makes_it() {
    for (user, owner, warnings) in [
        (USER, None, vec!["seaworthy: Pod shop/web-1-x: repaired missing-pre-stop: wait 30s before stopping"]),
        (REPLICASET_CONTROLLER, Some("ReplicaSet"), vec![]),
        // Nobody proves this owner, so the Pod is nobody's: told and repaired like any other.
        (USER, Some("Job"), vec!["seaworthy: Pod shop/web-1-x: repaired missing-pre-stop: wait 30s before stopping"]),
    ] {
        let before = pod(owner);
        let first = repaired("shop", user, &before);
        let after = patched(&before, &first);
        assert_eq!(after["spec"]["containers"][0]["lifecycle"], json!({"preStop": {"sleep": {"seconds": 30}}}));
        assert_eq!(after["spec"]["terminationGracePeriodSeconds"], 47);
        assert_eq!(after["metadata"]["annotations"], json!({"seaworthy.dev/applied": PRE_STOP}));
        assert_eq!(first.warnings, warnings, "{owner:?}");
        assert_eq!(first.audit, [("repaired".to_owned(), PRE_STOP.to_owned())].into());
        assert_eq!(first.repairs, [(PRE_STOP.into(), RepairOutcome::Repaired)]);
        assert_eq!(repaired("shop", user, &after), Repaired::default(), "a second time nothing is left to do");
        assert_eq!(judged(user, "CREATE", &after).refusal, None);
    }
}

#[test]
fn nothing_else_is_patched() {
    let bare = pod(None);
    for (name, namespace, user, operation, sub, object) in [
        ("an update", "shop", USER, "UPDATE", "", bare.clone()),
        ("a subresource", "shop", USER, "CREATE", "eviction", bare.clone()),
        ("a workload", "shop", USER, "CREATE", "", deployment("web", &["c0"])),
        ("where nothing is repaired", "till", USER, "CREATE", "", bare.clone()),
        ("where the mode is audit", "quiet", USER, "CREATE", "", bare),
        ("the Pod of a Job, which stops by itself", "shop", REPLICASET_CONTROLLER, "CREATE", "", pod(Some("Job"))),
    ] {
        let review = review(namespace, user, operation, sub, &object);
        let repaired = judge().repair(&wire::read(review.as_bytes()).unwrap()).unwrap();
        assert_eq!(repaired, Repaired::default(), "{name}");
    }
}

#[test]
fn what_cannot_be_repaired_is_told_with_the_reason() {
    let mut before = pod(None);
    before["metadata"]["annotations"] = json!({"seaworthy.dev/shutdown-seconds": "3600"});
    let answer = repaired("shop", USER, &before);
    assert_eq!((answer.patch.len(), answer.warnings.len()), (0, 0));
    let reason = &answer.audit["repair-missed"];
    assert!(reason.starts_with("missing-pre-stop: 3637s is beyond the 600s"), "{reason}");
    assert_eq!(answer.repairs, [(PRE_STOP.into(), RepairOutcome::Impossible)]);
}

/// A Pod cannot be changed there, so that manifest could never be applied again.
#[test]
fn what_the_owner_of_a_bare_pod_applied_stays_and_is_judged_as_it_is() {
    let grace = json!({"terminationGracePeriodSeconds": 20});
    let with = |manager: Value, key: &str, owner: Option<&str>| {
        let mut pod = pod(owner);
        pod["spec"]["terminationGracePeriodSeconds"] = 20.into();
        pod["metadata"][key] = manager;
        pod
    };
    let annotation = |kind: &str, spec: &Value| {
        let manifest = json!({"apiVersion": "v1", "kind": kind, "spec": spec}).to_string();
        json!({"kubectl.kubernetes.io/last-applied-configuration": manifest})
    };
    let entry = |operation: &str| {
        json!([{"manager": "kubectl", "operation": operation, "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {"f:terminationGracePeriodSeconds": {}}}}])
    };
    for (name, user, pod, is_repaired) in [
        ("kubectl apply", USER, with(annotation("Pod", &grace), "annotations", None), false),
        ("kubectl apply without it", USER, with(annotation("Pod", &json!({})), "annotations", None), true),
        ("kubectl apply --server-side", USER, with(entry("Apply"), "managedFields", None), false),
        ("kubectl create", USER, with(entry("Update"), "managedFields", None), true),
        (
            "copied into a template",
            REPLICASET_CONTROLLER,
            with(annotation("Pod", &grace), "annotations", Some("ReplicaSet")),
            true,
        ),
        ("of the workload", USER, with(annotation("Deployment", &grace), "annotations", None), true),
    ] {
        let answer = repaired("shop", user, &pod);
        assert_eq!(!answer.patch.is_empty(), is_repaired, "{name}");
        let missed = answer.audit.get("repair-missed");
        assert_eq!(missed.is_none(), is_repaired, "{name}");
        if let Some(missed) = missed {
            assert!(
                missed.starts_with("missing-pre-stop: the manifest sets spec.terminationGracePeriodSeconds"),
                "{missed}"
            );
            assert_eq!(answer.repairs, [(PRE_STOP.into(), RepairOutcome::Impossible)]);
            assert!(judged(user, "CREATE", &pod).refusal.is_some_and(|it| it.contains(PRE_STOP)), "{name}");
        }
    }
}

#[test]
fn the_pod_of_a_controller_that_lacks_its_repair_is_let_through_and_written_down() {
    let mut marked = pod(Some("ReplicaSet"));
    marked["metadata"]["annotations"] = json!({"seaworthy.dev/applied": PRE_STOP});
    for pod in [pod(Some("ReplicaSet")), marked] {
        let answer = judged(REPLICASET_CONTROLLER, "CREATE", &pod);
        let missed = "missing-pre-stop: the webhook that repairs was not called or gave no answer";
        let audit = [("not-judged", "owned"), ("repair-missed", missed)];
        assert_eq!(answer.audit, audit.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
        assert_eq!((&answer.refusal, answer.warnings.len()), (&None, 0));
        assert_eq!(answer.repairs, [(PRE_STOP.into(), RepairOutcome::Missed)]);
    }
    let update = judged(REPLICASET_CONTROLLER, "UPDATE", &pod(Some("ReplicaSet")));
    assert!(update.repairs.is_empty(), "only a Pod that is made can have been repaired");
}

#[test]
fn what_a_tenant_writes_loosens_nothing() {
    let mut marked = pod(None);
    marked["metadata"]["annotations"] = json!({"seaworthy.dev/applied": PRE_STOP});
    for (name, pod) in [("a mark", marked), ("a Job that is not there", pod(Some("Job"))), ("nothing", pod(None))] {
        assert!(judged(USER, "CREATE", &pod).refusal.is_some_and(|text| text.contains(PRE_STOP)), "{name}");
    }
}

#[test]
fn whoever_applies_a_workload_is_told_once_what_will_be_repaired() {
    let web = deployment("web", &["c0"]);
    let told = "seaworthy: Deployment shop/web: missing-pre-stop will be repaired when Pods start; \
                `seaworthy fix` puts it in git";
    for (operation, warnings) in [("CREATE", vec![told]), ("UPDATE", vec![])] {
        let answer = judged(USER, operation, &web);
        assert_eq!((answer.refusal, answer.warnings), (None, warnings.into_iter().map(str::to_owned).collect()));
        assert_eq!(answer.audit[PRE_STOP], "audit spec.template.spec.containers[0].lifecycle.preStop");
    }
    let mut refused = web;
    refused["spec"]["template"]["spec"]["securityContext"] = json!({"runAsUser": 1337});
    let answer = judged(USER, "CREATE", &refused);
    assert_eq!(
        (answer.refusal.is_some(), answer.warnings.len()),
        (true, 0),
        "nothing is repaired of what is not there"
    );
}

/// A controller would only ask again, for ever; whoever else asks is answered as the strictest rule would.
#[test]
fn a_pod_that_is_too_large_is_let_through_for_its_controller_and_never_repaired() {
    for (user, owner, reason, is_refused) in
        [(REPLICASET_CONTROLLER, Some("ReplicaSet"), "owned", false), (USER, None, "too-large", true)]
    {
        let mut pod = pod(owner);
        pod["spec"]["volumes"] = vec![json!({"name": "v"}); 50_000].into();
        let answer = judged(user, "CREATE", &pod);
        assert_eq!((answer.refusal.is_some(), &*answer.audit["not-judged"]), (is_refused, reason), "{user}");
        assert_eq!((answer.repairs.len(), repaired("shop", user, &pod).patch.len()), (0, 0), "{user}");
    }
}
