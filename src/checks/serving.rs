//! Which containers of a pod serve: requests die on them when they stop without notice.
//!
//! A container serves when it has a port that some Service leads to; where the Services are not known, when it
//! declares a port.

use crate::checks::service_port::protocol_of;
use crate::inventory::{ServicePortFacts, Subject};
use crate::manifest::{ByContainer, Container, ContainerPort, PodTemplate, Role, ServicePort, Target};
use crate::mesh::{ListenerClass, Membership, Protocol, reserved_port};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

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
    let known = known_callers(subject, &pod);
    let serving = |container| Some(Serving { callers: known.of(&container)?, container });
    pod.running_containers().filter_map(serving).collect()
}

/// What the callers of each container of a pod speak: those of containers that serve. Several rules ask.
pub struct KnownCallers(ByContainer<Option<Callers>>);

impl KnownCallers {
    /// Those of a container of the pod; none where it does not serve.
    pub fn of(&self, container: &Container<'_>) -> Option<Callers> {
        self.0.get(container).copied().flatten()
    }
}

/// What the callers of the containers of the subject's pod speak.
pub fn known_callers(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Arc<KnownCallers> {
    let is_own = |it: &Container<'_>| it.role() != Role::Init && is_application(it);
    subject.once(|| {
        let only = pod.running_containers().filter(is_application).take(2).count() == 1;
        let leads = subject.services_known().then(|| Leads::of(subject));
        let callers = |container: &Container<'_>| match &leads {
            Some(leads) => leads.callers(subject, container, only),
            None => container.ports().map(|port| callers_by_name(subject, &port)).max(),
        };
        KnownCallers(ByContainer::of(pod, |it| callers(it).filter(|_| is_own(it))))
    })
}

/// Whether a container is the user's own and not the mesh's.
pub fn is_application(container: &Container<'_>) -> bool {
    !matches!(container.name(), "istio-proxy" | "istio-init" | "istio-validation")
}

/// What the Services of a pod bring to it, by where their ports lead: a pod may have a thousand containers, and a Service a
/// thousand ports.
struct Leads<'a> {
    by_target: HashMap<(Target<'a>, &'a str), Lead>,
    /// The same of all numbers on which the proxy does not answer.
    to_any_number: Lead,
}

/// What the Service ports with one target say of their callers.
#[derive(Debug, Clone, Copy, Default)]
struct Lead {
    /// The most demanding ones that the Service ports themselves tell of.
    told: Option<Callers>,
    /// Whether a Service port says nothing, so that the port of the container is asked.
    is_unclear: bool,
}

impl<'a> Leads<'a> {
    fn of(subject: &Subject<'a>) -> Self {
        let mut leads = Self { by_target: HashMap::new(), to_any_number: Lead::default() };
        let services = subject.services().iter().copied();
        for port in services.flat_map(|service| service.facts.ports.iter().map(ServicePortFacts::view)) {
            let protocol = protocol_of(&port, subject.profile.istio_version);
            leads.by_target.entry((port.target, port.protocol)).or_default().add(protocol);
            // The proxy listens on ports of its own without declaring them in the manifest.
            if matches!(port.target, Target::Number(number) if !is_answered_by_proxy(number)) {
                leads.to_any_number.add(protocol);
            }
        }
        leads
    }

    /// The most demanding callers that a Service brings to one of the container's ports; none if no Service does. A number that
    /// no container declares leads to the only container there is; with several it could be any of them.
    fn callers(&self, subject: &Subject<'_>, container: &Container<'_>, only: bool) -> Option<Callers> {
        let mut found = if only { self.to_any_number.callers(|| Callers::Other) } else { None };
        let mut seen = HashSet::new();
        for port in container.ports() {
            let targets = [Some(Target::Number(port.number)), port.name.map(Target::Name)];
            for target in targets.into_iter().flatten() {
                // Of several ports of one number the first is meant.
                if let Some(lead) = self.by_target.get(&(target, port.protocol))
                    && seen.insert((target, port.protocol))
                {
                    found = found.max(lead.callers(|| callers_by_name(subject, &port)));
                }
            }
        }
        found
    }
}

impl Lead {
    fn add(&mut self, protocol: Option<Protocol>) {
        match protocol {
            Some(Protocol::Unsupported) => self.is_unclear = true,
            protocol => self.told = self.told.max(Some(callers_of(protocol))),
        }
    }

    fn callers(&self, unclear: impl FnOnce() -> Callers) -> Option<Callers> {
        self.told.max(self.is_unclear.then(unclear))
    }
}

/// Whether the proxy of a sidecar listens on a port and answers there: no application does.
pub fn is_answered_by_proxy(number: i64) -> bool {
    reserved_port(number, Membership::Unknown).is_some_and(|reserved| reserved.answers)
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
        // Not for the proxy, which sees TLS; but those who call speak HTTP, and are let go as slowly.
        Some(Protocol::Https) => Callers::Http,
        Some(protocol) if protocol.listener_class() == ListenerClass::Http => Callers::Http,
        _ => Callers::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::mesh::Profile;
    use serde_json::{Value, json};
    use std::sync::Arc;

    /// The containers of a pod that serve, with their callers, where these Service ports lead to it.
    fn serving(spec: &Value, service_ports: &[Value]) -> Vec<(String, Callers)> {
        let object = |kind: &str, spec: &Value| {
            let metadata = json!({"name": "web", "namespace": "shop", "labels": {"app": "web"}});
            Object::from_json(json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec})).unwrap()
        };
        let mut inventory = Inventory::default();
        if !service_ports.is_empty() {
            let spec = json!({"selector": {"app": "web"}, "ports": service_ports});
            inventory.add(&Arc::new(object("Service", &spec)));
        }
        let (pod, profile) = (object("Pod", spec), Profile::default());
        let found = serving_containers(&Subject::new(&pod, &inventory, &profile));
        found.into_iter().map(|it| (it.container.name().to_owned(), it.callers)).collect()
    }

    fn container(name: &str, ports: &Value) -> Value {
        json!({"name": name, "ports": ports})
    }

    #[test]
    fn a_service_leads_to_containers_by_name_number_and_transport() {
        let declared =
            json!([{"name": "web", "containerPort": 8080}, {"name": "dns", "containerPort": 53, "protocol": "UDP"}]);
        let (web, idle) = (container("web", &declared), container("idle", &json!([])));
        let (one, two) = (json!({"containers": [web]}), json!({"containers": [web, idle]}));
        for (spec, port, callers) in [
            (&one, json!({"port": 80, "targetPort": "web"}), Some(Callers::Other)),
            (&one, json!({"port": 80, "targetPort": "web", "protocol": "UDP"}), None),
            (&one, json!({"port": 80, "targetPort": "api"}), None),
            (&one, json!({"port": 80, "targetPort": "8080"}), None),
            (&one, json!({"port": 80, "targetPort": "dns", "protocol": "UDP"}), Some(Callers::Other)),
            (&two, json!({"port": 80, "targetPort": 8080, "name": "http"}), Some(Callers::Http)),
            (&two, json!({"port": 8080, "name": "grpc"}), Some(Callers::Grpc)),
            (&two, json!({"port": 80, "name": "http"}), None),
            (&two, json!({"port": 8080, "protocol": "UDP"}), None),
            (&one, json!({"port": 80, "name": "http"}), Some(Callers::Http)),
            (&one, json!({"port": 15020, "name": "http-metrics"}), None),
            (&one, json!({"port": 9090, "targetPort": 15090, "name": "http-envoy"}), None),
        ] {
            let wanted: Vec<_> = callers.into_iter().map(|callers| ("web".to_owned(), callers)).collect();
            assert_eq!(serving(spec, std::slice::from_ref(&port)), wanted, "{port} to {spec}");
        }
    }

    #[test]
    fn the_most_demanding_callers_count() {
        let spec = json!({"containers": [container("web", &json!([]))]});
        let ports = [("tcp", 1), ("grpc", 2), ("http", 3)].map(|(name, port)| json!({"name": name, "port": port}));
        assert_eq!(serving(&spec, &ports), [("web".to_owned(), Callers::Grpc)]);
        assert_eq!(serving(&spec, &[ports[0].clone(), ports[2].clone()]), [("web".to_owned(), Callers::Http)]);
    }

    #[test]
    fn without_services_those_serve_that_declare_a_port() {
        let spec = json!({
            "containers": [
                container("web", &json!([{"containerPort": 8080}, {"name": "grpc-api", "containerPort": 9090}])),
                container("idle", &json!([])),
                container("istio-proxy", &json!([{"containerPort": 15090}])),
            ],
            "initContainers": [
                {"name": "cache", "restartPolicy": "Always", "ports": [{"containerPort": 6379}]},
                container("setup", &json!([{"containerPort": 1}])),
            ],
        });
        let wanted = [("web".to_owned(), Callers::Grpc), ("cache".to_owned(), Callers::Other)];
        assert_eq!(serving(&spec, &[]), wanted);
    }
}
