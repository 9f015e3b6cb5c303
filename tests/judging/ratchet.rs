//! An update is refused only for what the old object did not have.

use crate::{CLASSIC, day, engine};
use seaworthy::base::Action;
use seaworthy::inventory::{Inventory, Origin};
use seaworthy::manifest::Object;
use serde_json::{Value, json};

const PROFILE: &str = "profile: {assumeMembership: sidecar}\nmodes: {default: deny}\n";

/// What is done about the findings of an update, with the rule and the path of each.
fn update(settings: &str, old: Value, new: Value) -> Vec<(String, Action)> {
    let object = |value: Value| Object::from_json(value).expect("an object").in_namespace(Some("shop"));
    let inventory = Inventory::new(Origin::Files);
    let verdict = engine(settings).decide(&object(new), Some(&object(old)), &inventory, day("2027-01-01"));
    let describe = |it: &seaworthy::engine::Decided| (format!("{} {}", it.finding.rule, it.finding.path), it.action);
    verdict.decided.iter().map(describe).collect()
}

fn deployment(containers: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
           "spec": {"template": {"metadata": {"labels": {"app": "web", "version": "v1"}}, "spec": {"containers": containers}}}})
}

fn serving(name: &str) -> Value {
    let ready = json!({"httpGet": {"port": "http"}});
    json!({"name": name, "image": name, "ports": [{"containerPort": 8080, "name": "http"}], "readinessProbe": ready})
}

fn missing(index: usize) -> String {
    format!("missing-pre-stop spec.template.spec.containers[{index}].lifecycle.preStop")
}

#[test]
fn a_container_is_known_by_its_name_wherever_it_stands() {
    let old = deployment(json!([serving("web")]));
    let moved = deployment(json!([{"name": "log", "image": "log"}, serving("web")]));
    assert_eq!(update(PROFILE, old.clone(), moved), [(missing(1), Action::Warn)]);
    let renamed = deployment(json!([serving("site")]));
    assert_eq!(update(PROFILE, old.clone(), renamed), [(missing(0), Action::Deny)]);
    let second = deployment(json!([serving("api"), serving("web")]));
    assert_eq!(update(PROFILE, old, second), [(missing(0), Action::Deny), (missing(1), Action::Warn)]);
}

#[test]
fn a_port_is_known_by_its_number_and_protocol() {
    let service = |ports: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": ports}});
    let unclear = |index: usize| format!("unclear-port-protocol spec.ports[{index}].name");
    let old = service(json!([{"port": 8080, "name": "web"}]));
    let renamed =
        service(json!([{"port": 9090, "name": "grpc-api"}, {"port": 8080, "name": "site", "protocol": "TCP"}]));
    assert_eq!(update(PROFILE, old.clone(), renamed), [(unclear(1), Action::Warn)]);
    let other_port = service(json!([{"port": 8081, "name": "web"}]));
    assert_eq!(update(PROFILE, old, other_port), [(unclear(0), Action::Deny)]);
}

#[test]
fn what_was_well_before_is_refused_and_what_is_well_now_is_not() {
    let job = |annotations: Value| {
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work"},
               "spec": {"template": {"metadata": {"annotations": annotations}, "spec": {"containers": [{"name": "work"}]}}}})
    };
    let settings = format!("{CLASSIC}modes: {{default: deny}}\n");
    let native = json!({"sidecar.istio.io/nativeSidecar": "true"});
    let path = "job-never-completes spec.template.metadata.annotations[sidecar.istio.io/nativeSidecar]";
    let found = |action| vec![(path.to_owned(), action)];
    assert_eq!(update(&settings, job(native.clone()), job(json!({}))), found(Action::Deny));
    assert_eq!(update(&settings, job(json!({})), job(json!({"note": "x"}))), found(Action::Warn));
    assert_eq!(update(&settings, job(json!({})), job(native)), []);
}

/// An annotation of the tenant's loosens no refusal: not by itself, and not by having been on the old object.
#[test]
fn an_ignore_annotation_loosens_no_refusal() {
    let job = |annotations: Value| {
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work", "annotations": annotations},
               "spec": {"template": {"spec": {"containers": [{"name": "work"}]}}}})
    };
    let settings = format!("{CLASSIC}modes: {{default: deny}}\n");
    let ignoring = json!({"seaworthy.dev/ignore-job-never-completes": "please"});
    let quits = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work"},
                       "spec": {"template": {"spec": {"containers": [{"name": "work", "command": ["sh", "-c", "work; pkill pilot-agent"]}]}}}});
    let actions = |old: Value, new: Value| update(&settings, old, new).into_iter().map(|it| it.1).collect::<Vec<_>>();
    assert_eq!(actions(quits, job(ignoring)), [Action::Deny]);
}
