//! What looks like a pod template in an object of a kind that is not known to have one. It is never judged: policies, and
//! whatever else holds a pattern of pods, look the same. It is only told, so that a person can declare the kind.

use crate::base::{Path, field};
use crate::manifest::Object;
use serde_json::Value;
use std::collections::VecDeque;

/// A kind whose objects hold what looks like a pod template, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lookalike {
    /// The API group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The path of what looks like a pod template.
    pub template: String,
}

/// Groups whose objects hold patterns of pods, or the schemas of such: no pod is made of them.
const NO_PODS: [&str; 4] = ["apiextensions.k8s.io", "admissionregistration.k8s.io", "kyverno.io", "gatekeeper.sh"];

/// How deep is looked, and at how many maps: whoever makes up an object must not keep anybody waiting for it.
const DEEPEST: usize = 10;
const MOST_MAPS: usize = 1000;

impl Lookalike {
    /// What looks like a pod template in an object, if its kind is none that is known to have one: a map with
    /// `spec.containers`, each with a name and an image, below plain keys. The least deep of several.
    ///
    /// All kinds of groups without a dot are known: they are Kubernetes' own.
    pub fn of(object: &Object) -> Option<Self> {
        let (group, kind) = (object.group(), object.kind());
        let is_in = |other: &str| group.strip_suffix(other).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        let is_known = object.workload_kind().is_some() || NO_PODS.into_iter().any(is_in);
        if is_known || !is_custom_group(group) || !is_plain(kind) {
            return None;
        }
        let template = template_in(object.value())?.to_string();
        Some(Self { group: group.to_owned(), kind: kind.to_owned(), template })
    }
}

fn template_in(object: &Value) -> Option<Path> {
    let mut open = VecDeque::from([(Path::root(), object)]);
    for _ in 0..MOST_MAPS {
        let (path, value) = open.pop_front()?;
        let depth = path.segments().len();
        if depth > 0 && is_pod_template(value) {
            return Some(path);
        }
        let entries = value.as_object().into_iter().flatten().filter(|(key, value)| {
            let is_own = depth > 0 || !matches!(key.as_str(), "metadata" | "status");
            is_own && depth < DEEPEST && is_plain(key) && value.is_object() && !is_object(value)
        });
        open.extend(entries.map(|(key, value)| (path.clone().key(key), value)));
    }
    None
}

fn is_pod_template(value: &Value) -> bool {
    let has_text = |item: &Value, key: &str| item.get(key).is_some_and(Value::is_string);
    let containers = field(value, &["spec", "containers"]).and_then(Value::as_array);
    containers
        .is_some_and(|items| !items.is_empty() && items.iter().all(|it| has_text(it, "name") && has_text(it, "image")))
}

/// Whether another object is wrapped here, of whatever kind.
fn is_object(value: &Value) -> bool {
    value.get("apiVersion").is_some() && value.get("kind").is_some()
}

/// Whether it is a group that is no part of Kubernetes.
fn is_custom_group(group: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    group.contains('.') && group.chars().all(is_letter)
}

/// Whether a key can stand in the path of a declared kind.
fn is_plain(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.chars().all(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(api_version: &str, spec: &Value) -> Option<String> {
        let object = json!({"apiVersion": api_version, "kind": "Farm", "metadata": {"name": "a"}, "spec": spec});
        Some(Lookalike::of(&Object::from_json(object).unwrap())?.template)
    }

    #[test]
    fn a_pod_template_below_plain_keys_is_seen_in_unknown_kinds() {
        let pod = json!({"spec": {"containers": [{"name": "a", "image": "a"}]}});
        let farm = "farm.example.com/v1";
        for (api_version, spec, wanted) in [
            (farm, json!({"template": pod}), Some("spec.template")),
            (farm, json!({"a": {"deep": {"podTemplate": pod}}, "pod": pod}), Some("spec.pod")),
            ("kyverno.io/v1", json!({"template": pod}), None),
            ("policies.kyverno.io/v1", json!({"template": pod}), None),
            ("notkyverno.io/v1", json!({"template": pod}), Some("spec.template")),
            ("mutations.gatekeeper.sh/v1", json!({"template": pod}), None),
            ("apiextensions.k8s.io/v1", json!({"template": pod}), None),
            ("extensions/v1beta1", json!({"template": pod}), None),
            ("v1", json!({"template": pod}), None),
            ("farm.\u{1b}[31m/v1", json!({"template": pod}), None),
            (farm, json!({"containers": [{"name": "a", "image": "a"}]}), None),
            (farm, json!({"template": {"spec": {"containers": []}}}), None),
            (farm, json!({"template": {"spec": {"containers": [{"name": "a"}]}}}), None),
            (farm, json!({"template": {"spec": {"containers": [{"name": "a", "image": "a"}, 7]}}}), None),
            (farm, json!({"list": [pod]}), None),
            (farm, json!({"a.b": pod, "0": pod, "": pod}), None),
            (
                farm,
                json!({"manifest": {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": pod}}}),
                None,
            ),
            ("argoproj.io/v1alpha1", json!({"template": pod}), Some("spec.template")),
        ] {
            assert_eq!(found(api_version, &spec).as_deref(), wanted, "{api_version} {spec}");
        }
    }

    #[test]
    fn the_search_has_an_end() {
        let pod = json!({"spec": {"containers": [{"name": "a", "image": "a"}]}});
        let wide: serde_json::Map<String, Value> = (0..2 * MOST_MAPS).map(|n| (format!("a{n}"), json!({}))).collect();
        let mut wide = Value::Object(wide);
        wide["z"] = pod.clone();
        assert_eq!(found("farm.example.com/v1", &wide), None);
        let deep = (0..DEEPEST).fold(pod, |value, _| json!({"a": value}));
        assert_eq!(found("farm.example.com/v1", &deep), None);
        assert!(found("farm.example.com/v1", &deep["a"]).is_some());
    }
}
