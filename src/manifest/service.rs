//! A Service as the rules read it. Values of a wrong type count as absent: the API server refuses them.

use crate::base::Path;
use crate::manifest::{Labels, Object};
use serde_json::Value;

/// A Service.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    spec: &'a Value,
}

/// A port of a Service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServicePort<'a> {
    /// Its place in `spec.ports`, from 0.
    pub index: usize,
    /// Its name.
    pub name: Option<&'a str>,
    /// Its number.
    pub number: i64,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: &'a str,
    /// `appProtocol` where it is set, even to an empty text: Istio goes by its presence.
    pub app_protocol: Option<&'a str>,
    /// What it leads to on the pod.
    pub target: Target<'a>,
}

/// The target of a Service port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target<'a> {
    /// A port number of the pod; the Service's own number where no targetPort is set.
    Number(i64),
    /// A port that the pod's containers declare by this name.
    Name(&'a str),
}

impl<'a> Service<'a> {
    /// The Service of an object, if it is one.
    pub fn of(object: &'a Object) -> Option<Self> {
        object.is("", "Service").then(|| Self::of_value(object.value()))
    }

    /// The Service of a value that is known to be one.
    pub fn of_value(value: &'a Value) -> Self {
        Self { spec: value.get("spec").unwrap_or(&Value::Null) }
    }

    /// The labels that its pods carry; empty where it selects none.
    pub fn selector(&self) -> Labels<'a> {
        Labels::of(self.spec.get("selector"))
    }

    /// Whether it is of type ExternalName: an alias, with no pods of its own.
    pub fn is_external_name(&self) -> bool {
        self.spec.get("type").and_then(Value::as_str) == Some("ExternalName")
    }

    /// Whether it is of type LoadBalancer.
    pub fn is_load_balancer(&self) -> bool {
        self.spec.get("type").and_then(Value::as_str) == Some("LoadBalancer")
    }

    /// Whether it is headless: `clusterIP: None`.
    pub fn is_headless(&self) -> bool {
        self.spec.get("clusterIP").and_then(Value::as_str) == Some("None")
    }

    /// Its ports; one without a number is left out.
    pub fn ports(&self) -> impl Iterator<Item = ServicePort<'a>> + use<'a> {
        let ports = self.spec.get("ports").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        ports.iter().enumerate().filter_map(|(index, port)| ServicePort::of(index, port))
    }
}

impl<'a> ServicePort<'a> {
    fn of(index: usize, port: &'a Value) -> Option<Self> {
        let text = |key| port.get(key).and_then(Value::as_str);
        let number = port.get("port").and_then(Value::as_i64)?;
        Some(Self {
            index,
            name: text("name").filter(|name| !name.is_empty()),
            number,
            protocol: text("protocol").filter(|protocol| !protocol.is_empty()).unwrap_or("TCP"),
            app_protocol: text("appProtocol"),
            target: Target::of(port.get("targetPort"), number),
        })
    }

    /// Its path inside the object.
    pub fn path(&self) -> Path {
        Path::keys("spec.ports").index(self.index)
    }

    /// How people call it: by name, else by number.
    pub fn label(&self) -> String {
        self.name.map_or_else(|| self.number.to_string(), str::to_owned)
    }
}

impl<'a> Target<'a> {
    /// Absent, zero and empty stand for the Service's own port number. Digits in a text are a name too: that is how
    /// endpoints are looked up.
    fn of(value: Option<&'a Value>, port: i64) -> Self {
        match value {
            Some(Value::String(name)) if !name.is_empty() => Target::Name(name),
            Some(Value::Number(number)) => Target::Number(number.as_i64().filter(|n| *n != 0).unwrap_or(port)),
            _ => Target::Number(port),
        }
    }
}
