use super::*;
use crate::base::Remedy;
use crate::inventory::Inventory;
use crate::manifest::Object;
use crate::mesh::Profile;
use serde_json::{Value, json};

/// The field and the remedy of each observation on a pod.
fn found(profile: &Value, spec: &Value) -> Vec<(String, String)> {
    let pod =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec});
    let (pod, inventory) = (Object::from_json(pod).unwrap(), Inventory::default());
    let profile: Profile = serde_json::from_value(profile.clone()).unwrap();
    let observations = run(&NoParams {}, &Subject::new(&pod, &inventory, &profile));
    let remedy = |remedy| match remedy {
        Remedy::Fix(fix) => format!("{}: {}", fix.safety, fix.title),
        Remedy::Unfixed(reason) => reason,
    };
    let field =
        |path: Path| path.to_string().rsplit_once("lifecycle").map_or("", |it| it.1).trim_start_matches('.').to_owned();
    observations.into_iter().map(|it| (field(it.path), remedy(it.remedy))).collect()
}

fn one(profile: &Value, grace: Option<i64>, lifecycle: &Value) -> Option<(String, String)> {
    let mut spec = json!({"containers": [{"name": "web", "lifecycle": lifecycle}]});
    spec["terminationGracePeriodSeconds"] = grace.map_or(Value::Null, Value::from);
    let mut all = found(profile, &spec);
    assert!(all.len() <= 1, "{all:?}");
    all.pop()
}

#[test]
fn a_sleep_has_to_fit_into_the_grace_period_in_force() {
    let (today, before) = (json!({}), json!({"kubernetesVersion": "1.32"}));
    for (profile, grace, lifecycle, wanted) in [
        (&today, None, json!({"preStop": {"sleep": {"seconds": 30}}}), None),
        (&today, None, json!({"preStop": {"sleep": {"seconds": 31}}}), Some("safe: raise the grace period to 48s")),
        (&today, Some(31), json!({"preStop": {"sleep": {"seconds": 31}}}), None),
        (
            &today,
            Some(600),
            json!({"preStop": {"sleep": {"seconds": 601}}}),
            Some("618s is beyond the 600s that are reasonable: shorten the preStop or the shutdown"),
        ),
        (
            &today,
            Some(0),
            json!({"preStop": {"sleep": {"seconds": 1}}}),
            Some("without a grace period nothing is waited for: set one, or drop the hook"),
        ),
        (&today, Some(-9), json!({"preStop": {"sleep": {"seconds": 1}}}), None),
        (
            &today,
            Some(-9),
            json!({"preStop": {"sleep": {"seconds": 2}}}),
            Some("without a grace period nothing is waited for: set one, or drop the hook"),
        ),
        (&today, Some(0), json!({"preStop": {"sleep": {"seconds": 0}}}), None),
        (&today, None, json!({"preStop": {"sleep": {}}}), None),
        (&today, None, json!({"preStop": {"sleep": {"seconds": "31"}}}), None),
        (
            &today,
            None,
            json!({"preStop": {"sleep": {"seconds": -1}}}),
            Some("how long the wait is to be only its owner knows"),
        ),
        (&before, None, json!({"preStop": {"sleep": {}}}), Some("how long the wait is to be only its owner knows")),
        (&before, Some(0), json!({"preStop": {"sleep": {}}}), Some("how long the wait is to be only its owner knows")),
        (&before, None, json!({"preStop": {"sleep": {"seconds": 1}}}), None),
    ] {
        let remedy = one(profile, grace, &lifecycle).map(|(field, remedy)| {
            assert_eq!(field, "preStop.sleep.seconds");
            remedy
        });
        assert_eq!(remedy.as_deref(), wanted, "{profile} {grace:?} {lifecycle}");
    }
    let start = |seconds: i64| one(&today, Some(20), &json!({"postStart": {"sleep": {"seconds": seconds}}}));
    assert_eq!(start(20), None);
    assert_eq!(start(21).unwrap().1, "unsafe: raise the grace period to 21s");
    assert_eq!(start(600).unwrap().1, "unsafe: raise the grace period to 600s");
    assert_eq!(
        start(601).unwrap().1,
        "601s is beyond the 600s that are reasonable: shorten the preStop or the shutdown"
    );
}

#[test]
fn a_sleep_action_is_unknown_before_it_was_there() {
    let sleep = json!({"preStop": {"sleep": {"seconds": 5}}});
    assert_eq!(one(&json!({"kubernetesVersion": "1.29"}), None, &sleep).unwrap().0, "preStop");
    assert_eq!(one(&json!({"kubernetesVersion": "1.30"}), None, &sleep), None);
}

/// Istio's agent makes the connection in its pods; a preStop does not wait by it.
#[test]
fn a_tcp_socket_runs_nowhere_but_in_a_sidecars_post_start() {
    let both = json!({"postStart": {"tcpSocket": {"port": 1}}, "preStop": {"tcpSocket": {"port": 1}}});
    let spec = json!({"containers": [{"name": "web", "lifecycle": both}]});
    for (profile, wanted) in [
        (json!({"assumeMembership": "sidecar"}), vec!["preStop"]),
        (json!({"assumeMembership": "sidecar", "istioVersion": "1.25"}), vec!["preStop"]),
        (json!({}), vec!["preStop"]),
        (json!({"istioVersion": "1.24"}), vec!["postStart", "preStop"]),
        (json!({"assumeMembership": "ambient"}), vec!["postStart", "preStop"]),
        (json!({"assumeMembership": "outside"}), vec!["postStart", "preStop"]),
    ] {
        let fields: Vec<String> = found(&profile, &spec).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, wanted, "{profile}");
    }
}

#[test]
fn what_takes_the_place_of_a_dead_hook_depends_on_who_calls() {
    let (sidecar, outside) = (json!({"assumeMembership": "sidecar"}), json!({"assumeMembership": "outside"}));
    let dead = json!({"preStop": {"tcpSocket": {"port": 1}}});
    let called = json!({"name": "web", "ports": [{"name": "http", "containerPort": 8080}], "lifecycle": dead});
    let idle = json!({"name": "web", "lifecycle": dead});
    for (profile, container, grace, wanted) in [
        (&sidecar, &called, 30, "unsafe: wait 30s instead"),
        (&sidecar, &idle, 30, "unsafe: drop the preStop of `web`"),
        (&sidecar, &called, 0, "unsafe: drop the preStop of `web`"),
        (&outside, &called, 30, "unsafe: drop the preStop of `web`"),
    ] {
        let spec = json!({"terminationGracePeriodSeconds": grace, "containers": [container]});
        assert_eq!(found(profile, &spec)[0].1, wanted, "{profile} {container} {grace}");
    }
}

#[test]
fn a_hook_has_one_handler_that_says_what_to_do() {
    for (lifecycle, wanted) in [
        (json!({"preStop": {}}), Some("preStop")),
        (json!({"preStop": null}), None),
        (json!({"preStop": {"grpc": {"port": 1}}}), Some("preStop")),
        (json!({"preStop": {"exec": {"command": ["a"]}, "httpGet": {"port": 1}}}), Some("preStop")),
        (json!({"preStop": {"exec": {"command": ["a"]}, "httpGet": null}}), None),
        (json!({"preStop": {"exec": {"command": null}}}), Some("preStop.exec.command")),
        (json!({"preStop": {"exec": {"command": "a"}}}), None),
        (json!({"postStart": {"httpGet": {"port": "http"}}}), None),
        (json!({"postStart": {"httpGet": {"port": 65_535}}}), None),
        (json!({"postStart": {"httpGet": {"port": 65_536}}}), Some("postStart.httpGet.port")),
        (json!({"postStart": {"httpGet": {"path": "/"}}}), Some("postStart.httpGet.port")),
        (json!({"postStart": {"httpGet": {"port": "8080"}}}), Some("postStart.httpGet.port")),
        (json!({"postStart": {"httpGet": {"port": "http-2"}}}), None),
        (json!({"postStart": {"httpGet": {"port": "http--2"}}}), Some("postStart.httpGet.port")),
        (json!({"postStart": {"httpGet": {"port": "-http"}}}), Some("postStart.httpGet.port")),
        (json!({"postStart": {"httpGet": {"port": "http-"}}}), Some("postStart.httpGet.port")),
        (json!({"postStart": {"httpGet": {"port": "HTTP"}}}), Some("postStart.httpGet.port")),
        (json!({"postStart": {"httpGet": {"port": "exactly-fifteen"}}}), None),
        (json!({"postStart": {"httpGet": {"port": "longer-than-that"}}}), Some("postStart.httpGet.port")),
    ] {
        let field = one(&json!({}), None, &lifecycle).map(|(field, _)| field);
        assert_eq!(field.as_deref(), wanted, "{lifecycle}");
    }
}

#[test]
fn signals_are_those_of_the_named_system() {
    let misnamed = "by which signal the application ends only its owner knows";
    for (spec, signal, wanted) in [
        (json!({}), "SIGTERM", Some("unsafe: say that the pod runs on linux")),
        (json!({"os": {"name": ""}}), "SIGTERM", Some("unsafe: say that the pod runs on linux")),
        (
            json!({"nodeSelector": {"kubernetes.io/os": "windows"}}),
            "SIGTERM",
            Some("unsafe: say that the pod runs on windows"),
        ),
        (json!({"os": {"name": "plan9"}}), "SIGTERM", None),
        (json!({"os": {"name": "linux"}}), "SIGUSR2", None),
        (json!({"os": {"name": "linux"}}), "SIGRTMIN+15", None),
        (json!({"os": {"name": "linux"}}), "SIGRTMAX-14", None),
        (json!({"os": {"name": "linux"}}), "SIGRTMIN+16", Some(misnamed)),
        (json!({"os": {"name": "linux"}}), "SIGRTMAX-15", Some(misnamed)),
        (json!({"os": {"name": "linux"}}), "SIGRTMIN+0", Some(misnamed)),
        (json!({"os": {"name": "linux"}}), "SIGRTMIN+01", Some(misnamed)),
        (json!({"os": {"name": "linux"}}), "usr1", Some("unsafe: write SIGUSR1")),
        (json!({"os": {"name": "linux"}}), "15", Some(misnamed)),
        (json!({"os": {"name": "linux"}}), "", Some(misnamed)),
        (json!({"os": {"name": "windows"}}), "SIGKILL", None),
        (json!({"os": {"name": "windows"}}), "SIGINT", Some(misnamed)),
        (json!({"os": {"name": "windows"}}), "SIGTerm", Some("unsafe: write SIGTERM")),
    ] {
        let mut spec = spec;
        spec["containers"] = json!([{"name": "web", "lifecycle": {"stopSignal": signal}}]);
        let remedy = found(&json!({}), &spec).pop().map(|(_, remedy)| remedy);
        assert_eq!(remedy.as_deref(), wanted, "{spec}");
    }
}
