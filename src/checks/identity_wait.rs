//! `identity-wait`: a pod that uses GKE workload identity must wait until the metadata server answers for it.
//!
//! The metadata server needs a few seconds before it knows a new pod; authentication before that fails. Source:
//! <https://cloud.google.com/kubernetes-engine/docs/troubleshooting/authentication>

use crate::base::{Fix, PodRepair};
use crate::checks::container_start::ask_start;
use crate::checks::identity_fix::wait_for_identity;
use crate::checks::{Check, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::manifest::{Container, Labels, PodTemplate, Role};
use crate::mesh::ContainerStart;
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "identity-wait",
    summary: "whether a pod with GKE workload identity waits for the metadata server",
    cases: &[UNKNOWN_ACCOUNT],
    repair: PodRepair::WithImage,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// The pod asks for a node with the metadata server, but its ServiceAccount is not known.
const UNKNOWN_ACCOUNT: &str = "unknownServiceAccount";

/// On a ServiceAccount: the Google service account that its pods act as.
const ACCOUNT_ANNOTATION: &str = "iam.gke.io/gcp-service-account";
/// On a pod: it uses workload identity although no manifest shows it (direct federation).
const POD_ANNOTATION: &str = "seaworthy.dev/workload-identity";
/// On a node selector: only nodes that run the metadata server.
const NODE_LABEL: &str = "iam.gke.io/gke-metadata-server-enabled";
/// With a key of its own the application does not ask the metadata server.
const CREDENTIALS_VARIABLE: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// Parameters of `identity-wait`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// ServiceAccounts whose pods use workload identity although no annotation shows it: `namespace/name`.
    service_accounts: Vec<String>,
    /// The image of seaworthy-wait, for the init container of the fix. Absent: `repairs.image` of `seaworthy.yaml`.
    #[schemars(length(min = 1))]
    image: Option<String>,
}

/// How it is known that a pod uses workload identity.
enum Evidence<'a> {
    Account(&'a str),
    Annotation,
    Listed(&'a str),
    NodeSelector,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    // First, because few pods have any: then nobody reads through all commands and variables.
    let Some(evidence) = evidence(params, subject, &pod) else { return Vec::new() };
    if pod.host_network() || pod.is_windows() || has_own_credentials(&pod) || pod.all_containers().any(|it| waits(&it))
    {
        return Vec::new();
    }
    let observation = observe(&pod, &evidence);
    vec![match fix(params, subject, &pod, &evidence) {
        Ok(fix) => observation.fixed_by(fix),
        Err(reason) => observation.unfixed(reason),
    }]
}

/// A wait in vain would keep the pod from starting, so that the pod uses workload identity must be known.
fn fix(params: &Params, subject: &Subject<'_>, pod: &PodTemplate<'_>, evidence: &Evidence<'_>) -> Result<Fix, String> {
    if matches!(evidence, Evidence::NodeSelector) {
        let name = shortened_to(24, pod.service_account());
        return Err(format!("ServiceAccount {name} is not known, and so whether the pod uses workload identity"));
    }
    match params.image.as_deref() {
        Some(image) => wait_for_identity(subject, pod, image),
        None => Err("set repairs.image in seaworthy.yaml to the image of seaworthy-wait".to_owned()),
    }
}

fn evidence<'a>(params: &Params, subject: &Subject<'a>, pod: &PodTemplate<'a>) -> Option<Evidence<'a>> {
    let name = pod.service_account();
    let account = subject.service_account();
    // An emptied annotation is how templates say "none".
    let google_account = account.and_then(|account| account.facts.annotations.get(ACCOUNT_ANNOTATION));
    if google_account.is_some_and(|name| !name.is_empty()) {
        return Some(Evidence::Account(name));
    }
    if pod.annotations().get(POD_ANNOTATION) == Some("true") {
        return Some(Evidence::Annotation);
    }
    let qualified = format!("{}/{name}", subject.namespace());
    if params.service_accounts.contains(&qualified) {
        return Some(Evidence::Listed(name));
    }
    let unknown = account.is_none() && !subject.inventory.service_accounts_known();
    let asks_for_node = Labels::of(pod.spec().get("nodeSelector")).get(NODE_LABEL) == Some("true");
    (unknown && asks_for_node).then_some(Evidence::NodeSelector)
}

fn observe(pod: &PodTemplate<'_>, evidence: &Evidence<'_>) -> Observation {
    let path = pod.spec_path().key("initContainers");
    let seen = match evidence {
        Evidence::Account(name) => format!("ServiceAccount {} has a Google service account", shortened_to(24, name)),
        Evidence::Listed(name) => {
            format!("ServiceAccount {} is listed as using workload identity", shortened_to(24, name))
        }
        Evidence::Annotation => "the pod says that it uses workload identity".to_owned(),
        Evidence::NodeSelector => "the pod asks for a node with the metadata server".to_owned(),
    };
    let message = format!("{seen}, but nothing waits for the metadata server: want a wait at {path}");
    let observation = Observation::new(path, message).at(pod.spec_path()).help(
        "add an init container that asks \
         http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token until it answers, with a \
         time-out and the header `Metadata-Flavor: Google`",
    );
    if matches!(evidence, Evidence::NodeSelector) { observation.case(UNKNOWN_ACCOUNT) } else { observation }
}

/// The client libraries take an empty path for none; one that comes from elsewhere is taken for set.
fn has_own_credentials(pod: &PodTemplate<'_>) -> bool {
    let set = |(name, value): (&str, Option<&str>)| name == CREDENTIALS_VARIABLE && value != Some("");
    pod.all_containers().flat_map(|container| container.environment()).any(set)
}

/// An init container that asks the metadata server waits for it: it is run again until it succeeds. The application
/// only waits where its command asks more than once, and a native sidecar where something waits for its start.
fn waits(container: &Container<'_>) -> bool {
    let asks_again = |start: &ContainerStart<'_>| start.waits_for_identity() && start.tries_again();
    match container.role() {
        Role::Init => ask_start(container, |start| start.waits_for_identity()),
        Role::Regular => ask_start(container, asks_again),
        Role::NativeSidecar => container.value().get("startupProbe").is_some() && ask_start(container, asks_again),
    }
}

#[cfg(test)]
mod tests;
