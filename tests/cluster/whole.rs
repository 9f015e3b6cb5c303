//! The whole cluster itself: what the tests of repaired Pods rely on.

use anyhow::Result;

use crate::harness::Cluster;

pub fn everything_that_makes_pods_is_at_work(cluster: &Cluster) -> Result<()> {
    cluster.create_namespace("work", &[])?;
    let kubectl = |line: &str| {
        let arguments: Vec<&str> = line.split(' ').collect();
        cluster.kubectl(&[&arguments[..], &["-n", "work"]].concat())?.succeeded()
    };
    kubectl("create deployment web --image=web --replicas=3")?;
    kubectl("create job report --image=report")?;
    kubectl("rollout status deployment/web --timeout=60s")?;
    kubectl("wait --for=condition=Complete job/report --timeout=60s")?;
    assert_eq!(kubectl("get deployment web -o jsonpath={.status.readyReplicas}")?, "3");
    Ok(())
}
