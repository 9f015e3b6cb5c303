//! Kyverno's policies that change objects (`ClusterPolicy`, `Policy`): whether a rule selects an object.
//!
//! Source: <https://kyverno.io/docs/policy-types/cluster-policy/match-exclude/>

use crate::base::Path;
use crate::checks::capped_grace::admitted::Admitted;
use crate::checks::capped_grace::cel;
use crate::checks::capped_grace::comparison::Comparison;
use crate::checks::capped_grace::kyverno_patch::patched;
use crate::checks::capped_grace::proof::Proof;
use crate::checks::capped_grace::selector::{one_fits, selects};
use crate::checks::capped_grace::setting::{Effect, together};
use serde_json::{Map, Value};

/// What a policy does to the grace period of an object.
pub fn effect(policy: &Value, admitted: &Admitted<'_>) -> Effect {
    let spec = policy.get("spec").unwrap_or(&Value::Null);
    let rules = spec.get("rules").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    // With `One` the first rule that fits keeps the others from being looked at.
    let only_first = spec.get("applyRules").and_then(Value::as_str) == Some("One");
    if spec.get("admission") == Some(&Value::Bool(false)) || is_passed_over(admitted) {
        return Effect::None;
    }
    let webhook = cel::conditions(spec.pointer("/webhookConfiguration/matchConditions"), admitted);
    let of_rule = |(index, rule): (usize, &Value)| {
        let path = Path::keys("spec.rules").index(index).key("mutate");
        let Some(mutate) = rule.get("mutate") else { return Effect::None };
        let order = if only_first && index > 0 { Proof::Unknown } else { Proof::Yes };
        let selected = Proof::all([webhook, order, is_selected(rule, admitted)]);
        patched(mutate, &path, admitted).under(selected)
    };
    together(rules.iter().enumerate().map(of_rule))
}

/// What Kyverno does not look at unless it is told to.
/// Source: `resourceFilters` in <https://github.com/kyverno/kyverno/blob/main/charts/kyverno/values.yaml>
pub fn is_passed_over(admitted: &Admitted<'_>) -> bool {
    const NAMESPACES: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "kyverno"];
    admitted.kind == "ReplicaSet" || admitted.namespace.is_some_and(|it| NAMESPACES.contains(&it))
}

fn is_selected(rule: &Value, admitted: &Admitted<'_>) -> Proof {
    let by_match = rule.get("match").map_or(Proof::Unknown, |filters| any_or_all(filters, admitted));
    let excluded = match rule.get("exclude") {
        None | Some(Value::Null) => Proof::No,
        Some(Value::Object(map)) if map.is_empty() => Proof::No,
        Some(filters) => any_or_all(filters, admitted),
    };
    // What a rule looks up may be missing, and then the rule is not run.
    let context = if rule.get("context").is_some() { Proof::Unknown } else { Proof::Yes };
    let conditions = preconditions(rule.get("preconditions"), admitted);
    let in_cel = cel::conditions(rule.get("celPreconditions"), admitted);
    Proof::all([by_match, excluded.negated(), context, conditions, in_cel])
}

/// `any`, `all`, or one filter by itself.
fn any_or_all(filters: &Value, admitted: &Admitted<'_>) -> Proof {
    let Some(map) = filters.as_object() else { return Proof::Unknown };
    let each = |list: &Value| -> Vec<Proof> {
        list.as_array().into_iter().flatten().map(|it| filter(it.as_object(), admitted)).collect()
    };
    match (map.get("any"), map.get("all"), map.len()) {
        (Some(any), None, 1) => Proof::any(each(any)),
        (None, Some(all), 1) => Proof::all(each(all)),
        (None, None, _) => filter(Some(map), admitted),
        _ => Proof::Unknown,
    }
}

/// A filter by kinds, names, namespaces and labels; who asks (`subjects`, `roles`) is not known here.
fn filter(filter: Option<&Map<String, Value>>, admitted: &Admitted<'_>) -> Proof {
    let Some(filter) = filter.filter(|filter| !filter.is_empty()) else { return Proof::Unknown };
    Proof::all(filter.iter().map(|(key, value)| match (key.as_str(), value) {
        ("resources", Value::Object(resources)) if !resources.is_empty() => {
            Proof::all(resources.iter().map(|(key, value)| resource(key, value, admitted)))
        }
        _ => Proof::Unknown,
    }))
}

fn resource(key: &str, value: &Value, admitted: &Admitted<'_>) -> Proof {
    let texts = || value.as_array().into_iter().flatten().map(Value::as_str);
    match key {
        "kinds" => Proof::any(texts().map(|kind| kind.map_or(Proof::Unknown, |kind| is_kind(kind, admitted)))),
        "name" => one_fits([value.as_str()].into_iter(), admitted.name),
        "names" => one_fits(texts(), admitted.name),
        "namespaces" => one_fits(texts(), admitted.namespace),
        "selector" => selects(Some(value), true, |key| admitted.label(key)),
        "namespaceSelector" => selects(Some(value), true, |key| admitted.namespace_label(key)),
        // Everything is created once.
        "operations" if texts().any(|operation| operation == Some("CREATE")) => Proof::Yes,
        _ => Proof::Unknown,
    }
}

/// `Pod`, `v1/Pod`, `apps/v1/Deployment`, `apps/*/Deployment`; with patterns only `*` for a version.
fn is_kind(written: &str, admitted: &Admitted<'_>) -> Proof {
    let (group, version) = admitted.api_version.rsplit_once('/').unwrap_or(("", admitted.api_version));
    let parts: Vec<&str> = written.split('/').collect();
    let (groups, versions, kind) = match parts[..] {
        [kind] => ("*", "*", kind),
        [versions, kind] => ("*", versions, kind),
        [groups, versions, kind] => (groups, versions, kind),
        _ => return Proof::Unknown,
    };
    let is = |wanted: &str, seen: &str| wanted == "*" || wanted == seen;
    // A subresource has the form of a kind: `Pod/exec`.
    let is_plain = kind.starts_with(|c: char| c.is_ascii_uppercase()) && !kind.contains(['*', '?']);
    match is_plain {
        true => Proof::of(is(groups, group) && is(versions, version) && kind == admitted.kind),
        false => Proof::Unknown,
    }
}

/// Conditions on the grace period and on the operation.
///
/// Source: <https://kyverno.io/docs/policy-types/cluster-policy/preconditions/>
fn preconditions(conditions: Option<&Value>, admitted: &Admitted<'_>) -> Proof {
    let each = |list: &Value| -> Vec<Proof> {
        let Some(list) = list.as_array() else { return vec![Proof::Unknown] };
        list.iter().map(|it| condition(it, admitted)).collect()
    };
    match conditions {
        None | Some(Value::Null) => Proof::Yes,
        Some(list @ Value::Array(_)) => Proof::all(each(list)),
        Some(Value::Object(map)) => Proof::all(map.iter().map(|(key, list)| match key.as_str() {
            "all" => Proof::all(each(list)),
            "any" => Proof::any(each(list)),
            _ => Proof::Unknown,
        })),
        Some(_) => Proof::Unknown,
    }
}

fn condition(condition: &Value, admitted: &Admitted<'_>) -> Proof {
    let text = |key: &str| condition.get(key).and_then(Value::as_str);
    let (Some(asked), Some(operator), Some(value)) =
        (text("key").and_then(variable), text("operator"), condition.get("value"))
    else {
        return Proof::Unknown;
    };
    if asked == "request.operation" {
        return created(operator, value);
    }
    let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok());
    let comparison = number.and_then(|number| Comparison::by_word(operator, number));
    match comparison {
        Some(comparison) if asked == format!("request.object.{}", admitted.field()) => {
            Proof::of(comparison.holds(admitted.grace))
        }
        _ => Proof::Unknown,
    }
}

/// The name in `{{ name }}`; what stands for it where it is missing does not count, as neither ever is.
fn variable(key: &str) -> Option<&str> {
    let inner = key.trim().strip_prefix("{{")?.strip_suffix("}}")?;
    let (name, default) = inner.split_once("||").unwrap_or((inner, ""));
    (!default.contains("||")).then(|| name.trim())
}

/// Whether a condition on the operation holds where an object is created.
fn created(operator: &str, value: &Value) -> Proof {
    const CREATE: &str = "CREATE";
    let names = match value {
        Value::String(name) => vec![Some(name.as_str())],
        Value::Array(names) => names.iter().map(Value::as_str).collect(),
        _ => return Proof::Unknown,
    };
    match operator {
        "Equals" | "Equal" | "In" | "AnyIn" => Proof::of(names.contains(&Some(CREATE))),
        "NotEquals" | "NotEqual" | "NotIn" | "AnyNotIn" => Proof::of(!names.contains(&Some(CREATE))),
        _ => Proof::Unknown,
    }
}
