//! Ignores in annotations.

use crate::base::{Path, Problem};
use crate::engine::Engine;
use crate::engine::ignores::Reason;
use crate::inventory::Subject;
use crate::manifest::Object;
use crate::policy::{Date, Rule};
use serde_json::Value;

/// The prefix of an ignore annotation; the rule id follows.
pub const IGNORE_ANNOTATION: &str = "seaworthy.dev/ignore-";

/// The reason of an annotation for which findings of this rule on this object are ignored today: on the object itself or
/// on the pods that are looked at, under the rule's id or one that it had before.
pub fn annotated_reason(subject: &Subject<'_>, rule: &Rule, today: Date) -> Option<Reason> {
    let on_pods = subject.pod().map(|pod| pod.annotations());
    let maps = || std::iter::once(subject.object.annotations()).chain(on_pods);
    let ids = std::iter::once(rule.id()).chain(rule.spec.aliases.iter().map(String::as_str));
    let mut texts = ids.flat_map(|id| maps().filter_map(move |map| map.get(&format!("{IGNORE_ANNOTATION}{id}"))));
    texts.find_map(|text| text.parse::<Reason>().ok().filter(|reason| reason.holds(today)))
}

/// What is wrong with the ignore annotations of an object: they do nothing.
pub fn annotation_problems(object: &Object, engine: &Engine, today: Date) -> Vec<Problem> {
    let on_pods = object.templates().iter().filter(|path| **path != Path::root()).cloned();
    let places = std::iter::once(Path::root()).chain(on_pods).map(|path| path.key("metadata").key("annotations"));
    let mut problems = Vec::new();
    for place in places {
        let annotations = place.find(object.value()).and_then(Value::as_object);
        for (key, value) in annotations.into_iter().flatten() {
            let Some(id) = key.strip_prefix(IGNORE_ANNOTATION) else { continue };
            let complaint = complaint(id, value, engine, today);
            let at = complaint.as_ref().and_then(|_| object.point_at(&place.clone().key(key)));
            problems.extend(complaint.zip(at).map(|(message, at)| Problem::notice_at(&at, message)));
        }
    }
    problems
}

fn complaint(id: &str, value: &Value, engine: &Engine, today: Date) -> Option<String> {
    if let Some(unknown) = engine.unknown_rule(id) {
        return Some(unknown);
    }
    match value.as_str().unwrap_or("").parse::<Reason>() {
        Err(error) => Some(format!("{error}: write `{IGNORE_ANNOTATION}{id}: {}`", error.wanted())),
        Ok(reason) if !reason.holds(today) => reason.until.map(ended),
        Ok(_) => None,
    }
}

/// What is said of an ignore whose last day is over.
pub(super) fn ended(until: Date) -> String {
    format!("this ignore ended on {until}: remove it, or give it a new end")
}
