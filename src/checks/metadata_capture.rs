//! `metadata-capture`: what a pod asks the GKE metadata server must not go through the proxy.
//!
//! The server is on the node, plain HTTP, at a link-local address. Through the proxy it is reached only while the proxy runs, and not at
//! all where the mesh refuses hosts that it does not know. Source:
//! <https://istio.io/latest/docs/reference/config/annotations/>.

use crate::base::PodRepair;
use crate::checks::identity_place::needs_exclusion;
use crate::checks::metadata_route::{METADATA_SERVER, MetadataRoute, exclusion_path, is_excluded_in_vain};
use crate::checks::workload_identity::{AccountName, Evidence, is_exempt};
use crate::checks::{Check, Observation, bind, schema_of};
use crate::inventory::Subject;
use crate::manifest::PodTemplate;
use schemars::JsonSchema;
use serde::Deserialize;

/// The check.
pub const CHECK: Check = Check {
    id: "metadata-capture",
    summary: "whether requests to the GKE metadata server go through the proxy",
    cases: &[REFUSED],
    repair: PodRepair::Possible,
    schema: schema_of::<Params>,
    bind: |params| bind(params, run),
};

/// The proxy lets only hosts through that the mesh knows.
const REFUSED: &str = "registryOnly";

/// Parameters of `metadata-capture`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Params {
    /// ServiceAccounts whose pods use workload identity although no annotation shows it: `namespace/name`.
    #[schemars(with = "Vec<AccountName>")]
    service_accounts: Vec<String>,
}

fn run(params: &Params, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    let Some(evidence) = Evidence::proven(&params.service_accounts, subject, &pod) else { return Vec::new() };
    let Some(route) = MetadataRoute::of(subject, pod) else { return Vec::new() };
    let in_vain = is_excluded_in_vain(&pod, METADATA_SERVER);
    if !route.is_redirected() && !in_vain {
        return Vec::new();
    }
    // Where that alone keeps a wait from its answer, the rule about the wait speaks, and asks for the same.
    if is_exempt(subject, &pod) || needs_exclusion(&pod, &route) {
        return Vec::new();
    }
    if in_vain {
        return vec![observe_refused_ranges(&pod, &route)];
    }
    let refused = route.is_refused();
    let does = if refused { "refuses" } else { "carries" };
    let path = exclusion_path(&pod);
    let message = format!("the proxy {does} requests to the metadata server: want {METADATA_SERVER}/32 at {path}");
    let observation = Observation::new(path, message)
        .help(format!("{}: exclude {METADATA_SERVER}/32 from redirection, beside what is excluded", evidence.seen()))
        .remedied_by(route.exclude());
    vec![if refused { observation.case(REFUSED) } else { observation }]
}

/// The pod excludes the server, in a form for which Istio refuses the Pod.
fn observe_refused_ranges(pod: &PodTemplate<'_>, route: &MetadataRoute<'_>) -> Observation {
    let path = exclusion_path(pod);
    let message = format!("Istio refuses the excluded ranges: want {METADATA_SERVER}/32, no blanks, at {path}");
    Observation::new(path, message)
        .help("each range is an address, a slash and a number, and only a comma parts it from the next")
        .remedied_by(route.exclude())
}
