//! The routes of Istio and of the Gateway API.
//!
//! Sources: <https://istio.io/latest/docs/reference/config/networking/virtual-service/> and
//! <https://gateway-api.sigs.k8s.io/reference/spec/>.

use crate::inventory::port_uses::field::Field;
use crate::inventory::port_uses::{Carried, PortKey, PortUse, Whom};

/// The destinations of a VirtualService, those that are only mirrored to among them.
pub fn of_virtual_service(root: &Field<'_>, namespace: &str) -> Vec<PortUse> {
    let lists = [("spec.http", Carried::Http), ("spec.tls", Carried::Tls), ("spec.tcp", Carried::Bytes)];
    let mut uses = Vec::new();
    for (list, carried) in lists {
        for rule in root.items(list) {
            let weighted = rule.items("route").chain(rule.items("mirrors")).filter_map(|it| it.get("destination"));
            let destinations = weighted.chain(rule.get("mirror"));
            uses.extend(destinations.filter_map(|it| destination(&it, namespace)).map(|it| it.carrying(carried)));
        }
    }
    uses
}

/// The port is a number; old manifests have a name. Without one it is the only port of the Service.
fn destination(destination: &Field<'_>, namespace: &str) -> Option<PortUse> {
    let service = service_of_host(destination.text("host")?, namespace)?;
    let Some(port) = destination.get("port") else {
        return Some(PortUse::new(service, PortKey::Only, destination.path.clone().key("host")));
    };
    let said = ["number", "name"].into_iter().find_map(|key| port.get(key))?;
    Some(PortUse::new(service, PortKey::of(said.value)?, said.path))
}

/// The Service behind a host: a name without dots in the namespace of the route, or the full name in any cluster domain.
/// Whatever else has dots is a host outside, `web.shop` too. Source: `ResolveShortnameToFQDN` in
/// <https://github.com/istio/istio/blob/master/pkg/config/model/egress.go> and its neighbours.
fn service_of_host(host: &str, namespace: &str) -> Option<Whom> {
    let mut parts = host.split('.');
    match (parts.next()?, parts.next(), parts.next(), parts.next()) {
        ("" | "*", ..) => None,
        (name, None, ..) => Some(Whom::named(namespace, name)),
        (name, Some(namespace), Some("svc"), Some(_)) => Some(Whom::named(namespace, name)),
        _ => None,
    }
}

/// The Services that routes lead to or are for, and those that a policy is about.
pub fn of_gateway_api(root: &Field<'_>, kind: &str, namespace: &str) -> Vec<PortUse> {
    let carried = match kind {
        "HTTPRoute" => Carried::Http,
        "GRPCRoute" => Carried::Grpc,
        // A listener may end the TLS, so that only bytes are left.
        "TLSRoute" | "TCPRoute" => Carried::Bytes,
        "BackendTLSPolicy" => return of_policy(root, namespace),
        _ => return Vec::new(),
    };
    let parents = root.items("spec.parentRefs").filter(|it| it.text("kind") == Some("Service"));
    let rules: Vec<Field<'_>> = root.items("spec.rules").collect();
    let backends = rules.iter().flat_map(|rule| rule.items("backendRefs"));
    let filters = rules.iter().flat_map(|rule| rule.items("filters"));
    let mirrors = filters.filter_map(|filter| filter.at("requestMirror.backendRef"));
    let references = parents.chain(backends).chain(mirrors);
    references.filter_map(|it| reference(&it, namespace)).map(|it| it.carrying(carried)).collect()
}

/// A port by number; of a Service that a route is for also by name.
fn reference(reference: &Field<'_>, namespace: &str) -> Option<PortUse> {
    if reference.text("group").is_some() || reference.text("kind").is_some_and(|kind| kind != "Service") {
        return None;
    }
    let service = Whom::named(reference.text("namespace").unwrap_or(namespace), reference.text("name")?);
    let port = ["port", "sectionName"].into_iter().find_map(|key| reference.get(key))?;
    Some(PortUse::new(service, PortKey::of(port.value)?, port.path))
}

/// The section of a Service is a port, by its name; without one all are meant. They speak TLS, whatever a route says.
fn of_policy(root: &Field<'_>, namespace: &str) -> Vec<PortUse> {
    let targets = root.items("spec.targetRefs").filter(|it| it.text("kind") == Some("Service"));
    let uses = targets.filter_map(|it| {
        let each = || Some(PortUse::new(Whom::named(namespace, it.text("name")?), PortKey::Each, it.path.clone()));
        Some(reference(&it, namespace).or_else(each)?.carrying(Carried::Tls))
    });
    uses.collect()
}
