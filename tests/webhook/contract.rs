//! The answers that the API server checks, byte for byte, and the pages beside them.

use crate::client::{Client, Version, as_api_server, probe, validate};
use crate::server::{made_certificate, review, start};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use seaworthy::webhook::limits::Limits;
use std::sync::atomic::Ordering;

const HEAD: &str = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"705ab4f5-6393-11e8-b7cc-42010a800002","#;

#[tokio::test]
async fn answers_are_the_same_over_both_protocols() {
    let running = start(Limits::default()).await;
    let cases = [
        ("allow", r#""allowed":true}}"#),
        ("warn", r#""allowed":true,"warnings":["careful"]}}"#),
        (
            "deny",
            concat!(
                r#""allowed":false,"status":{"status":"Failure","code":403,"reason":"Forbidden","#,
                r#""message":"seaworthy: Deployment shop/web is not fit\n- missing-pre-stop"},"#,
                r#""warnings":["mind this[1m"],"auditAnnotations":{"missing-pre-stop":"deny"}}}"#
            ),
        ),
    ];
    for version in [Version::Http1, Version::Http2] {
        let mut connection = Client::of(&running).connect(version).await.unwrap();
        for (order, wanted) in cases {
            let answer = connection.send(validate(review(order))).await.unwrap();
            assert_eq!(answer.status, StatusCode::OK, "{version:?} {order}");
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("content-encoding"), None, "compressed");
            assert_eq!(answer.text, format!("{HEAD}{wanted}"), "{version:?} {order}");
        }
    }
}

#[tokio::test]
async fn what_was_answered_is_counted() {
    let running = start(Limits::default()).await;
    let client = Client::of(&running);
    for order in ["allow", "deny", "deny", "fail"] {
        client.ask(order).await.unwrap();
    }
    let page = probe(&running, "/metrics").await;
    assert_eq!(page.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    for line in [
        r#"seaworthy_reviews_total{webhook="validate",operation="CREATE",kind="Deployment",decision="allowed"} 1"#,
        r#"seaworthy_reviews_total{webhook="validate",operation="CREATE",kind="Deployment",decision="denied"} 2"#,
        r#"seaworthy_reviews_total{webhook="validate",operation="CREATE",kind="Deployment",decision="failed"} 1"#,
        r#"seaworthy_findings_total{rule="missing-pre-stop",action="deny"} 2"#,
        "seaworthy_membership_unknown_total 2",
        "seaworthy_review_duration_seconds_count 4",
        "seaworthy_in_flight 0",
    ] {
        assert!(page.text.lines().any(|seen| seen == line), "{line} is not in\n{}", page.text);
    }
    let expiry = running.metric("seaworthy_cert_not_after_seconds").unwrap();
    assert!(expiry > 1.8e9, "{expiry}");
}

#[tokio::test]
async fn only_what_is_served_is_served() {
    let running = start(Limits::default()).await;
    for (method, path, status) in [
        ("GET", "/validate", 405),
        ("GET", "/mutate", 405),
        ("PUT", "/validate", 405),
        ("POST", "/", 404),
        ("GET", "/metrics", 404),
    ] {
        let mut connection = Client::of(&running).connect(Version::Http1).await.unwrap();
        let request = as_api_server(Request::builder().method(method).uri(path)).body(Full::<Bytes>::default());
        assert_eq!(connection.send(request.unwrap()).await.unwrap().status, status, "{method} {path}");
    }
}

#[tokio::test]
async fn ready_means_able_to_judge_and_not_about_to_leave() {
    let running = start(Limits::default()).await;
    let ready = async || {
        let page = probe(&running, "/readyz").await;
        (page.status.as_u16(), page.text)
    };
    assert_eq!(ready().await, (200, "ok\n".into()));

    running.judge.not_ready.store(true, Ordering::SeqCst);
    assert_eq!(ready().await, (503, "not ready: the inventory is not listed yet\n".into()));
    let answer = Client::of(&running).ask("allow").await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("1")));
    assert!(answer.text.contains("the inventory is not listed yet"), "{}", answer.text);
    running.judge.not_ready.store(false, Ordering::SeqCst);

    running.server.drain();
    assert_eq!(ready().await, (503, "not ready: draining\n".into()));
    assert_eq!(probe(&running, "/livez").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_new_certificate_is_used_from_the_next_handshake_on() {
    let running = start(Limits::default()).await;
    let old = Client::of(&running);
    let mut kept = old.connect(Version::Http1).await.unwrap();
    assert_eq!(kept.send(validate(review("allow"))).await.unwrap().status, StatusCode::OK);

    let other = made_certificate();
    running.certificate.replace(other.certificate);
    let new = Client::trusting(&other.ca_pem, running.server.address);
    assert_eq!(new.ask("allow").await.unwrap().status, StatusCode::OK);
    assert!(old.ask("allow").await.is_err(), "the old certificate is still in use");
    assert_eq!(kept.send(validate(review("allow"))).await.unwrap().status, StatusCode::OK);
}
