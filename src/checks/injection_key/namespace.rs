//! The label of a Namespace: any word but `enabled` keeps its pods out, however friendly it sounds.

use super::word::meant;
use crate::base::{Edit, Fix, Path, Reveals};
use crate::checks::{Observation, shortened_to};
use crate::inventory::Subject;
use crate::mesh::injection::{NAMESPACE_INJECTION_LABEL, REVISION_LABEL};
use serde_json::Value;

/// What is wrong with a Namespace; none of any other object.
pub fn observe(subject: &Subject<'_>) -> Option<Observation> {
    if !subject.object.is("", "Namespace") {
        return None;
    }
    let label = Path::keys("metadata.labels").key(NAMESPACE_INJECTION_LABEL);
    match label.find(subject.object.value()) {
        Some(Value::String(text)) => of_text(&label, text),
        Some(Value::Null) => None,
        Some(other) => Some(of_other(&label, other)),
        None => of_annotation(subject, label),
    }
}

fn of_text(path: &Path, text: &str) -> Option<Observation> {
    if matches!(text, "enabled" | "disabled" | "") {
        return None;
    }
    let seen = shortened_to(20, text);
    let observe = |wanted: &str| {
        let message = format!("{seen} keeps all pods out, as every word but `enabled` does: want {wanted} at {path}");
        Observation::new(path.clone(), message)
    };
    Some(match meant(&Value::from(text)) {
        Some(asked) => observe(&format!("`{}`", word(asked))).fixed_by(set(path, asked)),
        None => observe("`enabled` or `disabled`").unfixed("which of the two is meant only the owner knows"),
    })
}

/// What is no text the API server does not take for a label.
fn of_other(path: &Path, value: &Value) -> Observation {
    let observe = |wanted: &str| {
        let message = format!("a label that is no text is refused by the API server: want {wanted} at {path}");
        Observation::new(path.clone(), message)
    };
    match meant(value) {
        Some(asked) => observe(&format!("`{}`", word(asked))).fixed_by(set(path, asked)),
        None => observe("`enabled` or `disabled`").unfixed("which of the two is meant only the owner knows"),
    }
}

fn of_annotation(subject: &Subject<'_>, path: Path) -> Option<Observation> {
    let annotation = Path::keys("metadata.annotations").key(NAMESPACE_INJECTION_LABEL);
    let asked = meant(annotation.find(subject.object.value())?).filter(|asked| *asked)?;
    if subject.object.labels().has(REVISION_LABEL) {
        return None;
    }
    let message = format!("Istio's webhooks do not read it as an annotation: want `{}` at {path}", word(asked));
    let fix = set(&path, asked);
    Some(Observation::new(path, message).at(annotation).fixed_by(fix))
}

fn word(asked: bool) -> &'static str {
    if asked { "enabled" } else { "disabled" }
}

fn set(path: &Path, asked: bool) -> Fix {
    let edits = vec![Edit::set(path.clone(), word(asked))];
    let title = format!("set the label {NAMESPACE_INJECTION_LABEL} to `{}`", word(asked));
    if asked {
        Fix::risky(title, "new pods of the namespace get a proxy by it", edits).revealing(Reveals::Namespace)
    } else {
        Fix::safe(title, edits)
    }
}
