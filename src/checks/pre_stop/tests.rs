use super::*;
use crate::inventory::Inventory;
use crate::manifest::Object;
use crate::mesh::Profile;
use serde_json::{Value, json};

/// The help of the finding on a pod that serves HTTP.
fn help(params: &Params, profile: Value, grace: i64) -> Option<String> {
    let profile: Profile = serde_json::from_value(profile).unwrap();
    let containers = json!([{"name": "web", "ports": [{"name": "http", "containerPort": 8080}]}]);
    let spec = json!({"terminationGracePeriodSeconds": grace, "containers": containers});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec});
    let (pod, inventory) = (Object::from_json(pod).unwrap(), Inventory::default());
    run(params, &Subject::new(&pod, &inventory, &profile)).pop()?.help
}

#[test]
fn the_help_names_all_that_belongs_together() {
    let sleep = "add `lifecycle: {preStop: {sleep: {seconds: 30}}}`";
    let proxy =
        "; and let the proxy last as long: `terminationDrainDuration: 40s` in the annotation proxy.istio.io/config";
    for (profile, grace, wanted) in [
        (json!({"assumeMembership": "sidecar"}), 30, format!("{sleep}; set `terminationGracePeriodSeconds: 47`")),
        (json!({"assumeMembership": "sidecar"}), 47, sleep.to_owned()),
        (
            json!({"assumeMembership": "sidecar", "dataPlane": "classic"}),
            41,
            format!("{sleep}; set `terminationGracePeriodSeconds: 42`{proxy}"),
        ),
        (
            json!({"assumeMembership": "ambient", "kubernetesVersion": "1.29", "shell": "assume"}),
            60,
            "add `lifecycle: {preStop: {exec: {command: [sleep, \"30\"]}}}`".to_owned(),
        ),
        (
            json!({"assumeMembership": "ambient", "kubernetesVersion": "1.29"}),
            60,
            "add a preStop hook that waits 30s (Kubernetes 1.29 has no sleep action, and the image may lack `sleep`)"
                .to_owned(),
        ),
    ] {
        assert_eq!(help(&Params::default(), profile.clone(), grace), Some(wanted), "{profile} grace {grace}");
    }
}

#[test]
fn a_wait_of_zero_asks_for_none() {
    let params: Params = serde_json::from_value(json!({"drainSeconds": {"http": 0}})).unwrap();
    assert_eq!(help(&params, json!({"assumeMembership": "sidecar"}), 30), None);
}

/// Whether there is a fix for a container that answers with so many neighbours at loopback.
fn is_fixed_beside(neighbours: u16) -> bool {
    let ports: Vec<u16> = (10_001..=10_000 + neighbours).collect();
    let named: Vec<String> = ports.iter().map(|port| format!("localhost:{port}")).collect();
    let web = json!({"name": "web", "args": [named.join(",")], "ports": [{"name": "http", "containerPort": 8080}]});
    let others = ports.iter().map(|port| json!({"name": format!("n{port}"), "args": [port.to_string()]}));
    let containers: Vec<Value> = std::iter::once(web).chain(others).collect();
    let pod =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": containers}});
    let profile: Profile = serde_json::from_value(json!({"assumeMembership": "sidecar"})).unwrap();
    let (pod, inventory) = (Object::from_json(pod).unwrap(), Inventory::default());
    let found = run(&Params::default(), &Subject::new(&pod, &inventory, &profile));
    !found.is_empty() && found.iter().all(|it| it.remedy.fix().is_some())
}

#[test]
fn only_so_many_neighbours_get_hooks_of_one_fix() {
    for (neighbours, wanted) in [(1, true), (1000, true), (1001, false)] {
        assert_eq!(is_fixed_beside(neighbours), wanted, "{neighbours}");
    }
}
