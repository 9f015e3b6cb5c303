//! `autoscaler-metric`: HorizontalPodAutoscalers that average over the proxy as over the application.
//!
//! A metric of type Resource adds up all containers of a pod, the injected one too; ContainerResource asks for one. Source:
//! <https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/#container-resource-metrics>

use crate::base::{Edit, Fix, Path, PodRepair};
use crate::checks::serving::is_application;
use crate::checks::{Check, NoParams, Observation, bind, schema_of, shortened_to};
use crate::inventory::Subject;
use crate::manifest::PodTemplate;
use crate::mesh::{Membership, Version};
use serde_json::{Value, json};
use std::borrow::Cow;

/// The check.
pub const CHECK: Check = Check {
    id: "autoscaler-metric",
    summary: "HorizontalPodAutoscalers that average over the proxy as over the application",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

/// From here on ContainerResource is switched on:
/// <https://github.com/kubernetes/enhancements/tree/master/keps/sig-autoscaling/1610-container-resource-autoscaling>.
const KUBERNETES_WITH_CONTAINER_METRICS: Version = Version::new(1, 27);

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let is_injected = |membership| matches!(membership, Membership::Sidecar(_) | Membership::Unknown);
    if !subject.workloads_with_membership().any(|(_, membership)| is_injected(membership))
        || !subject.object.is("autoscaling", "HorizontalPodAutoscaler")
        || subject.profile.kubernetes_version < KUBERNETES_WITH_CONTAINER_METRICS
    {
        return Vec::new();
    }
    let averages = if subject.object.reference().api_version == "autoscaling/v1" {
        of_first_version(subject)
    } else {
        of_metrics(subject)
    };
    averages.into_iter().map(|average| average.observe(subject)).collect()
}

/// A metric that averages over all containers.
struct Average<'a> {
    path: Path,
    resource: Cow<'a, str>,
    /// `spec.metrics[n].resource`, or what the API server puts there; none where the API has no other metric.
    source: Option<Value>,
}

/// `autoscaling/v1` has one metric: cpu, of all containers. Others stand in an annotation; without any of them all, cpu at 80 % is the
/// metric, as in later versions.
///
/// Source: `Convert_v1_HorizontalPodAutoscaler_To_autoscaling_HorizontalPodAutoscaler` in
/// <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/autoscaling/v1/conversion.go>.
fn of_first_version<'a>(subject: &Subject<'a>) -> Vec<Average<'a>> {
    let value = subject.object.value();
    let average = |path: Path, resource: String| Average { path, resource: resource.into(), source: None };
    let target = Path::keys("spec.targetCPUUtilizationPercentage");
    let by_target = match target.find(value).filter(|it| !it.is_null()) {
        Some(percentage) if percentage.is_i64() => Some(average(target, "cpu".to_owned())),
        // What it is to be nobody knows.
        Some(_) => return Vec::new(),
        None => None,
    };
    let annotation = Path::keys("metadata.annotations").key(METRICS_ANNOTATION);
    let text = annotation.find(value).filter(|it| !it.is_null());
    let metrics: Option<Vec<Value>> = text.map_or(Some(Vec::new()), |it| serde_json::from_str(it.as_str()?).ok());
    let Some(metrics) = metrics else { return by_target.into_iter().collect() };
    if metrics.is_empty() && by_target.is_none() {
        return vec![average(Path::keys("spec"), "cpu".to_owned())];
    }
    let resource_of =
        |it: &Value| it.get("resource").filter(|_| it["type"] == "Resource")?["name"].as_str().map(str::to_owned);
    let annotated = metrics.iter().find_map(resource_of).map(|resource| average(annotation, resource));
    by_target.into_iter().chain(annotated).collect()
}

/// Where `autoscaling/v1` keeps the metrics that it has no field for.
const METRICS_ANNOTATION: &str = "autoscaling.alpha.kubernetes.io/metrics";

fn of_metrics<'a>(subject: &Subject<'a>) -> Vec<Average<'a>> {
    let list = Path::keys("spec.metrics");
    let metrics = list.find(subject.object.value()).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if metrics.is_empty() {
        // What the API server makes of none: `SetDefaults_HorizontalPodAutoscaler` in
        // https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/autoscaling/v2/defaults.go.
        let source = json!({"name": "cpu", "target": {"type": UTILIZATION, "averageUtilization": 80}});
        return vec![Average { path: list, resource: "cpu".into(), source: Some(source) }];
    }
    let of_metric = |(index, metric): (usize, &'a Value)| {
        let source = metric.get("resource").filter(|_| metric.get("type") == Some(&json!("Resource")))?;
        let resource = source.get("name").and_then(Value::as_str)?;
        Some(Average { path: list.clone().index(index), resource: resource.into(), source: Some(source.clone()) })
    };
    metrics.iter().enumerate().filter_map(of_metric).collect()
}

const UTILIZATION: &str = "Utilization";

impl Average<'_> {
    fn observe(&self, subject: &Subject<'_>) -> Observation {
        let (path, resource) = (&self.path, shortened_to(20, &self.resource));
        let message =
            format!("{resource} of the proxy counts here as that of the application: want ContainerResource at {path}");
        Observation::new(path.clone(), message)
            .help("a ContainerResource metric names the container that counts; with several metrics the largest answer wins")
            .remedied_by(self.fix(subject))
    }

    fn fix(&self, subject: &Subject<'_>) -> Result<Fix, String> {
        let Some(mut source) = self.source.clone() else {
            return Err("autoscaling/v1 has no such metric: write the object as autoscaling/v2".to_owned());
        };
        let container = only_application(subject)?;
        let target = source.pointer("/target/type").and_then(Value::as_str);
        let is_share = target == Some(UTILIZATION) || source.get("targetAverageUtilization").is_some();
        if let Some(source) = source.as_object_mut() {
            source.insert("container".to_owned(), container.as_str().into());
        }
        let metric = json!({"type": "ContainerResource", "containerResource": source});
        let value = if self.path == Path::keys("spec.metrics") { json!([metric]) } else { metric };
        let edits = vec![Edit::set(self.path.clone(), value)];
        let title = format!("let {} of {} alone count", shortened_to(20, &self.resource), shortened_to(40, &container));
        Ok(if is_share {
            Fix::safe(title, edits)
        } else {
            Fix::risky(title, "the amount may have been chosen for the application and its proxy together", edits)
        })
    }
}

/// The one container of the scaled pods beside the proxy.
fn only_application(subject: &Subject<'_>) -> Result<String, String> {
    let object = subject.workloads().first().and_then(|workload| workload.object.as_deref());
    let pod = object.and_then(PodTemplate::of).ok_or("the containers of the pods are not known here")?;
    let mut applications = pod.running_containers().filter(is_application).map(|container| container.name());
    match (applications.next(), applications.next()) {
        (Some(only), None) if !only.is_empty() => Ok(only.to_owned()),
        _ => Err("which of the containers is to count only their owner knows".to_owned()),
    }
}
