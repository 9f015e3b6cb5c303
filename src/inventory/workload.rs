//! The projection of a workload: what its pods look like to rules about other objects.

use crate::base::{Segment, field};
use crate::inventory::declared_ports::DeclaredPorts;
use crate::inventory::facts::{Strings, owned_pair};
use crate::inventory::istio_container::{image_name, own_proxy};
use crate::inventory::joining::pods_are_open;
use crate::manifest::{Container, ContainerPort, Labels, Object, PodPart, PodTemplate, Probe, ProbeProtocol, Target};
use crate::mesh::injection::INJECT_KEY;
use crate::mesh::{SidecarKind, StringMap};
use serde_json::Value;

/// What is kept of a pod template of a workload: what its pods look like from outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkloadFacts {
    /// Which of several templates of the workload it is, by the names of the items of lists that lead to it; empty where a
    /// kind has but one.
    pub part: String,
    /// Its uid, in the cluster.
    pub uid: Option<String>,
    /// The labels of its pods.
    pub pod_labels: Strings,
    /// Whether one of those about the mesh is no text.
    pub is_open: bool,
    /// The annotations of its pods that the mesh reads.
    pub pod_annotations: Strings,
    /// Whether its pods use the network of their node.
    pub host_network: bool,
    /// Whether its pods run on Windows.
    pub is_windows: bool,
    /// The ServiceAccount that its pods run under.
    pub service_account: String,
    /// The proxy that its pods bring themselves, or were given already.
    pub proxy: Option<SidecarKind>,
    /// The ports that its running containers declare.
    pub ports: DeclaredPorts,
    /// The probes of its running containers that speak a protocol.
    pub probes: Vec<ProbeFacts>,
    /// The images of its running containers by name alone, without registry, folder and tag: `mysql`.
    pub images: Vec<String>,
    /// How many pods it wants, where its kind says so.
    pub replicas: Option<i64>,
    /// Whether its pods end by themselves.
    pub runs_to_completion: bool,
    /// Whether somebody else than Istio is asked to put containers into its pods: those are not in the manifest.
    pub injected_by_others: bool,
}

/// What is kept of a container port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PortFacts {
    /// Its name.
    pub name: Option<String>,
    /// Its number.
    pub number: i64,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// The image of its container, by name alone.
    pub image: String,
}

/// What is kept of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeFacts {
    /// The number of the port that it asks.
    pub port: i64,
    /// What it speaks.
    pub protocol: ProbeProtocol,
    /// The field that holds it: `readinessProbe`.
    pub field: &'static str,
}

impl WorkloadFacts {
    /// The projections of the pod templates of an object.
    pub fn all_of(object: &Object) -> Vec<Self> {
        PodTemplate::all_of(object).map(|pod| Self::of(object, &pod)).collect()
    }

    fn of(object: &Object, pod: &PodTemplate<'_>) -> Self {
        let read_by_mesh = |(key, _): &(&str, &str)| key.contains("istio.io/");
        let labels = pod.labels();
        let unquoted_inject = labels.unquoted(INJECT_KEY).and_then(|_| Some((INJECT_KEY, labels.value(INJECT_KEY)?)));
        Self {
            part: part(object, pod),
            uid: field(object.value(), &["metadata", "uid"]).and_then(Value::as_str).map(str::to_owned),
            pod_labels: pod.known_labels().into_iter().chain(unquoted_inject).map(owned_pair).collect(),
            is_open: pods_are_open(&labels),
            pod_annotations: pod.annotations().iter().filter(read_by_mesh).map(owned_pair).collect(),
            host_network: pod.host_network(),
            is_windows: pod.is_windows(),
            service_account: pod.service_account().to_owned(),
            proxy: own_proxy(pod),
            ports: pod.running_containers().flat_map(|container| ports_of(&container)).collect(),
            probes: pod.running_containers().flat_map(|container| probes_of(&container)).collect(),
            images: pod.running_containers().map(|container| image_name(container.image()).to_owned()).collect(),
            replicas: pod.replicas(),
            runs_to_completion: pod.runs_to_completion(),
            injected_by_others: pod.is_set_by_controller(PodPart::Ports)
                || asks_other_injectors(&pod.annotations())
                || asks_other_injectors(&pod.labels())
                || asks_other_injectors(&object.annotations()),
        }
    }

    /// The number behind a target on these pods: a name is looked up among the declared ports of that transport.
    pub fn resolve(&self, target: Target<'_>, protocol: &str) -> Option<i64> {
        match target {
            Target::Number(number) => Some(number),
            Target::Name(name) => self.ports.named(name, protocol).map(|port| port.number),
        }
    }
}

/// The items of lists that lead to a template, by name, and one without a name by its place.
pub(crate) fn part(object: &Object, template: &PodTemplate<'_>) -> String {
    let mut value = Some(object.value());
    let mut items = Vec::new();
    for segment in template.path().segments() {
        match segment {
            Segment::Key(key) => value = value.and_then(|value| value.get(key.as_ref())),
            Segment::Index(index) => {
                value = value.and_then(|value| value.get(index));
                let name = value.and_then(|item| item.get("name")).and_then(Value::as_str);
                items.push(name.map_or_else(|| index.to_string(), str::to_owned));
            }
        }
    }
    items.join("/")
}

/// Whether labels or annotations ask an injector other than Istio's: Jaeger's agent, the collector of OpenTelemetry, Linkerd,
/// Vault, Consul, Dapr.
fn asks_other_injectors(map: &Labels<'_>) -> bool {
    let is_asked = |value: &str| !matches!(value, "false" | "disabled" | "no");
    let is_other = |key: &str| !key.contains("istio.io/") && (key.contains("inject") || key == "dapr.io/enabled");
    map.iter().any(|(key, value)| is_other(key) && is_asked(value))
}

fn ports_of(container: &Container<'_>) -> Vec<PortFacts> {
    let facts = |port: ContainerPort<'_>| PortFacts {
        name: port.name.map(str::to_owned),
        number: port.number,
        protocol: port.protocol.to_owned(),
        image: image_name(container.image()).to_owned(),
    };
    container.ports().map(facts).collect()
}

fn probes_of(container: &Container<'_>) -> Vec<ProbeFacts> {
    let probes = container.probes();
    let facts = |probe: Probe<'_>| {
        let port = container.probed_port(&probe)?;
        Some(ProbeFacts { port, protocol: probe.protocol, field: probe.field })
    };
    probes.filter_map(facts).collect()
}
