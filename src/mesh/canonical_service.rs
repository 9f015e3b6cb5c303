//! The canonical service of a pod and its revision: what metrics, traces and dashboards of the mesh call it.
//!
//! Each is the value of the first of these labels that the pod has. Without any of them the service is called after the
//! workload, and the revision `latest`. Sources: `nameLabels` and `revisionLabels` in
//! <https://github.com/istio/istio/blob/master/pkg/kube/labels/labels.go>, which ambient reads; the injector's template has the
//! same order and skips labels that are empty:
//! <https://github.com/istio/istio/blob/master/manifests/charts/istio-control/istio-discovery/files/injection-template.yaml>

/// What names the service, in the order in which Istio asks: its own label, the one that Kubernetes recommends, the plain one.
pub const NAME_LABELS: [&str; 3] = ["service.istio.io/canonical-name", "app.kubernetes.io/name", "app"];

/// What names its revision, in the same order and spellings.
pub const REVISION_LABELS: [&str; 3] = ["service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"];
