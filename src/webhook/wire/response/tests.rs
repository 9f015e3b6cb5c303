use super::*;
use crate::base::Path;
use crate::manifest::edit::{Change, Difference, json_patch};

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
fn a_patch_comes_with_its_type_or_not_at_all() {
    let none = AdmissionResponse::allowed("u").patch(&[]).unwrap();
    assert_eq!(none, AdmissionResponse::allowed("u"));
    let grace = Path::keys("spec.terminationGracePeriodSeconds");
    let operations = json_patch(&[Change { path: grace, difference: Difference::Added(47.into()) }]);
    let text = AdmissionResponse::allowed("u").patch(&operations).unwrap().to_json().unwrap();
    let review: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let response = &review["response"];
    assert_eq!((&response["allowed"], &response["patchType"]), (&true.into(), &"JSONPatch".into()));
    let patch = BASE64_STANDARD.decode(response["patch"].as_str().unwrap()).unwrap();
    let wanted = r#"[{"op":"add","path":"/spec/terminationGracePeriodSeconds","value":47}]"#;
    assert_eq!(String::from_utf8(patch).unwrap(), wanted);
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
