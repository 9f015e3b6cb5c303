//! The built-in kinds with a pod template.
//!
//! Sources: <https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/>,
//! <https://github.com/argoproj/argo-rollouts/blob/master/pkg/apis/rollouts/v1alpha1/types.go>,
//! <https://github.com/knative/serving/tree/main/pkg/apis/serving/v1>,
//! <https://github.com/openkruise/kruise/tree/master/apis/apps>,
//! <https://github.com/kubernetes-sigs/jobset/blob/main/api/jobset/v1alpha2/jobset_types.go>.

use super::{PodPart, Runs, WorkloadKind};
use std::sync::LazyLock;

/// All of them.
pub(super) static KINDS: LazyLock<Vec<WorkloadKind>> = LazyLock::new(|| {
    vec![
        workload("", "Pod", ""),
        workload("", "PodTemplate", "template"),
        workload("", "ReplicationController", "spec.template").scaled(),
        workload("apps", "Deployment", "spec.template").scaled(),
        workload("apps", "StatefulSet", "spec.template").scaled(),
        workload("apps", "DaemonSet", "spec.template").selecting(),
        workload("apps", "ReplicaSet", "spec.template").scaled(),
        workload("batch", "Job", "spec.template").ending(),
        workload("batch", "CronJob", "spec.jobTemplate.spec.template").ending(),
        // Without a template where `spec.workloadRef` names another workload: the template of that one counts.
        workload("argoproj.io", "Rollout", "spec.template").scaled(),
        workload(KRUISE, "CloneSet", "spec.template").scaled(),
        workload(KRUISE, "StatefulSet", "spec.template").scaled(),
        workload(KRUISE, "DaemonSet", "spec.template").selecting(),
        workload("jobset.x-k8s.io", "JobSet", "spec.replicatedJobs[*].template.spec.template").ending(),
        workload(KNATIVE, "Service", "spec.template").served_by_knative(),
        workload(KNATIVE, "Configuration", "spec.template").served_by_knative(),
        // Made of a Configuration: its own metadata and spec are those of the pods.
        workload(KNATIVE, "Revision", "").served_by_knative(),
    ]
});

const KRUISE: &str = "apps.kruise.io";
const KNATIVE: &str = "serving.knative.dev";

fn workload(group: &str, kind: &str, template: &str) -> WorkloadKind {
    WorkloadKind {
        group: group.to_owned(),
        kind: kind.to_owned(),
        template: template.to_owned(),
        selector: None,
        replicas: None,
        runs: Runs::UntilStopped,
        set_by_controller: Vec::new(),
        resource: None,
    }
}

impl WorkloadKind {
    fn selecting(self) -> Self {
        Self { selector: Some("spec.selector".to_owned()), ..self }
    }

    fn scaled(self) -> Self {
        Self { replicas: Some("spec.replicas".to_owned()), ..self.selecting() }
    }

    fn ending(self) -> Self {
        Self { runs: Runs::ToCompletion, ..self }
    }

    /// Knative puts its `queue-proxy` beside the containers: it calls them by ports of its own, asks their readiness, lets
    /// their preStop wait for the last request, and takes the grace period from `timeoutSeconds`; what the template says
    /// of it is refused. Source: `makePodSpec` in
    /// <https://github.com/knative/serving/blob/main/pkg/reconciler/revision/resources/deploy.go>, and
    /// <https://github.com/knative/serving/blob/main/pkg/apis/serving/fieldmask.go>.
    fn served_by_knative(self) -> Self {
        use PodPart::{InitContainers, Ports, PreStop, ReadinessProbe, TerminationGracePeriodSeconds};
        let parts = [PreStop, TerminationGracePeriodSeconds, ReadinessProbe, InitContainers, Ports];
        Self { set_by_controller: parts.to_vec(), ..self }
    }
}
