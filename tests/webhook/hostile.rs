//! What strangers send. Whatever it is, the next request is answered.

use crate::client::{Answer, Client, Version, as_api_server, validate};
use crate::server::{Running, review, start, until};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use seaworthy::webhook::limits::Limits;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

async fn send_as(running: &Running, content_type: Option<&str>, encoding: Option<&str>, body: Bytes) -> Answer {
    let mut connection = Client::of(running).connect(Version::Http1).await.unwrap();
    let mut request = as_api_server(Request::post("/validate"));
    request = content_type.into_iter().fold(request, |request, value| request.header("content-type", value));
    request = encoding.into_iter().fold(request, |request, value| request.header("content-encoding", value));
    let answer = connection.send(request.body(Full::new(body)).unwrap()).await.unwrap();
    // The body was read to its end, so the connection is as good as before.
    let next = connection.send(validate(review("allow"))).await.unwrap();
    assert_eq!(next.status, StatusCode::OK);
    answer
}

#[tokio::test]
async fn a_body_that_is_no_review_is_told_so() {
    let running = start(Limits::default()).await;
    let deep_object = review("allow").replace(r#"{"do":"allow"}"#, &nested(200));
    let bomb = review("allow").replace(r#"{"do":"allow"}"#, &nested(1_000_000));
    let many_keys: Vec<String> = (0..300_000).map(|number| format!(r#""k{number}":0"#)).collect();
    let many_keys = format!("{{{}}}", many_keys.join(","));
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".as_slice();
    let twice = r#"{"request":{},"request":{}}"#;
    let cases: Vec<(&str, Bytes, &str)> = vec![
        ("empty", Bytes::new(), "EOF while parsing"),
        ("an empty object", "{}".into(), "wanted `admission.k8s.io/v1` `AdmissionReview`"),
        ("null", "null".into(), "not an AdmissionReview"),
        ("no JSON", "apiVersion: v1".into(), "not an AdmissionReview"),
        ("no request", r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#.into(), "no `request`"),
        ("not UTF-8", Bytes::from_static(b"{\"kind\":\"\xff\"}"), "not UTF-8 at byte 9"),
        ("gzip without a header", gzip.into(), "not UTF-8"),
        ("the same key twice", twice.into(), "duplicate field `request`"),
        ("deep", nested(10_000).into(), "not an AdmissionReview"),
        ("a deep object", deep_object.into(), "the object cannot be read: recursion limit exceeded"),
        ("a bomb for an object", bomb.into(), "the object cannot be read: recursion limit exceeded"),
        ("many keys", many_keys.into(), "wanted `admission.k8s.io/v1`"),
    ];
    for (name, body, wanted) in cases {
        let answer = send_as(&running, Some("application/json"), None, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}: {}", answer.text);
        assert!(answer.text.starts_with("seaworthy: ") && answer.text.contains(wanted), "{name}: {}", answer.text);
    }
}

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[tokio::test]
async fn only_plain_json_is_read() {
    let running = start(Limits::default()).await;
    let cases = [
        (None, None, Some("Content-Type is ``")),
        (Some("text/plain"), None, Some("Content-Type is `text/plain`, wanted `application/json`")),
        (Some("application/jsonx"), None, Some("Content-Type is `application/jsonx`")),
        (Some("application/json"), Some("gzip"), Some("Content-Encoding is `gzip`, wanted none")),
        (Some("application/json; charset=utf-8"), None, None),
        (Some("Application/JSON"), Some("identity"), None),
    ];
    for (content_type, encoding, wanted) in cases {
        let answer = send_as(&running, content_type, encoding, review("allow").into()).await;
        match wanted {
            Some(wanted) => {
                assert_eq!(answer.status, StatusCode::BAD_REQUEST);
                assert!(answer.text.contains(wanted), "{}", answer.text);
            }
            None => assert_eq!(answer.status, StatusCode::OK, "{}", answer.text),
        }
    }
}

#[tokio::test]
async fn a_panic_is_one_failed_request() {
    let running = start(Limits::default()).await;
    for version in [Version::Http1, Version::Http2] {
        let mut connection = Client::of(&running).connect(version).await.unwrap();
        for order in ["panic", "panic while preparing"] {
            let answer = connection.send(validate(review(order))).await.unwrap();
            assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(answer.text, "seaworthy: internal error: judging panicked, see the log\n");
            assert_eq!(connection.send(validate(review("allow"))).await.unwrap().status, StatusCode::OK);
        }
    }
    assert_eq!(running.metric("seaworthy_panics_total"), Some(4.0));
}

#[tokio::test]
async fn a_failure_of_ours_is_never_a_pass() {
    let running = start(Limits::default()).await;
    let answer = Client::of(&running).ask("fail").await.unwrap();
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.text, "seaworthy: internal error: a rule failed\n");
    assert_eq!(answer.header("retry-after"), None, "it would only fail again");
}

#[tokio::test]
async fn handshakes_that_come_to_nothing_hold_nobody_up() {
    let limits = Limits { handshake: Duration::from_millis(200), ..Limits::default() };
    let running = start(limits).await;
    let garbage: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\xff\xff\xff",
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
        &[0; 4096],
        b"",
    ];
    let mut strangers = Vec::new();
    for round in 0..100 {
        let mut stranger = TcpStream::connect(running.server.address).await.unwrap();
        stranger.write_all(garbage[round % garbage.len()]).await.unwrap();
        // Some go at once, with a reset where bytes are unread; the others stay and are silent.
        if round % 2 == 0 {
            strangers.push(stranger);
        }
    }
    assert_eq!(Client::of(&running).ask("allow").await.unwrap().status, StatusCode::OK);
    for mut stranger in strangers {
        let mut rest = Vec::new();
        let closed = timeout(Duration::from_secs(10), stranger.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "a stranger is still here");
    }
    until("all strangers are counted", || running.metric("seaworthy_tls_handshake_failures_total") == Some(100.0))
        .await;
    until("all strangers are gone", || running.metric("seaworthy_connections") == Some(0.0)).await;
}

#[tokio::test]
async fn a_crowd_of_silent_peers_keeps_nobody_out() {
    let running = start(Limits { connections: 8, ..Limits::default() }).await;
    let client = Client::of(&running);
    let mut kept = client.connect(Version::Http1).await.unwrap();
    assert_eq!(kept.send(validate(review("allow"))).await.unwrap().status, StatusCode::OK);

    let mut crowd = Vec::new();
    for _ in 0..50 {
        crowd.push(TcpStream::connect(running.server.address).await.unwrap());
        crowd.push(client.tls(Version::Http1).await.unwrap().into_inner().0);
        crowd.push(client.tls(Version::Http2).await.unwrap().into_inner().0);
    }
    assert_eq!(client.ask("allow").await.unwrap().status, StatusCode::OK);
    assert_eq!(kept.send(validate(review("allow"))).await.unwrap().status, StatusCode::OK);
    assert!(running.metric("seaworthy_connections") <= Some(8.0));
}
