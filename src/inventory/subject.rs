//! One object with its surroundings: what a check looks at.

use crate::inventory::facts::Strings;
use crate::inventory::istio_container::own_proxy;
use crate::inventory::workload::part;
use crate::inventory::{
    AutoscalerFacts, Entry, Inventory, NamespaceFacts, PeerAuthenticationFacts, ServiceAccountFacts, ServiceFacts,
    WorkloadFacts,
};
use crate::manifest::{Object, Once, PodTemplate, Service};
use crate::mesh::mtls::{InboundTls, PeerModes, ROOT_NAMESPACE, inbound_tls};
use crate::mesh::sidecar::NATIVE_SIDECAR_ANNOTATION;
use crate::mesh::{Membership, Profile, SidecarKind, is_gateway_or_control_plane};
use std::sync::Arc;

/// An object, the objects around it and the facts of the mesh that hold for it.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The object.
    pub object: &'a Object,
    /// The objects around it.
    pub inventory: &'a Inventory,
    /// The profile of its namespace.
    pub profile: &'a Profile,
    /// Whether it, or the pods behind it, are in the mesh.
    pub membership: Membership,
    pod: Option<PodTemplate<'a>>,
    service: Option<ServiceFacts>,
    workloads: Vec<&'a Entry<WorkloadFacts>>,
    /// One for each of the workloads.
    pub(super) memberships: Vec<Membership>,
    services: Vec<&'a Entry<ServiceFacts>>,
    service_account: Option<&'a Entry<ServiceAccountFacts>>,
    known: Once,
}

impl<'a> Subject<'a> {
    /// An object in its surroundings, once for each of its pod templates: each makes pods of its own. An object without any
    /// is there once. `profile` is the one of its namespace: see [`Profile::for_namespace`].
    pub fn all_of(object: &'a Object, inventory: &'a Inventory, profile: &'a Profile) -> Vec<Self> {
        let of_pods: Vec<Self> =
            PodTemplate::all_of(object).map(|pod| Self::of(object, Some(pod), inventory, profile)).collect();
        if of_pods.is_empty() { vec![Self::of(object, None, inventory, profile)] } else { of_pods }
    }

    /// The first of them.
    pub fn new(object: &'a Object, inventory: &'a Inventory, profile: &'a Profile) -> Self {
        Self::of(object, PodTemplate::of(object), inventory, profile)
    }

    /// The one of a workload in an inventory, of whose object it is one of several pod templates, or the only one.
    pub fn of_workload(
        object: &'a Object,
        workload: &WorkloadFacts,
        inventory: &'a Inventory,
        profile: &'a Profile,
    ) -> Option<Self> {
        let pod = PodTemplate::all_of(object).find(|pod| part(object, pod) == workload.part)?;
        Some(Self::of(object, Some(pod), inventory, profile))
    }

    fn of(object: &'a Object, pod: Option<PodTemplate<'a>>, inventory: &'a Inventory, profile: &'a Profile) -> Self {
        let service = object.is("", "Service").then(|| ServiceFacts::of(object.value()));
        let workloads = workloads_behind(object, service.as_ref(), inventory);
        let (membership, services) = (Membership::Unknown, services_before(object, pod.as_ref(), inventory));
        let service_account = pod.and_then(|pod| service_account(object, &pod, inventory));
        let mut subject = Self {
            object,
            inventory,
            profile,
            membership,
            pod,
            service,
            workloads,
            memberships: Vec::new(),
            services,
            service_account,
            known: Once::default(),
        };
        subject.memberships = subject.workloads.iter().map(|it| subject.membership_of(it)).collect();
        subject.membership = subject.decide_membership();
        subject
    }

    /// Its namespace, or an empty text where the manifest has none.
    pub fn namespace(&self) -> &'a str {
        self.object.reference().namespace.as_deref().unwrap_or("")
    }

    /// The labels of its namespace: those of the Namespace object, else those that the profile gives; none where nobody tells.
    pub fn namespace_labels(&self) -> Option<&'a Strings> {
        let told_by_object = self.namespace_entry().map(|it| &it.facts.labels);
        told_by_object.or_else(|| self.profile.namespace_labels(self.namespace()))
    }

    /// Its Namespace, where one is there.
    pub(super) fn namespace_entry(&self) -> Option<&'a Entry<NamespaceFacts>> {
        self.inventory.namespace(self.namespace(), self.object.file())
    }

    /// Its pod template, if it has one; of several, the one that is looked at.
    pub fn pod(&self) -> Option<PodTemplate<'a>> {
        self.pod
    }

    /// The object as a Service, if it is one.
    pub fn service(&self) -> Option<Service<'a>> {
        Service::of(self.object)
    }

    /// What an inventory keeps of it, if it is a Service.
    pub fn service_facts(&self) -> Option<&ServiceFacts> {
        self.service.as_ref()
    }

    /// The Services that select its pods, by name; none also where the Services are not known.
    pub fn services(&self) -> &[&'a Entry<ServiceFacts>] {
        &self.services
    }

    /// Whether it is known which Services there are around it.
    pub fn services_known(&self) -> bool {
        self.inventory.services_known(self.namespace())
    }

    /// Whether its pods bring the proxy with them: on a Pod, whether Istio has made it already.
    pub fn has_proxy(&self) -> bool {
        self.pod().is_some_and(|pod| own_proxy(&pod).is_some())
    }

    /// The kind of sidecar that its pods have, or would have where their membership is unknown; none without one.
    pub fn sidecar_kind(&self) -> Option<SidecarKind> {
        match self.membership {
            Membership::Sidecar(kind) => Some(kind),
            Membership::Unknown => {
                let annotation = self.pod().and_then(|pod| pod.annotations().get(NATIVE_SIDECAR_ANNOTATION));
                Some(self.profile.sidecar_kind(annotation))
            }
            Membership::Ambient | Membership::Outside => None,
        }
    }

    /// The workloads whose pods it selects, if it is a Service; of a HorizontalPodAutoscaler, what it scales.
    pub fn workloads(&self) -> &[&'a Entry<WorkloadFacts>] {
        &self.workloads
    }

    /// The same, each with the membership of its pods.
    pub fn workloads_with_membership(&self) -> impl Iterator<Item = (&'a Entry<WorkloadFacts>, Membership)> {
        self.workloads.iter().copied().zip(self.memberships.iter().copied())
    }

    /// The ServiceAccount of its pods, where it is known.
    pub fn service_account(&self) -> Option<&'a Entry<ServiceAccountFacts>> {
        self.service_account
    }

    /// What is worked out of the object in its surroundings once, however many rules ask: nothing that depends on the parameters of
    /// a rule. Each use has a type of its own.
    pub fn once<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        self.known.get(0, make)
    }

    /// Whether a port of its pods takes plain text, as far as the PeerAuthentications around it tell; none where they do not.
    ///
    /// # Errors
    /// Where several of the same reach contradict each other: the oldest one counts, and files do not tell which it is.
    pub fn inbound_tls(&self, port: i64) -> Result<Option<InboundTls>, AmbiguousPolicies> {
        let Some(pod) = self.pod() else { return Ok(None) };
        let (labels, file) = (pod.labels(), self.object.file());
        let here = self.inventory.peer_authentications(self.namespace(), file);
        let root = self.inventory.peer_authentications(ROOT_NAMESPACE, file);
        let of_all = |all: &[&'a Entry<PeerAuthenticationFacts>]| {
            one(all.iter().filter(|it| it.facts.selector.is_empty()).map(|it| &it.facts.modes))
        };
        let workload = one(here.iter().filter(|it| it.facts.selects(|key| labels.get(key))).map(|it| &it.facts.modes))?;
        Ok(inbound_tls(port, workload, of_all(&here)?, of_all(&root)?))
    }

    /// Whether it belongs to a gateway or to Istio itself, of which no rule speaks.
    pub fn is_gateway_or_control_plane(&self) -> bool {
        let object = self.object;
        let by_pod = self.pod().is_some_and(|pod| is_gateway_or_control_plane(&pod.labels(), &pod.annotations()));
        let of_gateway =
            |it: &Entry<WorkloadFacts>| is_gateway_or_control_plane(&it.facts.pod_labels, &it.facts.pod_annotations);
        // The pods behind a Service carry at least the labels that it selects them by.
        let by_selector = self.service().is_some_and(|it| is_gateway_or_control_plane(&it.selector(), &NO_LABELS));
        by_pod
            || by_selector
            || is_gateway_or_control_plane(&object.labels(), &object.annotations())
            || (!self.workloads.is_empty() && self.workloads.iter().copied().all(of_gateway))
    }
}

/// Policies of the same reach that contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("several PeerAuthentications of the same reach contradict each other")]
pub struct AmbiguousPolicies;

/// What all of them say, if they say the same.
fn one<'a>(mut all: impl Iterator<Item = &'a PeerModes>) -> Result<Option<&'a PeerModes>, AmbiguousPolicies> {
    let first = all.next();
    if all.all(|other| Some(other) == first) { Ok(first) } else { Err(AmbiguousPolicies) }
}

pub(super) const NO_LABELS: Strings = Strings::new();

/// The Services that select these pods: looked for once, since many rules ask.
fn services_before<'a>(
    object: &'a Object,
    pod: Option<&PodTemplate<'a>>,
    inventory: &'a Inventory,
) -> Vec<&'a Entry<ServiceFacts>> {
    let Some(pod) = pod else { return Vec::new() };
    let namespace = object.reference().namespace.as_deref().unwrap_or("");
    inventory.services_selecting(namespace, &pod.known_labels(), object.file())
}

/// The ServiceAccount of these pods: looked for once, for the same reason.
fn service_account<'a>(
    object: &Object,
    pod: &PodTemplate<'_>,
    inventory: &'a Inventory,
) -> Option<&'a Entry<ServiceAccountFacts>> {
    let namespace = object.reference().namespace.as_deref().unwrap_or("");
    inventory.service_account(namespace, pod.service_account(), object.file())
}

/// The workloads whose pods an object selects, if it is a Service, or the one that it scales.
fn workloads_behind<'a>(
    object: &Object,
    service: Option<&ServiceFacts>,
    inventory: &'a Inventory,
) -> Vec<&'a Entry<WorkloadFacts>> {
    let namespace = object.reference().namespace.as_deref().unwrap_or("");
    if let Some(autoscaler) = AutoscalerFacts::of(object) {
        return inventory.workloads_scaled(namespace, &autoscaler, object.file());
    }
    service.map_or_else(Vec::new, |service| inventory.workloads_selected(namespace, service, object.file()))
}
