//! The namespaces that OpenShift Service Mesh 2 takes in, as far as files name them: in a cluster its operator labels them.

use crate::base::field;
use crate::manifest::{Object, is_filled_in};
use serde_json::Value;
use std::collections::BTreeSet;

/// The members of all its meshes.
#[derive(Debug, Clone, Default)]
pub struct MeshMembers {
    names: BTreeSet<String>,
    /// Whether a roll takes in all namespaces, chooses them by labels, or is told later which.
    any: bool,
}

/// What one object takes in.
#[derive(Debug, Default)]
pub struct MemberFacts {
    names: Vec<String>,
    any: bool,
}

impl MemberFacts {
    /// The facts of an object, if it says who is a member.
    ///
    /// Source: <https://github.com/maistra/istio-operator/tree/maistra-2.6/pkg/apis/maistra/v1>.
    pub fn of(object: &Object) -> Option<Self> {
        if object.is("maistra.io", "ServiceMeshMember") {
            let namespace = object.reference().namespace.clone();
            return Some(Self {
                any: namespace.as_deref().is_none_or(is_filled_in),
                names: namespace.into_iter().collect(),
            });
        }
        if !object.is("maistra.io", "ServiceMeshMemberRoll") {
            return None;
        }
        let list = |key: &str| field(object.value(), &["spec", key]).and_then(Value::as_array).into_iter().flatten();
        let names: Vec<String> = list("members").filter_map(Value::as_str).map(str::to_owned).collect();
        let any = names.iter().any(|name| name.contains('*') || is_filled_in(name))
            || list("memberSelectors").next().is_some();
        Some(Self { names, any })
    }
}

impl MeshMembers {
    /// Adds what one object takes in.
    pub fn add(&mut self, facts: MemberFacts) {
        self.names.extend(facts.names);
        self.any |= facts.any;
    }

    /// Whether a namespace may be a member.
    pub fn may_have(&self, namespace: &str) -> bool {
        self.any || self.names.contains(namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rolls_and_members_name_namespaces() {
        let roll = |spec: Value| ("maistra.io/v1", "ServiceMeshMemberRoll", spec);
        for ((api_version, kind, spec), wanted) in [
            (roll(json!({"members": ["pay", "shop"]})), true),
            (roll(json!({"members": ["pay"]})), false),
            (roll(json!({"members": ["*"]})), true),
            (roll(json!({"members": ["{{ .Values.namespace }}"]})), true),
            (roll(json!({"memberSelectors": [{"matchLabels": {"mesh": "yes"}}]})), true),
            (roll(json!({})), false),
            (("maistra.io/v1", "ServiceMeshMember", json!({"controlPlaneRef": {}})), true),
            (("example.com/v1", "ServiceMeshMember", json!({})), false),
        ] {
            let object = json!({"apiVersion": api_version, "kind": kind,
                "metadata": {"name": "default", "namespace": "shop"}, "spec": spec});
            let mut members = MeshMembers::default();
            MemberFacts::of(&Object::from_json(object).unwrap()).into_iter().for_each(|facts| members.add(facts));
            assert_eq!(members.may_have("shop"), wanted, "{kind} {spec}");
        }
    }
}
