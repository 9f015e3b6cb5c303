//! Bare Pods that their owners apply again: a repair changes nothing of what they wrote.

use crate::setting::{REPAIRABLE, engine, objects, repaired};
use seaworthy::inventory::{Inventory, Origin};
use seaworthy::manifest::edit::{Change, Difference, changes};
use seaworthy::manifest::{Applied, LAST_APPLIED_ANNOTATION, Object};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Of every manifest of the rules: the Pod of each template, applied by kubectl, and what a merge of the same manifest would
/// change of what was made of it.
#[test]
fn the_manifest_of_a_repaired_pod_can_be_applied_again() {
    let (mut seen, mut repaired_ones, mut missed) = (0, 0, 0);
    for profile in ["dataPlane: classic, istioVersion: \"1.22\"", "dataPlane: native, istioVersion: \"1.28\""] {
        let engine = engine(&format!("{{assumeMembership: sidecar, {profile}}}"), &REPAIRABLE, None, "");
        for manifest in manifests() {
            seen += 1;
            let (live, name) = (with_annotation(&manifest), manifest.to_string());
            let applied = Applied::of(live["metadata"]["annotations"][LAST_APPLIED_ANNOTATION].as_str(), None);
            let pod = Object::from_json(live.clone()).unwrap().applied_as(applied);
            let repair = repaired(&engine, &pod, &Inventory::new(Origin::Files), &name);
            let undone: Vec<Change> = changes(&live, repair.object.value())
                .into_iter()
                .filter(|it| matches!(it.difference, Difference::Replaced(_) | Difference::Removed))
                .filter(|it| it.path.find(&manifest).is_some())
                .collect();
            assert!(undone.is_empty(), "{name}\n{undone:#?}");
            repaired_ones += usize::from(!repair.repaired.is_empty());
            missed += repair.missed.iter().filter(|it| it.reason.starts_with("the manifest sets ")).count();
        }
    }
    assert!(seen > 500 && repaired_ones > 100 && missed > 50, "{seen} {repaired_ones} {missed}");
}

/// The Pods of the manifests of the rules about repairs.
fn manifests() -> Vec<Value> {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let files = REPAIRABLE.iter().flat_map(|rule| fs::read_dir(rules.join(rule)).unwrap());
    let files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    let yaml = files.iter().filter(|file| file.extension().is_some_and(|it| it == "yaml"));
    let objects = yaml.flat_map(|file| objects("applied.yaml", &fs::read_to_string(file).unwrap()));
    objects
        .flat_map(|object| object.templates().iter().map(|path| pod(path.find(object.value()))).collect::<Vec<_>>())
        .collect()
}

fn pod(template: Option<&Value>) -> Value {
    let template = template.cloned().unwrap_or_default();
    let mut metadata =
        json!({"labels": template["metadata"]["labels"], "annotations": template["metadata"]["annotations"]});
    metadata.as_object_mut().unwrap().retain(|_, value| value.is_object());
    (metadata["name"], metadata["namespace"]) = ("bare".into(), "shop".into());
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
}

/// What kubectl sends.
fn with_annotation(manifest: &Value) -> Value {
    let mut live = manifest.clone();
    live["metadata"]["annotations"][LAST_APPLIED_ANNOTATION] = manifest.to_string().into();
    live
}
