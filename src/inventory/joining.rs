//! How the pods of a subject take part in the mesh, and what keeps that from being known: patches of kustomize, placeholders, labels
//! that are no texts.

use crate::base::Path;
use crate::inventory::facts::Strings;
use crate::inventory::istio_container::own_proxy;
use crate::inventory::subject::NO_LABELS;
use crate::inventory::{Entry, Subject, WorkloadFacts};
use crate::manifest::kustomize::{Field, Patch};
use crate::manifest::{Labels, OS_LABELS, Object, PodTemplate, is_filled_in};
use crate::mesh::injection::{
    INJECT_KEY, MAISTRA_MEMBER_LABEL, NAMESPACE_INJECTION_LABEL, NEVER_INJECTED, NEWEST_MAISTRA, REVISION_LABEL,
};
use crate::mesh::membership::{DATAPLANE_MODE_LABEL, MIRROR_ANNOTATION};
use crate::mesh::{DataPlane, Membership, PodFacts, SidecarKind, StringMap, membership};

/// The labels of Namespaces by which pods join a mesh.
const OF_NAMESPACES: [&str; 4] =
    [NAMESPACE_INJECTION_LABEL, REVISION_LABEL, DATAPLANE_MODE_LABEL, MAISTRA_MEMBER_LABEL];

/// The same of pods: the first one is a deprecated annotation too.
const OF_PODS: [&str; 3] = [INJECT_KEY, REVISION_LABEL, DATAPLANE_MODE_LABEL];

/// What of pods decides how they join.
pub(super) struct Joining<'p> {
    pub labels: &'p dyn StringMap,
    pub annotations: &'p dyn StringMap,
    pub host_network: bool,
    pub proxy: Option<SidecarKind>,
    /// Whether they run on Windows, for which Istio has no proxy.
    pub is_windows: bool,
    /// Whether one of the labels is no text.
    pub is_open: bool,
}

impl Subject<'_> {
    /// The membership of the pods of a workload in the same namespace.
    pub(super) fn membership_of(&self, workload: &Entry<WorkloadFacts>) -> Membership {
        let WorkloadFacts { pod_labels, pod_annotations, host_network, proxy, is_windows, is_open, .. } =
            &workload.facts;
        let membership = self.decide(&Joining {
            host_network: *host_network,
            proxy: *proxy,
            is_windows: *is_windows,
            is_open: *is_open,
            ..Joining::of(pod_labels, pod_annotations)
        });
        match &workload.object {
            Some(object) => self.unless_patched(object, *host_network, membership),
            None => membership,
        }
    }

    /// The labels of its namespace as far as they tell how its pods join the mesh; none where nobody tells, and where what is
    /// applied may be something else than what stands there.
    pub fn joining_labels(&self) -> Option<&Strings> {
        struct Open(bool);
        let is_open = |labels: &Strings| {
            self.namespace_entry().is_some_and(|it| it.facts.is_open)
                || self.is_in_maistra()
                || self.patch_of_namespace().is_some()
                || self.inventory.kustomizations().moving(self.object).is_some()
                || self.is_filled_in(labels, &OF_NAMESPACES)
        };
        let labels = self.namespace_labels()?;
        // Asked for each workload behind a Service.
        Some(labels).filter(|_| !self.once(|| Open(is_open(labels))).0)
    }

    /// Whether OpenShift Service Mesh 2 may have taken its namespace in: then Istio's labels there tell nothing.
    pub fn is_in_maistra(&self) -> bool {
        self.namespace_labels().is_some_and(|labels| labels.contains_key(MAISTRA_MEMBER_LABEL))
            || self.inventory.may_be_mesh_member(self.namespace())
    }

    /// Whether that mesh is another one than the profile describes, by its version.
    pub fn is_in_other_mesh(&self) -> bool {
        self.profile.istio_version > NEWEST_MAISTRA && self.is_in_maistra()
    }

    /// What kustomize sets in its Namespace that decides how its pods join.
    pub fn patch_of_namespace(&self) -> Option<(&Patch, &Field)> {
        let namespace = self.namespace_entry()?.object.as_deref()?;
        let keys = || OF_NAMESPACES.map(|key| Path::keys("metadata.labels").key(key)).into();
        self.inventory.kustomizations().setting(namespace, keys)
    }

    pub(super) fn decide_membership(&self) -> Membership {
        if let Some(pod) = self.pod() {
            // What is changed on a mirror, or added to it, changes nothing that runs.
            if self.is_mirror(&pod) {
                return Membership::Outside;
            }
            let (labels, annotations, host_network) = (pod.labels(), pod.annotations(), pod.host_network());
            let (proxy, is_windows) = (own_proxy(&pod), pod.is_windows());
            let joining = Joining { host_network, proxy, is_windows, ..Joining::of_pod(&labels, &annotations) };
            return self.unless_patched(self.object, host_network, self.decide(&joining));
        }
        together(&self.memberships).unwrap_or_else(|| self.decide(&Joining::of(&NO_LABELS, &NO_LABELS)))
    }

    /// Whether it only shows what the kubelet of a node runs by itself.
    pub(super) fn is_mirror(&self, pod: &PodTemplate<'_>) -> bool {
        self.object.is("", "Pod") && pod.annotations().has(MIRROR_ANNOTATION)
    }

    pub(super) fn decide(&self, pods: &Joining<'_>) -> Membership {
        let Joining { labels, annotations, host_network, proxy, is_windows, is_open } = *pods;
        // Whatever asks for a proxy: the one that Istio would put in cannot run there.
        if is_windows {
            return Membership::Outside;
        }
        // Somebody decides, but not what: as if nobody had told of the namespace.
        let is_told = !is_open && !self.is_filled_in(labels, &OF_PODS) && !self.is_filled_in(annotations, &OF_PODS);
        let namespace_labels = self.joining_labels().filter(|_| is_told).map(|labels| labels as &dyn StringMap);
        let namespace = self.namespace();
        membership(&PodFacts { namespace, namespace_labels, labels, annotations, host_network, proxy }, self.profile)
    }

    /// What comes of a workload's membership where kustomize decides about it when the file is applied, in either direction.
    fn unless_patched(&self, object: &Object, host_network: bool, membership: Membership) -> Membership {
        let is_certain = membership == Membership::Outside
            && (self.profile.data_plane == DataPlane::Outside || NEVER_INJECTED.contains(&self.namespace()));
        let keys = || {
            let of_one = |template: &Path| {
                let metadata = template.clone().key("metadata");
                let annotation = metadata.clone().key("annotations").key(INJECT_KEY);
                let labels = OF_PODS.map(|key| metadata.clone().key("labels").key(key));
                let spec = template.clone().key("spec");
                let network = spec.clone().key("hostNetwork");
                let systems = OS_LABELS.map(|label| spec.clone().key("nodeSelector").key(label));
                let systems = systems.into_iter().chain([spec.key("os")]);
                // On the network of their node no label counts.
                let by_labels = labels.into_iter().chain([annotation]).filter(move |_| !host_network);
                by_labels.chain([network]).chain(systems).collect::<Vec<_>>()
            };
            object.templates().iter().flat_map(of_one).collect()
        };
        let is_open = !is_certain && self.inventory.kustomizations().setting(object, keys).is_some();
        if is_open { Membership::Unknown } else { membership }
    }

    /// Whether one of these values is filled in before the file is applied; what is asked at a door is final.
    fn is_filled_in(&self, map: &dyn StringMap, keys: &[&str]) -> bool {
        !self.object.file().is_empty() && keys.iter().any(|key| map.value(key).is_some_and(is_filled_in))
    }
}

impl<'p> Joining<'p> {
    /// Pods on a network of their own, without a proxy that they bring themselves, of which everything is told.
    pub fn of(labels: &'p dyn StringMap, annotations: &'p dyn StringMap) -> Self {
        Self { labels, annotations, host_network: false, proxy: None, is_windows: false, is_open: false }
    }

    /// The same with the labels and annotations of a manifest.
    pub fn of_pod(labels: &'p Labels<'_>, annotations: &'p Labels<'_>) -> Self {
        Self { is_open: pods_are_open(labels), ..Self::of(labels, annotations) }
    }
}

/// Whether a label of a Namespace about the mesh is no text. The API server refuses all of them but null, which it takes for an
/// empty text in a new object, and for the wish to take the label away from one that is there: so the Namespace that there will be says
/// something else than this one.
///
/// Source: <https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/types.go>, where labels are texts, and
/// <https://datatracker.ietf.org/doc/html/rfc7386>.
pub(super) fn namespace_is_open(labels: &Labels<'_>) -> bool {
    OF_NAMESPACES.iter().any(|key| labels.has(key) && labels.get(key).is_none())
}

/// The same of pods. What is meant by a true or false about injection is clear, and an empty text there asks for nothing.
pub(super) fn pods_are_open(labels: &Labels<'_>) -> bool {
    let is_clear = |key: &str| key == INJECT_KEY && (labels.unquoted(key).is_some() || labels.is_null(key));
    OF_PODS.iter().any(|key| labels.has(key) && labels.get(key).is_none() && !is_clear(key))
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
