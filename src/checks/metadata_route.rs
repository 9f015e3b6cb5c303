//! The way from the containers of a pod to the metadata server of its node, and the edit that keeps the proxy out of it.
//!
//! It follows from where Istio puts init containers ([`crate::mesh::init_order`]) and from what is redirected
//! ([`OutboundCapture`]).

use crate::base::{Edit, Fix, Path};
use crate::checks::proxy::{is_injected, redirects_nothing};
use crate::checks::proxy_edit::INJECTED;
use crate::inventory::Subject;
use crate::manifest::{Container, PodTemplate, Role};
use crate::mesh::init_order::{PROXY, REDIRECTING, VALIDATING, init_order, ways_out};
use crate::mesh::injection::{Injection, injection};
use crate::mesh::outbound_capture::{INCLUDE_OUTBOUND_ANNOTATION, are_readable, excluded_ranges, righted};
use crate::mesh::outbound_ranges::{EXCLUDE_OUTBOUND_ANNOTATION, excludes};
use crate::mesh::{
    InitContainer, OutboundCapture, OutboundTrafficPolicy, PodFacts, Redirection, SidecarKind, StringMap, Way,
};
use core::net::Ipv4Addr;
use serde_json::Value;
use std::cell::OnceCell;
use std::collections::HashMap;

/// GKE's metadata server, as a pod calls it.
pub const METADATA_SERVER: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
const HTTP: u16 = 80;
/// User and group of the proxy: their traffic is never redirected.
const PROXY_USER: i64 = 1337;

/// The way of a pod's connections to the metadata server.
pub struct MetadataRoute<'a> {
    subject: &'a Subject<'a>,
    pod: PodTemplate<'a>,
    kind: SidecarKind,
    redirection: Redirection,
    is_redirected: bool,
    /// The ways of its init containers, once somebody has asked.
    ways: OnceCell<WaysByName<'a>>,
}

/// The way of the first of the init containers of each name, and of one that would come behind all of them.
struct WaysByName<'a> {
    by_name: HashMap<&'a str, Way>,
    behind: Way,
}

impl<'a> MetadataRoute<'a> {
    /// The way of a pod with a sidecar, or that would have one where its membership is unknown; none for another pod.
    pub fn of(subject: &'a Subject<'a>, pod: PodTemplate<'a>) -> Option<Self> {
        let kind = subject.sidecar_kind()?;
        let redirection = Redirection::of(entries(&pod), subject.profile.cni);
        let is_redirected = is_captured(subject, &pod, METADATA_SERVER);
        Some(Self { subject, pod, kind, redirection, is_redirected, ways: OnceCell::new() })
    }

    /// Whether connections to the metadata server are redirected to the proxy, once redirection is set up.
    pub fn is_redirected(&self) -> bool {
        self.is_redirected
    }

    /// Whether the proxy refuses what is redirected: the mesh lets only known hosts through, and nothing makes this one known.
    pub fn is_refused(&self) -> bool {
        self.subject.profile.outbound_traffic_policy == OutboundTrafficPolicy::RegistryOnly && !is_known(self.subject)
    }

    /// What becomes of the connections of an init container of the pod.
    pub fn way_of(&self, container: &Container<'_>) -> Way {
        if !self.is_redirected || runs_as_proxy(&self.pod, container) {
            return Way::Direct;
        }
        self.ways.get_or_init(|| self.ways_among(entries(&self.pod).collect())).of(container.name())
    }

    /// What would become of the connections of an init container of this name that is put in at this place.
    pub fn way_of_new(&self, name: &str, index: usize) -> Way {
        let mut own: Vec<InitContainer<'_>> = entries(&self.pod).collect();
        own.insert(index.min(own.len()), InitContainer { name, keeps_running: false });
        if self.is_redirected { self.ways_among(own).of(name) } else { Way::Direct }
    }

    /// Another place among the init containers of the manifest for one that is cut off: behind a native proxy, or before
    /// `istio-init`. None where the injector puts them in order, and where no place helps.
    pub fn place_within_reach(&self) -> Option<usize> {
        let is_by_init = self.redirection == Redirection::InitContainer;
        let mut init = self.pod.init_containers();
        let proxy = init.find(|it| it.name() == PROXY && it.role() == Role::NativeSidecar);
        let redirecting = || self.pod.init_containers().find(|it| it.name() == REDIRECTING && is_by_init);
        let place = proxy.map(|it| it.index() + 1).or_else(|| redirecting().map(|it| it.index()));
        place.filter(|_| is_as_written(self.subject, &self.pod))
    }

    /// Where such a place is, in words.
    pub fn side(&self, place: usize) -> &'static str {
        let follows = self.pod.init_containers().any(|it| it.name() == REDIRECTING && it.index() == place);
        if follows { "before istio-init" } else { "behind istio-proxy" }
    }

    /// The edit that excludes the metadata server from redirection, beside what is excluded already.
    ///
    /// # Errors
    /// Why it cannot be done, or would do nothing: one line for people, no full stop.
    pub fn exclude(&self) -> Result<Fix, String> {
        exclude(self.subject, &self.pod, METADATA_SERVER)
    }

    fn ways_among<'n>(&self, own: Vec<InitContainer<'n>>) -> WaysByName<'n> {
        let is_as_written = is_as_written(self.subject, &self.pod);
        let order = if is_as_written { own } else { init_order(own, self.kind, self.redirection) };
        let mut ways = ways_out(&order, self.redirection);
        let behind = ways.pop().unwrap_or(Way::Direct);
        let mut by_name = HashMap::new();
        for (it, way) in order.iter().zip(ways) {
            by_name.entry(it.name).or_insert(way);
        }
        WaysByName { by_name, behind }
    }
}

impl WaysByName<'_> {
    fn of(&self, name: &str) -> Way {
        self.by_name.get(name).copied().unwrap_or(self.behind)
    }
}

/// Whether a pod's connections to an address on port 80 are redirected, once redirection is set up: as `istio-init` was told
/// where it stands in the manifest, else by annotations and mesh.
pub fn is_captured(subject: &Subject<'_>, pod: &PodTemplate<'_>, address: Ipv4Addr) -> bool {
    capture_of(subject, pod).redirects(address, HTTP)
}

/// Whether nothing that a pod calls is redirected to its proxy.
pub fn captures_nothing(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> bool {
    capture_of(subject, pod).is_nothing()
}

fn capture_of(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> OutboundCapture {
    let rendered = pod.init_containers().find(|it| it.name() == REDIRECTING && is_as_written(subject, pod));
    let arguments: Vec<&str> = rendered.iter().flat_map(Container::argv).collect();
    OutboundCapture::of_arguments(&arguments).unwrap_or_else(|| {
        if redirects_nothing(pod) {
            return OutboundCapture::nothing();
        }
        OutboundCapture::of_annotations(&pod.annotations(), &subject.profile.exclude_outbound_ip_ranges)
    })
}

/// Whether a ServiceEntry makes the metadata server known to the mesh.
fn is_known(subject: &Subject<'_>) -> bool {
    const NAME: &str = "metadata.google.internal";
    subject.inventory.service_entries(subject.object.file()).into_iter().any(|entry| {
        let facts = &entry.facts;
        let is_it = |address: &String| {
            *address == METADATA_SERVER.to_string() || excludes(std::iter::once(address.as_str()), METADATA_SERVER)
        };
        facts.is_seen_from(subject.namespace(), entry.reference.namespace.as_deref().unwrap_or(""))
            && (facts.hosts.iter().any(|host| host == NAME) || facts.addresses.iter().any(is_it))
    })
}

/// The fix that excludes an address from redirection, beside what is excluded already.
///
/// # Errors
/// Why it cannot be done, or would do nothing: one line for people, no full stop.
pub fn exclude(subject: &Subject<'_>, pod: &PodTemplate<'_>, address: Ipv4Addr) -> Result<Fix, String> {
    if is_injected(pod) {
        let redirection = Redirection::of(entries(pod), subject.profile.cni);
        let reason = if redirection == Redirection::CniPlugin { INJECTED_WITH_CNI } else { INJECTED };
        return Err(reason.to_owned());
    }
    let annotations = pod.annotations();
    if annotations.has(EXCLUDE_OUTBOUND_ANNOTATION) && annotations.get(EXCLUDE_OUTBOUND_ANNOTATION).is_none() {
        return Err(format!("the annotation {EXCLUDE_OUTBOUND_ANNOTATION} is no text"));
    }
    let kept = excluded_ranges(&annotations, &subject.profile.exclude_outbound_ip_ranges);
    let value = match excluded_in_vain(&kept, address) {
        Some(meant) => meant,
        None if !are_readable(&kept) => return Err(UNREADABLE.to_owned()),
        None if kept.is_empty() => format!("{address}/32"),
        None => format!("{kept},{address}/32"),
    };
    let edits = vec![Edit::set(exclusion_path(pod), value)];
    let title = format!("let traffic to {address} bypass the proxy");
    let asked_for = annotations.value(INCLUDE_OUTBOUND_ANNOTATION).is_some_and(|it| excludes(it.split(','), address));
    Ok(if asked_for {
        Fix::risky(
            title,
            format!("the pod itself asks for it to be redirected, by {INCLUDE_OUTBOUND_ANNOTATION}"),
            edits,
        )
    } else {
        Fix::safe(title, edits)
    })
}

const UNREADABLE: &str = "Istio refuses the ranges that are excluded now: each is an address, a slash and a number";

/// Whether a pod that Istio has yet to change excludes an address by a list that Istio refuses, and the Pod with it, for a blank or
/// for want of a length.
pub fn is_excluded_in_vain(pod: &PodTemplate<'_>, address: Ipv4Addr) -> bool {
    let annotations = pod.annotations();
    let ranges = annotations.value(EXCLUDE_OUTBOUND_ANNOTATION).filter(|_| !is_injected(pod));
    ranges.is_some_and(|ranges| excluded_in_vain(ranges, address).is_some())
}

/// The list as it is meant, where it holds the address, and Istio refuses it.
fn excluded_in_vain(ranges: &str, address: Ipv4Addr) -> Option<String> {
    if are_readable(ranges) {
        return None;
    }
    righted(ranges).filter(|meant| excludes(meant.split(','), address))
}

/// Why nothing is written into a pod that Istio has changed already, although the CNI plugin reads the annotation when it starts.
const INJECTED_WITH_CNI: &str =
    "Istio has already changed this pod, and what its CNI plugin does of it is set up elsewhere";

/// The annotation that excludes ranges from redirection.
pub fn exclusion_path(pod: &PodTemplate<'_>) -> Path {
    pod.annotation_path(EXCLUDE_OUTBOUND_ANNOTATION)
}

fn entries<'a>(pod: &PodTemplate<'a>) -> impl Iterator<Item = InitContainer<'a>> + use<'a> {
    pod.init_containers().map(|it| InitContainer { name: it.name(), keeps_running: it.role() == Role::NativeSidecar })
}

/// Whether Istio's webhook is known to inject the pods of a template, whatever is in it already.
fn will_be_injected(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> bool {
    let (labels, annotations) = (pod.labels(), pod.annotations());
    let facts = PodFacts {
        namespace: subject.namespace(),
        namespace_labels: subject.joining_labels().map(|labels| labels as &dyn StringMap),
        labels: &labels,
        annotations: &annotations,
        host_network: pod.host_network(),
        proxy: None,
    };
    injection(&facts, subject.profile) == Injection::Yes
}

/// Whether a container runs as the proxy's user or group, which redirection lets pass.
fn runs_as_proxy(pod: &PodTemplate<'_>, container: &Container<'_>) -> bool {
    let number = |value: &Value, key: &str| value.get("securityContext")?.get(key)?.as_i64();
    ["runAsUser", "runAsGroup"]
        .iter()
        .any(|key| number(container.value(), key).or_else(|| number(pod.spec(), key)) == Some(PROXY_USER))
}

/// Whether the containers of Istio are in the manifest and stand where they are to run. Those of a Pod do; those of a template
/// that Istio injects again are sorted again.
fn is_as_written(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> bool {
    let by_istio =
        |it: Container<'_>| matches!(it.name(), REDIRECTING | VALIDATING | PROXY) && !matches!(it.image(), "" | "auto");
    let is_there = pod.init_containers().any(by_istio) || subject.has_proxy();
    is_there && (subject.object.is("", "Pod") || !will_be_injected(subject, pod))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::mesh::Profile;
    use serde_json::json;

    #[test]
    fn before_istio_init_is_within_reach_where_it_redirects() {
        let profile: Profile = serde_json::from_value(json!({"assumeMembership": "sidecar"})).unwrap();
        for (init, wanted) in [
            (&["istio-init", "wait"][..], Some(0)),
            // The CNI plugin redirects, before any container starts.
            (&["istio-validation", "wait"], None),
            (&["istio-validation", "istio-init", "wait"], None),
        ] {
            let init: Vec<_> = init.iter().map(|name| json!({"name": name, "image": "tools:1"})).collect();
            let spec = json!({"initContainers": init, "containers": [{"name": "web", "image": "web:1"}]});
            let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec});
            let (pod, inventory) = (Object::from_json(pod).unwrap(), Inventory::default());
            let subject = Subject::new(&pod, &inventory, &profile);
            let route = MetadataRoute::of(&subject, subject.pod().unwrap()).unwrap();
            assert_eq!(route.place_within_reach(), wanted, "{init:?}");
        }
    }
}
