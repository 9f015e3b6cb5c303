//! However one asks for a Pod: what one is told, and what one gets.

use anyhow::{Context, Result, ensure};
use insta::{assert_debug_snapshot, assert_snapshot};
use serde_json::{Value, json};

use super::{BOTH, POD, PRE_STOP, START, get, namespace, open};
use crate::harness::{Answer, Cluster, until};

/// Its mode is deny, so it would be refused if the server did not see it as it is after the repair.
pub fn a_bare_pod_is_repaired_and_its_creator_is_told(cluster: &Cluster) -> Result<()> {
    let door = open(cluster, &[PRE_STOP, START])?;
    namespace(cluster, &door, "bare")?;
    let applied = cluster.kubectl(&["apply", "-n", "bare", "-f", POD])?;
    assert_snapshot!(applied.shown(), @"
    pod/bare created
    Warning: seaworthy: Pod bare/bare: repaired app-starts-before-proxy: hold the application until its proxy is ready
    Warning: seaworthy: Pod bare/bare: repaired missing-pre-stop: wait 30s before stopping
    exit code 0
    ");
    assert_debug_snapshot!(cluster.audited("create", "bare", "pods/bare")?, @r#"
    {
        "mesh-ready.seaworthy.dev/missing-canonical-labels": "audit metadata.labels",
        "mesh-ready.seaworthy.dev/missing-readiness-probe": "audit spec.containers[0].readinessProbe",
        "mutation.webhook.admission.k8s.io/round_0_index_0": "{\"configuration\":\"admission.seaworthy.dev\",\"webhook\":\"repair.seaworthy.dev\",\"mutated\":true}",
        "patch.webhook.admission.k8s.io/round_0_index_0": "{\"configuration\":\"admission.seaworthy.dev\",\"webhook\":\"repair.seaworthy.dev\",\"patch\":[{\"op\":\"add\",\"path\":\"/metadata/annotations/proxy.istio.io~1config\",\"value\":\"holdApplicationUntilProxyStarts: true\\nterminationDrainDuration: 40s\\n\"},{\"op\":\"add\",\"path\":\"/metadata/annotations/seaworthy.dev~1applied\",\"value\":\"app-starts-before-proxy,missing-pre-stop\"},{\"op\":\"add\",\"path\":\"/spec/containers/0/lifecycle\",\"value\":{\"preStop\":{\"sleep\":{\"seconds\":30}}}},{\"op\":\"replace\",\"path\":\"/spec/terminationGracePeriodSeconds\",\"value\":42}],\"patchType\":\"JSONPatch\"}",
        "repair.seaworthy.dev/repaired": "app-starts-before-proxy, missing-pre-stop",
    }
    "#);
    // What is repaired counts as no change of the manifest.
    assert_snapshot!(cluster.kubectl(&["apply", "-n", "bare", "-f", POD])?.shown(), @"
    pod/bare unchanged
    exit code 0
    ");
    assert_snapshot!(cluster.kubectl(&["diff", "-n", "bare", "-f", POD])?.shown(), @"exit code 0");
    Ok(())
}

pub fn every_way_to_create_a_pod_gives_the_same_pod(cluster: &Cluster) -> Result<()> {
    let door = open(cluster, &[PRE_STOP, START])?;
    namespace(cluster, &door, "ways")?;
    let mut seen: Vec<(&str, Value)> = Vec::new();
    for dry in ["create --dry-run=server", "apply --dry-run=server", "apply --server-side --dry-run=server"] {
        let pod = kubectl(cluster, &format!("{dry} -o json"))?.succeeded()?;
        seen.push((dry, repaired(&serde_json::from_str(&pod)?)));
    }
    for way in ["create", "replace --force", "delete", "apply", "delete", "apply --server-side"] {
        kubectl(cluster, way)?.succeeded()?;
        if way != "delete" {
            seen.push((way, repaired(&get(cluster, "ways", "pod/bare")?)));
        }
    }
    let (_, first) = &seen[0];
    ensure!(first["applied"].is_string() && seen.iter().all(|(_, repaired)| repaired == first), "{seen:#?}");
    Ok(())
}

fn kubectl(cluster: &Cluster, command: &str) -> Result<Answer> {
    cluster.kubectl(&command.split(' ').chain(["-n", "ways", "-f", POD]).collect::<Vec<_>>())
}

/// What repairs can have changed of a Pod of one container.
fn repaired(pod: &Value) -> Value {
    let annotations = &pod["metadata"]["annotations"];
    json!({
        "applied": annotations["seaworthy.dev/applied"],
        "proxy": annotations["proxy.istio.io/config"],
        "grace": pod["spec"]["terminationGracePeriodSeconds"],
        "lifecycle": pod["spec"]["containers"][0]["lifecycle"],
    })
}

/// A Pod cannot be changed where these repairs change it, so the manifest that sets those fields could never be applied again.
pub fn what_the_owner_of_a_pod_applied_can_be_applied_again(cluster: &Cluster) -> Result<()> {
    let door = open(cluster, &[PRE_STOP, START])?;
    namespace(cluster, &door, "reapplied")?;
    let manifest = |name: &str| -> Result<String> {
        let text = std::fs::read_to_string(POD)?.replace("name: bare", &format!("name: {name}"));
        Ok(text.replace("spec:\n", "spec:\n  terminationGracePeriodSeconds: 20\n"))
    };
    let apply = |text: &str, way: &[&str]| {
        cluster.kubectl_with_input(&[&["apply", "-n", "reapplied", "-f", "-"], way].concat(), text)
    };
    let refusal = apply(&manifest("client")?, &[])?.refused()?;
    ensure!(refusal.contains("- missing-pre-stop: ") && refusal.contains("(1 problem)"), "{refusal}");
    cluster.kubectl(&["label", "--overwrite", "namespace", "reapplied", "seaworthy.dev/mode=warn"])?.succeeded()?;
    until("the mode to be warn", || Ok(apply(&manifest("client")?, &["--dry-run=server"])?.success.then_some(())))?;
    for (name, way, again) in [("client", &[][..], "unchanged"), ("server", &["--server-side"], "serverside-applied")] {
        for word in [if name == "client" { "created" } else { again }, again] {
            let applied = apply(&manifest(name)?, way)?.succeeded()?;
            ensure!(applied.contains(&format!("pod/{name} {word}")), "{applied}");
        }
        let pod = get(cluster, "reapplied", &format!("pod/{name}"))?;
        assert_eq!(pod["spec"]["terminationGracePeriodSeconds"], 20, "{pod:#}");
        assert_eq!(pod["metadata"]["annotations"]["seaworthy.dev/applied"], START, "{pod:#}");
    }
    Ok(())
}

/// Nothing is refused because of us: what cannot be repaired is left to the modes, and a Pod of a thousand containers is
/// answered in time.
pub fn strange_pods_are_not_refused_for_our_patch(cluster: &Cluster) -> Result<()> {
    let door = open(cluster, &[PRE_STOP, START])?;
    namespace(cluster, &door, "strange")?;
    cluster.kubectl(&["label", "--overwrite", "namespace", "strange", "seaworthy.dev/mode=warn"])?.succeeded()?;
    let pod = serde_json::to_value(&cluster.read_yaml(&std::fs::read_to_string(POD)?)?[0])?;

    let mut broken = pod.clone();
    broken["metadata"]["annotations"] = json!({"proxy.istio.io/config": "{: \u{0}[", "example.com/a": "~0~1"});
    let many =
        (0..1_000).map(|index| json!({"name": format!("c{index}"), "image": "c", "ports": [{"containerPort": 8080}]}));
    let mut large = pod.clone();
    large["spec"]["containers"] = many.collect();
    let mut nulls = pod;
    nulls["metadata"]["annotations"] = Value::Null;
    nulls["spec"]["initContainers"] = Value::Null;
    nulls["spec"]["containers"][0]["lifecycle"] = Value::Null;
    let both = json!(BOTH);
    for (name, pod, applied) in [("broken", broken, &Value::Null), ("large", large, &both), ("nulls", nulls, &both)] {
        let create = ["create", "--dry-run=server", "-n", "strange", "-o", "json", "-f", "-"];
        let created = cluster.kubectl_with_input(&create, &pod.to_string())?.succeeded()?;
        let created: Value = serde_json::from_str(&created)?;
        assert_eq!(created["metadata"]["annotations"]["seaworthy.dev/applied"], *applied, "{name}");
        let containers = created["spec"]["containers"].as_array().context("no containers")?;
        let hooked = containers.iter().filter(|it| it["lifecycle"]["preStop"].is_object()).count();
        assert_eq!(hooked, if applied.is_null() { 0 } else { containers.len() }, "{name}");
    }
    Ok(())
}
