//! Pods that arrive repaired, in a cluster that makes and runs them.

pub mod accepted;
pub mod asked;
pub mod beside;
pub mod gone;
pub mod owners;
pub mod rollout;
pub mod untouched;

mod changes;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::harness::{Cluster, DENY, Door, IN_MESH, Way, until};

/// A Service and a Deployment that lack what `PRE_STOP` and `START` repair.
const WEB: &str = "tests/cluster/data/repair/web.yaml";

/// A Service for Pods with the label `serving`.
const SERVING: &str = "tests/cluster/data/repair/serving.yaml";
/// A Pod that lacks the same.
const POD: &str = "tests/cluster/data/repair/pod.yaml";

const PRE_STOP: &str = "missing-pre-stop";
const START: &str = "app-starts-before-proxy";
/// What is written on a Pod that is repaired by both.
const BOTH: &str = "app-starts-before-proxy,missing-pre-stop";

/// A server that repairs these rules everywhere, in a mesh of classic sidecars that hold applications back.
fn open<'a>(cluster: &'a Cluster, rules: &[&str]) -> Result<Door<'a>> {
    open_with(cluster, repairs(rules))
}

fn repairs(rules: &[&str]) -> Value {
    let mut entry = json!({"rules": rules});
    if rules.contains(&START) {
        entry["strategy"] = "hold".into();
    }
    json!({"apply": [entry]})
}

/// The same with all that the platform's file says of repairs.
fn open_with(cluster: &Cluster, repairs: Value) -> Result<Door<'_>> {
    Door::open(cluster, Way::Service, &[&values(repairs)])
}

/// What the chart is told.
fn values(repairs: Value) -> String {
    format!("--set-json=config={}", json!({"profile": {"dataPlane": "classic"}, "repairs": repairs}))
}

/// A namespace in the mesh in which defects are refused and Pods are repaired, with a Service for those that serve.
fn namespace(cluster: &Cluster, door: &Door<'_>, name: &str) -> Result<()> {
    door.namespace(name, &[IN_MESH, DENY])?;
    cluster.provide_account(name)?;
    cluster.kubectl(&["create", "-n", name, "-f", SERVING])?.succeeded()?;
    until("Pods to be repaired", || {
        let probe = cluster.kubectl(&[
            "run",
            "probe",
            "--image=probe",
            "--port=8080",
            "--labels=serving=true",
            "--dry-run=server",
            "--output=jsonpath={.metadata.annotations}",
            "-n",
            name,
            "--command",
            "--",
            "/probe",
        ])?;
        Ok(probe.stdout.contains("seaworthy.dev/applied").then_some(()))
    })
}

/// The Pods that have this label and are not going away.
fn pods(cluster: &Cluster, namespace: &str, label: &str) -> Result<Vec<Value>> {
    let list = cluster.kubectl(&["get", "pods", "-l", label, "-o", "json", "-n", namespace])?.succeeded()?;
    let list: Value = serde_json::from_str(&list)?;
    let pods = list["items"].as_array().context("no list of Pods")?.iter();
    Ok(pods.filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).cloned().collect())
}

/// The first Pod with this label, once a controller has made it.
fn pod(cluster: &Cluster, namespace: &str, label: &str) -> Result<Value> {
    until("the Pod", || Ok(pods(cluster, namespace, label)?.into_iter().next()))
}

/// What kubectl says of an object.
fn get(cluster: &Cluster, namespace: &str, object: &str) -> Result<Value> {
    let object = cluster.kubectl(&["get", object, "-o", "json", "-n", namespace])?.succeeded()?;
    serde_json::from_str(&object).with_context(|| format!("reading {object}"))
}
