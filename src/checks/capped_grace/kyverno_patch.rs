//! What the patches of a Kyverno rule set the grace period to.
//!
//! Source: <https://kyverno.io/docs/policy-types/cluster-policy/mutate/>

use crate::base::{Path, Source};
use crate::checks::capped_grace::admitted::{Admitted, GRACE};
use crate::checks::capped_grace::comparison::Comparison;
use crate::checks::capped_grace::proof::Proof;
use crate::checks::capped_grace::setting::{Effect, Setting, together};
use crate::manifest::edit::pointer;
use crate::manifest::{Limits, read_documents};
use serde_json::{Map, Value};

/// What a `mutate` block at this path of the policy does to an object that its rule selects.
pub fn patched(mutate: &Value, path: &Path, admitted: &Admitted<'_>) -> Effect {
    // With targets it changes other objects than the one that is admitted.
    if mutate.get("targets").is_some() {
        return Effect::of(mutate, None);
    }
    let whole = block(mutate, path, admitted);
    let Some(list) = mutate.get("foreach") else { return whole };
    let entries = list.as_array().map_or(&[][..], Vec::as_slice).iter().enumerate();
    let each = entries.map(|(index, entry)| {
        let path = path.clone().key("foreach").index(index);
        block(entry, &path, admitted).under(runs(entry, admitted))
    });
    together(std::iter::once(whole).chain(each))
}

/// Whether an entry of `foreach` is run for sure: over the containers, of which there is always one, and without conditions.
fn runs(entry: &Value, admitted: &Admitted<'_>) -> Proof {
    let containers = format!("request.object.{}", admitted.spec.clone().key("containers"));
    let list = entry.get("list").and_then(Value::as_str).map(|list| list.trim_end_matches("[]"));
    let is_plain = ["preconditions", "context", "foreach"].into_iter().all(|key| entry.get(key).is_none());
    if is_plain && list == Some(&containers) { Proof::Yes } else { Proof::Unknown }
}

/// One of the two kinds of patches.
fn block(block: &Value, path: &Path, admitted: &Admitted<'_>) -> Effect {
    let merge = block.get("patchStrategicMerge").map(|patch| {
        let setting = merged(patch, &path.clone().key("patchStrategicMerge"), admitted);
        Effect::of(&without_additions(patch), setting)
    });
    let json = block.get("patchesJson6902").map(|patch| {
        let path = path.clone().key("patchesJson6902");
        let seconds = patch.as_str().and_then(|text| json_number(text, &admitted.field()));
        Effect::of(patch, seconds.map(|seconds| (Setting { path, seconds }, Proof::Yes)))
    });
    together(merge.into_iter().chain(json))
}

/// The number in a merge patch. A key in brackets is a condition; one with `+` before them is added where it is missing.
fn merged(patch: &Value, path: &Path, admitted: &Admitted<'_>) -> Option<(Setting, Proof)> {
    let seconds = admitted.field().find(patch)?.as_i64()?;
    let holder = admitted.spec.find(patch)?.as_object()?;
    let proof = Proof::all([anchors(patch), own_condition(holder, admitted)]);
    Some((Setting { path: path.clone().join(&admitted.field()), seconds }, proof))
}

/// `(terminationGracePeriodSeconds): ">50"` beside the number.
fn own_condition(holder: &Map<String, Value>, admitted: &Admitted<'_>) -> Proof {
    match holder.get(&format!("({GRACE})")) {
        None => Proof::Yes,
        Some(Value::String(text)) => {
            let comparison = Comparison::in_signs(text);
            comparison.map_or(Proof::Unknown, |comparison| Proof::of(comparison.holds(admitted.grace)))
        }
        Some(_) => Proof::Unknown,
    }
}

/// Whether all conditions of a patch hold for sure, but for that on the field itself.
fn anchors(patch: &Value) -> Proof {
    match patch {
        Value::Object(map) => Proof::all(map.iter().map(|(key, value)| match key.as_str() {
            own if own == format!("({GRACE})") => Proof::Yes,
            "(name)" if matches!(value.as_str(), Some("*" | "?*")) => Proof::Yes,
            added if added.starts_with("+(") => Proof::Yes,
            anchor if anchor.ends_with(')') => Proof::Unknown,
            _ => anchors(value),
        })),
        Value::Array(items) => Proof::all(items.iter().map(anchors)),
        _ => Proof::Yes,
    }
}

/// The same patch without `+(terminationGracePeriodSeconds)`: the API server has filled in its default already.
fn without_additions(patch: &Value) -> Value {
    match patch {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| **key != format!("+({GRACE})"));
            Value::Object(kept.map(|(key, value)| (key.clone(), without_additions(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_additions).collect()),
        other => other.clone(),
    }
}

/// The number that a list of JSON patches, as YAML or JSON, sets for sure.
fn json_number(text: &str, field: &Path) -> Option<i64> {
    let reading = read_documents(&Source::new("patchesJson6902", text), &Limits::default());
    if reading.templated || reading.problems.iter().any(|problem| problem.fatal) {
        return None;
    }
    let document = reading.documents.first()?;
    let field = pointer(field);
    let mut number = None;
    for patch in document.value().as_array()? {
        let text = |key: &str| patch.get(key).and_then(Value::as_str);
        let (operation, path) = (text("op")?, text("path")?);
        let is_above = field.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        match operation {
            "add" | "replace" if path == field => number = Some(patch.get("value")?.as_i64()?),
            "add" | "replace" | "remove" if path != field && !is_above => {}
            _ => return None,
        }
    }
    number
}
