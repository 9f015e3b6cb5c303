//! The command lines of seaworthy-wait that fixes write, held against a list; the tests of `wait/` start the real program with each
//! of its lines.

use crate::setting::{created, engine, repaired};
use seaworthy::inventory::{Inventory, Origin};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const LISTED: &str = include_str!("../data/seaworthy-wait-calls.txt");
const RULES: [&str; 3] = ["app-starts-before-proxy", "job-never-completes", "missing-identity-wait"];

#[test]
fn every_call_that_a_fix_writes_is_one_that_the_program_is_tried_with() {
    let mut written = BTreeSet::new();
    for profile in [
        "istioVersion: \"1.22\"",
        "istioVersion: \"1.22\", proxy: {holdApplicationUntilProxyStarts: true}",
        "istioVersion: \"1.6\"",
    ] {
        let profile = format!("{{assumeMembership: sidecar, {profile}}}");
        for way in ["hold", "wrapper", "quit"] {
            let engine = engine(&profile, &RULES, Some(way), "");
            for (kind, restart) in [("Job", "Never"), ("Job", "OnFailure"), ("ReplicaSet", "Always")] {
                let name = format!("{profile} {way} {kind} {restart}");
                let repair = repaired(&engine, &created(&pod(kind, restart)), &Inventory::new(Origin::Files), &name);
                written.extend(calls(repair.object.value()));
            }
        }
    }
    let listed: BTreeSet<String> = LISTED.lines().map(str::to_owned).collect();
    assert_eq!(written, listed);
}

fn pod(owner: &str, restart: &str) -> Value {
    let group = if owner == "Job" { "batch/v1" } else { "apps/v1" };
    let owners = json!([{"apiVersion": group, "kind": owner, "name": "a", "uid": "u", "controller": true}]);
    let annotations = json!({"seaworthy.dev/workload-identity": "true"});
    let container = json!({"name": "app", "image": "app:1", "command": ["/app"], "args": ["--version"]});
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "a", "namespace": "shop", "annotations": annotations, "ownerReferences": owners},
        "spec": {"restartPolicy": restart, "containers": [container]},
    })
}

/// What starts by our program or our image.
fn calls(pod: &Value) -> Vec<String> {
    let lists = ["initContainers", "containers"].map(|list| pod["spec"][list].as_array().cloned().unwrap_or_default());
    let words = |value: &Value| {
        value.as_array().into_iter().flatten().map(|it| it.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let call = |container: &Value| {
        let entrypoint = (container["image"] == "registry.example.com/wait:1").then(|| "/seaworthy-wait".to_owned());
        let words: Vec<String> =
            entrypoint.into_iter().chain(words(&container["command"])).chain(words(&container["args"])).collect();
        words.join(" ")
    };
    lists.concat().iter().map(call).filter(|call| call.starts_with("/seaworthy")).collect()
}
