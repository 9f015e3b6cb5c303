//! Fields of pods that a patch may set beside any fix. What is not listed may have a say in it.

use super::patch::Step;

/// Whether a field of a pod template has no part in how its pods join a mesh, start, serve and end.
pub(super) fn is_aside(steps: &[Step]) -> bool {
    let keys: Vec<Option<&str>> =
        steps.iter().map(|step| if let Step::Key(key) = step { Some(&**key) } else { None }).collect();
    match keys.as_slice() {
        [Some("metadata"), Some("labels" | "annotations"), Some(key), ..] => !key.contains("istio"),
        [Some("metadata"), Some(key), ..] => !matches!(*key, "labels" | "annotations"),
        [Some("spec"), Some("containers"), None, Some(key), ..] => ASIDE_OF_CONTAINERS.contains(key),
        [Some("spec"), Some(key), ..] => ASIDE_OF_PODS.contains(key),
        _ => false,
    }
}

/// Fields of a pod that have no part in what fixes do: where pods run, and what they may use.
const ASIDE_OF_PODS: [&str; 9] = [
    "affinity",
    "imagePullSecrets",
    "nodeSelector",
    "priorityClassName",
    "runtimeClassName",
    "securityContext",
    "tolerations",
    "topologySpreadConstraints",
    "volumes",
];

/// The same of a container.
const ASIDE_OF_CONTAINERS: [&str; 9] = [
    "env",
    "envFrom",
    "imagePullPolicy",
    "livenessProbe",
    "readinessProbe",
    "resources",
    "securityContext",
    "startupProbe",
    "volumeMounts",
];
