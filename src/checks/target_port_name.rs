//! `target-port-name`: named targetPorts that no pod behind the Service declares.
//!
//! Kubernetes looks a name up in the ports of each pod, with the transport of the Service port, and leaves a pod without it
//! out of the endpoints. Source: `FindPort` in
//! <https://github.com/kubernetes/kubernetes/blob/master/pkg/api/v1/pod/util.go>.

use crate::base::{Edit, Fix, Path, PodRepair, Reveals, nearest};
use crate::checks::{Check, NoParams, Observation, bind, schema_of, shortened_to};
use crate::inventory::{Entry, Subject, WorkloadFacts};
use crate::manifest::{ServicePort, Target};
use crate::mesh::reserved_port::ENVOY_METRICS_NAME;
use crate::mesh::{Membership, Transport};
use serde_json::Value;
use std::cell::LazyCell;
use std::collections::HashMap;

/// The check.
pub const CHECK: Check = Check {
    id: "target-port-name",
    summary: "named targetPorts that no pod behind the Service declares",
    cases: &[],
    repair: PodRepair::Never,
    schema: schema_of::<NoParams>,
    bind: |params| bind(params, run),
};

fn run(_: &NoParams, subject: &Subject<'_>) -> Vec<Observation> {
    let Some(service) = subject.service().filter(|service| !service.is_external_name()) else { return Vec::new() };
    let Some(backends) = backends(subject) else { return Vec::new() };
    let Some(facts) = subject.service_facts() else { return Vec::new() };
    let declares = |workload: &&Entry<WorkloadFacts>, port: &ServicePort<'_>| {
        workload.facts.resolve(port.target, port.protocol).is_some()
    };
    // What a transport that Kubernetes does not know stands for, nobody can tell: the API server refuses it.
    let is_known = |port: &ServicePort<'_>| Transport::read(Some(port.protocol)).is_some();
    // The copies of a release are many: nobody looks through them for what the nearest ones declare.
    let is_missing = |port: &ServicePort<'_>| is_known(port) && !backends.iter().any(|it| declares(it, port));
    let copies = LazyCell::new(|| subject.inventory.copies_selected(subject.namespace(), facts));
    let (mut found, mut candidates) = (Vec::new(), HashMap::new());
    for port in service.ports().filter(is_missing) {
        let Target::Name(name) = port.target else { continue };
        if !is_declared_by_proxy(subject, name) && !copies.iter().any(|it| declares(it, &port)) {
            let all = || declared_by_all(port.protocol, &backends);
            let known: &Vec<&str> = candidates.entry(port.protocol).or_insert_with(all);
            let meant = if found.len() < MOST_LOOKED_FOR { meant(name, known, &port, &backends) } else { None };
            found.push(dangling(&port, name, &backends, known, meant));
        }
    }
    found
}

/// Ports of one Service, and names of their pods, that are compared with each other to find which is meant. Nobody has as many.
const MOST_LOOKED_FOR: usize = 100;
const MOST_CANDIDATES: usize = 1000;

/// The workloads whose pods serve, if they are all that is to be known of them: no other copy of the Service may be meant
/// by their files, nobody may add containers, and pods that end by themselves are no proof of what serves.
fn backends<'a>(subject: &Subject<'a>) -> Option<Vec<&'a Entry<WorkloadFacts>>> {
    let workloads = subject.workloads();
    let serves = |workload: &Entry<WorkloadFacts>| !workload.facts.runs_to_completion;
    let are_known = workloads.iter().all(|it| !it.facts.injected_by_others && subject.belongs_with_workload(it));
    let backends: Vec<_> = workloads.iter().copied().filter(|workload| serves(workload)).collect();
    (are_known && !backends.is_empty()).then_some(backends)
}

/// The injected proxy brings a port with a name of its own.
fn is_declared_by_proxy(subject: &Subject<'_>, name: &str) -> bool {
    name == ENVOY_METRICS_NAME && matches!(subject.membership, Membership::Sidecar(_) | Membership::Unknown)
}

fn dangling(
    port: &ServicePort<'_>,
    name: &str,
    backends: &[&Entry<WorkloadFacts>],
    candidates: &[&str],
    meant: Option<Value>,
) -> Observation {
    let path = port.path().key("targetPort");
    let whose = match backends {
        [one] => format!("{} {}", one.reference.kind, shortened_to(18, &one.reference.name)),
        several => format!("{} workloads", several.len()),
    };
    let wanted = match &meant {
        Some(Value::String(near)) => shortened_to(15, near),
        Some(number) => format!("the number {number}, without quotes,"),
        None => "a declared name, or a number,".to_owned(),
    };
    let message = format!(
        "no container of {whose} declares {} port {}, so {} leads nowhere: want {wanted} at {path}",
        port.protocol,
        shortened_to(18, name),
        port.number,
    );
    let observation = Observation::new(path.clone(), message).help(help(candidates, port)).beside_others();
    remedied(observation, meant, path)
}

/// The names that all workloads declare for a transport.
fn declared_by_all<'a>(protocol: &str, backends: &[&'a Entry<WorkloadFacts>]) -> Vec<&'a str> {
    let Some((first, rest)) = backends.split_first() else { return Vec::new() };
    let of_first = first.facts.ports.iter().filter(|declared| declared.protocol == protocol);
    let in_all = |name: &&str| rest.iter().all(|workload| workload.facts.ports.named(name, protocol).is_some());
    of_first.filter_map(|declared| declared.name.as_deref()).filter(in_all).collect()
}

/// What the name was most likely meant to be: a number in quotes that all workloads declare, or the one name near to it.
fn meant(name: &str, candidates: &[&str], port: &ServicePort<'_>, backends: &[&Entry<WorkloadFacts>]) -> Option<Value> {
    if let Ok(number) = name.parse::<i64>() {
        let declares = |it: &WorkloadFacts| it.ports.of_number(number, port.protocol).next().is_some();
        return backends.iter().all(|it| declares(&it.facts)).then(|| Value::from(number));
    }
    let are_few = candidates.len() <= MOST_CANDIDATES;
    let is_near = |candidate: &&str| are_few && nearest(name, [*candidate]).is_some();
    let near: Vec<&str> = candidates.iter().copied().filter(is_near).collect();
    match near[..] {
        [only] => Some(Value::from(only)),
        _ => None,
    }
}

fn help(candidates: &[&str], port: &ServicePort<'_>) -> String {
    match candidates {
        [] => format!("no port of the containers has a name for {}: name one, or write its number", port.protocol),
        names => {
            let names: Vec<String> = names.iter().take(5).map(|name| shortened_to(15, name)).collect();
            format!("declared for {}: {}", port.protocol, names.join(", "))
        }
    }
}

fn remedied(observation: Observation, meant: Option<Value>, path: Path) -> Observation {
    let Some(meant) = meant else {
        return observation.unfixed("which port of the containers is meant only its owner knows");
    };
    let title = format!("lead to {}", meant.as_str().map_or_else(|| meant.to_string(), |name| format!("`{name}`")));
    let reason = "it leads to the port that looks most like it, which may not be the one that was meant";
    let fix = Fix::risky(title, reason, vec![Edit::Set { path, value: meant }]);
    // A container that nobody could call is called then, and what it lacks for that it lacked all along.
    observation.fixed_by(fix.revealing(Reveals::Namespace))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Remedy;
    use crate::inventory::Inventory;
    use crate::manifest::Object;
    use crate::mesh::Profile;
    use serde_json::json;
    use std::sync::Arc;

    /// What a Service that leads to a name has for it, before pods that declare these ports: title of the fix and
    /// what the message wants.
    fn advice(target: &str, pods: &[Value]) -> (Option<String>, String) {
        let object = |kind: &str, name: &str, spec: Value| {
            let metadata = json!({"name": name, "labels": {"app": "web"}});
            Object::from_json(json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec})).unwrap()
        };
        let mut inventory = Inventory::default();
        for (number, ports) in pods.iter().enumerate() {
            let spec = json!({"containers": [{"name": "web", "ports": ports}]});
            inventory.add(&Arc::new(object("Pod", &format!("web-{number}"), spec)));
        }
        let ports = json!([{"port": 80, "targetPort": target}]);
        let service = object("Service", "web", json!({"selector": {"app": "web"}, "ports": ports}));
        let profile = Profile::default();
        let observation = run(&NoParams {}, &Subject::new(&service, &inventory, &profile)).remove(0);
        let wanted = observation.message.split(": want ").nth(1).unwrap().to_owned();
        match observation.remedy {
            Remedy::Fix(fix) => (Some(fix.title), wanted),
            Remedy::Unfixed(_) => (None, wanted),
        }
    }

    #[test]
    fn the_one_name_or_number_that_was_meant_is_proposed() {
        let port = |name: &str, number: u16| json!({"name": name, "containerPort": number});
        let (web, http, https) = (port("web", 8080), port("http", 8080), port("https", 8443));
        let udp = json!({"name": "http", "containerPort": 8080, "protocol": "UDP"});
        for (target, pods, fix, wanted) in [
            ("htpp", vec![json!([http, web])], Some("lead to `http`"), "`http`"),
            ("htpp", vec![json!([http]), json!([web, http])], Some("lead to `http`"), "`http`"),
            ("8080", vec![json!([http])], Some("lead to 8080"), "the number 8080, without quotes,"),
            ("htpp", vec![json!([http, https])], Some("lead to `http`"), "`http`"),
            ("httpx", vec![json!([http, https])], None, "a declared name, or a number,"),
            ("htpp", vec![json!([http]), json!([web])], None, "a declared name, or a number,"),
            ("htpp", vec![json!([udp])], None, "a declared name, or a number,"),
            ("8080", vec![json!([udp])], None, "a declared name, or a number,"),
            ("8080", vec![json!([http]), json!([https])], None, "a declared name, or a number,"),
            ("metrics", vec![json!([http])], None, "a declared name, or a number,"),
        ] {
            let (title, said) = advice(target, &pods);
            assert_eq!(title.as_deref(), fix, "{target} {pods:?}");
            assert_eq!(said, format!("{wanted} at spec.ports[0].targetPort"), "{target} {pods:?}");
        }
    }
}
