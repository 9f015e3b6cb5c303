//! Who made an object: its controller, as its `ownerReferences` name it, and what stands behind that.
//!
//! Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/>. Anybody may write such a
//! reference, so by itself it proves nothing.

use crate::base::{ObjectRef, field};
use crate::manifest::kinds::group_of;
use crate::manifest::{Labels, Object};
use serde::Deserialize;
use serde_json::Value;

/// The controller that an object names in its `ownerReferences`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Owner {
    /// `apps/v1`, ...
    pub api_version: String,
    /// `ReplicaSet`, ...
    pub kind: String,
    /// Its name, in the namespace of the object.
    pub name: String,
    /// Its uid.
    pub uid: String,
    controller: Option<bool>,
}

impl Owner {
    /// The controller that an object names, if it names one.
    pub fn of(object: &Object) -> Option<Self> {
        let references = field(object.value(), &["metadata", "ownerReferences"]).and_then(Value::as_array)?;
        Self::controller(references.iter().filter_map(|reference| Self::deserialize(reference).ok()))
    }

    /// The one of several owners that controls the object. The API server allows no second one.
    pub fn controller(owners: impl IntoIterator<Item = Self>) -> Option<Self> {
        owners.into_iter().find(|owner| owner.controller == Some(true))
    }

    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        group_of(&self.api_version)
    }

    /// The kinds of objects that a Pod of this owner may go back to, as `apiVersion` and kind: its own, and those whose
    /// controllers make such owners.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, &str)> {
        let behind = MAKERS.iter().filter(|maker| maker.makes == (self.group(), self.kind.as_str()));
        std::iter::once((self.api_version.as_str(), self.kind.as_str())).chain(behind.map(|maker| maker.kind))
    }

    /// The workloads that a Pod of this owner may belong to: the owner, and those that the name of the owner goes back to.
    pub fn workloads(&self, pod: &Object) -> Vec<ObjectRef> {
        let named = |(api_version, kind): (&str, &str), name: &str| ObjectRef {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: pod.reference().namespace.clone(),
            name: name.to_owned(),
        };
        let behind = MAKERS.iter().filter(|maker| maker.makes == (self.group(), self.kind.as_str()));
        let behind = behind.filter_map(|maker| Some(named(maker.kind, (maker.name)(&self.name, &pod.labels())?)));
        std::iter::once(named((&self.api_version, &self.kind), &self.name)).chain(behind).collect()
    }
}

/// A kind whose controller makes the owners of pods.
struct Maker {
    /// `apiVersion` and kind.
    kind: (&'static str, &'static str),
    /// The group and kind that it makes.
    makes: (&'static str, &'static str),
    /// Its name, by the name of what it made and the labels of the pod.
    name: for<'a> fn(&'a str, &Labels<'a>) -> Option<&'a str>,
}

const REPLICA_SET: (&str, &str) = ("apps", "ReplicaSet");
const JOB: (&str, &str) = ("batch", "Job");

/// Sources of the labels of those that are no part of Kubernetes:
/// <https://github.com/argoproj/argo-rollouts/blob/master/pkg/apis/rollouts/v1alpha1/types.go>,
/// <https://github.com/knative/serving/blob/main/pkg/apis/serving/register.go>,
/// <https://github.com/kubernetes-sigs/jobset/blob/main/api/jobset/v1alpha2/jobset_types.go>.
const MAKERS: [Maker; 6] = [
    Maker {
        kind: ("apps/v1", "Deployment"),
        makes: REPLICA_SET,
        name: |name, labels| before_hash(name, labels.get("pod-template-hash")),
    },
    Maker {
        kind: ("argoproj.io/v1alpha1", "Rollout"),
        makes: REPLICA_SET,
        name: |name, labels| before_hash(name, labels.get("rollouts-pod-template-hash")),
    },
    Maker {
        kind: ("serving.knative.dev/v1", "Service"),
        makes: REPLICA_SET,
        name: |_, labels| labels.get("serving.knative.dev/service"),
    },
    Maker {
        kind: ("serving.knative.dev/v1", "Configuration"),
        makes: REPLICA_SET,
        name: |_, labels| labels.get("serving.knative.dev/configuration"),
    },
    Maker { kind: ("batch/v1", "CronJob"), makes: JOB, name: |name, _| before_minutes(name) },
    Maker {
        kind: ("jobset.x-k8s.io/v1alpha2", "JobSet"),
        makes: JOB,
        name: |_, labels| labels.get("jobset.sigs.k8s.io/jobset-name"),
    },
];

/// `web` of the ReplicaSet `web-6f7d9c`, whose pods are labelled with the hash.
fn before_hash<'a>(name: &'a str, hash: Option<&str>) -> Option<&'a str> {
    let rest = name.strip_suffix(hash.filter(|hash| !hash.is_empty())?)?;
    rest.strip_suffix('-').filter(|rest| !rest.is_empty())
}

/// `nightly` of the Job `nightly-29012345`: the minutes since 1970 at which it was due.
fn before_minutes(name: &str) -> Option<&str> {
    let (rest, minutes) = name.rsplit_once('-')?;
    let is_number = !minutes.is_empty() && minutes.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(references: &Value, labels: &Value) -> Object {
        let metadata = json!({"name": "web-1-x", "namespace": "shop", "labels": labels, "ownerReferences": references});
        Object::from_json(json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {}})).unwrap()
    }

    #[test]
    fn only_the_controller_among_the_owners_counts() {
        let reference = |kind: &str, controller: Value| json!({"kind": kind, "name": "a", "controller": controller});
        for (references, kind) in [
            (json!([reference("Deployment", json!(false)), reference("ReplicaSet", json!(true))]), Some("ReplicaSet")),
            (json!([reference("ReplicaSet", Value::Null)]), None),
            (json!([reference("ReplicaSet", json!("true"))]), None),
            (json!({}), None),
            (Value::Null, None),
        ] {
            let owner = Owner::of(&pod(&references, &json!({})));
            assert_eq!(owner.map(|owner| owner.kind).as_deref(), kind, "{references}");
        }
    }

    #[test]
    fn a_pod_goes_back_to_the_workload_that_people_wrote() {
        let hash = json!({"pod-template-hash": "6f7d9c"});
        let rollout = json!({"rollouts-pod-template-hash": "6f7d9c"});
        let knative = json!({"serving.knative.dev/service": "web", "serving.knative.dev/configuration": "web"});
        let job_set = json!({"jobset.sigs.k8s.io/jobset-name": "train"});
        for (api_version, kind, name, labels, kinds, workloads) in [
            (
                "apps/v1",
                "ReplicaSet",
                "web-6f7d9c",
                &hash,
                "ReplicaSet Deployment Rollout Service Configuration",
                "web-6f7d9c web",
            ),
            (
                "apps/v1",
                "ReplicaSet",
                "web-6f7d9c",
                &rollout,
                "ReplicaSet Deployment Rollout Service Configuration",
                "web-6f7d9c web",
            ),
            (
                "apps/v1",
                "ReplicaSet",
                "web6f7d9c",
                &hash,
                "ReplicaSet Deployment Rollout Service Configuration",
                "web6f7d9c",
            ),
            (
                "apps/v1",
                "ReplicaSet",
                "-6f7d9c",
                &hash,
                "ReplicaSet Deployment Rollout Service Configuration",
                "-6f7d9c",
            ),
            (
                "apps/v1",
                "ReplicaSet",
                "web-6f7d9c",
                &json!({}),
                "ReplicaSet Deployment Rollout Service Configuration",
                "web-6f7d9c",
            ),
            ("batch/v1", "Job", "nightly-29012345", &hash, "Job CronJob JobSet", "nightly-29012345 nightly"),
            (
                "apps/v1",
                "ReplicaSet",
                "web-00001-deployment-6f",
                &knative,
                "ReplicaSet Deployment Rollout Service Configuration",
                "web-00001-deployment-6f web web",
            ),
            (
                "batch/v1",
                "Job",
                "train-workers-0",
                &job_set,
                "Job CronJob JobSet",
                "train-workers-0 train-workers train",
            ),
            ("batch/v1", "Job", "nightly-run", &hash, "Job CronJob JobSet", "nightly-run"),
            ("apps/v1", "StatefulSet", "web-1", &hash, "StatefulSet", "web-1"),
            ("mine.example.com/v1", "Job", "nightly-29012345", &hash, "Job", "nightly-29012345"),
        ] {
            let reference = json!({"apiVersion": api_version, "kind": kind, "name": name, "controller": true});
            let pod = pod(&json!([reference]), labels);
            let owner = Owner::of(&pod).unwrap();
            assert_eq!(
                owner.kinds().map(|(_, kind)| kind).collect::<Vec<_>>().join(" "),
                kinds,
                "{api_version} {name}"
            );
            let names: Vec<String> = owner.workloads(&pod).into_iter().map(|it| it.name).collect();
            assert_eq!(names.join(" "), workloads, "{api_version} {name}");
        }
    }
}
