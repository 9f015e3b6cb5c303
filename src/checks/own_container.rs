//! An init container of ours: what it takes so that a Pod which was accepted without it is accepted with it.

use serde_json::{Value, json};

/// An init container of `seaworthy-wait` that does one task of it.
///
/// It runs under the Pod Security Standard `restricted`, whatever user the pod says, and in a namespace with a quota on requests
/// and limits. Both are the same, so that a pod of the quality of service Guaranteed keeps it, and no LimitRange finds
/// their ratio too high; a classic proxy beside it asks for more by default, so the pod as a whole asks for nothing more.
pub fn init_container(name: &str, image: &str, args: &[&str]) -> Value {
    let resources = json!({"cpu": "100m", "memory": "64Mi"});
    json!({
        "name": name,
        "image": image,
        "args": args,
        "resources": {"requests": resources, "limits": resources},
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": true,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
    })
}
