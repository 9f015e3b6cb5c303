//! `canonical-labels`: pods without the labels by which metrics, traces and dashboards of the mesh tell them and their versions apart.
//!
//! Jobs, and Pods that end like theirs, are left alone: nobody calls them, and no roll-out has two versions of them run side by side.
//!
//! Source: <https://istio.io/latest/docs/ops/deployment/application-requirements/#pod-requirements>

use crate::base::{Edit, Fix, Path, PodRepair};
use crate::checks::{Check, NoParams, Observation, bind, schema_of, shortened};
use crate::inventory::Subject;
use crate::manifest::{Labels, Owner, PodTemplate};
use crate::mesh::Membership;
use crate::mesh::canonical_service::{NAME_LABELS, REVISION_LABELS};
use serde_json::Value;

/// The check.
pub const CHECK: Check = Check {
    id: "canonical-labels",
    summary: "pods without the labels by which the mesh names them in metrics and traces",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

/// The groups of kinds whose pods have the labels of their template and no other that names them. Knative, for one, adds `app`.
const ADDING_NONE: [&str; 4] = ["", "apps", "argoproj.io", "apps.kruise.io"];

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let is_named_here = matches!(subject.membership, Membership::Sidecar(_) | Membership::Ambient)
        && ADDING_NONE.contains(&subject.object.group());
    let Some(pod) = subject.pod().filter(|pod| is_named_here && !ends_by_itself(pod)) else { return Vec::new() };
    let naming = Naming { subject, pod: &pod };
    match (naming.spelling(&NAME_LABELS), naming.spelling(&REVISION_LABELS)) {
        (Some(_), Some(_)) => Vec::new(),
        (Some(spelling), None) => vec![naming.without_version(spelling)],
        (None, Some(spelling)) => vec![naming.without_name(spelling)],
        (None, None) => vec![naming.without_both()],
    }
}

/// Of a Job, or a Pod that is run once, such as the tests of a Helm chart.
fn ends_by_itself(pod: &PodTemplate<'_>) -> bool {
    let restarts = pod.spec().get("restartPolicy").and_then(Value::as_str);
    pod.runs_to_completion() || matches!(restarts, Some("Never" | "OnFailure"))
}

/// The places of the labels that Kubernetes recommends, and of `app` and `version`, among those that count.
const RECOMMENDED: usize = 1;
const PLAIN: usize = 2;

/// What the pods of a workload are called, and could be.
struct Naming<'a> {
    subject: &'a Subject<'a>,
    pod: &'a PodTemplate<'a>,
}

/// A label that the pods lack, with its value where that is known.
struct Lacking<'a> {
    key: &'static str,
    value: Option<&'a str>,
}

impl<'a> Naming<'a> {
    /// The place of the first of these labels that the pods have, or may have.
    fn spelling(&self, keys: &[&str; 3]) -> Option<usize> {
        keys.iter().position(|key| self.is_told(key))
    }

    /// Whether a label says something. The API server refuses one that is no text, so there is nothing to say about it.
    fn is_told(&self, key: &str) -> bool {
        let labels = self.pod.labels();
        let is_odd = labels.has(key) && labels.get(key).is_none();
        is_odd
            || self.pod.known_labels().iter().any(|(name, value)| *name == key && !value.is_empty())
            || of_rollout(self.subject).any(|labels| labels.has(key))
    }

    fn without_both(&self) -> Observation {
        let (name, version) = (self.name(PLAIN), self.version(PLAIN));
        let path = self.labels_path();
        let (one, other) = (name.key, version.key);
        let seen = "no label names the application of these pods, and none their version";
        let message = format!("{seen}: want `{one}` and `{other}` at {path}");
        let spelling = if one == NAME_LABELS[RECOMMENDED] { PLAIN } else { RECOMMENDED };
        let help = format!("`{}` and `{}` would do as well", NAME_LABELS[spelling], REVISION_LABELS[spelling]);
        Observation::new(path, message).help(help).remedied_by(self.fix(&[name, version]))
    }

    fn without_name(&self, spelling: usize) -> Observation {
        let name = self.name(spelling);
        let path = self.labels_path().key(name.key);
        let message = format!("no label names the application of these pods: want its name at {path}");
        Observation::new(path, message).help(as_well(name.key, &NAME_LABELS)).remedied_by(self.fix(&[name]))
    }

    fn without_version(&self, spelling: usize) -> Observation {
        let version = self.version(spelling);
        let path = self.labels_path().key(version.key);
        let message = format!("no label tells the version of these pods: want it at {path}");
        let help = as_well(version.key, &REVISION_LABELS);
        Observation::new(path, message).help(help).remedied_by(self.fix(&[version]))
    }

    /// The label for the name: the one that the workload has itself; else one of the spelling that its pods use, and the name
    /// of the workload, by which Istio calls them today.
    fn name(&self, spelling: usize) -> Lacking<'a> {
        let object = self.subject.object;
        let name = object.reference().name.as_str();
        // What an owner made is called after the owner. A name that is still to be generated ends in a dash, and so is no value.
        let value = Some(name).filter(|name| Owner::of(object).is_none() && is_label_value(name));
        own_label(object.labels(), &NAME_LABELS).unwrap_or(Lacking { key: NAME_LABELS[spelling], value })
    }

    fn version(&self, spelling: usize) -> Lacking<'a> {
        let own = own_label(self.subject.object.labels(), &REVISION_LABELS);
        own.unwrap_or(Lacking { key: REVISION_LABELS[spelling], value: None })
    }

    /// Puts these labels on the pods.
    fn fix(&self, lacking: &[Lacking<'a>]) -> Result<Fix, String> {
        let mut told = Vec::with_capacity(lacking.len());
        for Lacking { key, value } in lacking {
            let value = value.ok_or_else(|| unknown(key))?;
            // Perhaps the selector asks for the empty one.
            if self.pod.known_labels().iter().any(|(name, _)| name == key) {
                return Err(format!("`{key}` is there and empty, for a reason that only its owner knows"));
            }
            told.push((*key, value));
        }
        self.stays_behind_its_services(&told)?;
        let words: Vec<String> = told.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        let edits = told.iter().map(|(key, value)| Edit::set(self.labels_path().key(key), *value)).collect();
        let title = format!("label the pods `{}`", words.join("`, `"));
        Ok(Fix::risky(title, "a selector elsewhere may ask for it, and a new template starts new pods", edits))
    }

    /// Whether the Services that find the pods with these labels too are those that find them today.
    fn stays_behind_its_services(&self, added: &[(&str, &str)]) -> Result<(), String> {
        let labels: Vec<(&str, &str)> = self.pod.known_labels().into_iter().chain(added.iter().copied()).collect();
        let (inventory, file) = (self.subject.inventory, self.subject.object.file());
        let found = inventory.services_selecting(self.subject.namespace(), &labels, file);
        let is_new = |name: &str| !self.subject.services().iter().any(|service| service.reference.name == name);
        match found.iter().find(|service| is_new(&service.reference.name)) {
            Some(service) => {
                Err(format!("Service {} would lead to these pods then", shortened(&service.reference.name)))
            }
            None => Ok(()),
        }
    }

    fn labels_path(&self) -> Path {
        self.pod.path().key("metadata").key("labels")
    }
}

fn unknown(key: &str) -> String {
    if REVISION_LABELS.contains(&key) {
        "which version it is, only who releases it knows".to_owned()
    } else {
        "what they are called in metrics is for their owner to say".to_owned()
    }
}

/// The first of these labels that says something.
fn own_label<'a>(labels: Labels<'a>, keys: &[&'static str; 3]) -> Option<Lacking<'a>> {
    let value = |key: &'static str| labels.get(key).filter(|value| is_label_value(value));
    keys.iter().find_map(|key| value(key).map(|value| Lacking { key, value: Some(value) }))
}

/// Whether the API server takes it as the value of a label, and it says something.
fn is_label_value(text: &str) -> bool {
    let is_end = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    let is_inner = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    text.len() <= 63 && is_end(text.chars().next()) && is_end(text.chars().last()) && text.chars().all(is_inner)
}

fn as_well(key: &str, keys: &[&str; 3]) -> String {
    let others: Vec<String> = keys.iter().filter(|other| **other != key).map(|other| format!("`{other}`")).collect();
    format!("{} would do as well as `{key}`", others.join(" or "))
}

/// What a Rollout adds to the labels of its pods while it goes on.
///
/// Source: <https://argo-rollouts.readthedocs.io/en/stable/features/ephemeral-metadata/>
fn of_rollout<'a>(subject: &Subject<'a>) -> impl Iterator<Item = Labels<'a>> {
    const ADDED: [&str; 4] = [
        "/spec/strategy/canary/canaryMetadata/labels",
        "/spec/strategy/canary/stableMetadata/labels",
        "/spec/strategy/blueGreen/activeMetadata/labels",
        "/spec/strategy/blueGreen/previewMetadata/labels",
    ];
    let object = subject.object;
    ADDED.into_iter().filter(|_| object.group() == "argoproj.io").map(|at| Labels::of(object.value().pointer(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_takes_what_the_api_server_takes() {
        let longest = "a".repeat(63);
        for good in ["a", "3.1", "v1_2-b", "A.b", &longest] {
            assert!(is_label_value(good), "{good}");
        }
        let too_long = "a".repeat(64);
        for bad in ["", "cart-", "-cart", ".1", "1.", "a b", "a/b", "1+2", "\u{e4}", "a\n", &too_long] {
            assert!(!is_label_value(bad), "{bad}");
        }
    }
}
