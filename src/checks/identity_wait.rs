//! `identity-wait`: a pod that uses GKE workload identity must wait until the metadata server answers for it.
//!
//! The metadata server needs a few seconds before it knows a new pod; authentication before that fails. Source:
//! <https://cloud.google.com/kubernetes-engine/docs/troubleshooting/authentication>

use crate::base::{Fix, PodRepair};
use crate::checks::container_start::{ask_command, ask_start};
use crate::checks::google_account::account_mistake;
use crate::checks::identity_fix::wait_for_identity;
use crate::checks::workload_identity::{AccountName, Evidence, google_account, is_exempt};
use crate::checks::{Check, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::manifest::{Container, ImageReference, PodTemplate, Role};
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

/// Parameters of `identity-wait`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// ServiceAccounts whose pods use workload identity although no annotation shows it: `namespace/name`.
    #[schemars(with = "Vec<AccountName>")]
    service_accounts: Vec<String>,
    /// The image of seaworthy-wait, for the init container of the fix. Absent: `repairs.image` of `seaworthy.yaml`.
    #[schemars(with = "ImageReference")]
    image: Option<String>,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    // First, because few pods have any: then nobody reads through all commands and variables.
    let Some(evidence) = Evidence::of(&params.service_accounts, subject, &pod) else { return Vec::new() };
    if is_exempt(subject, &pod) || pod.all_containers().any(|it| waits(&it)) {
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
    // There will be no token for it, and who waits for one never starts.
    if google_account(subject).is_some_and(|account| account_mistake(account).is_some()) {
        let name = shortened_to(24, pod.service_account());
        return Err(format!("the Google service account of ServiceAccount {name} cannot exist: put that right first"));
    }
    match params.image.as_deref() {
        Some(image) => wait_for_identity(subject, pod, image),
        None => Err("set repairs.image in seaworthy.yaml to the image of seaworthy-wait".to_owned()),
    }
}

fn observe(pod: &PodTemplate<'_>, evidence: &Evidence<'_>) -> Observation {
    let path = pod.spec_path().key("initContainers");
    let message = format!("{}, but nothing waits for the metadata server: want a wait at {path}", evidence.seen());
    let observation = Observation::new(path, message).at(pod.spec_path()).help(
        "add an init container that asks \
         http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token until it answers, with a \
         time-out and the header `Metadata-Flavor: Google`",
    );
    if matches!(evidence, Evidence::NodeSelector) { observation.case(UNKNOWN_ACCOUNT) } else { observation }
}

/// An init container that asks the metadata server waits for it: it is run again until it succeeds. The application
/// only waits where its command asks more than once, and a native sidecar where something waits for its start.
fn waits(container: &Container<'_>) -> bool {
    let asks_again = || ask_start(container, |start| start.tries_again());
    ask_command(container, |start| start.names_identity_wait())
        || ask_start(container, |start| start.may_wait_for_identity())
            && match container.role() {
                Role::Init => true,
                Role::Regular => asks_again(),
                Role::NativeSidecar => container.value().get("startupProbe").is_some() && asks_again(),
            }
}

#[cfg(test)]
mod tests;
