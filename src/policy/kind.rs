//! Kinds of objects, as rules name them.

use crate::manifest::{WorkloadKinds, present_group_of};
use crate::policy::suggest::nearest;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A kind with its API group: `apps/Deployment`; of the core group without one: `Service`. All versions are meant. The one
/// word [`KindName::WORKLOAD`] is every kind with a pod template.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KindName {
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
}

/// A text that is no kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind; write it as Service, apps/Deployment or argoproj.io/Rollout, or Workload")]
pub struct InvalidKind(String);

impl KindName {
    /// Every kind with a pod template, those that a platform declares among them. The core group has no kind of this name.
    pub const WORKLOAD: &str = "Workload";

    /// Whether an object of this `apiVersion` (`v1`, `apps/v1`) and `kind` is meant, where these are the kinds with a pod
    /// template.
    pub fn is(&self, api_version: &str, kind: &str, workloads: &WorkloadKinds) -> bool {
        let group = present_group_of(api_version, kind);
        if self.is_every_workload() {
            return workloads.of(group, kind).is_some();
        }
        self.kind == kind && self.group == group
    }

    /// Whether it is every kind with a pod template.
    pub fn is_every_workload(&self) -> bool {
        self.group.is_empty() && self.kind == Self::WORKLOAD
    }

    /// What is wrong with a kind that no cluster can have, and what was meant if that can be told.
    ///
    /// Only Kubernetes' own groups do without a dot, as CustomResourceDefinitions must have one; so for those groups all kinds are
    /// known: <https://kubernetes.io/docs/reference/kubernetes-api/>.
    pub(crate) fn objection(&self) -> Option<String> {
        let written = self.to_string();
        if self.group.contains('.') || BUILT_IN.contains(&written.as_str()) {
            return None;
        }
        let same_kind = BUILT_IN.into_iter().find(|known| known.rsplit('/').next() == Some(self.kind.as_str()));
        let hint = match same_kind.or_else(|| nearest(&written, BUILT_IN)) {
            Some(meant) => format!("; did you mean `{meant}`?"),
            None => "; a kind of another group is written with it, such as argoproj.io/Rollout".to_owned(),
        };
        let group = if self.group.is_empty() { "the core group" } else { self.group.as_str() };
        Some(format!("{group} has no kind `{}`{hint}", self.kind))
    }
}

/// Kinds of the groups without a dot; those that cannot be applied (reviews, statuses, lists) are left out.
const BUILT_IN: [&str; 27] = [
    "ConfigMap",
    "Endpoints",
    "Event",
    "LimitRange",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodTemplate",
    "ReplicationController",
    "ResourceQuota",
    "Secret",
    "Service",
    "ServiceAccount",
    KindName::WORKLOAD,
    "apps/ControllerRevision",
    "apps/DaemonSet",
    "apps/Deployment",
    "apps/ReplicaSet",
    "apps/StatefulSet",
    "autoscaling/HorizontalPodAutoscaler",
    "batch/CronJob",
    "batch/Job",
    "extensions/Ingress",
    "policy/PodDisruptionBudget",
    "policy/PodSecurityPolicy",
];

impl std::str::FromStr for KindName {
    type Err = InvalidKind;

    fn from_str(text: &str) -> Result<Self, InvalidKind> {
        let (group, kind) = text.split_once('/').unwrap_or(("", text));
        let kind_is_one =
            kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.chars().all(|c| c.is_ascii_alphanumeric());
        let group_is_one =
            group.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-'));
        if !kind_is_one || !group_is_one || text.starts_with('/') {
            return Err(InvalidKind(text.to_owned()));
        }
        Ok(Self { group: group.to_owned(), kind: kind.to_owned() })
    }
}

impl TryFrom<String> for KindName {
    type Error = InvalidKind;

    fn try_from(text: String) -> Result<Self, InvalidKind> {
        text.parse()
    }
}

impl From<KindName> for String {
    fn from(kind: KindName) -> Self {
        kind.to_string()
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() { f.write_str(&self.kind) } else { write!(f, "{}/{}", self.group, self.kind) }
    }
}

impl JsonSchema for KindName {
    fn schema_name() -> Cow<'static, str> {
        "KindName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "a kind such as Service, apps/Deployment or argoproj.io/Rollout, or Workload for all with a pod template",
            "type": "string",
            "pattern": "^([a-z0-9.-]+/)?[A-Z][A-Za-z0-9]*$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> KindName {
        text.parse().unwrap()
    }

    #[test]
    fn names_one_kind_of_one_group_in_all_versions() {
        let cases = [
            ("Service", "v1", "Service", true),
            ("apps/Deployment", "apps/v1", "Deployment", true),
            ("apps/Deployment", "apps/v1beta1", "Deployment", true),
            ("Service", "serving.knative.dev/v1", "Service", false),
            ("apps/Deployment", "extensions/v1beta1", "Deployment", true),
            ("apps/Deployment", "apps/v1", "StatefulSet", false),
            ("Workload", "apps/v1", "StatefulSet", true),
            ("Workload", "v1", "Pod", true),
            ("Workload", "v1", "Service", false),
            ("Workload", "serving.knative.dev/v1", "Service", true),
            ("Workload", "example.com/v1", "Worker", false),
        ];
        for (name, api_version, object_kind, same) in cases {
            let meant = kind(name).is(api_version, object_kind, &WorkloadKinds::default());
            assert_eq!(meant, same, "{name} {api_version} {object_kind}");
        }
    }

    #[test]
    fn refuses_what_is_no_kind() {
        for text in ["", "service", "apps/v1/Deployment", "/Service", "apps/", "Apps/Deployment", "Service*"] {
            assert!(text.parse::<KindName>().is_err(), "{text}");
        }
    }

    #[test]
    fn objects_to_kinds_that_no_cluster_has() {
        let cases = [
            ("Service", None),
            ("batch/Job", None),
            ("argoproj.io/Rollout", None),
            ("Deployment", Some("the core group has no kind `Deployment`; did you mean `apps/Deployment`?")),
            ("app/Deployment", Some("app has no kind `Deployment`; did you mean `apps/Deployment`?")),
            ("Workload", None),
            ("Workloads", Some("the core group has no kind `Workloads`; did you mean `Workload`?")),
            ("Servise", Some("the core group has no kind `Servise`; did you mean `Service`?")),
            (
                "Rollout",
                Some(
                    "the core group has no kind `Rollout`; a kind of another group is written with it, such as argoproj.io/Rollout",
                ),
            ),
        ];
        for (name, objection) in cases {
            assert_eq!(kind(name).objection().as_deref(), objection, "{name}");
        }
    }
}
