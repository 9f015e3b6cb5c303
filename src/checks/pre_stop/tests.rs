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
