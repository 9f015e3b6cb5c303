//! `cloud-identity`: what gives pods an identity at Azure and AWS must stand where it is read, and be reachable.
//!
//! Sources: the webhook of Azure selects Pods by their labels
//! (<https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html>); the agent of EKS Pod
//! Identity answers at a link-local address of the node (<https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html>).

use crate::base::{Edit, Fix, Path, PodRepair};
use crate::checks::metadata_route::{exclude, exclusion_path, is_captured};
use crate::checks::{Check, NoParams, Observation, bind, schema_of};
use crate::inventory::Subject;
use crate::manifest::{Labels, PodTemplate};
use core::net::Ipv4Addr;

/// The check.
pub const CHECK: Check = Check {
    id: "cloud-identity",
    summary: "whether the identity of pods at Azure and AWS is asked for where it is read",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

/// On pods: Azure's webhook gives them a token.
const AZURE_LABEL: &str = "azure.workload.identity/use";
/// On a ServiceAccount: the client at Azure that its pods act as.
const AZURE_ACCOUNT: &str = "azure.workload.identity/client-id";
/// On a ServiceAccount: the role at AWS that its pods get by a token of their own, without the agent.
const AWS_ROLE: &str = "eks.amazonaws.com/role-arn";
/// The agent of EKS Pod Identity.
const EKS_AGENT: Ipv4Addr = Ipv4Addr::new(169, 254, 170, 23);

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    observe_azure(subject, &pod).into_iter().chain(observe_eks(subject, &pod)).collect()
}

/// The label on the workload, or as an annotation of the pods, where the webhook does not look.
fn observe_azure(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Option<Observation> {
    if pod.labels().has(AZURE_LABEL) {
        return None;
    }
    let labels = pod.path().key("metadata").key("labels").key(AZURE_LABEL);
    let annotations = pod.path().key("metadata").key("annotations");
    let of_makers = pod.metadata_of_makers().into_iter().map(|metadata| metadata.key("labels"));
    let asks = |map: &Path| Labels::of(map.find(subject.object.value())).get(AZURE_LABEL) == Some("true");
    let found = of_makers.chain([annotations]).find(asks)?.key(AZURE_LABEL);
    let message = format!("Azure's webhook reads this label of pods only: want \"true\" at {labels}");
    let title = "ask for the identity at Azure where it is read";
    let edits = vec![Edit::set(labels.clone(), "true")];
    let is_named = subject.service_account().is_some_and(|it| it.facts.annotations.contains_key(AZURE_ACCOUNT));
    let fix = if is_named {
        Fix::safe(title, edits)
    } else {
        Fix::risky(title, "no ServiceAccount with a client id is known: which identity the pods get is not told", edits)
    };
    Some(Observation::new(labels, message).at(found).fixed_by(fix))
}

/// Requests to the agent that go through the proxy.
fn observe_eks(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Option<Observation> {
    let has_role = subject.service_account().is_some_and(|it| it.facts.annotations.contains_key(AWS_ROLE));
    let uses_agent = subject.profile.eks_pod_identity && !has_role && !pod.is_windows();
    if !uses_agent || subject.sidecar_kind().is_none() || !is_captured(subject, pod, EKS_AGENT) {
        return None;
    }
    let path = exclusion_path(pod);
    let message = format!("the proxy takes requests to the agent of EKS: want {EKS_AGENT}/32 at {path}");
    Some(Observation::new(path, message).remedied_by(exclude(subject, pod, EKS_AGENT)))
}
