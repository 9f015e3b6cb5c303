//! `proxy-user`: applications that run as the user or the group of the proxy.
//!
//! What leaves the pod as user or group 1337 is not redirected, as it is taken for the proxy's own traffic. Source:
//! <https://github.com/istio/istio/blob/master/tools/istio-iptables/pkg/capture/run.go>

use crate::base::{Path, PodRepair};
use crate::checks::metadata_route::captures_nothing;
use crate::checks::serving::is_application;
use crate::checks::{Check, NoParams, Observation, bind, schema_of, with_name};
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate};
use crate::mesh::sidecar::PROXY_ID;
use serde_json::Value;

/// The check.
pub const CHECK: Check = Check {
    id: "proxy-user",
    summary: "applications that run as the user or the group of the proxy",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

/// What of a security context counts, and what it is called.
const FIELDS: [(&str, &str); 2] = [("runAsUser", "user"), ("runAsGroup", "group")];

/// The numbers of a security context, in the order of [`FIELDS`].
type Numbers = [Option<i64>; 2];

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    // Without redirection there is nothing to be excepted from.
    let Some(pod) = subject.pod().filter(|pod| !captures_nothing(subject, pod)) else { return Vec::new() };
    let applications = pod.containers().filter(is_application);
    let applications: Vec<_> = applications.map(|it| (numbers_of(it.value()), it)).collect();
    let of_pod = numbers_of(pod.spec());
    (0..FIELDS.len()).flat_map(|at| of_field(&pod, of_pod, &applications, at)).collect()
}

/// The pod's own number, where an application takes it over, and those that containers set themselves. Init containers are
/// left alone: to run as the proxy is how they reach the network before it is up.
fn of_field(
    pod: &PodTemplate<'_>,
    of_pod: Numbers,
    applications: &[(Numbers, Container<'_>)],
    at: usize,
) -> Vec<Observation> {
    let (field, word) = FIELDS[at];
    let inherits = |(own, _): &(Numbers, _)| own[at].is_none();
    let of_pod = (of_pod[at] == Some(PROXY_ID) && applications.iter().any(inherits))
        .then(|| observe(None, word, pod.spec_path(), field));
    let of_containers = applications.iter().filter(|(own, _)| own[at] == Some(PROXY_ID));
    let observations = of_containers.map(|(_, it)| observe(Some(it.name()), word, it.path(), field));
    of_pod.into_iter().chain(observations).collect()
}

fn numbers_of(holder: &Value) -> Numbers {
    let context = holder.get("securityContext").filter(|it| it.is_object());
    FIELDS.map(|(field, _)| context?.get(field)?.as_i64())
}

/// `container` is none where the pod itself says it.
fn observe(container: Option<&str>, word: &str, holder: Path, field: &str) -> Observation {
    let path = holder.key("securityContext").key(field);
    let compose = |who: &str| {
        format!("{who} runs as the proxy's own {word}, whose traffic bypasses it: want another number at {path}")
    };
    let message = container.map_or_else(|| compose("the pod"), |name| with_name(40, name, compose));
    Observation::new(path, message)
        .help("any other number will do: the traffic of user and group 1337 is taken for the proxy's own")
        .unfixed("who may read the files of an image only its owner knows")
}
