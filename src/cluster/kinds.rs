//! The kinds that are watched, as data. The chart's ClusterRole grants list and watch of exactly these.
//!
//! Pods and ReplicaSets are not among them: their owners say the same about the pods of a workload, and change far less
//! often.

use kube::api::{ApiResource, GroupVersionKind};

/// A kind of the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchedKind {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// The version that every supported Kubernetes serves.
    pub version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Its name in URLs and in roles.
    pub plural: &'static str,
}

/// The kinds that rules ask about, and those whose pods they speak of.
pub const WATCHED_KINDS: [WatchedKind; 8] = [
    watched("", "Namespace", "namespaces"),
    watched("", "Service", "services"),
    watched("", "ServiceAccount", "serviceaccounts"),
    watched("apps", "Deployment", "deployments"),
    watched("apps", "StatefulSet", "statefulsets"),
    watched("apps", "DaemonSet", "daemonsets"),
    watched("batch", "Job", "jobs"),
    watched("batch", "CronJob", "cronjobs"),
];

const fn watched(group: &'static str, kind: &'static str, plural: &'static str) -> WatchedKind {
    WatchedKind { group, version: "v1", kind, plural }
}

impl WatchedKind {
    /// The `apiVersion` of its objects.
    pub fn api_version(&self) -> String {
        self.resource().api_version
    }

    /// Its resource as roles and `kubectl` name it: `services`, `deployments.apps`.
    pub fn resource_name(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    pub(super) fn resource(&self) -> ApiResource {
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(self.group, self.version, self.kind), self.plural)
    }
}
