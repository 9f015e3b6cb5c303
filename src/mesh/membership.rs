//! Is this pod in the mesh, and how?
//!
//! Sources: the webhook's selectors
//! (<https://github.com/istio/istio/blob/master/manifests/charts/istio-control/istio-discovery/templates/mutatingwebhook.yaml>),
//! `injectRequired` in <https://github.com/istio/istio/blob/master/pkg/kube/inject/inject.go>, and for ambient the selectors of the
//! CNI agent (<https://github.com/istio/istio/blob/master/manifests/charts/istio-cni/values.yaml>).

use crate::mesh::injection::{Injection, injection};
use crate::mesh::sidecar::NATIVE_SIDECAR_ANNOTATION;
use crate::mesh::{AssumedMembership, DataPlane, Profile, SidecarKind};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Whether and how a pod takes part in the mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Membership {
    /// It has, or will get, a proxy of its own.
    Sidecar(SidecarKind),
    /// The node's ztunnel carries its traffic; the pod itself is not changed.
    Ambient,
    /// It is not in the mesh.
    Outside,
    /// It cannot be told: say little, refuse nothing.
    Unknown,
}

impl Membership {
    /// The word for it: `sidecar`, `ambient`, `outside` or `unknown`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sidecar(_) => "sidecar",
            Self::Ambient => "ambient",
            Self::Outside => "outside",
            Self::Unknown => "unknown",
        }
    }
}

/// Labels or annotations, wherever they come from.
pub trait StringMap {
    /// The value under this key.
    fn value(&self, key: &str) -> Option<&str>;
}

impl StringMap for BTreeMap<String, String> {
    fn value(&self, key: &str) -> Option<&str> {
        self.get(key).map(String::as_str)
    }
}

/// A map in a manifest. A value that is no string counts as absent: the API server refuses such a manifest anyway.
impl StringMap for Map<String, Value> {
    fn value(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::as_str)
    }
}

/// A pod or pod template, as far as Istio looks at it to decide.
#[derive(Clone, Copy)]
pub struct PodFacts<'a> {
    /// The namespace the pod will be in.
    pub namespace: &'a str,
    /// The labels of that namespace; `None` when nobody has told them, which is not the same as none.
    pub namespace_labels: Option<&'a dyn StringMap>,
    /// The labels of the pod: of a workload, those of the pod template.
    pub labels: &'a dyn StringMap,
    /// The annotations of the pod: of a workload, those of the pod template.
    pub annotations: &'a dyn StringMap,
    /// `spec.hostNetwork`.
    pub host_network: bool,
    /// Where a container `istio-proxy` with an image of its own (not `auto`) is already: among the containers it is classic, among
    /// the init containers native. The annotation `sidecar.istio.io/status` alone proves nothing: Istio removes a stale one and
    /// decides anew.
    pub proxy: Option<SidecarKind>,
}

/// Decides the membership of a pod under the profile of its namespace ([`Profile::for_namespace`]).
///
/// What the pod itself proves comes first, then what the namespace's labels say, then the profile's `dataPlane: ambient` and last
/// `assumeMembership`.
pub fn membership(pod: &PodFacts<'_>, profile: &Profile) -> Membership {
    if let Some(kind) = pod.proxy {
        return Membership::Sidecar(kind);
    }
    // The CNI agent, too, leaves pods on the host's network alone.
    if pod.host_network || profile.data_plane == DataPlane::Outside {
        return Membership::Outside;
    }
    let sidecar = Membership::Sidecar(profile.sidecar_kind(pod.annotations.value(NATIVE_SIDECAR_ANNOTATION)));
    match injection(pod, profile) {
        Injection::Yes => sidecar,
        Injection::No => without_sidecar(pod, profile),
        Injection::Unknown if profile.data_plane == DataPlane::Ambient && !opts_out_of_ambient(pod) => {
            Membership::Ambient
        }
        Injection::Unknown => match profile.assume_membership {
            Some(AssumedMembership::Sidecar) => sidecar,
            Some(AssumedMembership::Ambient) if !opts_out_of_ambient(pod) => Membership::Ambient,
            Some(AssumedMembership::Ambient | AssumedMembership::Outside) => Membership::Outside,
            None => Membership::Unknown,
        },
    }
}

/// The CNI agent enrols a pod that says so, or whose namespace says so unless the pod says no; never one that has a sidecar.
///
/// With unknown namespace labels a pod that gets no sidecar counts as outside unless the profile speaks of ambient: in both cases
/// there is no proxy in it, and outside is the answer that keeps rules silent.
fn without_sidecar(pod: &PodFacts<'_>, profile: &Profile) -> Membership {
    if opts_out_of_ambient(pod) || pod.annotations.value(STATUS_ANNOTATION).is_some() {
        return Membership::Outside;
    }
    let by_profile = profile.data_plane == DataPlane::Ambient
        || pod.namespace_labels.is_none() && profile.assume_membership == Some(AssumedMembership::Ambient);
    let by_labels = |labels: &dyn StringMap| labels.value(DATAPLANE_MODE_LABEL) == Some("ambient");
    if by_profile || by_labels(pod.labels) || pod.namespace_labels.is_some_and(by_labels) {
        Membership::Ambient
    } else {
        Membership::Outside
    }
}

/// On the image in the API of a static Pod. The kubelet runs that Pod from a file of its node and never from the API server, so whatever
/// an injector adds to the image is not there where it runs, and no Pod of anybody else is run with it.
///
/// Sources: <https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/>, `HandlePodAdditions` in
/// <https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/kubelet.go>.
pub const MIRROR_ANNOTATION: &str = "kubernetes.io/config.mirror";

/// Set by the injector; the CNI agent leaves pods that carry it alone.
pub const STATUS_ANNOTATION: &str = "sidecar.istio.io/status";
/// On namespaces and pods: `ambient` enrols, `none` on a pod takes it out again.
pub const DATAPLANE_MODE_LABEL: &str = "istio.io/dataplane-mode";

/// `kube-system` is where the agent itself lives by default, and excluded from capture.
fn opts_out_of_ambient(pod: &PodFacts<'_>) -> bool {
    pod.labels.value(DATAPLANE_MODE_LABEL) == Some("none") || pod.namespace == "kube-system"
}

/// Gateways and Istio's own control plane, which no rule speaks about: by the labels and annotations of the pod (or Service).
///
/// The label key `istio` marks both (`ingressgateway`, `pilot`), as in Istio's own analyzers
/// (<https://github.com/istio/istio/tree/master/pkg/config/analysis/analyzers>).
pub fn is_gateway_or_control_plane(labels: &dyn StringMap, annotations: &dyn StringMap) -> bool {
    // Templates are laid over each other: with `sidecar` among them it is an application with a sidecar.
    let by_template = |templates: &str| {
        let mut names = templates.split(',').map(str::trim);
        let is_other = |name: &str| name.starts_with("gateway") || name.starts_with("grpc-");
        names.clone().any(is_other) && !names.any(|name| name == "sidecar")
    };
    labels.value("gateway.istio.io/managed").is_some()
        || labels.value("istio").is_some()
        || labels.value("release") == Some("istio")
        || annotations.value("inject.istio.io/templates").is_some_and(by_template)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A pod, its namespace and a profile in one JSON value; every key may be absent.
    fn decide(case: &Value) -> Membership {
        let map = |key: &str| case[key].as_object().cloned().unwrap_or_default();
        let (labels, annotations) = (map("labels"), map("annotations"));
        let profile: Profile = serde_json::from_value(Value::Object(map("profile"))).unwrap();
        let pod = PodFacts {
            namespace: case["namespace"].as_str().unwrap_or("shop"),
            namespace_labels: case["namespaceLabels"].as_object().map(|labels| labels as &dyn StringMap),
            labels: &labels,
            annotations: &annotations,
            host_network: case["hostNetwork"] == true,
            proxy: match case["proxy"].as_str() {
                Some("classic") => Some(SidecarKind::Classic),
                Some("native") => Some(SidecarKind::Native),
                _ => None,
            },
        };
        membership(&pod, &profile)
    }

    const CLASSIC: Membership = Membership::Sidecar(SidecarKind::Classic);
    const NATIVE: Membership = Membership::Sidecar(SidecarKind::Native);

    fn check(cases: &[(Value, Membership)]) {
        for (case, wanted) in cases {
            assert_eq!(decide(case), *wanted, "{case}");
        }
    }

    #[test]
    fn what_the_pod_proves_comes_first() {
        let enabled = json!({"istio-injection": "enabled"});
        check(&[
            (json!({"proxy": "classic", "profile": {"dataPlane": "outside"}}), CLASSIC),
            (json!({"proxy": "native", "namespaceLabels": {}}), NATIVE),
            (json!({"hostNetwork": true, "namespaceLabels": enabled}), Membership::Outside),
            (json!({"hostNetwork": true, "labels": {"istio.io/dataplane-mode": "ambient"}}), Membership::Outside),
            (json!({"hostNetwork": true, "profile": {"assumeMembership": "sidecar"}}), Membership::Outside),
            (json!({"namespace": "kube-system", "namespaceLabels": enabled}), Membership::Outside),
        ]);
    }

    #[test]
    fn the_kind_of_sidecar_comes_from_profile_and_annotation() {
        let enabled = json!({"istio-injection": "enabled"});
        let annotation = json!({"sidecar.istio.io/nativeSidecar": "false"});
        check(&[
            (json!({"namespaceLabels": enabled}), NATIVE),
            (json!({"namespaceLabels": enabled, "profile": {"dataPlane": "classic"}}), CLASSIC),
            (json!({"namespaceLabels": enabled, "annotations": annotation}), CLASSIC),
            (json!({"namespaceLabels": enabled, "profile": {"kubernetesVersion": "1.30"}}), CLASSIC),
        ]);
    }

    #[test]
    fn ambient_is_by_label_and_never_beside_a_sidecar() {
        let ambient = json!({"istio.io/dataplane-mode": "ambient"});
        let none = json!({"istio.io/dataplane-mode": "none"});
        let both = json!({"istio.io/dataplane-mode": "ambient", "istio-injection": "enabled"});
        let wants_sidecar = json!({"sidecar.istio.io/inject": "true"});
        let status = json!({"sidecar.istio.io/status": "{}"});
        check(&[
            (json!({"namespaceLabels": ambient}), Membership::Ambient),
            (json!({"namespaceLabels": ambient, "labels": none}), Membership::Outside),
            (json!({"namespaceLabels": ambient, "labels": wants_sidecar}), NATIVE),
            (json!({"namespaceLabels": ambient, "annotations": status}), Membership::Outside),
            (json!({"namespaceLabels": both}), NATIVE),
            (json!({"namespaceLabels": {}, "labels": ambient}), Membership::Ambient),
            (json!({"namespaceLabels": {}, "profile": {"dataPlane": "ambient"}}), Membership::Ambient),
            (json!({"namespaceLabels": {}, "labels": none, "profile": {"dataPlane": "ambient"}}), Membership::Outside),
            (json!({"namespace": "kube-system", "profile": {"dataPlane": "ambient"}}), Membership::Outside),
            (json!({"profile": {"dataPlane": "ambient"}}), Membership::Ambient),
        ]);
    }

    #[test]
    fn without_the_namespaces_labels_only_refusals_are_certain() {
        let inject = |value: &str| json!({"sidecar.istio.io/inject": value});
        check(&[
            (json!({}), Membership::Unknown),
            (json!({"labels": inject("true")}), Membership::Unknown),
            (json!({"labels": {"istio.io/rev": "default"}}), Membership::Unknown),
            (json!({"labels": inject("false")}), Membership::Outside),
            (json!({"annotations": inject("false")}), Membership::Outside),
            (json!({"annotations": inject("false"), "labels": inject("true")}), Membership::Unknown),
            (json!({"labels": inject("false"), "profile": {"dataPlane": "ambient"}}), Membership::Ambient),
        ]);
    }

    #[test]
    fn the_assumption_decides_what_is_unknown_and_nothing_else() {
        let assume = |what: &str| json!({"assumeMembership": what});
        let excluded = json!({"sidecar.istio.io/inject": "false"});
        let none = json!({"istio.io/dataplane-mode": "none"});
        let canary = json!({"istio.io/rev": "canary"});
        check(&[
            (json!({"profile": assume("sidecar")}), NATIVE),
            (json!({"profile": assume("ambient")}), Membership::Ambient),
            (json!({"profile": assume("outside")}), Membership::Outside),
            (json!({"labels": none, "profile": assume("ambient")}), Membership::Outside),
            (json!({"labels": excluded, "profile": assume("sidecar")}), Membership::Outside),
            (json!({"labels": excluded, "profile": assume("ambient")}), Membership::Ambient),
            (json!({"namespaceLabels": {}, "profile": assume("sidecar")}), Membership::Outside),
            (json!({"namespaceLabels": canary}), Membership::Unknown),
            (json!({"namespaceLabels": canary, "profile": assume("sidecar")}), NATIVE),
        ]);
    }

    #[test]
    fn gateways_and_the_control_plane_are_known_by_their_marks() {
        let none = Map::new();
        for (labels, annotations, wanted) in [
            (json!({"istio": "ingressgateway"}), json!({}), true),
            (json!({"istio": "pilot"}), json!({}), true),
            (json!({"release": "istio"}), json!({}), true),
            (json!({"release": "prometheus"}), json!({}), false),
            (json!({"gateway.istio.io/managed": "istio.io-gateway-controller"}), json!({}), true),
            (json!({}), json!({"inject.istio.io/templates": "gateway"}), true),
            (json!({}), json!({"inject.istio.io/templates": "custom, grpc-agent"}), true),
            (json!({}), json!({"inject.istio.io/templates": "sidecar,custom"}), false),
            (json!({}), json!({"inject.istio.io/templates": "grpc-simple, sidecar"}), false),
            (json!({"app": "istio-ingressgateway"}), json!({}), false),
        ] {
            let map = |value: &Value| value.as_object().cloned().unwrap_or(none.clone());
            assert_eq!(
                is_gateway_or_control_plane(&map(&labels), &map(&annotations)),
                wanted,
                "{labels} {annotations}"
            );
        }
    }
}
