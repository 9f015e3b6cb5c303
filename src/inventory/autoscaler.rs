//! HorizontalPodAutoscalers as far as others may ask: what they scale.

use crate::base::{ObjectRef, field};
use crate::inventory::shard::{Indexed, Pair};
use crate::manifest::{Object, present_group_of};
use serde_json::Value;

/// What is kept of a HorizontalPodAutoscaler: its `scaleTargetRef`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AutoscalerFacts {
    /// The API group of what it scales: the controller asks for whatever version is preferred.
    pub group: String,
    /// The kind of what it scales.
    pub kind: String,
    /// The name of what it scales, in its own namespace.
    pub name: String,
    /// The most pods that it makes, where it says so.
    pub most: Option<i64>,
}

impl AutoscalerFacts {
    /// The facts of an object, if it is a HorizontalPodAutoscaler; empty where it does not say what it scales.
    pub fn of(object: &Object) -> Option<Self> {
        if !object.is("autoscaling", "HorizontalPodAutoscaler") {
            return None;
        }
        let target = field(object.value(), &["spec", "scaleTargetRef"]);
        let text = |key: &str| target.and_then(|it| it.get(key)).and_then(Value::as_str).unwrap_or("");
        let most = field(object.value(), &["spec", "maxReplicas"]).and_then(Value::as_i64);
        let group = present_group_of(text("apiVersion"), text("kind")).to_owned();
        Some(Self { group, kind: text("kind").to_owned(), name: text("name").to_owned(), most })
    }

    /// Whether it scales this workload of its namespace.
    pub fn scales(&self, workload: &ObjectRef) -> bool {
        let group = || present_group_of(&workload.api_version, &workload.kind);
        self.kind == workload.kind && self.name == workload.name && self.group == group()
    }
}

impl Indexed for AutoscalerFacts {
    const ONE_PAIR_IS_ENOUGH: bool = true;

    /// There are few of them in a namespace: all are looked at.
    fn index_pairs(&self) -> Vec<Pair> {
        Vec::new()
    }
}
