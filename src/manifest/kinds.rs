//! The kinds that carry a pod template, as data: where the template lies and what its pods are for.

/// A kind whose objects make pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkloadKind {
    /// API group; empty for the core group.
    pub group: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Dotted path of the pod template (the map that holds `metadata` and `spec`); empty where the object is the pod.
    pub template: &'static str,
    /// What its pods are for.
    pub runs: Runs,
}

/// What the pods of a kind are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// They serve until they are stopped.
    UntilStopped,
    /// They end by themselves.
    ToCompletion,
}

/// The built-in kinds with a pod template.
pub const WORKLOADS: [WorkloadKind; 8] = [
    workload("", "Pod", "", Runs::UntilStopped),
    workload("apps", "Deployment", "spec.template", Runs::UntilStopped),
    workload("apps", "StatefulSet", "spec.template", Runs::UntilStopped),
    workload("apps", "DaemonSet", "spec.template", Runs::UntilStopped),
    workload("apps", "ReplicaSet", "spec.template", Runs::UntilStopped),
    workload("", "ReplicationController", "spec.template", Runs::UntilStopped),
    workload("batch", "Job", "spec.template", Runs::ToCompletion),
    workload("batch", "CronJob", "spec.jobTemplate.spec.template", Runs::ToCompletion),
];

const fn workload(group: &'static str, kind: &'static str, template: &'static str, runs: Runs) -> WorkloadKind {
    WorkloadKind { group, kind, template, runs }
}

impl WorkloadKind {
    /// The workload kind of a group and kind, if it is one.
    pub fn of(group: &str, kind: &str) -> Option<&'static WorkloadKind> {
        WORKLOADS.iter().find(|known| known.group == group && known.kind == kind)
    }

    /// The keys that lead to the pod template.
    pub fn template_keys(&self) -> impl Iterator<Item = &'static str> {
        self.template.split('.').filter(|key| !key.is_empty())
    }
}

/// The group of an `apiVersion`: `apps` of `apps/v1`, empty of `v1`.
pub fn group_of(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}
