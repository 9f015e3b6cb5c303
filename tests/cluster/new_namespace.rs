//! A namespace and what is in it, in one file: the labels must be known a blink after they were written.

use std::collections::BTreeSet;

use anyhow::Result;
use insta::assert_snapshot;

use crate::harness::{Cluster, Door, WEB, Way};

const TIMES: usize = 20;

pub fn a_namespace_applied_together_with_its_objects_is_known(cluster: &Cluster) -> Result<()> {
    let door = Door::open(cluster, Way::Service, &[])?;
    let objects = std::fs::read_to_string(WEB)?;
    let mut answers = BTreeSet::new();
    for number in 1..=TIMES {
        let namespace = format!("new-{number}");
        let labels = "{istio-injection: enabled, seaworthy.dev/mode: deny}";
        let file = format!(
            "{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}, labels: {labels}}}}}\n---\n{}",
            objects.replace("metadata: {name: web}", &format!("metadata: {{name: web, namespace: {namespace}}}"))
        );
        let apply = cluster.kubectl_with_input(&["apply", "-f", "-"], &file)?;
        answers.insert(apply.shown().replace(&namespace, "NEW"));
    }
    assert_snapshot!(Vec::from_iter(answers).join("\n\n"), @r#"
    namespace/NEW created
    Error from server (Forbidden): error when creating "STDIN": admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Service NEW/web is not fit for the mesh (1 problem)
    - unclear-port-protocol: port name `web` names no protocol, so Istio guesses: want `<protocol>-web` at spec.ports[0].name, or an appProtocol
      help: `appProtocol: http` is likely: only the number 80 says so; the name that others refer to stays
    check before you apply: seaworthy check FILE
    why: seaworthy explain unclear-port-protocol
    docs: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
    Error from server (Forbidden): error when creating "STDIN": admission webhook "mesh-ready.seaworthy.dev" denied the request: seaworthy: Deployment NEW/web is not fit for the mesh (1 problem)
    - short-grace-period: `web` is killed: preStop 30s + shutdown 10s + slack 2s + proxy 5s = 47s > 30s; want 47 at spec.template.spec.terminationGracePeriodSeconds
      help: set `terminationGracePeriodSeconds: 47`
    fix: seaworthy fix FILE
    why: seaworthy explain short-grace-period
    docs: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
    exit code 1
    "#);
    assert_eq!(door.server.counted("seaworthy_membership_unknown_total")?, 0);
    Ok(())
}
