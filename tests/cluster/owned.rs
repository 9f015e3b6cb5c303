//! A Pod that names an owner: believed of the cluster's own controllers, and of nobody else without proof.

use anyhow::{Result, ensure};
use insta::{assert_debug_snapshot, assert_snapshot};

use crate::custom::known;
use crate::harness::{Cluster, DENY, Door, FIT, IN_MESH, Way, until};

const POD: &str = "tests/cluster/data/door/pod.yaml";
const REPLICA_SET: &str = "tests/cluster/data/door/replica-set.yaml";
const CONTROLLER: &str = "--as=system:serviceaccount:kube-system:replicaset-controller";

pub fn an_owner_that_a_user_makes_up_excuses_nothing(cluster: &Cluster) -> Result<()> {
    let _door = with_pods(cluster, "made-up")?;
    let pod = cluster.kubectl(&["create", "--as=alice", "-n", "made-up", "-f", POD])?;
    assert_snapshot!(pod.shown(), @r#"
    Error from server (Forbidden): error when creating "tests/cluster/data/door/pod.yaml": admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Pod made-up/web is not fit for the mesh (1 problem)
    - short-grace-period: `web` is killed: preStop 30s + shutdown 10s + slack 2s + proxy 5s = 47s > 30s; want 47 at spec.terminationGracePeriodSeconds
      help: set `terminationGracePeriodSeconds: 47`
    fix: seaworthy fix FILE
    why: seaworthy explain short-grace-period
    docs: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
    exit code 1
    "#);
    Ok(())
}

pub fn the_pod_of_a_controller_is_left_to_its_owner(cluster: &Cluster) -> Result<()> {
    let _door = with_pods(cluster, "controlled")?;
    let pod = cluster.kubectl(&["create", CONTROLLER, "-n", "controlled", "-f", POD])?;
    assert_snapshot!(pod.shown(), @"
    pod/web created
    exit code 0
    ");
    assert_debug_snapshot!(cluster.audited("create", "controlled", "pods/web")?, @r#"
    {
        "mesh-ready.seaworthy.dev/not-judged": "owned",
    }
    "#);
    Ok(())
}

/// Whoever may read an owner knows its uid.
pub fn an_owner_that_is_there_excuses_nothing_that_a_user_makes(cluster: &Cluster) -> Result<()> {
    let door = with_pods(cluster, "proven")?;
    cluster.kubectl(&["apply", "-n", "proven", "-f", FIT])?.succeeded()?;
    until("the Deployment to be known", || Ok((known(&door, "Deployment")? > Some(0)).then_some(())))?;
    let uid = ["get", "deployment", "web", "-n", "proven", "-o", "jsonpath={.metadata.uid}"];
    let uid = cluster.kubectl(&uid)?.succeeded()?;
    let pod = std::fs::read_to_string(POD)?
        .replace("kind: ReplicaSet, name: web-6f7d9c", "kind: Deployment, name: web")
        .replace("11111111-2222-3333-4444-555555555555", &uid);
    let create = ["create", "--as=alice", "-n", "proven", "-f", "-"];
    let refusal = cluster.kubectl_with_input(&create, &pod)?.refused()?;
    ensure!(refusal.contains("short-grace-period"), "{refusal}");
    Ok(())
}

pub fn a_replica_set_is_judged_unless_its_controller_makes_it(cluster: &Cluster) -> Result<()> {
    let _door = with_pods(cluster, "sets")?;
    let create = |more: &[&str]| cluster.kubectl(&[&["create", "-n", "sets", "-f", REPLICA_SET], more].concat());
    let refusal = create(&[])?.refused()?;
    ensure!(refusal.contains("short-grace-period"), "{refusal}");
    create(&["--as=system:serviceaccount:kube-system:deployment-controller"])?.succeeded()?;
    assert_debug_snapshot!(cluster.audited("create", "sets", "replicasets/web-6f7d9c")?, @r#"
    {
        "mesh-ready.seaworthy.dev/not-judged": "owned",
    }
    "#);
    Ok(())
}

/// A namespace in which alice and the ReplicaSet controller may make Pods.
fn with_pods<'a>(cluster: &'a Cluster, namespace: &str) -> Result<Door<'a>> {
    let door = Door::open(cluster, Way::Service, &[])?;
    door.namespace(namespace, &[IN_MESH, DENY])?;
    for command in [
        &["create", "serviceaccount", "default"][..],
        &["create", "role", "pods", "--verb=create", "--resource=pods"],
        &["create", "rolebinding", "alice", "--role=pods", "--user=alice"],
    ] {
        cluster.kubectl(&[command, &["-n", namespace]].concat())?.succeeded()?;
    }
    Ok(door)
}
