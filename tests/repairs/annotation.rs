//! Settings merged into `proxy.istio.io/config`, for all values of which it is recorded what Istio makes of them.

use crate::setting::{created, engine, repaired};
use seaworthy::base::Source;
use seaworthy::inventory::{Inventory, Origin};
use seaworthy::manifest::{Limits, read_documents};
use seaworthy::mesh::proxy_config::PROXY_CONFIG_ANNOTATION;
use seaworthy::mesh::{ProxyConfig, ProxySettings};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

#[test]
fn accepted_values_keep_what_they_say_and_refused_ones_are_left_alone() {
    let engine = engine(
        "{assumeMembership: sidecar, dataPlane: classic}",
        &["missing-pre-stop", "app-starts-before-proxy"],
        Some("hold"),
        "",
    );
    let mut untouched = Vec::new();
    let recorded = recorded();
    assert_eq!(recorded.len(), 37);
    for it in &recorded {
        let annotation = it["annotation"].as_str().unwrap();
        let before = pod(annotation);
        let repair = repaired(&engine, &created(&before), &Inventory::new(Origin::Files), annotation);
        let after = repair.object.value()["metadata"]["annotations"][PROXY_CONFIG_ANNOTATION].as_str().unwrap();
        let missed = repair.missed.iter().any(|it| &*it.rule == "missing-pre-stop");
        if it["accepted"] == false {
            assert_eq!((repair.object.value(), missed), (&before, true), "{annotation}: Istio refuses it");
        } else if missed {
            assert_eq!(repair.object.value(), &before, "{annotation}: the whole fix, or nothing of it");
            untouched.push(annotation);
        } else {
            assert_eq!(settings(after), wanted(annotation), "{annotation:?} became {after:?}");
        }
    }
    assert_eq!(untouched, [""; 0], "accepted by Istio, and not edited");
}

fn recorded() -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/istio-injection/proxy-config-annotation.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// A Pod that serves HTTP.
fn pod(annotation: &str) -> Value {
    let container = json!({"name": "web", "image": "a", "ports": [{"name": "http", "containerPort": 8080}]});
    let metadata = json!({"name": "web", "namespace": "shop", "annotations": {PROXY_CONFIG_ANNOTATION: annotation}});
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}})
}

/// What Istio reads from an annotation, laid over the defaults of a mesh.
fn settings(annotation: &str) -> ProxySettings {
    let reading = read_documents(&Source::new("annotation", annotation), &Limits::default());
    let value = reading.documents.first().map_or(Value::Null, |document| document.value().clone());
    ProxyConfig::read(&value)
        .unwrap_or_else(|error| panic!("{annotation}: {error}"))
        .laid_over(&ProxySettings::default())
}

/// The settings of before, with an application that is held back and a proxy that lasts for 30 s + 10 s.
fn wanted(annotation: &str) -> ProxySettings {
    let needed = "40s".parse().unwrap();
    let mut settings = settings(annotation);
    settings.hold_application_until_proxy_starts = true;
    if settings.exit_on_zero_active_connections {
        settings.minimum_drain_duration = settings.minimum_drain_duration.max(needed);
    } else {
        settings.termination_drain_duration = settings.termination_drain_duration.max(needed);
    }
    settings
}
