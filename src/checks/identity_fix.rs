//! The init container that waits for the metadata server, and where in a pod it works.
//!
//! Source: how Istio orders the containers of a pod, `reorderPod` in
//! <https://github.com/istio/istio/blob/master/pkg/kube/inject/webhook.go>.

use crate::base::{Edit, Fix};
use crate::checks::metadata_route::{METADATA_SERVER, MetadataRoute, exclude};
use crate::checks::own_container::init_container;
use crate::inventory::Subject;
use crate::manifest::{Container, PodPart, PodTemplate, Role};
use crate::mesh::Way;
use crate::mesh::init_order::PROXY;

/// The name of the init container, which [`crate::mesh::ContainerStart::waits_for_identity`] knows.
const NAME: &str = "seaworthy-wait-identity";

/// The arguments of seaworthy-wait, as `docs/wait.md` has them.
pub const WAIT_ARGUMENTS: [&str; 3] = ["identity", "--timeout", "60s"];

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
    let index = place(pod);
    let list = pod.spec_path().key("initContainers");
    let insert = Edit::Insert { list, index, value: init_container(pod, NAME, image, &WAIT_ARGUMENTS) };
    let title = "wait for the metadata server in an init container";
    let Some(why) = why_in_vain(subject, pod, index) else { return Ok(Fix::safe(title, vec![insert])) };
    // Not one without the other: the wait alone would keep the pod from starting.
    let excluded = exclude(subject, pod, METADATA_SERVER).map_err(|reason| format!("{why}, and {reason}"))?;
    let edits = excluded.edits.into_iter().chain([insert]).collect();
    Ok(Fix { title: format!("{title}, past the proxy"), edits, ..excluded })
}

/// Where the wait stands among the init containers.
///
/// First, in a template and in a Pod that Istio has yet to change: Istio sorts its own containers around it. In a Pod that
/// has a native proxy already right behind that, because before it nothing carries redirected traffic.
fn place(pod: &PodTemplate<'_>) -> usize {
    let is_native_proxy = |it: &Container<'_>| {
        it.name() == PROXY && !matches!(it.image(), "" | "auto") && it.role() == Role::NativeSidecar
    };
    pod.init_containers().find(is_native_proxy).map_or(0, |proxy| proxy.index() + 1)
}

/// Why a wait at this place would wait in vain; none where it would not.
fn why_in_vain(subject: &Subject<'_>, pod: &PodTemplate<'_>, index: usize) -> Option<&'static str> {
    let route = MetadataRoute::of(subject, *pod)?;
    match route.way_of_new(NAME, index) {
        Way::Nowhere => Some("the wait would be redirected to a proxy not yet there"),
        Way::ThroughProxy if route.is_refused() => Some("the proxy refuses hosts that the mesh does not know"),
        Way::ThroughProxy | Way::Direct => None,
    }
}
