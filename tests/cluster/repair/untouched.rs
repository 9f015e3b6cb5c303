//! Pods that are nobody's to repair.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{PRE_STOP, START, namespace, open};
use crate::harness::{Cluster, DENY, IN_MESH, RELEASE};

/// Without a preStop, and with nothing that waits for a proxy.
fn lacking(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "annotations": {}},
        "spec": {
            "automountServiceAccountToken": false,
            "containers": [{
                "name": "web",
                "image": "registry.example.com/shop/web:1.0",
                "ports": [{"containerPort": 8080}],
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "capabilities": {"drop": ["ALL"]},
                    "runAsNonRoot": true,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
            }],
        },
    })
}

pub fn pods_that_get_no_proxy_or_are_not_ours_stay_as_they_are(cluster: &Cluster) -> Result<()> {
    let door = open(cluster, &[PRE_STOP, START])?;
    namespace(cluster, &door, "touched")?;
    let repaired = created(cluster, "touched", &lacking("plain"))?;
    ensure!(repaired["metadata"]["annotations"]["seaworthy.dev/applied"].is_string(), "{repaired:#}");

    let mut mirror = lacking("mirror");
    mirror["metadata"]["annotations"]["kubernetes.io/config.mirror"] = json!("0123456789abcdef");
    mirror["spec"]["nodeName"] = json!("node");
    // Nor is it refused: nobody can mend it but on its node, where it runs in any case.
    untouched(cluster, "touched", &mirror)?;

    let mut on_host = lacking("on-host");
    on_host["spec"]["hostNetwork"] = json!(true);
    on_host["spec"]["containers"][0]["ports"][0]["hostPort"] = json!(8080);
    untouched(cluster, "touched", &on_host)?;

    let mut outside = lacking("outside");
    outside["metadata"]["labels"] = json!({"sidecar.istio.io/inject": "false"});
    untouched(cluster, "touched", &outside)
}

pub fn system_namespaces_stay_as_they_are(cluster: &Cluster) -> Result<()> {
    let door = open(cluster, &[PRE_STOP, START])?;
    namespace(cluster, &door, "own")?;
    let labels: Vec<String> = [IN_MESH, DENY].iter().map(|(key, value)| format!("{key}={value}")).collect();
    for namespace in ["kube-system", RELEASE] {
        cluster.kubectl(&["label", "--overwrite", "namespace", namespace, &labels[0], &labels[1]])?.succeeded()?;
        untouched(cluster, namespace, &lacking("plain"))?;
    }
    let no_longer: Vec<String> = [IN_MESH, DENY].iter().map(|(key, _)| format!("{key}-")).collect();
    cluster.kubectl(&["label", "namespace", "kube-system", RELEASE, &no_longer[0], &no_longer[1]])?.succeeded()?;
    Ok(())
}

/// The Pod as the API server would create it.
fn created(cluster: &Cluster, namespace: &str, pod: &Value) -> Result<Value> {
    let create = ["create", "--dry-run=server", "-o", "json", "-n", namespace, "-f", "-"];
    Ok(serde_json::from_str(&cluster.kubectl_with_input(&create, &pod.to_string())?.succeeded()?)?)
}

fn untouched(cluster: &Cluster, namespace: &str, pod: &Value) -> Result<()> {
    let created = created(cluster, namespace, pod)?;
    for (path, wanted) in [
        ("/metadata/annotations", &pod["metadata"]["annotations"]),
        ("/spec/containers/0/lifecycle", &Value::Null),
        ("/spec/terminationGracePeriodSeconds", &json!(30)),
    ] {
        let seen = created.pointer(path).unwrap_or(&Value::Null);
        let is_empty = |value: &Value| value.is_null() || *value == json!({});
        ensure!(seen == wanted || (is_empty(seen) && is_empty(wanted)), "{path} in {namespace}: {created:#}");
    }
    Ok(())
}
