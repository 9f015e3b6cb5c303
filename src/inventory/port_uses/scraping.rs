//! The objects that look for the endpoints of a Service by the name of the port: monitors, and endpoints by hand.
//!
//! Sources: <https://prometheus-operator.dev/docs/api-reference/api/> and
//! <https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors>.

use crate::inventory::facts::Strings;
use crate::inventory::port_uses::field::Field;
use crate::inventory::port_uses::{Carried, PortKey, PortUse, Requirement, Whom};
use crate::manifest::Labels;
use serde_json::Value;

/// The ports that a ServiceMonitor scrapes, of all Services that it selects. Prometheus speaks HTTP/2 only where TLS has agreed on it.
pub fn of_service_monitor(root: &Field<'_>, namespace: &str) -> Vec<PortUse> {
    let Some(selector) = root.at("spec.selector") else { return Vec::new() };
    let labels: Strings = Labels::of(selector.value.get("matchLabels"))
        .iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let expressions: Vec<Requirement> = selector.items("matchExpressions").filter_map(|it| requirement(&it)).collect();
    let namespaces = selected_namespaces(root, namespace);
    let uses = root.items("spec.endpoints").filter_map(|endpoint| {
        let port = endpoint.get("port")?;
        let is_tls = endpoint.text("scheme").is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
        let carried = if is_tls { Carried::Https } else { Carried::Http1 };
        let (namespaces, labels, expressions) = (namespaces.clone(), labels.clone(), expressions.clone());
        let service = Whom::Selected { namespaces, labels, expressions };
        Some(PortUse::new(service, PortKey::of(port.value)?, port.path).carrying(carried))
    });
    uses.collect()
}

/// Its own namespace where it says nothing; none for all of them.
fn selected_namespaces(root: &Field<'_>, namespace: &str) -> Option<Vec<String>> {
    let any = root.at("spec.namespaceSelector.any").is_some_and(|it| it.value.as_bool() == Some(true));
    let named = root.items("spec.namespaceSelector.matchNames").filter_map(|it| it.value.as_str().map(str::to_owned));
    let mut namespaces: Vec<String> = named.collect();
    if namespaces.is_empty() {
        namespaces.push(namespace.to_owned());
    }
    (!any).then_some(namespaces)
}

fn requirement(field: &Field<'_>) -> Option<Requirement> {
    let values = field.items("values").filter_map(|it| it.value.as_str().map(str::to_owned)).collect();
    Some(Requirement { key: field.text("key")?.to_owned(), operator: field.text("operator")?.to_owned(), values })
}

/// The Alertmanagers that a Prometheus looks for.
pub fn of_prometheus(root: &Field<'_>, namespace: &str) -> Vec<PortUse> {
    let uses = root.items("spec.alerting.alertmanagers").filter_map(|it| {
        let port = it.get("port")?;
        let service = Whom::named(it.text("namespace").unwrap_or(namespace), it.text("name")?);
        Some(PortUse::new(service, PortKey::of(port.value)?, port.path))
    });
    uses.collect()
}

/// The ports of endpoints, which belong to the Service of the same name.
pub fn of_endpoints(root: &Field<'_>, namespace: &str) -> Vec<PortUse> {
    let Some(name) = root.get("metadata").and_then(|metadata| metadata.text("name")) else { return Vec::new() };
    let subsets: Vec<Field<'_>> = root.items("subsets").collect();
    let ports = subsets.iter().flat_map(|subset| subset.items("ports"));
    ports.filter_map(|port| named_port(&port, Whom::named(namespace, name))).collect()
}

/// The same for a slice, which says by a label whose it is.
pub fn of_endpoint_slice(root: &Field<'_>, namespace: &str) -> Vec<PortUse> {
    let labels = root.at("metadata.labels").map_or(&Value::Null, |labels| labels.value);
    let Some(name) = labels.get("kubernetes.io/service-name").and_then(Value::as_str) else { return Vec::new() };
    root.items("ports").filter_map(|port| named_port(&port, Whom::named(namespace, name))).collect()
}

fn named_port(port: &Field<'_>, service: Whom) -> Option<PortUse> {
    let name = port.get("name")?;
    Some(PortUse::new(service, PortKey::of(name.value)?, name.path))
}
