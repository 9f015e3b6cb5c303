//! An init container of ours: what it takes so that a Pod which was accepted without it is accepted with it.

use crate::base::field;
use crate::manifest::PodTemplate;
use serde_json::{Map, Value, json};

/// An init container of `seaworthy-wait` that does one task of it.
///
/// It runs under the Pod Security Standard `restricted`, whatever user the pod says, and in a namespace with a quota on requests
/// and limits. Both are the same, so that a pod of the quality of service Guaranteed keeps it, and no LimitRange finds
/// their ratio too high; a classic proxy beside it asks for more by default, so the pod as a whole asks for nothing more.
/// What the pod asks for as a whole is for all its containers, and no container may ask for more: of that it says nothing.
/// <https://kubernetes.io/docs/tasks/configure-pod-container/assign-pod-level-resources/>
pub fn init_container(pod: &PodTemplate<'_>, name: &str, image: &str, args: &[&str]) -> Value {
    let is_of_pod = |resource: &str| {
        ["requests", "limits"].iter().any(|list| field(pod.spec(), &["resources", list, resource]).is_some())
    };
    let own = [("cpu", "100m"), ("memory", "64Mi")].into_iter().filter(|(resource, _)| !is_of_pod(resource));
    let resources: Map<String, Value> = own.map(|(resource, amount)| (resource.to_owned(), amount.into())).collect();
    let mut container = json!({
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
    });
    if resources.is_empty()
        && let Some(fields) = container.as_object_mut()
    {
        fields.remove("resources");
    }
    container
}
