//! Others that change Pods too: Istio's injector, and whatever runs after us.

use anyhow::{Context, Result, ensure};
use insta::assert_debug_snapshot;

use super::{POD, PRE_STOP, START, namespace, open, repairs, values};
use crate::harness::{Cluster, until};

/// Puts a container into Pods that we have repaired already, as an injector does that is called after us.
const LATER: &str = "tests/cluster/data/repair/later.yaml";

/// Webhooks are called in the order of the names of their configurations; Istio's are its own choice.
pub fn our_configuration_is_called_before_istios(cluster: &Cluster) -> Result<()> {
    let rendered = cluster.render_chart(&[&values(repairs(&[PRE_STOP]))])?.succeeded()?;
    let documents = cluster.read_yaml(&rendered)?;
    let ours = documents.iter().find(|it| it["kind"] == "MutatingWebhookConfiguration").context("no configuration")?;
    let ours = ours["metadata"]["name"].as_str().context("no name")?;
    for istios in ["istio-sidecar-injector", "istio-sidecar-injector-canary", "istio-revision-tag-default"] {
        ensure!(ours < istios, "{ours} comes after {istios}");
    }
    Ok(())
}

/// The second time only the new container gets something.
pub fn called_again_after_another_change_nothing_is_done_twice(cluster: &Cluster) -> Result<()> {
    let door = open(cluster, &[PRE_STOP, START])?;
    namespace(cluster, &door, "again")?;
    cluster.kubectl(&["apply", "-f", LATER])?.succeeded()?;
    until("the other change", || {
        let create =
            ["create", "--dry-run=server", "-o", "jsonpath={.spec.containers[*].name}", "-n", "again", "-f", POD];
        Ok((cluster.kubectl(&create)?.succeeded()? == "web later").then_some(()))
    })?;
    cluster.kubectl(&["create", "-n", "again", "-f", POD])?.succeeded()?;
    assert_debug_snapshot!(cluster.audited("create", "again", "pods/bare")?, @r#"
    {
        "mesh-ready.seaworthy.dev/missing-canonical-labels": "audit metadata.labels",
        "mesh-ready.seaworthy.dev/missing-readiness-probe": "audit spec.containers[0].readinessProbe; audit spec.containers[1].readinessProbe",
        "mutation.webhook.admission.k8s.io/round_0_index_0": "{\"configuration\":\"admission.seaworthy.dev\",\"webhook\":\"repair.seaworthy.dev\",\"mutated\":true}",
        "mutation.webhook.admission.k8s.io/round_1_index_0": "{\"configuration\":\"admission.seaworthy.dev\",\"webhook\":\"repair.seaworthy.dev\",\"mutated\":true}",
        "patch.webhook.admission.k8s.io/round_0_index_0": "{\"configuration\":\"admission.seaworthy.dev\",\"webhook\":\"repair.seaworthy.dev\",\"patch\":[{\"op\":\"add\",\"path\":\"/metadata/annotations\",\"value\":{\"proxy.istio.io/config\":\"holdApplicationUntilProxyStarts: true\\nterminationDrainDuration: 40s\\n\",\"seaworthy.dev/applied\":\"app-starts-before-proxy,missing-pre-stop\"}},{\"op\":\"add\",\"path\":\"/spec/containers/0/lifecycle\",\"value\":{\"preStop\":{\"sleep\":{\"seconds\":30}}}},{\"op\":\"replace\",\"path\":\"/spec/terminationGracePeriodSeconds\",\"value\":42}],\"patchType\":\"JSONPatch\"}",
        "patch.webhook.admission.k8s.io/round_1_index_0": "{\"configuration\":\"admission.seaworthy.dev\",\"webhook\":\"repair.seaworthy.dev\",\"patch\":[{\"op\":\"add\",\"path\":\"/spec/containers/1/lifecycle\",\"value\":{\"preStop\":{\"sleep\":{\"seconds\":30}}}}],\"patchType\":\"JSONPatch\"}",
        "repair.seaworthy.dev/repaired": "app-starts-before-proxy, missing-pre-stop",
    }
    "#);
    cluster.kubectl(&["delete", "-f", LATER])?.succeeded().map(drop)
}
