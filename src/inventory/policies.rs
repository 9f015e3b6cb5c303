//! What is kept of objects that say where other people's policies hold: bindings and exceptions.

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

/// Bindings and exceptions, as far as files hold them. They have no copies: all that there are hold.
#[derive(Debug, Default)]
pub struct Policies {
    bindings: Vec<PolicyBinding>,
    /// Names of policies from which something is excepted.
    excepted: Vec<String>,
}

/// What is kept of one of these objects.
#[derive(Debug, Default)]
pub struct PolicyFacts {
    binding: Option<PolicyBinding>,
    excepted: Vec<String>,
}

impl PolicyFacts {
    /// The facts of an object, if it is one of them.
    pub fn of(object: &Object) -> Option<Self> {
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let spec = || object.value().get("spec").unwrap_or(&Value::Null);
        if object.is("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding") {
            let spec = spec();
            let binding = text(spec, "policyName").map(|policy| PolicyBinding { policy, spec: spec.clone() });
            return Some(Self { binding, excepted: Vec::new() });
        }
        if object.kind() != "PolicyException" || !object.group().ends_with("kyverno.io") {
            return None;
        }
        let names = |list: &str, key: &str| -> Vec<String> {
            let items = spec().get(list).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(|it| text(it, key)).collect()
        };
        let excepted = names("exceptions", "policyName").into_iter().chain(names("policyRefs", "name")).collect();
        Some(Self { binding: None, excepted })
    }
}

impl Policies {
    /// Adds what is kept of one of them.
    pub fn add(&mut self, facts: PolicyFacts) {
        self.bindings.extend(facts.binding);
        self.excepted.extend(facts.excepted);
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
