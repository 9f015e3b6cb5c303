//! No server, or no repair: Pods start all the same, and it is written down.

use anyhow::{Result, ensure};
use insta::assert_debug_snapshot;
use serde_json::Value;

use super::{BOTH, PRE_STOP, START, WEB, namespace, open, pod, pods, repairs, values};
use crate::harness::{Cluster, RELEASE, until};

pub fn without_a_server_pods_start_unrepaired_until_it_is_back(cluster: &Cluster) -> Result<()> {
    let mut door = open(cluster, &[PRE_STOP, START])?;
    namespace(cluster, &door, "gone")?;
    let first = deployed(cluster, "gone")?;
    door.server.kill();
    let unrepaired = replaced(cluster, "gone", &first)?;
    ensure!(unrepaired.iter().all(|pod| applied(pod).is_null()), "{unrepaired:#?}");

    door.server.start_again()?;
    let repaired = replaced(cluster, "gone", &unrepaired)?;
    ensure!(repaired.iter().all(|pod| *applied(pod) == BOTH), "{repaired:#?}");
    Ok(())
}

pub fn after_an_uninstall_repaired_pods_stay_and_new_ones_come_unrepaired(cluster: &Cluster) -> Result<()> {
    let door = open(cluster, &[PRE_STOP, START])?;
    namespace(cluster, &door, "uninstalled")?;
    let before = deployed(cluster, "uninstalled")?;
    cluster.install_chart(&values(repairs(&[PRE_STOP, START])))?.succeeded()?;
    cluster.helm(&["uninstall", RELEASE, "--namespace", RELEASE])?.succeeded()?;

    let still = pods(cluster, "uninstalled", "app=web")?;
    ensure!(still.iter().all(|pod| is_among(pod, &before) && *applied(pod) == BOTH), "{still:#?}");
    let after = replaced(cluster, "uninstalled", &before)?;
    ensure!(after.iter().all(|pod| applied(pod).is_null()), "{after:#?}");
    for kind in ["mutatingwebhookconfigurations", "validatingwebhookconfigurations", "clusterroles"] {
        let left = cluster.kubectl(&["get", kind, "-o", "name"])?.succeeded()?;
        ensure!(!left.contains("seaworthy"), "{left}");
    }
    Ok(())
}

/// The webhook that repairs is not registered, the one that judges is.
pub fn a_repair_that_was_missed_is_written_down(cluster: &Cluster) -> Result<()> {
    let door = open(cluster, &[PRE_STOP, START])?;
    namespace(cluster, &door, "missed")?;
    cluster.kubectl(&["delete", "mutatingwebhookconfiguration", "admission.seaworthy.dev"])?.succeeded()?;
    let create = ["apply", "-n", "missed", "-f", WEB];
    // The configuration is in force for a moment after it is gone.
    until("a Pod to be missed", || {
        cluster.kubectl(&create)?.succeeded()?;
        let missed = applied(&pod(cluster, "missed", "app=web")?).is_null();
        if !missed {
            cluster.kubectl(&["delete", "-n", "missed", "-f", WEB])?.succeeded()?;
        }
        Ok(missed.then_some(()))
    })?;
    // The API server names a Pod only after all webhooks were asked.
    let audited = cluster.audited("create", "missed", "pods/")?;
    assert_debug_snapshot!(audited, @r#"
    {
        "mesh-ready.seaworthy.dev/not-judged": "owned",
        "mesh-ready.seaworthy.dev/repair-missed": "app-starts-before-proxy: the webhook that repairs was not called or gave no answer; missing-pre-stop: the webhook that repairs was not called or gave no answer",
    }
    "#);
    Ok(())
}

/// Two Pods of a Deployment that is new.
fn deployed(cluster: &Cluster, namespace: &str) -> Result<Vec<Value>> {
    cluster.kubectl(&["apply", "-n", namespace, "-f", WEB])?.succeeded()?;
    running(cluster, namespace, &[])
}

/// The two that come after the old ones were thrown away.
fn replaced(cluster: &Cluster, namespace: &str, old: &[Value]) -> Result<Vec<Value>> {
    cluster.kubectl(&["delete", "pods", "-l", "app=web", "-n", namespace])?.succeeded()?;
    running(cluster, namespace, old)
}

fn running(cluster: &Cluster, namespace: &str, old: &[Value]) -> Result<Vec<Value>> {
    until("new Pods to run", || {
        let new = pods(cluster, namespace, "app=web")?;
        let runs = |pod: &Value| pod["status"]["phase"] == "Running" && !is_among(pod, old);
        Ok((new.len() == 2 && new.iter().all(runs)).then_some(new))
    })
}

fn is_among(pod: &Value, pods: &[Value]) -> bool {
    pods.iter().any(|it| it["metadata"]["uid"] == pod["metadata"]["uid"])
}

fn applied(pod: &Value) -> &Value {
    &pod["metadata"]["annotations"]["seaworthy.dev/applied"]
}
