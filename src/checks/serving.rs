//! Which containers of a pod serve: requests die on them when they stop without notice.
//!
//! A container serves when it has a port that some Service leads to; where the Services are not known, when it
//! declares a port.

use crate::checks::service_port::protocol_of;
use crate::inventory::{Entry, ServiceFacts, Subject};
use crate::manifest::{Container, ContainerPort, ServicePort, Target};
use crate::mesh::{ListenerClass, Protocol};

/// A container that serves, with the protocols of its ports as far as Services or port names tell them.
#[derive(Debug)]
pub struct Serving<'a> {
    /// The container.
    pub container: Container<'a>,
    /// What its callers speak, most demanding first.
    pub callers: Callers,
}

/// What the callers of a container speak, as far as it matters for letting them go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Callers {
    /// TCP or unknown.
    Other,
    /// HTTP: many short requests.
    Http,
    /// gRPC: few long connections.
    Grpc,
}

/// The containers of the pod that serve.
pub fn serving_containers<'a>(subject: &Subject<'a>) -> Vec<Serving<'a>> {
    let Some(pod) = subject.pod() else { return Vec::new() };
    let applications: Vec<Container<'a>> = pod.running_containers().filter(is_application).collect();
    let only = applications.len() == 1;
    let services = subject.services_known().then(|| subject.services());
    let callers = |container: &Container<'a>| match &services {
        Some(services) => callers_by_services(subject, services, container, only),
        None => container.ports().map(|port| callers_by_name(subject, &port)).max(),
    };
    applications
        .into_iter()
        .filter_map(|container| Some(Serving { callers: callers(&container)?, container }))
        .collect()
}

/// Whether a container is the user's own and not the mesh's.
pub fn is_application(container: &Container<'_>) -> bool {
    !matches!(container.name(), "istio-proxy" | "istio-init" | "istio-validation")
}

/// The most demanding callers that a Service brings to one of the container's ports; none if no Service does.
fn callers_by_services(
    subject: &Subject<'_>,
    services: &[&Entry<ServiceFacts>],
    container: &Container<'_>,
    only: bool,
) -> Option<Callers> {
    let ports = services.iter().flat_map(|service| service.facts.ports.iter().map(|port| port.view()));
    let leading_here = ports.filter(|port| leads_to(port, container, only));
    leading_here.map(|port| callers_of(protocol_of(&port, subject.profile.istio_version))).max()
}

/// A number that no container declares leads to the only container there is; with several it could be any of them.
fn leads_to(port: &ServicePort<'_>, container: &Container<'_>, only: bool) -> bool {
    let mut declared = container.ports().filter(|declared| declared.protocol == port.protocol);
    match port.target {
        Target::Name(name) => declared.any(|declared| declared.name == Some(name)),
        Target::Number(number) => only || declared.any(|declared| declared.number == number),
    }
}

/// Without a Service the name of the container port is the only hint.
fn callers_by_name(subject: &Subject<'_>, port: &ContainerPort<'_>) -> Callers {
    let as_service_port = ServicePort {
        index: 0,
        name: port.name,
        number: port.number,
        protocol: port.protocol,
        app_protocol: None,
        target: Target::Number(port.number),
    };
    callers_of(protocol_of(&as_service_port, subject.profile.istio_version))
}

fn callers_of(protocol: Option<Protocol>) -> Callers {
    match protocol {
        Some(Protocol::Grpc | Protocol::GrpcWeb) => Callers::Grpc,
        Some(protocol) if protocol.listener_class() == ListenerClass::Http => Callers::Http,
        _ => Callers::Other,
    }
}
