use super::*;
use serde_json::json;

fn review(request: serde_json::Value) -> Vec<u8> {
    json!({"apiVersion": API_VERSION, "kind": KIND, "request": request}).to_string().into_bytes()
}

#[test]
fn the_request_borrows_and_keeps_objects_as_text() {
    let body = br#"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u-1",
        "kind":{"group":"apps","version":"v1","kind":"Deployment"},"requestKind":{"group":"extensions","version":"v1beta1","kind":"Deployment"},
        "resource":{"group":"apps","version":"v1","resource":"deployments"},"subResource":"scale","name":"web","namespace":"shop",
        "operation":"UPDATE","userInfo":{"username":"ann","uid":"7","groups":["a\"b","c"],"extra":{"x":["y"]}},
        "object":{"a": 1},"oldObject":{"b":  2},"dryRun":true,"options":{"kind":"UpdateOptions"},"field of tomorrow":[{}]}}"#;
    let request = read(body).unwrap();
    assert!(matches!(request.uid, Cow::Borrowed("u-1")));
    assert_eq!((&*request.kind.group, &*request.kind.version, &*request.kind.kind), ("apps", "v1", "Deployment"));
    assert_eq!(request.request_kind.group, "extensions");
    assert_eq!(request.resource.resource, "deployments");
    assert_eq!((&*request.sub_resource, &*request.name, &*request.namespace), ("scale", "web", "shop"));
    assert_eq!((&*request.operation, &*request.user_info.username, &*request.user_info.uid), ("UPDATE", "ann", "7"));
    assert_eq!(request.user_info.groups, [Text("a\"b".into()), Text("c".into())]);
    assert_eq!(request.object.unwrap().get(), r#"{"a": 1}"#);
    assert_eq!(request.old_object.unwrap().get(), r#"{"b":  2}"#);
    assert!(request.dry_run);
}

#[test]
fn null_is_the_same_as_absent() {
    let body = review(json!({
        "uid": "u", "kind": {"group": null, "version": null, "kind": "Pod"}, "operation": "CREATE", "requestKind": null, "resource": null,
        "subResource": null, "name": null, "namespace": null, "userInfo": null, "object": null, "oldObject": null, "dryRun": null,
    }));
    let request = read(&body).unwrap();
    assert_eq!((&*request.kind.group, &*request.name, &*request.user_info.username), ("", "", ""));
    assert!(request.object.is_none() && request.old_object.is_none() && !request.dry_run);

    let body = review(
        json!({"uid": "u", "kind": {"kind": "Pod"}, "operation": "CREATE", "userInfo": {"groups": [null], "username": null}}),
    );
    assert_eq!(read(&body).unwrap().user_info.groups, [Text("".into())]);
}

#[test]
fn what_is_no_review_is_told() {
    let full = json!({"uid": "u", "kind": {"kind": "Pod"}, "operation": "CREATE"});
    let without = |field: &str| {
        let mut request = full.clone();
        request.as_object_mut().unwrap().remove(field);
        String::from_utf8(review(request)).unwrap()
    };
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let cases: Vec<(String, &str)> = vec![
        (String::new(), "EOF"),
        ("{".into(), "EOF"),
        ("null".into(), "not an AdmissionReview"),
        ("[]".into(), "wanted"),
        ("7".into(), "not an AdmissionReview"),
        ("{}".into(), "wanted `admission.k8s.io/v1` `AdmissionReview`"),
        (
            r#"{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview"}"#.into(),
            "admissionReviewVersions: [v1]",
        ),
        (r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":null}"#.into(), "no `request`"),
        (without("uid"), "no `request.uid`"),
        (without("operation"), "no `request.operation`"),
        (without("kind"), "no `request.kind.kind`"),
        (r#"{"request":{"uid":1}}"#.into(), "expected a string"),
        (r#"{"request":{"uid":"a"},"request":{"uid":"b"}}"#.into(), "duplicate field `request`"),
        (r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"} x"#.into(), "trailing characters"),
        (deep.clone(), "expected a string"),
        (format!(r#"{{"kind":{deep}}}"#), "expected a string"),
    ];
    for (body, wanted) in cases {
        let error = read(body.as_bytes()).unwrap_err().to_string();
        let start: String = body.chars().take(60).collect();
        assert!(error.contains(wanted), "{start:?}: {error}");
    }
    assert!(read(b"{\"kind\":\"\xff\"}").unwrap_err().to_string().contains("not UTF-8 at byte 9"));
}

#[test]
fn a_deep_object_costs_no_stack_until_it_is_read() {
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let body = format!(
        r#"{{"apiVersion":"{API_VERSION}","kind":"{KIND}","request":{{"uid":"u","kind":{{"kind":"Pod"}},"operation":"CREATE","object":{deep},"options":{deep}}}}}"#
    );
    assert_eq!(read(body.as_bytes()).unwrap().object.unwrap().get().len(), deep.len());
}
