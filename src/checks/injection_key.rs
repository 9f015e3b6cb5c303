//! `injection-key`: labels and annotations about injection that do not do what they say.
//!
//! Istio's webhooks select pods by labels of the pods and of their Namespaces, so an annotation, or a key of the workload
//! itself, is never asked for. Sources: those of [`crate::mesh::membership`](mod@crate::mesh::membership), and
//! <https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy>

mod elsewhere;
mod namespace;
mod word;

use crate::base::{Edit, Fix, Path, PodRepair, Remedy, Reveals};
use crate::checks::{Check, NoParams, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::manifest::PodTemplate;
use crate::mesh::injection::{INJECT_KEY, Injection, NAMESPACE_INJECTION_LABEL, NEVER_INJECTED, REVISION_LABEL};
use serde_json::Value;
use word::{meant, shown};

/// The check.
pub const CHECK: Check = Check {
    id: "injection-key",
    summary: "labels and annotations about injection that do not do what they say",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod().filter(|_| !subject.has_proxy()) else {
        return namespace::observe(subject).into_iter().collect();
    };
    of_pod(subject, &pod).into_iter().collect()
}

/// Whether the pods ask for injection by a word that does not do what it says: their owner may mean them to be in the mesh.
pub fn asks_in_vain(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> bool {
    struct AsksInVain(bool);
    let object = subject.object.value();
    let asks = || {
        let label = label_path(pod).find(object);
        let annotation = pod.annotation_path(INJECT_KEY).find(object).filter(|_| label.is_some());
        let other = misplaced(subject, pod).into_iter().next().filter(|_| label.is_none());
        let mut words = label.into_iter().chain(annotation).chain(other.map(|it| it.value));
        let says_yes = words.any(|word| meant(word) == Some(true)) && of_pod(subject, pod).is_some();
        let names_mesh = || label.is_none() && elsewhere::observe(subject, pod).is_some();
        !subject.has_proxy() && (says_yes || names_mesh())
    };
    pod.once(|| AsksInVain(asks())).0
}

fn of_pod(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Option<Observation> {
    let label = label_path(pod);
    match label.find(subject.object.value()) {
        Some(value) => match of_label(subject, &label, value) {
            Some(seen) => Some(where_it_holds(subject, pod, value, seen)),
            None => contradicted(subject, pod, value),
        },
        None => of_other_keys(subject, pod).or_else(|| elsewhere::observe(subject, pod)),
    }
}

/// The one place that Istio's webhooks look at.
fn label_path(pod: &PodTemplate<'_>) -> Path {
    pod.path().key("metadata").key("labels").key(INJECT_KEY)
}

fn of_label(subject: &Subject<'_>, path: &Path, value: &Value) -> Option<Observation> {
    match value {
        Value::String(text) if matches!(text.as_str(), "" | "false") => None,
        Value::String(text) if text == "true" => in_vain(subject, path),
        Value::String(text) => Some(of_odd_text(subject, path, text)),
        Value::Null => None,
        other => Some(without_quotes(path, other)),
    }
}

/// A label that asks for a sidecar where no pod ever gets one. Pods on the network of their node are another rule's.
fn in_vain(subject: &Subject<'_>, path: &Path) -> Option<Observation> {
    let namespace = subject.namespace();
    let word = subject.namespace_labels().and_then(|labels| labels.get(NAMESPACE_INJECTION_LABEL));
    let cause = match word.filter(|word| *word != "enabled") {
        _ if subject.pod()?.host_network() => return None,
        _ if NEVER_INJECTED.contains(&namespace) => format!("Istio injects no pod of namespace {namespace}"),
        Some(word) => format!("`{NAMESPACE_INJECTION_LABEL}: {}` of the namespace keeps all its pods out", shown(word)),
        None => return None,
    };
    let observation = Observation::new(path.clone(), format!("{cause}, whatever they ask for: want none at {path}"));
    let unfixed = "whether the namespace or the pods say what is meant only their owner knows";
    Some(observation.unfixed(unfixed))
}

fn of_odd_text(subject: &Subject<'_>, path: &Path, text: &str) -> Observation {
    let seen = shortened_to(20, text);
    let Some(wanted) = meant(&Value::from(text)) else {
        let message = format!("{seen} is none of the two words that count: want \"true\" or \"false\" at {path}");
        return Observation::new(path.clone(), message).unfixed("what is meant by it only its owner knows");
    };
    let (now, then) = (subject.injection_if(Some(text)), subject.injection_if(Some(word(wanted))));
    let message = format!("{seen} is none of the two words that count: want \"{wanted}\" at {path}");
    Observation::new(path.clone(), message).fixed_by(set_label(path, wanted, now, then))
}

/// What is no text the API server does not take for a label, or an annotation.
fn without_quotes(path: &Path, value: &Value) -> Observation {
    let observe = |wanted: &str| {
        let message = format!("without quotes this is no text, and the API server refuses it: want {wanted} at {path}");
        Observation::new(path.clone(), message)
    };
    match meant(value) {
        Some(wanted) => {
            let edit = Edit::set(path.clone(), word(wanted));
            observe(&format!("\"{wanted}\""))
                .fixed_by(revealing(wanted, Fix::safe(format!("write \"{wanted}\" in quotes"), vec![edit])))
        }
        None => observe("\"true\" or \"false\"").unfixed("what is meant by it only its owner knows"),
    }
}

/// What is seen of a label whose value does not count, with a fix only where what it then says holds: for these pods, and beside
/// the annotation of that name.
fn where_it_holds(subject: &Subject<'_>, pod: &PodTemplate<'_>, label: &Value, seen: Observation) -> Observation {
    let seen = unless_in_vain(subject, label, seen);
    let (Remedy::Fix(fix), Some(wanted)) = (&seen.remedy, meant(label)) else { return seen };
    let path = pod.annotation_path(INJECT_KEY);
    let Some(annotation) = path.find(subject.object.value()).filter(|it| !it.is_null()) else { return seen };
    match meant(annotation) {
        Some(other) if other != wanted => {
            seen.unfixed(format!("the annotation of that name says \"{other}\": {WHICH_OF_TWO}"))
        }
        _ if annotation.is_string() => seen,
        Some(_) => {
            let title = format!("{}, in the annotation of that name too", fix.title);
            let edits = fix.edits.iter().cloned().chain([Edit::set(path, word(wanted))]).collect();
            let both = Fix { title, edits, ..fix.clone() };
            seen.fixed_by(both)
        }
        None => seen.unfixed("what the annotation of that name is to say only its owner knows"),
    }
}

/// The same, without a fix that would have pods ask for a sidecar that they never get.
fn unless_in_vain(subject: &Subject<'_>, value: &Value, seen: Observation) -> Observation {
    match in_vain(subject, &seen.path).filter(|_| meant(value) == Some(true)) {
        Some(vain) => Observation { remedy: vain.remedy, ..seen },
        None => seen,
    }
}

const WHICH_OF_TWO: &str = "which of the two is meant only their owner knows";

/// An annotation that says the opposite of the label, which alone counts, or that is no text.
fn contradicted(subject: &Subject<'_>, pod: &PodTemplate<'_>, label: &Value) -> Option<Observation> {
    let path = pod.annotation_path(INJECT_KEY);
    let annotation = path.find(subject.object.value()).filter(|it| !it.is_null())?;
    match (meant(label), meant(annotation)) {
        (Some(counts), Some(ignored)) if counts != ignored => {
            let refused = if annotation.is_string() { "" } else { "without quotes this is no text, and " };
            let message = format!(
                "{refused}the label of that name says \"{counts}\", and it alone counts: want the same, or none, at {path}"
            );
            Some(Observation::new(path, message).unfixed(WHICH_OF_TWO))
        }
        _ => (!annotation.is_string()).then(|| without_quotes(&path, annotation)),
    }
}

/// A key in a place where the webhooks do not look, and what it says.
struct Misplaced<'a> {
    path: Path,
    key: &'static str,
    /// `annotation of the pods`.
    place: &'static str,
    value: &'a Value,
}

/// The keys that stand in for the label where that is missing. The first one that is there is what somebody meant.
fn of_other_keys(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Option<Observation> {
    let found = misplaced(subject, pod).into_iter().next()?;
    if found.path == pod.annotation_path(INJECT_KEY) {
        if !found.value.is_string() {
            return Some(unless_in_vain(subject, found.value, without_quotes(&found.path, found.value)));
        }
        // The injector itself still reads this word of the annotation.
        if found.value == "false" {
            return None;
        }
    }
    let wanted = meant(found.value)?;
    let (now, then) = (subject.injection_if(None), subject.injection_if(Some(word(wanted))));
    if now == if wanted { Injection::Yes } else { Injection::No } {
        return None;
    }
    if then == Injection::No && wanted {
        return in_vain(subject, &found.path);
    }
    if wanted && now == then && !hangs_on_namespace(subject, pod) || is_word_of_maistra(subject, pod, &found) {
        return None;
    }
    let path = label_path(pod);
    let Misplaced { key, place, .. } = found;
    let message = format!("Istio's webhooks do not read {key} as {place}: want \"{wanted}\" at {path}");
    let fix = set_label(&path, wanted, now, then);
    Some(Observation::new(path, message).at(found.path).fixed_by(fix))
}

/// Whether the label may bring pods in that ask for a proxy: only where it is not known what the namespace says, and the pods name no revision.
/// Where one of the two names a revision, that one injects if it is installed, with the label and without it.
fn hangs_on_namespace(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> bool {
    subject.joining_labels().is_none() && !pod.labels().has(REVISION_LABEL)
}

/// Whether it is the annotation by which pods join OpenShift Service Mesh 2.
fn is_word_of_maistra(subject: &Subject<'_>, pod: &PodTemplate<'_>, found: &Misplaced<'_>) -> bool {
    found.path == pod.annotation_path(INJECT_KEY) && subject.is_in_maistra()
}

fn misplaced<'a>(subject: &Subject<'a>, pod: &PodTemplate<'_>) -> Vec<Misplaced<'a>> {
    let of_pods = pod.path().key("metadata");
    let mut places = vec![
        (INJECT_KEY, of_pods.clone().key("annotations"), "an annotation"),
        (NAMESPACE_INJECTION_LABEL, of_pods.clone().key("labels"), "a label of pods"),
        (NAMESPACE_INJECTION_LABEL, of_pods.key("annotations"), "an annotation"),
    ];
    for metadata in of_makers(subject, pod) {
        for key in [INJECT_KEY, NAMESPACE_INJECTION_LABEL] {
            places.push((key, metadata.clone().key("labels"), "a label of the workload"));
            places.push((key, metadata.clone().key("annotations"), "an annotation of the workload"));
        }
    }
    let at = |(key, map, place): (&'static str, Path, &'static str)| {
        let path = map.key(key);
        let value = path.find(subject.object.value()).filter(|it| !it.is_null())?;
        Some(Misplaced { path, key, place, value })
    };
    places.into_iter().filter_map(at).collect()
}

/// The metadata of the workload, and of the Jobs of a CronJob, where it is known that nothing of it comes to the pods.
fn of_makers(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Vec<Path> {
    const KEEP_THEIR_LABELS: [&str; 5] = ["", "apps", "batch", "argoproj.io", "apps.kruise.io"];
    if KEEP_THEIR_LABELS.contains(&subject.object.group()) { pod.metadata_of_makers() } else { Vec::new() }
}

fn word(wanted: bool) -> &'static str {
    if wanted { "true" } else { "false" }
}

/// Safe only where it is known that it changes nothing for the pods.
fn set_label(path: &Path, wanted: bool, now: Injection, then: Injection) -> Fix {
    let edits = vec![Edit::set(path.clone(), word(wanted))];
    let title = format!("set the label {INJECT_KEY} to \"{wanted}\"");
    let changed = match (wanted, now == Injection::Unknown || then == Injection::Unknown) {
        (_, false) if now == then => return Fix::safe(title, edits),
        (true, false) => "the pods get a proxy by it",
        (true, true) => "in a namespace without injection the pods get a proxy by it",
        (false, false) => "the pods lose their proxy by it",
        (false, true) => "in a namespace with injection the pods lose their proxy by it",
    };
    revealing(wanted, Fix::risky(title, changed, edits))
}

/// What brings pods into the mesh brings to light what is to be said of them there.
fn revealing(wanted: bool, fix: Fix) -> Fix {
    if wanted { fix.revealing(Reveals::Namespace) } else { fix }
}
