//! Pods of every kind of owner.

use anyhow::Result;
use insta::assert_snapshot;
use serde_json::json;

use super::changes::changes;
use super::{PRE_STOP, START, namespace, open_with, pod};
use crate::harness::Cluster;

const OWNERS: &str = "tests/cluster/data/repair/owners.yaml";

pub fn pods_of_every_owner_are_repaired(cluster: &Cluster) -> Result<()> {
    let door = open_with(
        cluster,
        json!({"apply": [
            {"rules": [PRE_STOP, START], "strategy": "hold"},
            {"rules": ["job-never-completes"], "strategy": "native"},
        ]}),
    )?;
    namespace(cluster, &door, "owners")?;
    cluster.create_namespace("owners-twin", &[])?;
    for namespace in ["owners-twin", "owners"] {
        cluster.kubectl(&["apply", "-n", namespace, "-f", OWNERS])?.succeeded()?;
        // A CronJob that ran long ago has to run now.
        let long_ago = r#"--patch={"status": {"lastScheduleTime": "2024-01-01T00:00:00Z"}}"#;
        let patch = ["patch", "cronjob/report", "--subresource=status", "--type=merge", long_ago, "-n", namespace];
        cluster.kubectl(&patch)?.succeeded()?;
    }
    let changed = |label: &str| -> Result<String> {
        Ok(changes(&pod(cluster, "owners-twin", label)?, &pod(cluster, "owners", label)?))
    };
    assert_snapshot!(changed("app=store")?, @r#"
    {"op":"add","path":"/metadata/annotations/proxy.istio.io~1config","value":"holdApplicationUntilProxyStarts: true\nterminationDrainDuration: 40s\n"}
    {"op":"add","path":"/metadata/annotations/seaworthy.dev~1applied","value":"app-starts-before-proxy,missing-pre-stop"}
    {"op":"add","path":"/spec/containers/0/lifecycle","value":{"preStop":{"sleep":{"seconds":30}}}}
    {"op":"replace","path":"/spec/terminationGracePeriodSeconds","value":42}
    "#);
    assert_snapshot!(changed("app=agent")?, @r#"
    {"op":"add","path":"/metadata/annotations/proxy.istio.io~1config","value":"holdApplicationUntilProxyStarts: true\nterminationDrainDuration: 40s\n"}
    {"op":"add","path":"/metadata/annotations/seaworthy.dev~1applied","value":"app-starts-before-proxy,missing-pre-stop"}
    {"op":"add","path":"/spec/containers/0/lifecycle","value":{"preStop":{"sleep":{"seconds":30}}}}
    {"op":"replace","path":"/spec/terminationGracePeriodSeconds","value":42}
    "#);
    assert_snapshot!(changed("app=import")?, @r#"
    {"op":"add","path":"/metadata/annotations/seaworthy.dev~1applied","value":"app-starts-before-proxy,job-never-completes"}
    {"op":"add","path":"/metadata/annotations/sidecar.istio.io~1nativeSidecar","value":"true"}
    "#);
    assert_snapshot!(changed("app=report")?, @r#"
    {"op":"add","path":"/metadata/annotations/seaworthy.dev~1applied","value":"app-starts-before-proxy,job-never-completes"}
    {"op":"add","path":"/metadata/annotations/sidecar.istio.io~1nativeSidecar","value":"true"}
    "#);
    cluster
        .kubectl(&["wait", "--for=condition=Complete", "job", "--all", "-n", "owners", "--timeout=60s"])?
        .succeeded()
        .map(drop)
}
