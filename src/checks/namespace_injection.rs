//! `namespace-injection`: Namespaces whose labels ask for several ways into the mesh, of which one counts.
//!
//! `istio-injection` keeps every revision's webhook from reading `istio.io/rev`, and a pod with a sidecar is never taken into
//! ambient. Source: the selectors that [`crate::mesh::membership`](mod@crate::mesh::membership) names.

use crate::base::{Path, PodRepair};
use crate::checks::{Check, NoParams, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::mesh::injection::{DEFAULT_REVISION, NAMESPACE_INJECTION_LABEL, REVISION_LABEL};
use crate::mesh::membership::DATAPLANE_MODE_LABEL;

/// The check.
pub const CHECK: Check = Check {
    id: "namespace-injection",
    summary: "Namespaces whose labels ask for several ways into the mesh",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    if !subject.object.is("", "Namespace") {
        return Vec::new();
    }
    let labels = subject.object.labels();
    let injection = labels.get(NAMESPACE_INJECTION_LABEL);
    let revision = labels.get(REVISION_LABEL).filter(|revision| !revision.is_empty());
    let is_ambient = labels.get(DATAPLANE_MODE_LABEL) == Some("ambient");
    let shown = |key: &str, value: &str| {
        let value = if value.is_empty() { "\"\"" } else { value };
        shortened_to(50, &format!("{key}: {value}"))
    };
    let counting = match (injection, revision) {
        (Some(word), _) => shown(NAMESPACE_INJECTION_LABEL, word),
        (None, Some(revision)) => shown(REVISION_LABEL, revision),
        (None, None) => return Vec::new(),
    };
    // Nobody knows whether it is there: without it the other label is read.
    let is_open = |name: &&str| *name != DEFAULT_REVISION && !subject.profile.revisions.iter().any(|it| it == name);
    let doubt = match injection {
        None if revision.as_ref().is_some_and(is_open) => ", if that revision is installed",
        _ => "",
    };
    let mut ignored = Vec::new();
    if injection.is_some() && revision.is_some() {
        ignored.push(REVISION_LABEL);
    }
    // To ask for no sidecar beside ambient is no contradiction.
    if is_ambient && injection.is_none_or(|word| word == "enabled") {
        ignored.push(DATAPLANE_MODE_LABEL);
    }
    ignored.into_iter().map(|label| observe(label, &counting, doubt)).collect()
}

fn observe(label: &str, counting: &str, doubt: &str) -> Observation {
    let path = Path::keys("metadata.labels").key(label);
    let message =
        format!("beside {counting} this label is not read{doubt}: want one of the two only, or none, at {path}");
    Observation::new(path, message)
        .help("take away the label that is not meant; pods change only when they are made anew")
        .unfixed("which of the labels is meant only the owner of the namespace knows")
}
