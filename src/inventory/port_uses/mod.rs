//! What other objects say about the ports of Services: routes that lead to a port, and whoever knows a port by its name.
//!
//! One small projection for many kinds, read from files only: nothing of it is watched in a cluster. It says what is
//! written where, and judges nothing. A kind that is not read here may still refer to a port.

mod field;
mod index;
mod ingress;
mod routes;
mod scraping;

pub use index::{NearUse, PortUses};

use crate::base::Path;
use crate::inventory::facts::Strings;
use crate::manifest::Object;
use field::Field;
use serde_json::Value;

/// A place of an object that is about a port of a Service.
#[derive(Debug, Clone, PartialEq)]
pub struct PortUse {
    /// Whose port.
    pub service: Whom,
    /// Which port of it.
    pub port: PortKey,
    /// Where that is said, inside of the object.
    pub field: Path,
    /// What comes to the port that way, of a route or a monitor.
    pub carries: Option<Carried>,
}

/// The Services that a place is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Whom {
    /// One, by its name.
    Named {
        /// Its namespace, or an empty text where no manifest says one.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// Those with certain labels.
    Selected {
        /// In these namespaces; none for all of them.
        namespaces: Option<Vec<String>>,
        /// With these labels.
        labels: Strings,
        /// And for which these hold.
        expressions: Vec<Requirement>,
    },
}

/// A requirement of a label selector.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    key: String,
    operator: String,
    values: Vec<String>,
}

/// How a place names a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortKey {
    /// By its name.
    Name(String),
    /// By its number.
    Number(i64),
    /// Not at all: it is the only one of the Service.
    Only,
    /// Not at all: each of the Service is meant.
    Each,
}

/// What a route or a monitor brings to a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Carried {
    /// Requests of HTTP, of whatever version.
    Http,
    /// Requests of HTTP/1 for metrics.
    Http1,
    /// The same over TLS.
    Https,
    /// Calls of gRPC.
    Grpc,
    /// Connections with TLS that nobody has ended on the way.
    Tls,
    /// Connections, as bytes.
    Bytes,
}

/// All places of an object that are about ports of Services; none for kinds that are not read.
pub fn uses_of(object: &Object) -> Vec<PortUse> {
    let namespace = object.reference().namespace.as_deref().unwrap_or("");
    let (root, kind) = (Field::root(object.value()), object.kind());
    match object.group() {
        "networking.istio.io" if kind == "VirtualService" => routes::of_virtual_service(&root, namespace),
        "gateway.networking.k8s.io" => routes::of_gateway_api(&root, kind, namespace),
        "networking.k8s.io" | "extensions" if kind == "Ingress" => ingress::of_ingress(&root, namespace),
        "route.openshift.io" if kind == "Route" => ingress::of_openshift_route(&root, namespace),
        "traefik.io" | "traefik.containo.us" => ingress::of_traefik(&root, namespace),
        "monitoring.coreos.com" if kind == "ServiceMonitor" => scraping::of_service_monitor(&root, namespace),
        "monitoring.coreos.com" if kind == "Prometheus" => scraping::of_prometheus(&root, namespace),
        "" if kind == "Endpoints" => scraping::of_endpoints(&root, namespace),
        "discovery.k8s.io" if kind == "EndpointSlice" => scraping::of_endpoint_slice(&root, namespace),
        _ => Vec::new(),
    }
}

impl PortUse {
    /// A use of a named Service.
    fn new(service: Whom, port: PortKey, field: Path) -> Self {
        Self { service, port, field, carries: None }
    }

    fn carrying(self, carried: Carried) -> Self {
        Self { carries: Some(carried), ..self }
    }
}

impl Whom {
    fn named(namespace: &str, name: &str) -> Self {
        Self::Named { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// Whether a Service of this namespace and name, with these labels, is meant.
    pub fn is<'a>(&self, in_namespace: &str, called: &str, label: &dyn Fn(&str) -> Option<&'a str>) -> bool {
        match self {
            Self::Named { namespace, name } => namespace == in_namespace && name == called,
            Self::Selected { namespaces, labels, expressions } => {
                namespaces.as_ref().is_none_or(|named| named.iter().any(|it| it == in_namespace))
                    && labels.iter().all(|(key, value)| label(key) == Some(value))
                    && expressions.iter().all(|requirement| requirement.holds(label(&requirement.key)))
            }
        }
    }
}

impl Requirement {
    /// Whether it holds for the value of its label. An operator that Kubernetes does not know holds for none.
    fn holds(&self, value: Option<&str>) -> bool {
        let is_listed = || value.is_some_and(|value| self.values.iter().any(|it| it == value));
        match &*self.operator {
            "In" => is_listed(),
            "NotIn" => !is_listed(),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    }
}

impl PortKey {
    /// A name or a number, as Kubernetes writes either into one field.
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(name) if !name.is_empty() => Some(Self::Name(name.clone())),
            Value::Number(number) => number.as_i64().map(Self::Number),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
