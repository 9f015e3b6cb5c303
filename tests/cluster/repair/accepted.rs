//! What else may refuse a Pod accepts a repaired one: Pod Security, a quota, limits.

use anyhow::{Result, ensure};
use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::json;

use super::{PRE_STOP, START, get, namespace, open_with, pods};
use crate::harness::Cluster;

const RESTRICTED: &str = "tests/cluster/data/repair/restricted.yaml";

pub fn a_restricted_namespace_with_quota_and_limits_runs_repaired_pods(cluster: &Cluster) -> Result<()> {
    let door = open_with(
        cluster,
        json!({
            "image": "registry.example.com/seaworthy-wait:1.0",
            "apply": [{"rules": [PRE_STOP, START, "missing-identity-wait"], "strategy": "wrapper"}],
        }),
    )?;
    namespace(cluster, &door, "restricted")?;
    let label = ["label", "namespace", "restricted"];
    let standards = ["pod-security.kubernetes.io/enforce=restricted", "pod-security.kubernetes.io/warn=restricted"];
    cluster.kubectl(&[&label[..], &standards].concat())?.succeeded()?;
    let applied = cluster.kubectl(&["apply", "-n", "restricted", "-f", RESTRICTED])?;
    assert_snapshot!(applied.shown(), @"
    limitrange/limits created
    resourcequota/quota created
    service/web created
    serviceaccount/web created
    deployment.apps/web created
    Warning: seaworthy: Deployment restricted/web: app-starts-before-proxy, missing-identity-wait, missing-pre-stop will be repaired when Pods start; `seaworthy fix` puts it in git
    exit code 0
    ");
    let status = ["rollout", "status", "deployment/web", "-n", "restricted", "--timeout=60s"];
    cluster.kubectl(&status)?.succeeded()?;
    let pods = pods(cluster, "restricted", "app=web")?;
    ensure!(pods.len() == 2 && pods.iter().all(|pod| pod["status"]["phase"] == "Running"), "{pods:#?}");
    let applied = &pods[0]["metadata"]["annotations"]["seaworthy.dev/applied"];
    assert_eq!(applied, "app-starts-before-proxy,missing-identity-wait,missing-pre-stop");
    assert_json_snapshot!(pods[0]["spec"]["initContainers"], @r#"
    [
      {
        "args": [
          "identity",
          "--timeout",
          "60s"
        ],
        "image": "registry.example.com/seaworthy-wait:1.0",
        "imagePullPolicy": "IfNotPresent",
        "name": "seaworthy-wait-identity",
        "resources": {
          "limits": {
            "cpu": "100m",
            "memory": "64Mi"
          },
          "requests": {
            "cpu": "100m",
            "memory": "64Mi"
          }
        },
        "securityContext": {
          "allowPrivilegeEscalation": false,
          "capabilities": {
            "drop": [
              "ALL"
            ]
          },
          "readOnlyRootFilesystem": true,
          "runAsNonRoot": true,
          "runAsUser": 65532,
          "seccompProfile": {
            "type": "RuntimeDefault"
          }
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "FallbackToLogsOnError"
      },
      {
        "args": [
          "install",
          "/seaworthy"
        ],
        "image": "registry.example.com/seaworthy-wait:1.0",
        "imagePullPolicy": "IfNotPresent",
        "name": "seaworthy-wait",
        "resources": {
          "limits": {
            "cpu": "100m",
            "memory": "64Mi"
          },
          "requests": {
            "cpu": "100m",
            "memory": "64Mi"
          }
        },
        "securityContext": {
          "allowPrivilegeEscalation": false,
          "capabilities": {
            "drop": [
              "ALL"
            ]
          },
          "readOnlyRootFilesystem": true,
          "runAsNonRoot": true,
          "runAsUser": 65532,
          "seccompProfile": {
            "type": "RuntimeDefault"
          }
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
          {
            "mountPath": "/seaworthy",
            "name": "seaworthy"
          }
        ]
      }
    ]
    "#);
    let quota = get(cluster, "restricted", "resourcequota/quota")?;
    assert_json_snapshot!(quota["status"]["used"], @r#"
    {
      "limits.cpu": "1",
      "limits.memory": "256Mi",
      "pods": "2",
      "requests.cpu": "200m",
      "requests.memory": "128Mi"
    }
    "#);
    Ok(())
}
