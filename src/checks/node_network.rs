//! `node-network`: pods that are left out of the mesh because they use the network of their node.
//!
//! Neither Istio's injector nor the agent of ambient touches them. Source: `injectRequired` in
//! <https://github.com/istio/istio/blob/master/pkg/kube/inject/inject.go>

use crate::base::PodRepair;
use crate::checks::{Check, NoParams, Observation, bind, schema_of};
use crate::inventory::Subject;
use crate::mesh::Membership;

/// The check.
pub const CHECK: Check = Check {
    id: "node-network",
    summary: "pods that are left out of the mesh because they use the network of their node",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod().filter(|pod| pod.host_network() && !subject.has_proxy()) else { return Vec::new() };
    let way_out = match subject.membership_if(false) {
        Membership::Sidecar(_) => "`sidecar.istio.io/inject: \"false\"`",
        Membership::Ambient => "`istio.io/dataplane-mode: none`",
        Membership::Outside | Membership::Unknown => return Vec::new(),
    };
    let path = pod.spec_path().key("hostNetwork");
    let message =
        format!("on the network of the node these pods stay out of the mesh of their namespace: want false at {path}");
    let help = format!("pods that need that network say that they are out of the mesh by their label {way_out}");
    let unfixed = "whether the pods need the network of the node only their owner knows";
    vec![Observation::new(path, message).help(help).unfixed(unfixed)]
}
