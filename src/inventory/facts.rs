//! The projections: of each object only what a rule about *another* object may ask. Those of workloads stand in
//! [`workload`](super::workload).

use crate::base::field;
use crate::inventory::joining::namespace_is_open;
use crate::manifest::{Labels, Service, ServicePort, Target};
use crate::mesh::ServiceAddress;
use serde_json::Value;
use std::collections::BTreeMap;

/// A map of strings, owned.
pub type Strings = BTreeMap<String, String>;

/// What is kept of a Namespace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamespaceFacts {
    /// Its labels.
    pub labels: Strings,
    /// Whether one of them about the mesh is no text, so that nobody knows how its pods join.
    pub is_open: bool,
}

/// What is kept of a ServiceAccount.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceAccountFacts {
    /// Its annotations.
    pub annotations: Strings,
}

/// What is kept of a Service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceFacts {
    /// The labels it selects by; empty where it selects no pods.
    pub selector: Strings,
    /// Its own labels: some mark Services of gateways and of the control plane.
    pub labels: Strings,
    /// Whether it is an alias of a name outside.
    pub external_name: bool,
    /// Whether it is headless: its pods are called by their own addresses.
    pub headless: bool,
    /// Whether a load balancer outside of the cluster leads to it.
    pub load_balancer: bool,
    /// Its ports.
    pub ports: Vec<ServicePortFacts>,
}

/// What is kept of a Service port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePortFacts {
    /// Its place in `spec.ports`.
    pub index: usize,
    /// Its name.
    pub name: Option<String>,
    /// Its number.
    pub number: i64,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// `appProtocol` where it is set.
    pub app_protocol: Option<String>,
    /// What it leads to on the pod.
    pub target: TargetFacts,
}

/// The target of a Service port, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetFacts {
    /// A port number of the pod.
    Number(i64),
    /// A port name that the containers declare.
    Name(String),
}

impl NamespaceFacts {
    /// The projection of a Namespace.
    pub fn of(value: &Value) -> Self {
        let labels = Labels::of(field(value, &["metadata", "labels"]));
        Self { labels: owned(labels), is_open: namespace_is_open(&labels) }
    }
}

impl ServiceAccountFacts {
    /// The projection of a ServiceAccount.
    pub fn of(value: &Value) -> Self {
        Self { annotations: owned(Labels::of(field(value, &["metadata", "annotations"]))) }
    }
}

impl ServiceFacts {
    /// The projection of a Service.
    pub fn of(value: &Value) -> Self {
        let service = Service::of_value(value);
        Self {
            selector: owned(service.selector()),
            labels: owned(Labels::of(field(value, &["metadata", "labels"]))),
            external_name: service.is_external_name(),
            headless: service.is_headless(),
            load_balancer: service.is_load_balancer(),
            ports: service.ports().map(ServicePortFacts::of).collect(),
        }
    }

    /// How it is reached.
    pub fn address(&self) -> ServiceAddress {
        match (self.external_name, self.headless) {
            (true, _) => ServiceAddress::ExternalName,
            (false, true) => ServiceAddress::Headless,
            (false, false) => ServiceAddress::ClusterIp,
        }
    }

    /// Whether it selects pods with these labels. A Service without selector selects none.
    pub fn selects<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        !self.selector.is_empty()
            && !self.external_name
            && self.selector.iter().all(|(key, value)| label(key) == Some(value))
    }
}

impl ServicePortFacts {
    /// The port as it is read from a manifest.
    pub fn view(&self) -> ServicePort<'_> {
        ServicePort {
            index: self.index,
            name: self.name.as_deref(),
            number: self.number,
            protocol: &self.protocol,
            app_protocol: self.app_protocol.as_deref(),
            target: match &self.target {
                TargetFacts::Number(number) => Target::Number(*number),
                TargetFacts::Name(name) => Target::Name(name),
            },
        }
    }

    fn of(port: ServicePort<'_>) -> Self {
        Self {
            index: port.index,
            name: port.name.map(str::to_owned),
            number: port.number,
            protocol: port.protocol.to_owned(),
            app_protocol: port.app_protocol.map(str::to_owned),
            target: match port.target {
                Target::Number(number) => TargetFacts::Number(number),
                Target::Name(name) => TargetFacts::Name(name.to_owned()),
            },
        }
    }
}

fn owned(labels: Labels<'_>) -> Strings {
    labels.iter().map(owned_pair).collect()
}

pub(super) fn owned_pair((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}
