//! What the repairs changed in a Pod: how it differs from its twin of a namespace that nobody repairs.

use serde_json::Value;

/// The differences as a JSON Patch, one operation a line. Whatever differs between any two Pods of one owner is left
/// out: names, the Node, generations, times, how far its controller is with it.
pub fn changes(unrepaired: &Value, repaired: &Value) -> String {
    let patch = json_patch::diff(&comparable(unrepaired), &comparable(repaired));
    patch.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Where controllers write which generation a Pod is of, and kubectl when it was restarted.
const VARYING: [(&str, &str); 6] = [
    ("annotations", "kubectl.kubernetes.io/restartedAt"),
    ("labels", "batch.kubernetes.io/controller-uid"),
    ("labels", "controller-revision-hash"),
    ("labels", "controller-uid"),
    ("labels", "pod-template-hash"),
    ("labels", "pod-template-generation"),
];

fn comparable(pod: &Value) -> Value {
    let mut pod = pod.clone();
    let empty = serde_json::Map::new();
    let metadata = pod["metadata"].as_object().unwrap_or(&empty);
    let told = ["annotations", "labels"];
    let metadata = metadata.iter().filter(|(key, _)| told.contains(&key.as_str()));
    let mut metadata: serde_json::Map<_, _> = metadata.map(|(key, value)| (key.clone(), value.clone())).collect();
    metadata.entry("annotations").or_insert_with(|| Value::Object(serde_json::Map::new()));
    for (place, key) in VARYING {
        metadata.get_mut(place).and_then(Value::as_object_mut).and_then(|place| place.remove(key));
    }
    pod["metadata"] = Value::Object(metadata);
    if let Some(pod) = pod.as_object_mut() {
        pod.remove("status");
    }
    pod
}
