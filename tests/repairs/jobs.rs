//! Pods of Jobs: how the platform wants Jobs to end decides about their proxy, also where that cannot be had.

use crate::setting::{created, engine, repaired};
use seaworthy::inventory::{Inventory, Origin};
use serde_json::{Value, json};

const RULES: [&str; 2] = ["app-starts-before-proxy", "job-never-completes"];
const NATIVE: &str = "sidecar.istio.io/nativeSidecar";
const INJECT: &str = "sidecar.istio.io/inject";

#[test]
fn the_start_of_a_job_is_no_reason_for_a_native_sidecar_that_its_end_does_not_ask_for() {
    for (strategy, command, wanted, missed) in [
        ("native", None, (Some("true"), None), vec![]),
        ("no-sidecar", None, (None, Some("false")), vec![]),
        // What the image starts is not known, so nothing can tell the proxy to quit after it.
        ("quit", None, (None, None), RULES.to_vec()),
        ("quit", Some("/report"), (None, None), vec![]),
    ] {
        let more = format!("rules: {{job-never-completes: {{params: {{strategy: {strategy}}}}}}}\n");
        let engine = engine("{assumeMembership: sidecar, dataPlane: classic}", &RULES, None, &more);
        let name = format!("{strategy} {command:?}");
        let repair = repaired(&engine, &created(&pod(command)), &Inventory::new(Origin::Cluster), &name);
        let metadata = &repair.object.value()["metadata"];
        let said = (metadata["annotations"][NATIVE].as_str(), metadata["labels"][INJECT].as_str());
        let mut left: Vec<&str> = repair.missed.iter().map(|it| &*it.rule).collect();
        left.sort_unstable();
        assert_eq!((said, left), (wanted, missed), "{name}");
    }
}

/// A Pod that the controller of Jobs makes.
fn pod(command: Option<&str>) -> Value {
    let mut container = json!({"name": "report", "image": "registry.example.com/shop/report:1"});
    if let Some(command) = command {
        container["command"] = json!([command]);
    }
    let owner = json!({"apiVersion": "batch/v1", "kind": "Job", "name": "report", "uid": "u", "controller": true});
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "report-x", "namespace": "shop", "labels": {"job-name": "report"}, "ownerReferences": [owner]},
        "spec": {"restartPolicy": "Never", "containers": [container]}})
}
