//! The Pods that the controllers of Kubernetes make of workloads.

use seaworthy::manifest::{Object, PodTemplate};
use serde_json::{Map, Value, json};

const HASH: &str = "6f7d9c";

/// The Pods that the templates of a workload make, each with its owner and what the API server fills in.
pub fn pods_of(workload: &Object) -> Vec<Value> {
    let pod = |template: PodTemplate<'_>| {
        let mut pod = template.path().find(workload.value()).unwrap().clone();
        for (label, value) in template.known_labels() {
            pod["metadata"]["labels"][label] = value.into();
        }
        pod_of(workload, pod)
    };
    PodTemplate::all_of(workload).map(pod).collect()
}

fn pod_of(workload: &Object, mut pod: Value) -> Value {
    let reference = workload.reference();
    (pod["apiVersion"], pod["kind"]) = ("v1".into(), "Pod".into());
    pod["metadata"]["name"] = "made".into();
    if let Some(namespace) = &reference.namespace {
        pod["metadata"]["namespace"] = namespace.as_str().into();
    }
    let name = &reference.name;
    let (api_version, kind, owner) = match (workload.group(), workload.kind()) {
        ("", "Pod" | "PodTemplate") => return with_defaults(pod),
        ("apps", "Deployment") => {
            pod["metadata"]["labels"]["pod-template-hash"] = HASH.into();
            ("apps/v1", "ReplicaSet", format!("{name}-{HASH}"))
        }
        ("argoproj.io", "Rollout") => {
            pod["metadata"]["labels"]["rollouts-pod-template-hash"] = HASH.into();
            ("apps/v1", "ReplicaSet", format!("{name}-{HASH}"))
        }
        ("serving.knative.dev", _) => {
            pod["metadata"]["labels"]["serving.knative.dev/service"] = name.as_str().into();
            ("apps/v1", "ReplicaSet", format!("{name}-00001-deployment-{HASH}"))
        }
        ("batch", "CronJob") => ("batch/v1", "Job", format!("{name}-29012345")),
        ("jobset.x-k8s.io", _) => ("batch/v1", "Job", format!("{name}-workers-0")),
        (_, kind) => (reference.api_version.as_str(), kind, name.clone()),
    };
    pod["metadata"]["ownerReferences"] =
        json!([{"apiVersion": api_version, "kind": kind, "name": owner, "uid": "u", "controller": true}]);
    with_defaults(pod)
}

const STRANGERS: [&str; 3] = ["pod-template-hash", "rollouts-pod-template-hash", "serving.knative.dev/service"];

/// What is left of a Pod when all is taken away that does not come from the workload's template.
pub fn as_in_template(mut pod: Value) -> Value {
    let nothing = Map::new();
    let metadata = pod["metadata"].as_object().unwrap_or(&nothing).clone();
    let map = |key: &str, strangers: &[&str]| {
        let entries = metadata.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
        Value::Object(entries.into_iter().filter(|(key, _)| !strangers.contains(&key.as_str())).collect())
    };
    pod["metadata"] = json!({
        "labels": map("labels", &STRANGERS),
        "annotations": map("annotations", &["seaworthy.dev/applied"]),
    });
    with_defaults(pod)
}

/// Some of what the API server fills in where nothing is written; it never changes what is.
fn with_defaults(mut pod: Value) -> Value {
    let fill = |value: &mut Value, defaults: Value| {
        let (Some(map), Value::Object(defaults)) = (value.as_object_mut(), defaults) else { return };
        for (key, default) in defaults {
            map.entry(key).or_insert(default);
        }
    };
    fill(
        &mut pod["spec"],
        json!({
            "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
            "securityContext": {}, "terminationGracePeriodSeconds": 30,
        }),
    );
    for list in ["containers", "initContainers"] {
        for container in pod["spec"].get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            fill(
                container,
                json!({
                    "imagePullPolicy": "IfNotPresent", "resources": {}, "terminationMessagePolicy": "File",
                    "terminationMessagePath": "/dev/termination-log",
                }),
            );
            for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
                fill(port, json!({"protocol": "TCP"}));
            }
        }
    }
    pod
}
