//! The server is gone: what the failure policy makes of it, and that all is as before when it is back.

use anyhow::Result;
use insta::{assert_debug_snapshot, assert_snapshot};

use crate::harness::{Cluster, DENY, Door, IN_MESH, WEB, Way, until};

const FAIL: &str = "--set=webhook.failurePolicy=Fail";

pub fn under_ignore_nobody_is_stopped_and_it_is_written_down(cluster: &Cluster) -> Result<()> {
    let mut door = Door::open(cluster, Way::Service, &[])?;
    door.namespace("ignore", &[IN_MESH, DENY])?;
    let refused = apply(cluster, "ignore")?;
    let failed_open = cluster.failed_open()?;
    door.server.kill();
    assert_snapshot!(apply(cluster, "ignore")?, @"
    service/web created
    deployment.apps/web created
    exit code 0
    ");
    assert_debug_snapshot!(cluster.audited("create", "ignore", "deployments/web")?, @r#"
    {
        "failed-open.validating.webhook.admission.k8s.io/round_0_index_0": "mesh-ready.seaworthy.dev",
    }
    "#);
    assert_eq!(cluster.failed_open()?, failed_open + 2);

    cluster.kubectl(&["delete", "-n", "ignore", "-f", WEB])?.succeeded()?;
    door.server.start_again()?;
    assert_eq!(apply(cluster, "ignore")?, refused);
    Ok(())
}

pub fn under_fail_the_api_server_refuses_until_it_is_back(cluster: &Cluster) -> Result<()> {
    let mut door = Door::open(cluster, Way::Service, &[FAIL])?;
    door.namespace("fail", &[IN_MESH, DENY])?;
    let refused_by_us = apply(cluster, "fail")?;
    door.server.kill();
    let port = door.server.port.to_string();
    // The API server notices with the first call that its connection is gone.
    cluster.kubectl(&["apply", "-n", "fail", "-f", WEB])?.refused()?;
    let refused = apply(cluster, "fail")?.replace(&port, "PORT").replace("[::1]", "127.0.0.1");
    assert_snapshot!(refused, @r#"
    Error from server (InternalError): error when creating "tests/cluster/data/door/web.yaml": Internal error occurred: failed calling webhook "mesh-ready.seaworthy.dev": failed to call webhook: Post "https://seaworthy.seaworthy.svc:PORT/validate?timeout=3s": dial tcp 127.0.0.1:PORT: connect: connection refused
    Error from server (InternalError): error when creating "tests/cluster/data/door/web.yaml": Internal error occurred: failed calling webhook "mesh-ready.seaworthy.dev": failed to call webhook: Post "https://seaworthy.seaworthy.svc:PORT/validate?timeout=3s": dial tcp 127.0.0.1:PORT: connect: connection refused
    exit code 1
    "#);

    door.server.start_again()?;
    assert_eq!(apply(cluster, "fail")?, refused_by_us);
    Ok(())
}

pub fn a_certificate_for_another_name_is_not_trusted(cluster: &Cluster) -> Result<()> {
    // For localhost and its addresses, but not for the Service.
    let door = Door::open(cluster, Way::Loopback, &[FAIL])?;
    door.namespace("misnamed", &[IN_MESH, DENY])?;
    let port_of_service = format!("--set=service.port={}", door.server.port);
    let trusted = format!("--set-file=certificates.caBundle={}", door.ca.display());
    cluster.apply_chart(&["webhook"], &[FAIL, &port_of_service, &trusted], &[])?.succeeded()?;
    let port = door.server.port.to_string();
    let refused = until("the API server to go through the Service", || {
        let answer = apply(cluster, "misnamed")?.replace(&port, "PORT");
        Ok(answer.contains("seaworthy.seaworthy.svc").then_some(answer))
    })?;
    assert_snapshot!(refused, @r#"
    Error from server (InternalError): error when creating "tests/cluster/data/door/web.yaml": Internal error occurred: failed calling webhook "mesh-ready.seaworthy.dev": failed to call webhook: Post "https://seaworthy.seaworthy.svc:PORT/validate?timeout=3s": tls: failed to verify certificate: x509: certificate is valid for localhost, not seaworthy.seaworthy.svc
    Error from server (InternalError): error when creating "tests/cluster/data/door/web.yaml": Internal error occurred: failed calling webhook "mesh-ready.seaworthy.dev": failed to call webhook: Post "https://seaworthy.seaworthy.svc:PORT/validate?timeout=3s": tls: failed to verify certificate: x509: certificate is valid for localhost, not seaworthy.seaworthy.svc
    exit code 1
    "#);
    Ok(())
}

fn apply(cluster: &Cluster, namespace: &str) -> Result<String> {
    Ok(cluster.kubectl(&["apply", "-n", namespace, "-f", WEB])?.shown())
}
