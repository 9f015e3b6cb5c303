//! One object with its surroundings: what a check looks at.

use crate::inventory::facts::{Strings, part};
use crate::inventory::istio_container::own_proxy;
use crate::inventory::{
    AutoscalerFacts, Entry, Inventory, PeerAuthenticationFacts, ServiceAccountFacts, ServiceFacts, WorkloadFacts,
};
use crate::manifest::{Labels, Object, Once, PodTemplate, Service, is_filled_in};
use crate::mesh::injection::{INJECT_KEY, NAMESPACE_INJECTION_LABEL, REVISION_LABEL};
use crate::mesh::membership::{DATAPLANE_MODE_LABEL, MIRROR_ANNOTATION};
use crate::mesh::mtls::{InboundTls, PeerModes, ROOT_NAMESPACE, inbound_tls};
use crate::mesh::sidecar::NATIVE_SIDECAR_ANNOTATION;
use crate::mesh::{Membership, PodFacts, Profile, SidecarKind, StringMap, is_gateway_or_control_plane, membership};
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
        let known = Once::default();
        let mut subject =
            Self { object, inventory, profile, membership, pod, service, workloads, services, service_account, known };
        subject.membership = subject.decide_membership();
        subject
    }

    /// Its namespace, or an empty text where the manifest has none.
    pub fn namespace(&self) -> &'a str {
        self.object.reference().namespace.as_deref().unwrap_or("")
    }

    /// The labels of its namespace: those of the Namespace object, else those that the profile gives; none where nobody tells.
    pub fn namespace_labels(&self) -> Option<&'a Strings> {
        let told_by_object = self.inventory.namespace_labels(self.namespace(), self.object.file());
        told_by_object.or_else(|| self.profile.namespace_labels(self.namespace()))
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

    /// The ServiceAccount of its pods, where it is known.
    pub fn service_account(&self) -> Option<&'a Entry<ServiceAccountFacts>> {
        self.service_account
    }

    /// What is worked out of the object in its surroundings once, however many rules ask: nothing that depends on the parameters of
    /// a rule. Each use has a type of its own.
    pub fn once<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        self.known.get(0, make)
    }

    /// The membership of the pods of a workload in the same namespace.
    pub fn membership_of(&self, workload: &WorkloadFacts) -> Membership {
        self.decide(&workload.pod_labels, &workload.pod_annotations, workload.host_network, workload.proxy)
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

    fn decide_membership(&self) -> Membership {
        if let Some(pod) = self.pod() {
            // What is changed on a mirror, or added to it, changes nothing that runs.
            if self.is_mirror(&pod) {
                return Membership::Outside;
            }
            let membership = self.decide(&pod.labels(), &pod.annotations(), pod.host_network(), own_proxy(&pod));
            let is_open = membership != Membership::Outside && self.is_decided_by_patch();
            return if is_open { Membership::Unknown } else { membership };
        }
        let memberships: Vec<Membership> = self.workloads.iter().map(|it| self.membership_of(&it.facts)).collect();
        together(&memberships).unwrap_or_else(|| self.decide(&NO_LABELS, &NO_LABELS, false, None))
    }

    /// Whether kustomize decides about the membership of the pods when the file is applied.
    fn is_decided_by_patch(&self) -> bool {
        let keys = || {
            let metadata = self.object.templates().iter().map(|template| template.clone().key("metadata"));
            let of_one = metadata.flat_map(|it| {
                let annotation = it.clone().key("annotations").key(INJECT_KEY);
                MEMBERSHIP_KEYS.into_iter().map(move |key| it.clone().key("labels").key(key)).chain([annotation])
            });
            of_one.collect()
        };
        self.inventory.kustomizations().set_any(self.object, keys)
    }

    /// Whether it only shows what the kubelet of a node runs by itself.
    pub(super) fn is_mirror(&self, pod: &PodTemplate<'_>) -> bool {
        self.object.is("", "Pod") && pod.annotations().has(MIRROR_ANNOTATION)
    }

    pub(super) fn decide(
        &self,
        labels: &dyn StringMap,
        annotations: &dyn StringMap,
        host_network: bool,
        proxy: Option<SidecarKind>,
    ) -> Membership {
        let namespace = self.namespace();
        let namespace_labels = self.namespace_labels().map(|labels| labels as &dyn StringMap);
        let is_told = |map: &dyn StringMap| !MEMBERSHIP_KEYS.iter().any(|key| map.value(key).is_some_and(is_filled_in));
        // A placeholder in a file says that somebody decides, not what: as if nobody had told of the namespace.
        let is_final = self.object.source().is_none();
        let all_told = is_final || is_told(labels) && is_told(annotations) && namespace_labels.is_none_or(is_told);
        let namespace_labels = namespace_labels.filter(|_| all_told);
        membership(&PodFacts { namespace, namespace_labels, labels, annotations, host_network, proxy }, self.profile)
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

const NO_LABELS: Strings = Strings::new();

/// The labels, and the deprecated annotation, by which pods join the mesh.
const MEMBERSHIP_KEYS: [&str; 4] = [INJECT_KEY, NAMESPACE_INJECTION_LABEL, REVISION_LABEL, DATAPLANE_MODE_LABEL];

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

/// The membership of a Service by the pods behind it: one in the mesh is enough to be in it, and it is outside only
/// when all pods are. None without pods.
fn together(memberships: &[Membership]) -> Option<Membership> {
    let strength = |membership: &Membership| match membership {
        Membership::Sidecar(_) => 3,
        Membership::Ambient => 2,
        Membership::Unknown => 1,
        Membership::Outside => 0,
    };
    memberships.iter().copied().max_by_key(strength)
}

impl StringMap for Labels<'_> {
    /// The word about injection counts without its quotes too: the API server takes no such pod, so the only one that there
    /// will be has them.
    fn value(&self, key: &str) -> Option<&str> {
        let unquoted = || self.unquoted(key).filter(|_| key == INJECT_KEY);
        self.get(key).or_else(|| unquoted().map(|wanted| if wanted { "true" } else { "false" }))
    }
}
