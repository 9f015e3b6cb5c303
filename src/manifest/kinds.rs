//! The kinds that carry a pod template, as data: where the template lies, what its pods are for, and what of them the
//! controller of the kind decides. The built-in ones are in [`builtin`], and a platform declares its own.

mod builtin;

use crate::base::Path;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// A kind whose objects make pods.
///
/// Its paths are keys with dots between them, from the top of the object: `spec.template`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkloadKind {
    /// The API group, such as `argoproj.io`; all its versions are meant.
    #[schemars(regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"))]
    #[schemars(title = "an API group such as argoproj.io")]
    pub group: String,
    /// The kind, such as `Rollout`.
    #[schemars(regex(pattern = "^[A-Z][A-Za-z0-9]*$"), title = "a kind such as Rollout")]
    pub kind: String,
    /// Where the pod template is: the map that holds `metadata` and `spec` of the pods. `[*]` behind the key of a list means all its items, each with a template: `spec.replicatedJobs[*].template.spec.template`.
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]*(\[\*\])?(\.[A-Za-z][A-Za-z0-9]*(\[\*\])?)*$"))]
    #[schemars(title = "a path such as spec.template, or spec.jobs[*].template for the items of a list")]
    pub template: String,
    /// Where the label selector of the pods is: what it demands are labels of the pods, although the template may not show them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = "^[A-Za-z][A-Za-z0-9]*([.][A-Za-z][A-Za-z0-9]*)*$"),
        title = "a path such as spec.selector"
    )]
    pub selector: Option<String>,
    /// Where the number of pods is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = "^[A-Za-z][A-Za-z0-9]*([.][A-Za-z][A-Za-z0-9]*)*$"),
        title = "a path such as spec.replicas"
    )]
    pub replicas: Option<String>,
    /// What the pods are for.
    #[serde(default)]
    pub runs: Runs,
    /// What the controller of the kind decides of the pods itself, whatever their template says: rules about it are silent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_by_controller: Vec<PodPart>,
    /// The name of the kind in URLs and roles, where it is not the kind in small letters and an `s`. The chart asks for it, and grants list and watch of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[a-z][a-z0-9]*$"), title = "the name of a resource such as rollouts")]
    pub resource: Option<String>,
}

/// What the pods of a kind are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Runs {
    /// They serve until they are stopped.
    #[default]
    UntilStopped,
    /// They end by themselves.
    ToCompletion,
}

/// A part of pods that the controller of a kind may decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PodPart {
    /// The preStop hooks of the containers.
    PreStop,
    /// The grace period.
    TerminationGracePeriodSeconds,
    /// The readiness probes of the containers.
    ReadinessProbe,
    /// The init containers: the template may have none.
    InitContainers,
    /// The ports of the containers, by containers that the controller adds or by other names.
    Ports,
}

impl PodPart {
    /// The field that holds it, counted from the pod spec or the container.
    pub fn field(self) -> &'static str {
        match self {
            Self::PreStop => "lifecycle.preStop",
            Self::TerminationGracePeriodSeconds => "terminationGracePeriodSeconds",
            Self::ReadinessProbe => "readinessProbe",
            Self::InitContainers => "initContainers",
            Self::Ports => "ports",
        }
    }
}

/// The kinds with a pod template that are known: the built-in ones, and before them those that a platform declares.
#[derive(Debug, Clone, Default)]
pub struct WorkloadKinds(Option<Arc<[WorkloadKind]>>);

impl WorkloadKinds {
    /// The built-in kinds and these; one that is built in too is as it is declared here.
    pub fn declared(kinds: &[WorkloadKind]) -> Self {
        Self((!kinds.is_empty()).then(|| kinds.into()))
    }

    /// The workload kind of a group and kind, if it is one.
    pub fn of(&self, group: &str, kind: &str) -> Option<&WorkloadKind> {
        self.0.iter().flat_map(|kinds| kinds.iter()).chain(builtin::KINDS.iter()).find(|known| known.is(group, kind))
    }

    /// All of them, each once.
    pub fn all(&self) -> impl Iterator<Item = &WorkloadKind> {
        let declared = self.0.as_deref().unwrap_or_default();
        let is_as_built_in = |known: &&WorkloadKind| !declared.iter().any(|it| it.is(&known.group, &known.kind));
        declared.iter().chain(builtin::KINDS.iter().filter(is_as_built_in))
    }
}

impl WorkloadKind {
    /// Whether it is the one of this group and kind.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.kind == kind && self.group == group
    }

    /// The name of the kind in URLs and roles.
    pub fn resource(&self) -> String {
        self.resource.clone().unwrap_or_else(|| format!("{}s", self.kind.to_ascii_lowercase()))
    }

    /// Where the pod templates of an object are; only those that hold a pod spec.
    pub(super) fn templates_in(&self, object: &Value) -> Vec<Path> {
        let mut found = vec![(Path::root(), object)];
        for step in self.template.split('.').filter(|step| !step.is_empty()) {
            found = found.into_iter().flat_map(|(path, value)| taken(step, path, value)).collect();
        }
        let has_spec = |(_, template): &(Path, &Value)| template.get("spec").is_some_and(Value::is_object);
        found.into_iter().filter(has_spec).map(|(path, _)| path).collect()
    }
}

/// What one step of a path leads to: a key, or with `[*]` behind it all items of its list.
fn taken<'v>(step: &str, path: Path, value: &'v Value) -> Vec<(Path, &'v Value)> {
    let (key, is_list) = step.strip_suffix("[*]").map_or((step, false), |key| (key, true));
    let Some(value) = value.get(key) else { return Vec::new() };
    let path = path.key(key);
    if !is_list {
        return vec![(path, value)];
    }
    let items = value.as_array().map_or(&[][..], Vec::as_slice).iter().enumerate();
    items.map(|(index, item)| (path.clone().index(index), item)).collect()
}

/// The group of an `apiVersion`: `apps` of `apps/v1`, empty of `v1`.
pub fn group_of(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

/// The group by which an object is judged: that of its `apiVersion`, but of workloads that were in `extensions` before Kubernetes
/// 1.16 the one that they are in now. They are the same kinds: <https://kubernetes.io/docs/reference/using-api/deprecation-guide/#v1-16>.
pub fn present_group_of<'a>(api_version: &'a str, kind: &str) -> &'a str {
    match group_of(api_version) {
        "extensions" if matches!(kind, "Deployment" | "DaemonSet" | "ReplicaSet") => "apps",
        group => group,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn declared(value: Value) -> WorkloadKind {
        serde_json::from_value(value).unwrap()
    }

    fn templates(template: &str, object: &Value) -> Vec<String> {
        let kind = declared(json!({"group": "a.example.com", "kind": "A", "template": template}));
        kind.templates_in(object).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn templates_are_found_behind_keys_and_in_the_items_of_lists() {
        let pod = json!({"spec": {"containers": []}});
        let object = json!({
            "template": pod, "empty": {"metadata": {}}, "text": "x",
            "jobs": [{"template": pod}, {"name": "none"}, {"template": pod}], "pods": [pod, 7],
        });
        for (template, wanted) in [
            ("template", &["template"][..]),
            ("jobs[*].template", &["jobs[0].template", "jobs[2].template"]),
            ("pods[*]", &["pods[0]"]),
            ("jobs.template", &[]),
            ("template[*]", &[]),
            ("empty", &[]),
            ("text.template", &[]),
            ("gone", &[]),
        ] {
            assert_eq!(templates(template, &object), wanted, "{template}");
        }
    }

    #[test]
    fn a_declared_kind_comes_before_a_built_in_one_of_its_name() {
        let rollout =
            json!({"group": "argoproj.io", "kind": "Rollout", "template": "spec.pods", "runs": "to-completion"});
        let kinds = WorkloadKinds::declared(&[declared(rollout)]);
        let found = |kinds: &WorkloadKinds| kinds.of("argoproj.io", "Rollout").map(|it| it.template.clone());
        assert_eq!(found(&kinds).as_deref(), Some("spec.pods"));
        assert_eq!(found(&WorkloadKinds::default()).as_deref(), Some("spec.template"));
        assert_eq!(kinds.all().count(), WorkloadKinds::default().all().count());
        assert!(kinds.of("apps", "Deployment").is_some() && kinds.of("", "Deployment").is_none());
    }
}
