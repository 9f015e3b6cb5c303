//! The init container that waits for the metadata server, and where in a pod it works.
//!
//! Source: how Istio orders the containers of a pod, `reorderPod` in
//! <https://github.com/istio/istio/blob/master/pkg/kube/inject/webhook.go>.

use crate::base::{Edit, Fix};
use crate::inventory::Subject;
use crate::manifest::{PodPart, PodTemplate};
use crate::mesh::outbound_ranges::{EXCLUDE_OUTBOUND_ANNOTATION, excludes};
use crate::mesh::{OutboundTrafficPolicy, SidecarKind};
use core::net::Ipv4Addr;
use serde_json::{Value, json};

/// The name of the init container, which [`crate::mesh::ContainerStart::waits_for_identity`] knows.
const NAME: &str = "seaworthy-wait-identity";
/// The metadata server.
const METADATA_SERVER: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
const PROXY: &str = "istio-proxy";

/// Puts the waiting init container where it reaches the metadata server.
///
/// # Errors
/// Why there is no such place: one line for people, no full stop.
pub fn wait_for_identity(subject: &Subject<'_>, pod: &PodTemplate<'_>, image: &str) -> Result<Fix, String> {
    if pod.all_containers().any(|container| container.name() == NAME) {
        return Err(format!("a container is called `{NAME}` already"));
    }
    if pod.is_set_by_controller(PodPart::InitContainers) {
        return Err(format!("a {} has no init containers of its own", subject.object.kind()));
    }
    let index = place(subject, pod)?;
    let list = pod.spec_path().key("initContainers");
    let edit = Edit::Insert { list, index, value: init_container(image) };
    Ok(Fix::safe("wait for the metadata server in an init container", vec![edit]))
}

/// Where the wait stands among the init containers.
///
/// First, in a template and in a Pod that Istio has yet to change: Istio sorts its own containers around it. In a Pod that
/// has a native proxy already right behind that, because before it nothing carries redirected traffic.
fn place(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Result<usize, String> {
    let kind = subject.sidecar_kind();
    let by_name = |name: &str| pod.init_containers().find(|container| container.name() == name);
    if !is_excluded(subject, pod) {
        let redirected_at_once =
            by_name("istio-validation").is_some() || subject.profile.cni && by_name("istio-init").is_none();
        let policy = subject.profile.outbound_traffic_policy;
        match kind {
            Some(SidecarKind::Classic) if redirected_at_once => {
                return Err(excluding_first(
                    "the CNI plugin redirects the traffic of init containers to a proxy not yet there",
                ));
            }
            Some(SidecarKind::Native) if policy == OutboundTrafficPolicy::RegistryOnly => {
                return Err(excluding_first("the proxy refuses hosts that the mesh does not know"));
            }
            _ => {}
        }
    }
    let native_proxy = by_name(PROXY).filter(|proxy| !matches!(proxy.image(), "" | "auto"));
    Ok(native_proxy.map_or(0, |proxy| proxy.index() + 1))
}

fn excluding_first(why: &str) -> String {
    format!("{why}: annotate the pod with `{EXCLUDE_OUTBOUND_ANNOTATION}: {METADATA_SERVER}/32` first")
}

/// Whether the metadata server is reached without the proxy.
fn is_excluded(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> bool {
    match pod.annotations().get(EXCLUDE_OUTBOUND_ANNOTATION) {
        Some(ranges) => excludes(ranges.split(','), METADATA_SERVER),
        None => excludes(subject.profile.exclude_outbound_ip_ranges.iter().map(String::as_str), METADATA_SERVER),
    }
}

/// It runs under the Pod Security Standard `restricted`, and in a namespace with a quota on requests and limits.
fn init_container(image: &str) -> Value {
    json!({
        "name": NAME,
        "image": image,
        "args": ["identity", "--timeout", "60s"],
        "resources": {
            "requests": {"cpu": "10m", "memory": "16Mi"},
            "limits": {"cpu": "100m", "memory": "64Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": true,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
    })
}
