//! A Deployment whose Pods arrive repaired, while it stays as it was written.

use anyhow::{Result, ensure};
use insta::assert_snapshot;

use super::changes::changes;
use super::{PRE_STOP, START, WEB, get, namespace, open, pod, pods};
use crate::harness::Cluster;

pub fn the_pods_of_a_deployment_arrive_repaired_and_it_stays_as_it_was(cluster: &Cluster) -> Result<()> {
    let door = open(cluster, &[PRE_STOP, START])?;
    namespace(cluster, &door, "shop")?;
    cluster.create_namespace("twin", &[])?;
    cluster.kubectl(&["apply", "-n", "twin", "-f", WEB])?.succeeded()?;
    let unrepaired = pod(cluster, "twin", "app=web")?;

    // Whoever applies it is told.
    let applied = cluster.kubectl(&["apply", "-n", "shop", "-f", WEB])?;
    assert_snapshot!(applied.shown(), @"
    service/web created
    deployment.apps/web created
    Warning: seaworthy: Deployment shop/web: app-starts-before-proxy, missing-pre-stop will be repaired when Pods start; `seaworthy fix` puts it in git
    exit code 0
    ");
    roll_out(cluster)?;
    let first = pods(cluster, "shop", "app=web")?;
    ensure!(first.len() == 2, "{first:#?}");
    assert_snapshot!(changes(&unrepaired, &first[0]), @r#"
    {"op":"add","path":"/metadata/annotations/proxy.istio.io~1config","value":"holdApplicationUntilProxyStarts: true\nterminationDrainDuration: 40s\n"}
    {"op":"add","path":"/metadata/annotations/seaworthy.dev~1applied","value":"app-starts-before-proxy,missing-pre-stop"}
    {"op":"add","path":"/spec/containers/0/lifecycle","value":{"preStop":{"sleep":{"seconds":30}}}}
    {"op":"replace","path":"/spec/terminationGracePeriodSeconds","value":42}
    "#);
    assert_eq!(changes(&first[0], &first[1]), "");

    // The Deployment and its ReplicaSet know nothing of it, so nobody's tools see a difference.
    let (ours, twin) = (get(cluster, "shop", "deployment/web")?, get(cluster, "twin", "deployment/web")?);
    assert_eq!(ours["spec"], twin["spec"]);
    assert_eq!(cluster.kubectl(&["diff", "-n", "shop", "-f", WEB])?.shown(), "exit code 0");

    cluster.kubectl(&["rollout", "restart", "deployment/web", "-n", "shop"])?.succeeded()?;
    roll_out(cluster)?;
    let restarted = get(cluster, "shop", "deployment/web")?;
    ensure!(restarted["metadata"]["generation"] == 2, "only the restart changed it: {restarted:#}");
    let second = pods(cluster, "shop", "app=web")?;
    ensure!(second.len() == 2 && second.iter().all(|new| !first.contains(new)), "{second:#?}");
    for new in &second {
        assert_eq!(changes(&first[0], new), "");
    }
    assert_eq!(cluster.kubectl(&["diff", "-n", "shop", "-f", WEB])?.shown(), "exit code 0");
    Ok(())
}

fn roll_out(cluster: &Cluster) -> Result<()> {
    cluster.kubectl(&["rollout", "status", "deployment/web", "-n", "shop", "--timeout=60s"])?.succeeded().map(drop)
}

/// Whoever puts the fixes into the manifest gets the same Pods as whoever leaves it to the webhook.
pub fn a_fixed_deployment_gives_the_pods_that_a_repaired_one_gives(cluster: &Cluster) -> Result<()> {
    let door = open(cluster, &[PRE_STOP, START])?;
    namespace(cluster, &door, "repaired")?;
    cluster.kubectl(&["apply", "-n", "repaired", "-f", WEB])?.succeeded()?;
    cluster.create_namespace("fixed", &[])?;
    let config = cluster.folder().join("seaworthy.yaml");
    let fix = format!("seaworthy fix --quiet --assume-membership sidecar --config {} - <{WEB}", config.display());
    let fixed = cluster.shell(&fix)?.succeeded()?;
    cluster.kubectl_with_input(&["apply", "-n", "fixed", "-f", "-"], &fixed)?.succeeded()?;
    let difference = changes(&pod(cluster, "fixed", "app=web")?, &pod(cluster, "repaired", "app=web")?);
    assert_snapshot!(difference, @r#"{"op":"add","path":"/metadata/annotations/seaworthy.dev~1applied","value":"app-starts-before-proxy,missing-pre-stop"}"#);

    // Where the fixes are in git, there is nothing to tell and nothing to do.
    assert_snapshot!(cluster.kubectl_with_input(&["apply", "-n", "repaired", "-f", "-"], &fixed)?.shown(), @"
    service/web unchanged
    deployment.apps/web configured
    exit code 0
    ");
    Ok(())
}
