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

#[test]
fn the_answer_is_exactly_what_the_api_server_checks() {
    let allowed = AdmissionResponse::allowed("u-1").to_json().unwrap();
    assert_eq!(
        String::from_utf8(allowed).unwrap(),
        r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u-1","allowed":true}}"#
    );
    let annotations = BTreeMap::from([("missing-pre-stop".to_owned(), "spec".to_owned())]);
    let denied = AdmissionResponse::denied("u-2", "seaworthy: no\nway").warn(&["mind".into()]).audit(&annotations);
    assert_eq!(
        String::from_utf8(denied.to_json().unwrap()).unwrap(),
        concat!(
            r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u-2","allowed":false,"#,
            r#""status":{"status":"Failure","code":403,"reason":"Forbidden","message":"seaworthy: no\nway"},"#,
            r#""warnings":["mind"],"auditAnnotations":{"missing-pre-stop":"spec"}}}"#
        )
    );
}

#[test]
fn warnings_are_one_line_without_control_characters() {
    let cases = [
        ("plain", "plain"),
        ("two\nlines", "two lines"),
        ("crlf\r\nend\n", "crlf end"),
        ("tab\tesc\u{1b}[31m nul\0 del\u{7f} c1\u{85}\u{9f}", "tab esc[31m nul del c1"),
        ("kept: \u{a0} \u{ad} \u{200b} é 🚢", "kept: \u{a0} \u{ad} \u{200b} é 🚢"),
    ];
    for (given, wanted) in cases {
        assert_eq!(AdmissionResponse::allowed("u").warn(&[given.to_owned()]).warnings, [wanted], "{given:?}");
    }
    assert!(AdmissionResponse::allowed("u").warn(&["\n".into(), String::new()]).warnings.is_empty());
}

#[test]
fn a_refusal_keeps_its_lines_but_no_other_control_character() {
    let response = AdmissionResponse::denied("u", "a\nb\tc\u{1b}[0m\r\n");
    assert_eq!(response.status.unwrap().message, "a\nb c[0m");
}

#[test]
fn audit_keys_are_qualified_names() {
    let long = "x".repeat(80);
    let cases = [
        ("missing-pre-stop", "missing-pre-stop"),
        ("a/b c", "a-b-c"),
        ("-a-", "a"),
        ("é", ""),
        (long.as_str(), &long[..63]),
    ];
    for (given, wanted) in cases {
        assert_eq!(annotation_key(given), wanted, "{given:?}");
    }
}
