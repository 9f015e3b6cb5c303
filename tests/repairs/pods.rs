//! The Pods that the controllers of Kubernetes make of workloads.

use seaworthy::manifest::Object;
use serde_json::{Map, Value, json};

const HASH: &str = "6f7d9c";

/// The Pod that a workload's template makes, with its owner and what the API server fills in.
pub fn pod_of(workload: &Object) -> Value {
    let kind = workload.workload_kind().unwrap();
    let mut pod = kind.template_keys().fold(workload.value(), |value, key| &value[key]).clone();
    let reference = workload.reference();
    (pod["apiVersion"], pod["kind"]) = ("v1".into(), "Pod".into());
    pod["metadata"]["name"] = "made".into();
    if let Some(namespace) = &reference.namespace {
        pod["metadata"]["namespace"] = namespace.as_str().into();
    }
    let (api_version, kind, name) = match reference.kind.as_str() {
        "Pod" => return with_defaults(pod),
        "Deployment" => {
            pod["metadata"]["labels"]["pod-template-hash"] = HASH.into();
            ("apps/v1", "ReplicaSet", format!("{}-{HASH}", reference.name))
        }
        "CronJob" => ("batch/v1", "Job", format!("{}-29012345", reference.name)),
        kind => (reference.api_version.as_str(), kind, reference.name.clone()),
    };
    pod["metadata"]["ownerReferences"] =
        json!([{"apiVersion": api_version, "kind": kind, "name": name, "uid": "u", "controller": true}]);
    with_defaults(pod)
}

/// What is left of a Pod when all is taken away that does not come from the workload's template.
pub fn as_in_template(mut pod: Value) -> Value {
    let nothing = Map::new();
    let metadata = pod["metadata"].as_object().unwrap_or(&nothing).clone();
    let map = |key: &str, strangers: &[&str]| {
        let entries = metadata.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
        Value::Object(entries.into_iter().filter(|(key, _)| !strangers.contains(&key.as_str())).collect())
    };
    pod["metadata"] = json!({
        "labels": map("labels", &["pod-template-hash"]),
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
