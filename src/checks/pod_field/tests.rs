use super::*;
use crate::inventory::Inventory;
use crate::manifest::Object;
use crate::mesh::Profile;
use serde_json::json;

/// What is said of a Pod: path, what is pointed at where that is another, and the message.
fn said(params: &Value, spec: &Value) -> Vec<(String, Option<String>, String)> {
    let mut all = json!({"wanted": "another", "reason": "it hurts"});
    all.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec});
    let (pod, inventory, profile) = (Object::from_json(pod).unwrap(), Inventory::default(), Profile::default());
    let observations = (CHECK.bind)(&all).unwrap()(&Subject::new(&pod, &inventory, &profile));
    let told = |it: Observation| (it.path.to_string(), it.at.map(|at| at.to_string()), it.message);
    observations.into_iter().map(told).collect()
}

fn paths(params: &Value, spec: &Value) -> Vec<String> {
    said(params, spec).into_iter().map(|(path, _, _)| path).collect()
}

#[test]
fn a_condition_holds_of_what_is_there() {
    for (when, value, holds) in [
        (json!("absent"), None, true),
        (json!("absent"), Some(json!(null)), true),
        (json!("absent"), Some(json!(0)), false),
        (json!("present"), None, false),
        (json!("present"), Some(json!(null)), false),
        (json!("present"), Some(json!({})), true),
        (json!({"above": 300}), Some(json!(301)), true),
        (json!({"above": 300}), Some(json!(300)), false),
        (json!({"above": 300}), Some(json!("301")), false),
        (json!({"above": 300}), None, false),
        (json!({"below": 5}), Some(json!(4)), true),
        (json!({"below": 5}), Some(json!(5)), false),
        (json!({"below": 5}), None, false),
        (json!({"oneOf": [1337, "x"]}), Some(json!(1337)), true),
        (json!({"oneOf": [1337, "x"]}), Some(json!("x")), true),
        (json!({"oneOf": [1337, "x"]}), Some(json!(1338)), false),
        (json!({"oneOf": [1337, "x"]}), None, false),
    ] {
        let spec = value.clone().map_or(json!({}), |value| json!({"priority": value}));
        let found = paths(&json!({"each": ["pod"], "fields": ["priority"], "when": when}), &spec);
        assert_eq!(found.len(), usize::from(holds), "{when} {value:?}");
    }
}

#[test]
fn each_holder_is_looked_at() {
    let spec = json!({
        "uid": 1,
        "containers": [{"name": "a", "uid": 1, "ports": [{"containerPort": 1}]}, {"name": "istio-proxy", "uid": 1}, {"name": "b", "uid": 2}],
        "initContainers": [{"name": "c", "uid": 1}, {"name": "istio-init", "uid": 1},
            {"name": "d", "uid": 1, "restartPolicy": "Always", "ports": [{"containerPort": 2}]}],
    });
    for (each, wanted) in [
        (json!(["pod"]), vec!["spec.uid"]),
        (json!(["containers"]), vec!["spec.containers[0].uid"]),
        (json!(["initContainers"]), vec!["spec.initContainers[0].uid", "spec.initContainers[2].uid"]),
        (json!(["servingContainers"]), vec!["spec.containers[0].uid", "spec.initContainers[2].uid"]),
        (json!(["pod", "containers"]), vec!["spec.uid", "spec.containers[0].uid"]),
    ] {
        assert_eq!(paths(&json!({"each": each, "fields": ["uid"], "when": {"oneOf": [1]}}), &spec), wanted);
    }
}

#[test]
fn a_finding_points_at_the_field_or_where_people_look_for_it() {
    let container = |fields: &Value| {
        let mut container = json!({"image": "web", "name": "web"});
        container.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"containers": [container]})
    };
    let absent = json!({"each": ["containers"], "fields": ["a.b"], "when": "absent"});
    let present = json!({"each": ["containers"], "fields": ["a.b"], "when": "present"});
    let path = "spec.containers[0].a.b";
    for (params, fields, at, message) in [
        (&absent, json!({}), Some("spec.containers[0].name"), "container `web` has no b: it hurts; want another at"),
        (
            &absent,
            json!({"a": null}),
            Some("spec.containers[0].name"),
            "container `web` has no b: it hurts; want another at",
        ),
        (&absent, json!({"a": {}}), None, "container `web` has no b: it hurts; want another at"),
        (&present, json!({"a": {"b": 7}}), None, "container `web` has b 7: it hurts; want another at"),
        (&present, json!({"a": {"b": "x"}}), None, "container `web` has b `x`: it hurts; want another at"),
        (&present, json!({"a": {"b": [1]}}), None, "container `web` has b set to a list: it hurts; want another at"),
    ] {
        let wanted = (path.to_owned(), at.map(str::to_owned), format!("{message} {path}"));
        assert_eq!(said(params, &container(&fields)), [wanted], "{fields}");
    }
    let of_pod =
        |when: &Value, spec: &Value| said(&json!({"each": ["pod"], "fields": ["a"], "when": when}), spec).remove(0);
    assert_eq!(of_pod(&json!("absent"), &json!({})).2, "a is not set: it hurts; want another at spec.a");
    assert_eq!(
        of_pod(&json!("present"), &json!({"a": {"b": 1}})).2,
        "a is set to a map: it hurts; want another at spec.a"
    );
}

#[test]
fn what_a_controller_decides_is_not_looked_at() {
    let template = json!({"spec": {"containers": [{"name": "web"}]}});
    let service = json!({"apiVersion": "serving.knative.dev/v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"template": template}});
    let service = Object::from_json(service).unwrap();
    let (inventory, profile) = (Inventory::default(), Profile::default());
    let fields = ["terminationGracePeriodSeconds", "priorityClassName"];
    let params = json!({"each": ["pod"], "fields": fields, "when": "absent", "wanted": "a", "reason": "b"});
    let found = (CHECK.bind)(&params).unwrap()(&Subject::new(&service, &inventory, &profile));
    let paths: Vec<String> = found.iter().map(|it| it.path.to_string()).collect();
    assert_eq!(paths, ["spec.template.spec.priorityClassName"]);
}

#[test]
fn a_reason_that_breaks_the_line_is_left_out() {
    let spec = json!({"containers": [{"name": "x".repeat(63)}]});
    let field = ["x"; 30].join(".");
    let params = |reason: &str| json!({"each": ["containers"], "fields": [field], "when": "absent", "wanted": "w".repeat(40), "reason": reason});
    let (_, _, short) = said(&params(&"q".repeat(8)), &spec).remove(0);
    assert!(short.contains(": qqqqqqqq; want"), "{short}");
    let (_, _, long) = said(&params(&"q".repeat(80)), &spec).remove(0);
    assert!(long.chars().count() <= LINE && !long.contains('q'), "{long}");
}

#[test]
fn pods_that_end_by_themselves_serve_nobody() {
    let container = json!({"name": "web", "ports": [{"containerPort": 1}]});
    let params =
        json!({"each": ["servingContainers"], "fields": ["a"], "when": "absent", "wanted": "a", "reason": "b"});
    for (kind, serves) in [("Job", false), ("ReplicaSet", true)] {
        let api_version = if serves { "apps/v1" } else { "batch/v1" };
        let spec = json!({"template": {"spec": {"containers": [container]}}});
        let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "web"}, "spec": spec});
        let object = Object::from_json(object).unwrap();
        let (inventory, profile) = (Inventory::default(), Profile::default());
        let found = (CHECK.bind)(&params).unwrap()(&Subject::new(&object, &inventory, &profile));
        assert_eq!(found.len(), usize::from(serves), "{kind}");
    }
}
