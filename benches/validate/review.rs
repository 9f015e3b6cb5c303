//! The review of a Pod at CREATE, as the API server sends it.

use serde_json::{Value, json};

/// How the Pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pod {
    /// Without findings.
    Fit,
    /// Its container stops without waiting for its callers.
    Unfit,
}

/// The size of a review, in bytes; what real ones of small Pods have.
const SIZE: usize = 8 << 10;

/// The review as text. The Pod is one that a Service of the generated manifests selects; it has as many environment
/// variables as it takes.
pub fn review(pod: Pod) -> String {
    (0..).map(|variables| text(pod, variables)).find(|text| text.len() >= SIZE).unwrap_or_default()
}

fn text(pod: Pod, variables: usize) -> String {
    json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
        "requestResource": {"group": "", "version": "v1", "resource": "pods"},
        "name": "checkout-0-abc", "namespace": "team-00", "operation": "CREATE",
        "userInfo": {"username": "alice", "groups": ["developers", "system:authenticated"]},
        "object": object(pod, variables), "oldObject": null, "dryRun": false,
        "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions", "fieldManager": "kubectl-create"},
    }})
    .to_string()
}

fn object(pod: Pod, variables: usize) -> Value {
    let mut server = container("server", variables);
    server["ports"] = json!([{"containerPort": 8080, "name": "http", "protocol": "TCP"},
        {"containerPort": 9100, "name": "metrics", "protocol": "TCP"}]);
    if pod == Pod::Fit {
        server["lifecycle"] = json!({"preStop": {"sleep": {"seconds": 30}}});
    }
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "checkout-0-abc", "namespace": "team-00", "uid": "0c6f5d43-7f5b-4a0e-9f43-5a3ce3a6d8d1",
            "creationTimestamp": "2026-11-21T08:00:00Z",
            "labels": {"app.kubernetes.io/component": "server", "app.kubernetes.io/name": "checkout-0",
                "app.kubernetes.io/part-of": "shop", "pod-template-hash": "5d4b8c7f9"},
            "annotations": {"proxy.istio.io/config":
                "{\"holdApplicationUntilProxyStarts\": true, \"terminationDrainDuration\": \"60s\"}"},
            "managedFields": [{"manager": "kubectl-create", "operation": "Update", "apiVersion": "v1",
                "time": "2026-11-21T08:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:metadata": {"f:labels": fields()},
                "f:spec": {"f:containers": {"k:{\"name\":\"server\"}": fields(), "k:{\"name\":\"logs\"}": fields()}}}}],
        },
        "spec": {
            "containers": [server, container("logs", 12)],
            "dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "preemptionPolicy": "PreemptLowerPriority",
            "priority": 0, "restartPolicy": "Always", "schedulerName": "default-scheduler",
            "securityContext": {"fsGroup": 1000, "runAsNonRoot": true}, "serviceAccount": "checkout-0",
            "serviceAccountName": "checkout-0", "terminationGracePeriodSeconds": 75,
            "tolerations": [{"effect": "NoExecute", "key": "node.kubernetes.io/not-ready", "operator": "Exists",
                "tolerationSeconds": 300}],
            "volumes": [{"name": "settings", "configMap": {"name": "checkout-0-config-40", "defaultMode": 420}}],
        },
        "status": {"phase": "Pending", "qosClass": "Burstable"},
    })
}

fn container(name: &str, variables: usize) -> Value {
    let variable =
        |index: usize| json!({"name": format!("FEATURE_{index}"), "value": format!("https://{name}.shop/{index}")});
    let env: Vec<Value> = (0..variables).map(variable).collect();
    json!({"name": name, "image": format!("registry.example.com/shop/{name}:v0.10.3"), "env": env,
        "imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "livenessProbe": {"failureThreshold": 3, "httpGet": {"path": "/_healthz", "port": 8080, "scheme": "HTTP"},
            "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1},
        "resources": {"limits": {"cpu": "250m", "memory": "180Mi"}, "requests": {"cpu": "102m", "memory": "180Mi"}},
        "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true},
        "volumeMounts": [{"mountPath": "/etc/settings", "name": "settings", "readOnly": true}]})
}

/// What the API server keeps of who set which field.
fn fields() -> Value {
    let names = ["image", "imagePullPolicy", "name", "ports", "resources", "terminationMessagePath", "volumeMounts"];
    names
        .into_iter()
        .map(|name| (format!("f:{name}"), json!({".": {}, "f:default": {}})))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
