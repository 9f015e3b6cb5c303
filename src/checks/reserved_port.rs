//! `reserved-port`: ports of applications and Services that the mesh uses itself.
//!
//! Source: <https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio>

use crate::base::{Path, PodRepair};
use crate::checks::service_port::protocol_of;
use crate::checks::serving::is_application;
use crate::checks::{Check, NoParams, Observation, bind, schema_of};
use crate::inventory::Subject;
use crate::manifest::{PodTemplate, Service, ServicePort, Target};
use crate::mesh::proxy_config::PROXY_CONFIG_ANNOTATION;
use crate::mesh::reserved_port::ENVOY_METRICS_NAME;
use crate::mesh::{ListenerClass, Membership, ReservedPort, StringMap, Taken, hides_http_services, reserved_port};

/// The check.
pub const CHECK: Check = Check {
    id: "reserved-port",
    summary: "ports of applications and Services that the mesh uses itself",
    cases: &[TAKEN_SOMETIMES],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

/// The mesh takes the port under some settings only.
const TAKEN_SOMETIMES: &str = "takenSometimes";

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    match (subject.pod(), subject.service()) {
        (Some(pod), _) => of_pod(subject, &pod),
        (None, Some(service)) if !service.is_external_name() => of_service(subject, &service),
        _ => Vec::new(),
    }
}

/// The ports that the applications of a pod declare.
fn of_pod(subject: &Subject<'_>, pod: &PodTemplate<'_>) -> Vec<Observation> {
    let mut observations = Vec::new();
    for container in pod.running_containers().filter(is_application) {
        for port in container.ports().filter(|port| port.protocol == TCP) {
            if let Some(reserved) = reserved_port(port.number, subject.membership)
                && !is_moved(reserved, &pod.annotations())
            {
                let path = container.path().key("ports").index(port.index).key("containerPort");
                observations.push(taken(reserved, path));
            }
        }
    }
    observations
}

fn of_service(subject: &Subject<'_>, service: &Service<'_>) -> Vec<Observation> {
    let observe = |port: ServicePort<'_>| {
        let target = || led_to(subject, &port).map(|reserved| taken(reserved, target_path(subject, &port)));
        target().or_else(|| is_hidden(subject, &port).then(|| hidden(&port)))
    };
    service.ports().filter(|port| port.protocol == TCP).filter_map(observe).collect()
}

/// What the proxies listen for. They make no listener for SCTP, and UDP only for DNS.
const TCP: &str = "TCP";

/// The reserved port that a Service port leads to, in vain. A number that the pods declare is said of the pods, and to lead
/// to what answers there for the mesh, such as its metrics, is no mistake.
fn led_to(subject: &Subject<'_>, port: &ServicePort<'_>) -> Option<&'static ReservedPort> {
    let Target::Number(number) = port.target else { return None };
    let reserved = reserved_port(number, subject.membership).filter(|reserved| !reserved.answers)?;
    let explained = subject.workloads().iter().any(|workload| {
        let declared = workload.facts.ports.of_number(number, TCP).next().is_some();
        declared || is_moved(reserved, &workload.facts.pod_annotations)
    });
    (!explained).then_some(reserved)
}

/// Whether an HTTP port of a Service has no listener because of its number. One that leads to the proxy itself is not meant
/// for the mesh.
fn is_hidden(subject: &Subject<'_>, port: &ServicePort<'_>) -> bool {
    let leads_to_proxy = match port.target {
        Target::Number(number) => reserved_port(number, subject.membership).is_some_and(|reserved| reserved.answers),
        Target::Name(name) => name == ENVOY_METRICS_NAME,
    };
    let protocol = protocol_of(port, subject.profile.istio_version);
    hides_http_services(port.number)
        && protocol.is_some_and(|protocol| protocol.listener_class() == ListenerClass::Http)
        && subject.membership != Membership::Ambient
        && !leads_to_proxy
}

/// Whether the annotations of a pod give the mesh another port in the place of this one. A sign is enough for silence.
fn is_moved(reserved: &ReservedPort, annotations: &dyn StringMap) -> bool {
    let has = |(number, key, sign): &(i64, &str, &str)| {
        *number == reserved.number && annotations.value(key).is_some_and(|value| value.contains(sign))
    };
    MOVES.iter().any(has)
}

/// Number, annotation, and a sign in its value. Source: <https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig>
/// and <https://istio.io/latest/docs/reference/config/annotations/>.
const MOVES: [(i64, &str, &str); 6] = [
    (15000, PROXY_CONFIG_ANNOTATION, "proxyAdminPort"),
    (15000, PROXY_CONFIG_ANNOTATION, "proxy_admin_port"),
    (15004, PROXY_CONFIG_ANNOTATION, "PROXY_XDS_DEBUG_VIA_AGENT"),
    (15020, PROXY_CONFIG_ANNOTATION, "statusPort"),
    (15020, PROXY_CONFIG_ANNOTATION, "status_port"),
    (15020, "status.sidecar.istio.io/port", ""),
];

/// The field that says where a Service port leads.
fn target_path(subject: &Subject<'_>, port: &ServicePort<'_>) -> Path {
    let target = port.path().key("targetPort");
    let is_said = target.find(subject.object.value()).is_some_and(|value| value.as_i64().is_some_and(|it| it != 0));
    if is_said { target } else { port.path().key("port") }
}

fn taken(reserved: &ReservedPort, path: Path) -> Observation {
    let ReservedPort { number, purpose, .. } = reserved;
    let (is, case) = match reserved.taken {
        Taken::Always => ("is", None),
        Taken::Sometimes => ("may be", Some(TAKEN_SOMETIMES)),
    };
    let message = format!("{number} {is} the mesh's own port for {purpose} in the pod: want another number at {path}");
    let observation = Observation::new(path, message)
        .help("the application can listen on any number but 15000 to 15008, 15020, 15021, 15053 and 15090")
        .unfixed("where the application listens is decided by its own configuration");
    Observation { case, ..observation }
}

fn hidden(port: &ServicePort<'_>) -> Observation {
    let path = port.path().key("port");
    let message = format!(
        "sidecars listen on {} themselves and give this HTTP port no listener: want another number at {path}",
        port.number
    );
    Observation::new(path, message)
        .help("the targetPort can stay as it is: only the number that callers use is in the way")
        .unfixed("callers name the port by its number")
}
