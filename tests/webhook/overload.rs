//! Too large, too much at once, too slow: refused in words that the API server understands.

use crate::client::{Client, Connection, Version, probe, validate, validate_with};
use crate::server::{review, start};
use http_body_util::Full;
use hyper::StatusCode;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use seaworthy::webhook::limits::Limits;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::timeout;

/// A body without a length, of as many chunks of 16 KiB; then it ends, or stays open for ever.
struct Chunks {
    left: usize,
    endless: bool,
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return if self.endless { Poll::Pending } else { Poll::Ready(None) };
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 16 << 10])))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[tokio::test]
async fn the_largest_review_is_read_and_one_byte_more_is_not() {
    let limits = Limits::default();
    let largest = limits.body;
    let running = start(limits).await;
    for version in [Version::Http1, Version::Http2] {
        let mut connection = Client::of(&running).connect(version).await.unwrap();
        for (bytes, status) in [(largest, StatusCode::OK), (largest + 1, StatusCode::PAYLOAD_TOO_LARGE)] {
            let body = format!("{}{}", review("allow"), " ".repeat(bytes - review("allow").len()));
            let answer = connection.send(validate(body)).await.unwrap();
            assert_eq!(answer.status, status, "{bytes}: {}", answer.text);
        }
        assert_eq!(connection.send(validate(review("allow"))).await.unwrap().status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_body_that_hides_its_length_is_stopped_too() {
    let running = start(Limits { body: 1 << 20, ..Limits::default() }).await;
    for version in [Version::Http1, Version::Http2] {
        let mut connection: Connection<Chunks> = Client::of(&running).connect(version).await.unwrap();
        let body = Chunks { left: (100 << 20) / (16 << 10), endless: false };
        let answer = connection.send(validate_with("/validate?timeout=10s", body)).await.unwrap();
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{version:?}");
        assert_eq!(answer.text, "seaworthy: the body is larger than 1048576 bytes\n");
    }
    assert_eq!(Client::of(&running).ask("allow").await.unwrap().status, StatusCode::OK);
}

/// An API server sends a body at once. Who sends half of one must not keep others from sending theirs, whatever time he names.
#[tokio::test]
async fn half_a_body_is_not_waited_for() {
    let body_time = Duration::from_millis(100);
    let running = start(Limits { bytes_in_flight: 100_000, body_time, ..Limits::default() }).await;
    let padded = format!("{}{}", review("allow"), " ".repeat(60_000));
    for version in [Version::Http1, Version::Http2] {
        let mut connection: Connection<Chunks> = Client::of(&running).connect(version).await.unwrap();
        let body = Chunks { left: 4, endless: true };
        let answer = connection.send(validate_with("/validate?timeout=30s", body)).await.unwrap();
        assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT, "{version:?}");
        assert_eq!(answer.text, "seaworthy: the body did not come within 100 ms\n");
        let mut other = Client::of(&running).connect(version).await.unwrap();
        assert_eq!(other.send(validate(padded.clone())).await.unwrap().status, StatusCode::OK, "{version:?}");
    }
}

#[tokio::test]
async fn too_many_bytes_at_once_are_asked_to_come_back() {
    let running = start(Limits { bytes_in_flight: 100_000, ..Limits::default() }).await;
    let client = Client::of(&running);
    let padded = |order: &str| format!("{}{}", review(order), " ".repeat(60_000));

    let mut first = client.connect(Version::Http1).await.unwrap();
    let waiting = tokio::spawn(async move { first.send(validate(padded("wait"))).await });
    running.judge.waiting.notified().await;

    let mut second = client.connect(Version::Http1).await.unwrap();
    let answer = second.send(validate(padded("allow"))).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("1")), "{}", answer.text);
    assert_eq!(client.ask("allow").await.unwrap().status, StatusCode::OK, "a small one still fits");

    running.judge.released.notify_waiters();
    assert_eq!(waiting.await.unwrap().unwrap().status, StatusCode::OK);
    assert_eq!(second.send(validate(padded("allow"))).await.unwrap().status, StatusCode::OK);
}

/// All on one thread: whoever blocked it would be met by the next request.
#[tokio::test]
async fn judging_that_hangs_keeps_nobody_else_waiting() {
    let running = start(Limits { judged_at_once: 1, judging: Duration::ZERO, ..Limits::default() }).await;
    let client = Client::of(&running);
    let large = |order: &str| Full::<Bytes>::from(format!("{}{}", review(order), " ".repeat(60_000)));
    let ask = async |order: &str| {
        let mut connection = client.connect(Version::Http1).await.unwrap();
        connection.send(validate_with("/validate?timeout=200ms", large(order))).await.unwrap()
    };
    {
        let hanging = running.judge.hanging.lock().await;
        for order in ["hang", "allow"] {
            let late = ask(order).await;
            assert_eq!((late.status.as_u16(), &*late.text), (500, "seaworthy: no answer within 160 ms\n"), "{order}");
        }
        assert_eq!(client.ask("allow").await.unwrap().status, StatusCode::OK, "a small one needs no place");
        let live = probe(&running, "/livez").await;
        let wanted = "not live: judging a review does not come to an end\n";
        assert_eq!((live.status.as_u16(), &*live.text), (503, wanted));
        drop(hanging);
    }
    until_ok(async || ask("allow").await.status == StatusCode::OK).await;
    assert_eq!(probe(&running, "/livez").await.status, StatusCode::OK);
    assert_eq!(ask("panic").await.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(running.metric("seaworthy_panics_total"), Some(1.0));
}

/// Asks again until it is so; fails after 10 s.
async fn until_ok(is_so: impl AsyncFn() -> bool) {
    let asking = async { while !is_so().await {} };
    timeout(Duration::from_secs(10), asking).await.expect("never");
}

#[tokio::test]
async fn an_answer_comes_before_the_caller_gives_up() {
    let running = start(Limits::default()).await;
    let client = Client::of(&running);

    let mut connection = client.connect(Version::Http1).await.unwrap();
    let request = validate_with("/validate?timeout=200ms", Full::<Bytes>::from(review("wait")));
    let answer = timeout(Duration::from_secs(10), connection.send(request)).await.unwrap().unwrap();
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.text, "seaworthy: no answer within 160 ms\n");
    assert!(!answer.says_close(), "the body was read: the connection is as good as before");

    for version in [Version::Http1, Version::Http2] {
        let mut connection = client.connect(version).await.unwrap();
        let request = validate_with("/validate?timeout=200ms", Chunks { left: 3, endless: true });
        let answer = timeout(Duration::from_secs(10), connection.send(request)).await.unwrap().unwrap();
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "a body that does not end: {version:?}");
    }
}
