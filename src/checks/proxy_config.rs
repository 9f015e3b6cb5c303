//! `proxy-config`: the pod annotation `proxy.istio.io/config`, of which Istio refuses some values with the pod, and drops others
//! in silence.
//!
//! Source: <https://github.com/istio/istio/blob/master/pkg/kube/inject/validate.go>, and what the injector was recorded to do.

mod flaw;
mod righting;

use crate::base::{Edit, Fix, Path, PodRepair, Reveals};
use crate::checks::{Check, NoParams, Observation, bind, schema_of};
use crate::inventory::Subject;
use crate::mesh::proxy_config::PROXY_CONFIG_ANNOTATION;
use flaw::{Flaw, flaws};
use righting::put_right;
use serde_json::Value;

/// The check.
pub const CHECK: Check = Check {
    id: "proxy-config",
    summary: "what the annotation proxy.istio.io/config says, as far as Istio reads it",
    cases: &[Flaw::DROPPED, Flaw::UNREAD],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let found = || {
        let path = subject.pod()?.annotation_path(PROXY_CONFIG_ANNOTATION);
        match path.find(subject.object.value())? {
            Value::Null => None,
            Value::String(text) => of_text(subject, path, text),
            other => Some(of_no_text(subject, path, other)),
        }
    };
    found().into_iter().collect()
}

/// One finding for the annotation: it is about its worst flaw, and its fix leaves none.
fn of_text(subject: &Subject<'_>, path: Path, text: &str) -> Option<Observation> {
    let istio = subject.profile.istio_version;
    let all = flaws(text, istio);
    let worst = all.first()?;
    let fix = fix(path.clone(), text, None, subject);
    // One that is refused keeps all else from being said of the proxy.
    let fix = if worst.case().is_none() { fix.map(|it| it.revealing(Reveals::Object)) } else { fix };
    let observation = Observation::new(path.clone(), worst.message(&path)).remedied_by(fix);
    let observation = match worst.help() {
        Some(help) => observation.help(help),
        None => observation,
    };
    Some(Observation { case: worst.case(), ..observation })
}

/// The settings stand where the text of them should: no API server takes that for an annotation.
fn of_no_text(subject: &Subject<'_>, path: Path, value: &Value) -> Observation {
    let message =
        format!("this is no text, and the API server refuses the object: want the settings as a text at {path}");
    let observation =
        Observation::new(path.clone(), message).help("write `|` behind the colon, and the settings below it");
    if value.is_object() {
        let fix = fix(path, &value.to_string(), Some("write the settings as a text"), subject);
        observation.remedied_by(fix.map(|it| it.revealing(Reveals::Object)))
    } else {
        observation.unfixed("what is meant by it only its owner knows")
    }
}

fn fix(path: Path, text: &str, first: Option<&str>, subject: &Subject<'_>) -> Result<Fix, String> {
    let righted = put_right(text, subject.profile.istio_version)?;
    let changes: Vec<&str> = first.into_iter().chain(righted.changes.iter().map(String::as_str)).collect();
    let title = match changes.as_slice() {
        [first, others @ ..] if !others.is_empty() => format!("{first}, and {} more", others.len()),
        _ => changes.concat(),
    };
    let edits = vec![Edit::set(path, righted.text)];
    Ok(match righted.guess {
        Some(guess) => Fix::risky(title, guess, edits),
        None => Fix::safe(title, edits),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::mesh::Profile;
    use serde_json::json;

    /// Whether it is refused (true) or only not read (false); none where nothing is said.
    fn refused(annotation: &Value) -> Option<bool> {
        let metadata = json!({"name": "web", "annotations": {PROXY_CONFIG_ANNOTATION: annotation}});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}});
        let (pod, inventory, profile) = (Object::from_json(pod).unwrap(), Inventory::default(), Profile::default());
        let found = (CHECK.bind)(&json!({})).unwrap()(&Subject::new(&pod, &inventory, &profile));
        assert!(found.len() < 2, "{annotation}");
        found.first().map(|it| it.case.is_none())
    }

    /// The texts were put to Istio's real injector: what it refuses is an error, and of all else only the keys that it
    /// dropped are a finding.
    #[test]
    fn refused_is_what_the_injector_refuses() {
        let recorded = include_str!("../../tests/data/istio-injection/proxy-config-annotation.json");
        let vectors: Vec<Value> = serde_json::from_str(recorded).unwrap();
        let mut counts = [0; 3];
        for vector in &vectors {
            let parsed = vector["parsed"].as_object().cloned().unwrap_or_default();
            let is_empty = vector["proxyConfig"].as_object().is_none_or(serde_json::Map::is_empty);
            let wanted = match (vector["accepted"] == true, parsed.is_empty()) {
                (false, _) => Some(true),
                (true, false) if is_empty => Some(false),
                (true, _) => None,
            };
            assert_eq!(refused(&vector["annotation"]), wanted, "{vector}");
            counts[wanted.map_or(2, usize::from)] += 1;
        }
        assert_eq!(counts, [3, 13, 21]);
    }

    #[test]
    fn an_annotation_is_a_text() {
        for (annotation, wanted) in
            [(json!(null), None), (json!(7), Some(true)), (json!({}), Some(true)), (json!(["a"]), Some(true))]
        {
            assert_eq!(refused(&annotation), wanted, "{annotation}");
        }
    }
}
