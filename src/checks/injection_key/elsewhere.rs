//! The other keys by which pods join, in places where nothing reads them: a revision, and the ambient mesh.

use crate::base::{Edit, Fix, Path, Reveals};
use crate::checks::injection_key::of_makers;
use crate::checks::{Observation, shortened_to};
use crate::inventory::Subject;
use crate::manifest::PodTemplate;
use crate::mesh::injection::{NAMESPACE_INJECTION_LABEL, NEVER_INJECTED, REVISION_LABEL};
use crate::mesh::membership::DATAPLANE_MODE_LABEL;
use crate::mesh::{DataPlane, Membership, StringMap};

/// A key that was to bring the pods in, where nothing else says how they join: neither they themselves nor their namespace.
pub fn observe(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Option<Observation> {
    const DECIDING: [&str; 3] = [NAMESPACE_INJECTION_LABEL, REVISION_LABEL, DATAPLANE_MODE_LABEL];
    if subject.membership != Membership::Outside || pod.host_network() || pod.is_windows() {
        return None;
    }
    let is_unsaid = |labels: &dyn StringMap| DECIDING.iter().all(|key| labels.value(key).is_none());
    let labels = pod.labels();
    let namespace_says_nothing = subject.joining_labels().filter(|labels| is_unsaid(*labels));
    if namespace_says_nothing.is_none() || !is_unsaid(&labels) || NEVER_INJECTED.contains(&subject.namespace()) {
        return None;
    }
    let revision = || first(subject, pod, REVISION_LABEL, |value| !value.is_empty());
    let ambient = || first(subject, pod, DATAPLANE_MODE_LABEL, |value| value == "ambient");
    match subject.profile.data_plane {
        DataPlane::Outside => None,
        DataPlane::Ambient => ambient(),
        _ => revision().or_else(ambient),
    }
}

/// The first place of a key that is not read, with a value that brings pods in.
fn first(
    subject: &Subject<'_>,
    pod: &PodTemplate<'_>,
    key: &str,
    brings_in: impl Fn(&str) -> bool,
) -> Option<Observation> {
    let (path, place, value) = places(subject, pod).into_iter().find_map(|(map, place)| {
        let path = map.key(key);
        let value = path.find(subject.object.value())?.as_str().filter(|value| brings_in(value))?.to_owned();
        Some((path, place, value))
    })?;
    let label = pod.path().key("metadata").key("labels").key(key);
    let shown = shortened_to(24, &value);
    let message = format!("Istio does not read {key} as {place}, and the pods stay out: want {shown} at {label}");
    let title = format!("set the label {key} of the pods to {shown}");
    let fix = Fix::risky(title, "the pods are in the mesh by it", vec![Edit::set(label.clone(), value)]);
    Some(Observation::new(label, message).at(path).fixed_by(fix.revealing(Reveals::Namespace)))
}

/// Where these keys are not read. On a Pod the annotation is Istio's own.
fn places(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Vec<(Path, &'static str)> {
    let annotations = pod.path().key("metadata").key("annotations");
    let of_pods = (!subject.object.is("", "Pod")).then_some((annotations, "an annotation"));
    let of_makers = of_makers(subject, pod).into_iter().flat_map(|metadata| {
        [
            (metadata.clone().key("labels"), "a label of the workload"),
            (metadata.key("annotations"), "an annotation of the workload"),
        ]
    });
    of_pods.into_iter().chain(of_makers).collect()
}
