//! An object as policies see it when it is admitted: a workload itself, and the Pods that are made from its template.

use crate::base::Path;
use crate::inventory::Subject;
use crate::manifest::Labels;

/// The field that policies set.
pub const GRACE: &str = "terminationGracePeriodSeconds";

/// What is admitted.
#[derive(Debug, Clone)]
pub struct Admitted<'a> {
    /// `apps/v1`, `v1`.
    pub api_version: &'a str,
    /// `Deployment`, `Pod`.
    pub kind: &'a str,
    /// None for the Pods of a workload: their names are made up.
    pub name: Option<&'a str>,
    /// None where the manifest does not tell it.
    pub namespace: Option<&'a str>,
    /// The labels of its namespace, where they are known.
    pub namespace_labels: Option<Vec<(&'a str, &'a str)>>,
    /// Its grace period in seconds. The API server has filled in its default before any policy is asked.
    pub grace: i64,
    /// Where its pod spec is.
    pub spec: Path,
    labels: Labels<'a>,
    is_made: bool,
}

/// What is known of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label<'a> {
    /// It is there.
    Value(&'a str),
    /// It is not there.
    Absent,
    /// It may be added afterwards.
    Unknown,
}

impl<'a> Admitted<'a> {
    /// The workload, and the Pods made for it; of a Pod only itself.
    pub fn all_of(workload: &Subject<'a>) -> Vec<Self> {
        let Some(pod) = workload.pod() else { return Vec::new() };
        let reference = workload.object.reference();
        let strings = |(key, value)| (String::as_str(key), String::as_str(value));
        let itself = Self {
            api_version: &reference.api_version,
            kind: &reference.kind,
            name: Some(reference.name.as_str()).filter(|name| !name.is_empty()),
            namespace: reference.namespace.as_deref(),
            namespace_labels: workload.namespace_labels().map(|labels| labels.iter().map(strings).collect()),
            grace: pod.grace_period(),
            spec: pod.spec_path(),
            labels: workload.object.labels(),
            is_made: false,
        };
        if workload.object.is("", "Pod") {
            return vec![itself];
        }
        let (spec, labels) = (Path::keys("spec"), pod.labels());
        let made = Self { api_version: "v1", kind: "Pod", name: None, spec, labels, is_made: true, ..itself.clone() };
        vec![itself, made]
    }

    /// The field that policies set.
    pub fn field(&self) -> Path {
        self.spec.clone().key(GRACE)
    }

    /// One of its labels.
    pub fn label(&self, key: &str) -> Label<'a> {
        match self.labels.get(key) {
            Some(value) => Label::Value(value),
            None if self.is_made && is_given_to_pods(key) => Label::Unknown,
            None => Label::Absent,
        }
    }

    /// A label of its namespace. The API server gives each its name.
    pub fn namespace_label(&self, key: &str) -> Label<'a> {
        match (key, &self.namespace_labels) {
            ("kubernetes.io/metadata.name", _) => self.namespace.map_or(Label::Unknown, Label::Value),
            (_, None) => Label::Unknown,
            (_, Some(labels)) => {
                labels.iter().find(|(it, _)| *it == key).map_or(Label::Absent, |(_, value)| Label::Value(value))
            }
        }
    }
}

/// Whether controllers give their Pods such a label.
fn is_given_to_pods(key: &str) -> bool {
    const PLAIN: [&str; 5] =
        ["pod-template-hash", "controller-revision-hash", "pod-template-generation", "controller-uid", "job-name"];
    key.contains('/') || PLAIN.contains(&key)
}
