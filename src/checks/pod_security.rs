//! `pod-security`: Namespaces whose pod security standard refuses the pods that Istio injects without its CNI plugin.
//!
//! The init container istio-init adds NET_ADMIN and NET_RAW and runs as root. Sources:
//! <https://kubernetes.io/docs/concepts/security/pod-security-standards/>,
//! <https://istio.io/latest/docs/setup/additional-setup/pod-security-admission/>

use crate::base::{Path, Place, PodRepair};
use crate::checks::{Check, NoParams, Observation, RelatedPlace, bind, schema_of};
use crate::inventory::Subject;
use crate::mesh::injection::{Injection, NAMESPACE_INJECTION_LABEL, REVISION_LABEL, injection};
use crate::mesh::{DataPlane, Membership, PodFacts, Profile, StringMap};
use std::collections::BTreeMap;

/// The check.
pub const CHECK: Check = Check {
    id: "pod-security",
    summary: "Namespaces whose pod security standard refuses pods that Istio injects without its CNI plugin",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

/// On Namespaces: the standard that their pods have to keep, or are refused.
const ENFORCE_LABEL: &str = "pod-security.kubernetes.io/enforce";

/// Standards that take neither root nor added capabilities.
const REFUSING: [&str; 2] = ["restricted", "baseline"];

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let labels = subject.object.labels();
    let standard = labels.get(ENFORCE_LABEL).filter(|standard| REFUSING.contains(standard));
    let Some(standard) = standard.filter(|_| subject.object.is("", "Namespace")) else { return Vec::new() };
    let name = &subject.object.reference().name;
    let profile = subject.profile.for_namespace(name);
    if profile.cni || profile.data_plane == DataPlane::Outside {
        return Vec::new();
    }
    asking(subject, &profile, name).map(|asked| observe(standard, asked)).into_iter().collect()
}

/// What asks for injection: a label of the Namespace, or a workload in it by its own labels.
fn asking(subject: &Subject<'_>, profile: &Profile, name: &str) -> Option<RelatedPlace> {
    let labels = subject.object.labels();
    let nothing = BTreeMap::<String, String>::new();
    let of_namespace = PodFacts {
        namespace: name,
        namespace_labels: Some(&labels as &dyn StringMap),
        labels: &nothing,
        annotations: &nothing,
        host_network: false,
        proxy: None,
    };
    // A revision that nobody has listed will be there: the label was written for it.
    if injection(&of_namespace, profile) == Injection::No {
        return injected_by_itself(subject, profile, name);
    }
    let label = if labels.has(NAMESPACE_INJECTION_LABEL) { NAMESPACE_INJECTION_LABEL } else { REVISION_LABEL };
    let path = Path::keys("metadata.labels").key(label);
    Some(RelatedPlace { message: "its pods are injected".to_owned(), place: subject.object.point_at(&path), path })
}

fn injected_by_itself(subject: &Subject<'_>, profile: &Profile, name: &str) -> Option<RelatedPlace> {
    let workloads = subject.inventory.all_workloads(Some(name), subject.object.file());
    workloads.into_iter().find_map(|workload| {
        let object = workload.object.as_deref()?;
        let own = Subject::of_workload(object, &workload.facts, subject.inventory, profile)?;
        let is_injected = matches!(own.membership, Membership::Sidecar(_)) && !own.has_proxy();
        let path = own
            .pod()
            .filter(|_| is_injected && !own.is_gateway_or_control_plane())?
            .path()
            .key("metadata")
            .key("labels");
        let place: Option<Place> = object.point_at(&path);
        let message = format!("pods of {} are injected by their own labels", workload.reference.kind);
        Some(RelatedPlace { message, path, place })
    })
}

fn observe(standard: &str, asked: RelatedPlace) -> Observation {
    let path = Path::keys("metadata.labels").key(ENFORCE_LABEL);
    let message = format!(
        "standard {standard} refuses every pod with Istio's init container: want the CNI plugin, or privileged at {path}"
    );
    Observation::new(path, message)
        .help("where Istio's CNI plugin is installed, say so: `profile: {cni: true}` in seaworthy.yaml")
        .unfixed("how traffic is redirected is decided for the whole mesh")
        .related(asked)
}
