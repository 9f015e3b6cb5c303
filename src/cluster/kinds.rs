//! The kinds that are watched. The chart's ClusterRole grants list and watch of exactly these.
//!
//! Pods and ReplicaSets are not among them: their owners say the same about the pods of a workload, and change far less
//! often.

use crate::manifest::{WorkloadKind, WorkloadKinds};
use kube::api::{ApiResource, GroupVersionKind};

/// A kind of the API server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedKind {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Its name in URLs and in roles.
    pub plural: String,
}

/// Group, kind and plural of the kinds of Kubernetes that rules ask about, or whose pods they speak of. Every supported
/// version serves them as [`VERSION`].
const OWN: [(&str, &str, &str); 8] = [
    ("", "Namespace", "namespaces"),
    ("", "Service", "services"),
    ("", "ServiceAccount", "serviceaccounts"),
    ("apps", "Deployment", "deployments"),
    ("apps", "StatefulSet", "statefulsets"),
    ("apps", "DaemonSet", "daemonsets"),
    ("batch", "Job", "jobs"),
    ("batch", "CronJob", "cronjobs"),
];

const VERSION: &str = "v1";

/// The kinds to watch: those of Kubernetes, and of these workloads those that are no part of it.
pub fn watched_kinds(workloads: &WorkloadKinds) -> Vec<WatchedKind> {
    let own = OWN.map(|(group, kind, plural)| WatchedKind {
        group: group.to_owned(),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    });
    let watched =
        |it: &WorkloadKind| WatchedKind { group: it.group.clone(), kind: it.kind.clone(), plural: it.resource() };
    own.into_iter().chain(workloads.all().map(watched).filter(WatchedKind::is_custom)).collect()
}

impl WatchedKind {
    /// Whether it is no part of Kubernetes: the API server may not have it, and it may come and go. Only Kubernetes' own groups
    /// do without a dot.
    pub fn is_custom(&self) -> bool {
        self.group.contains('.')
    }

    /// How it is called in logs and metrics: `Deployment`, `argoproj.io/Rollout`.
    pub fn name(&self) -> String {
        if self.is_custom() { format!("{}/{}", self.group, self.kind) } else { self.kind.clone() }
    }

    /// The `apiVersion` of its objects; of a custom one in whatever version, as none is ever asked for.
    pub fn api_version(&self) -> String {
        self.resource().api_version
    }

    /// Its resource as roles and `kubectl` name it: `services`, `deployments.apps`.
    pub fn resource_name(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    pub(super) fn resource(&self) -> ApiResource {
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(&self.group, VERSION, &self.kind), &self.plural)
    }
}
