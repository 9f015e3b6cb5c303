//! What is kept of other people's policies that change pods, and of objects that say where they hold: bindings and exceptions.

use crate::manifest::Object;
use serde_json::Value;

/// A MutatingAdmissionPolicyBinding: without one its policy does nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyBinding {
    /// The name of the policy.
    pub policy: String,
    /// Its `spec`.
    pub spec: Value,
}

/// Policies, bindings and exceptions, as far as files hold them. They have no copies: all that there are hold.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    /// Those that have to do with the grace period of pods.
    of_grace: Vec<Object>,
    bindings: Vec<PolicyBinding>,
    /// Names of policies from which something is excepted.
    excepted: Vec<String>,
}

/// What is kept of one of these objects.
#[derive(Debug, Default)]
pub struct PolicyFacts {
    of_grace: Option<Box<Object>>,
    binding: Option<PolicyBinding>,
    excepted: Vec<String>,
}

impl PolicyFacts {
    /// The facts of an object, if it is one of them.
    pub fn of(object: &Object) -> Option<Self> {
        if is_policy(object) {
            return Some(Self {
                of_grace: mentions_grace(object.value()).then(|| Box::new(object.clone())),
                ..Self::default()
            });
        }
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let spec = || object.value().get("spec").unwrap_or(&Value::Null);
        if object.is("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding") {
            let spec = spec();
            let binding = text(spec, "policyName").map(|policy| PolicyBinding { policy, spec: spec.clone() });
            return Some(Self { binding, ..Self::default() });
        }
        if object.kind() != "PolicyException" || !object.group().ends_with("kyverno.io") {
            return None;
        }
        let names = |list: &str, key: &str| -> Vec<String> {
            let items = spec().get(list).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(|it| text(it, key)).collect()
        };
        let excepted = names("exceptions", "policyName").into_iter().chain(names("policyRefs", "name")).collect();
        Some(Self { excepted, ..Self::default() })
    }
}

/// Whether an object changes others when they are admitted.
fn is_policy(object: &Object) -> bool {
    match object.group() {
        "kyverno.io" => matches!(object.kind(), "ClusterPolicy" | "Policy"),
        "policies.kyverno.io" => matches!(object.kind(), "MutatingPolicy" | "NamespacedMutatingPolicy"),
        "admissionregistration.k8s.io" => object.kind() == "MutatingAdmissionPolicy",
        _ => false,
    }
}

/// Whether the field is named anywhere, in a text of CEL perhaps.
fn mentions_grace(value: &Value) -> bool {
    const GRACE: &str = "terminationGracePeriodSeconds";
    match value {
        Value::String(text) => text.contains(GRACE),
        Value::Array(items) => items.iter().any(mentions_grace),
        Value::Object(map) => map.iter().any(|(key, value)| key.contains(GRACE) || mentions_grace(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

impl Policies {
    /// Adds what is kept of one of them.
    pub fn add(&mut self, facts: PolicyFacts) {
        self.of_grace.extend(facts.of_grace.map(|policy| *policy));
        self.bindings.extend(facts.binding);
        self.excepted.extend(facts.excepted);
    }

    /// The policies that have to do with the grace period of pods.
    pub fn of_grace(&self) -> &[Object] {
        &self.of_grace
    }

    /// The bindings of a MutatingAdmissionPolicy.
    pub fn bindings(&self, policy: &str) -> impl Iterator<Item = &PolicyBinding> {
        self.bindings.iter().filter(move |binding| binding.policy == policy)
    }

    /// Whether anything is excepted from one of Kyverno's policies, which may be named with its namespace.
    pub fn has_exception(&self, policy: &str) -> bool {
        self.excepted.iter().any(|name| name.rsplit('/').next() == Some(policy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bindings_and_exceptions_name_their_policies() {
        let mut policies = Policies::default();
        let mut add = |api_version: &str, kind: &str, spec: Value| {
            let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, "spec": spec});
            let facts = PolicyFacts::of(&Object::from_json(object).unwrap());
            facts.map(|facts| policies.add(facts)).is_some()
        };
        let binding = "MutatingAdmissionPolicyBinding";
        assert!(add("admissionregistration.k8s.io/v1", binding, json!({"policyName": "cap"})));
        assert!(!add("example.com/v1", binding, json!({"policyName": "other"})));
        assert!(add("kyverno.io/v2", "PolicyException", json!({"exceptions": [{"policyName": "shop/cap-a"}]})));
        assert!(add("policies.kyverno.io/v1", "PolicyException", json!({"policyRefs": [{"name": "cap-b"}]})));
        assert!(!add("v1", "Service", json!({})));
        assert_eq!((policies.bindings("cap").count(), policies.bindings("other").count()), (1, 0));
        let excepted = ["cap-a", "cap-b", "cap"].map(|name| policies.has_exception(name));
        assert_eq!(excepted, [true, true, false]);
    }
}
