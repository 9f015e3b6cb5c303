//! MutatingAdmissionPolicy of Kubernetes, and Kyverno's MutatingPolicy, which has the same form.
//!
//! Source: <https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/>

use crate::base::Path;
use crate::checks::capped_grace::admitted::Admitted;
use crate::checks::capped_grace::cel::{applied_number, conditions, patched_number};
use crate::checks::capped_grace::proof::Proof;
use crate::checks::capped_grace::selector::selects;
use crate::checks::capped_grace::setting::{Effect, Setting, together};
use serde_json::Value;

/// What a policy that is bound without further constraints does to the grace period of an object.
pub fn effect(policy: &Value, admitted: &Admitted<'_>) -> Effect {
    let spec = policy.get("spec").unwrap_or(&Value::Null);
    let constraints = spec.get("matchConstraints").map_or(Proof::Unknown, |it| constraints(it, admitted));
    let parameters = if spec.get("paramKind").is_some() { Proof::Unknown } else { Proof::Yes };
    let selected = Proof::all([constraints, parameters, conditions(spec.get("matchConditions"), admitted)]);
    let mutations = spec.get("mutations").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let each = mutations.iter().enumerate().map(|(index, mutation)| {
        let path = Path::keys("spec.mutations").index(index);
        let applied = expression(mutation, "applyConfiguration", &path, admitted, applied_number);
        let patched = expression(mutation, "jsonPatch", &path, admitted, patched_number);
        Effect::of(mutation, applied.or(patched).map(|setting| (setting, Proof::Yes))).under(selected)
    });
    together(each)
}

/// Whether Kyverno applies a MutatingPolicy when objects are admitted.
pub fn is_for_admission(policy: &Value) -> bool {
    let is_off = policy.pointer("/spec/evaluation/admission/enabled") == Some(&Value::Bool(false));
    !is_off && policy.pointer("/spec/targetMatchConstraints").is_none()
}

/// Whether a binding, as its spec stands, has the policy applied to an object.
pub fn binds(binding: &Value, admitted: &Admitted<'_>) -> Proof {
    binding.get("matchResources").map_or(Proof::Yes, |it| constraints(it, admitted))
}

fn expression(
    mutation: &Value,
    key: &str,
    path: &Path,
    admitted: &Admitted<'_>,
    read: fn(&str, &Path) -> Option<i64>,
) -> Option<Setting> {
    let text = mutation.get(key)?.get("expression")?.as_str()?;
    let path = path.clone().key(key).key("expression");
    read(text, &admitted.field()).map(|seconds| Setting { path, seconds })
}

fn constraints(constraints: &Value, admitted: &Admitted<'_>) -> Proof {
    let Some(constraints) = constraints.as_object() else { return Proof::Unknown };
    Proof::all(constraints.iter().map(|(key, value)| match key.as_str() {
        "resourceRules" => any_rule(value, admitted),
        "excludeResourceRules" => any_rule(value, admitted).negated(),
        "namespaceSelector" => selects(Some(value), false, |key| admitted.namespace_label(key)),
        "objectSelector" => selects(Some(value), false, |key| admitted.label(key)),
        "matchPolicy" => Proof::Yes,
        _ => Proof::Unknown,
    }))
}

fn any_rule(rules: &Value, admitted: &Admitted<'_>) -> Proof {
    let Some(rules) = rules.as_array() else { return Proof::Unknown };
    Proof::any(rules.iter().map(|rule| match rule.as_object() {
        Some(rule) => Proof::all(rule.iter().map(|(key, value)| rule_part(key, value, admitted))),
        None => Proof::Unknown,
    }))
}

fn rule_part(key: &str, value: &Value, admitted: &Admitted<'_>) -> Proof {
    let (group, version) = admitted.api_version.rsplit_once('/').unwrap_or(("", admitted.api_version));
    let lists = |wanted: &str| {
        let all = value.as_array().map_or(&[][..], Vec::as_slice);
        Proof::of(all.iter().any(|it| it == wanted || it == "*"))
    };
    match key {
        "apiGroups" => lists(group),
        "apiVersions" => lists(version),
        "operations" => lists("CREATE"),
        "resources" => lists(&format!("{}s", admitted.kind.to_ascii_lowercase())),
        "scope" => Proof::of(matches!(value.as_str(), Some("*" | "Namespaced"))),
        "resourceNames" => admitted.name.map_or(Proof::Unknown, lists),
        _ => Proof::Unknown,
    }
}
