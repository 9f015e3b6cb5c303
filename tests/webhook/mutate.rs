//! `/mutate`: a patch or none, and under the same limits as `/validate`.

use crate::client::{Answer, Client, Version, mutate, validate, validate_with};
use crate::server::{Running, review, start};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::Full;
use hyper::body::Bytes;
use seaworthy::webhook::limits::Limits;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

const HEAD: &str = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002","#;

async fn ask(running: &Running, order: &str) -> Answer {
    let mut connection = Client::of(running).connect(Version::Http1).await.unwrap();
    connection.send(mutate(review(order))).await.unwrap()
}

#[tokio::test]
async fn a_patch_is_answered_as_the_api_server_checks_it() {
    let running = start(Limits::default()).await;
    let patch = r#"[{"op":"replace","path":"/spec/terminationGracePeriodSeconds","value":47}]"#;
    let patched = format!(
        r#""allowed":true,"patch":"{}","patchType":"JSONPatch","warnings":["repaired it"],"auditAnnotations":{{"repaired":"short-grace-period"}}}}}}"#,
        BASE64_STANDARD.encode(patch),
    );
    for version in [Version::Http1, Version::Http2] {
        let mut connection = Client::of(&running).connect(version).await.unwrap();
        for (order, wanted) in [("repair", &*patched), ("allow", r#""allowed":true}}"#)] {
            let answer = connection.send(mutate(review(order))).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.text), (200, format!("{HEAD}{wanted}")), "{version:?} {order}");
            let answer = connection.send(validate(review(order))).await.unwrap();
            assert_eq!(answer.text, format!("{HEAD}\"allowed\":true}}}}"), "no patch of a webhook that validates");
        }
    }
}

#[tokio::test]
async fn what_was_repaired_and_what_not_is_counted() {
    let running = start(Limits::default()).await;
    for order in ["repair", "repair", "allow", "fail"] {
        ask(&running, order).await;
    }
    let text = running.metrics.text().unwrap();
    for line in [
        r#"seaworthy_repairs_total{rule="short-grace-period",outcome="repaired"} 2"#,
        r#"seaworthy_repairs_total{rule="missing-pre-stop",outcome="impossible"} 2"#,
        r#"seaworthy_reviews_total{webhook="mutate",operation="CREATE",kind="Deployment",decision="allowed"} 3"#,
        r#"seaworthy_reviews_total{webhook="mutate",operation="CREATE",kind="Deployment",decision="failed"} 1"#,
    ] {
        assert!(text.lines().any(|seen| seen == line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn what_fails_is_an_http_error_and_never_a_patch() {
    let running = start(Limits { body: 4096, ..Limits::default() }).await;
    for (order, status, text) in [
        ("fail", 500, "seaworthy: internal error: a rule failed\n"),
        ("panic", 500, "seaworthy: internal error: judging panicked, see the log\n"),
        ("panic while preparing", 500, "seaworthy: internal error: judging panicked, see the log\n"),
    ] {
        let answer = ask(&running, order).await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (status, text), "{order}");
    }
    assert_eq!(running.metric("seaworthy_panics_total"), Some(2.0));
    let large = ask(&running, &"x".repeat(4096)).await;
    assert_eq!((large.status.as_u16(), &*large.text), (413, "seaworthy: the body is larger than 4096 bytes\n"));

    let mut connection = Client::of(&running).connect(Version::Http1).await.unwrap();
    let hanging = validate_with("/mutate?timeout=1s", Full::<Bytes>::from(review("wait")));
    let late = connection.send(hanging).await.unwrap();
    assert_eq!((late.status.as_u16(), &*late.text), (500, "seaworthy: no answer within 800 ms\n"));

    running.judge.not_ready.store(true, Ordering::SeqCst);
    let answer = ask(&running, "repair").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("1")));
}

#[tokio::test]
async fn what_is_no_review_is_a_bad_request() {
    let running = start(Limits::default()).await;
    let mut connection = Client::of(&running).connect(Version::Http1).await.unwrap();
    let bodies: [Value; 3] = [Value::Null, json!({}), json!({"apiVersion": "admission.k8s.io/v1", "kind": "Pod"})];
    for body in bodies {
        let answer = connection.send(mutate(body.to_string())).await.unwrap();
        assert_eq!(answer.status.as_u16(), 400, "{body}: {}", answer.text);
    }
}
