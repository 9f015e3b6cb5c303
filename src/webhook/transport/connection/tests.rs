//! The clocks of a connection, on a clock that the test sets and without a network.

use super::*;
use axum::routing::post;
use http_body_util::{BodyExt, Full};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::sleep;

const REQUEST: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";

struct Peer {
    stream: DuplexStream,
    phase: watch::Sender<Phase>,
    served: JoinHandle<()>,
    begun: Instant,
}

fn connect(protocol: Protocol) -> Peer {
    let (stream, theirs) = duplex(1024);
    let (phase, phase_seen) = watch::channel(Phase::Serving);
    let echo = async |body: Bytes| body;
    let slow = async || sleep(Duration::from_secs(20)).await;
    let large = async || vec![b'x'; 1 << 20];
    let router = Router::new().route("/", post(echo)).route("/slow", post(slow)).route("/large", post(large));
    let activity = Arc::new(Activity::default());
    let connection = Connection { router, activity, limits: Arc::new(Limits::default()), phase: phase_seen };
    let served = tokio::spawn(connection.serve(theirs, protocol));
    Peer { stream, phase, served, begun: Instant::now() }
}

impl Peer {
    async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The text of the next answer, up to the end of its two bytes of body.
    async fn answer(&mut self) -> String {
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\nhi") {
            answer.push(self.stream.read_u8().await.unwrap());
        }
        String::from_utf8(answer).unwrap()
    }

    /// How many seconds after the start the server closes.
    async fn seconds_until_closed(&mut self) -> u64 {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&rest), "");
        self.begun.elapsed().as_secs()
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_outlives_the_patience_of_an_api_server() {
    let mut peer = connect(Protocol::Http1);
    for _ in 0..3 {
        sleep(Duration::from_secs(119)).await;
        peer.send(REQUEST).await;
        assert!(peer.answer().await.starts_with("HTTP/1.1 200"));
    }
    assert_eq!(peer.seconds_until_closed().await, 3 * 119 + 120);
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_a_head_starts_at_its_first_byte() {
    let mut peer = connect(Protocol::Http1);
    peer.send(REQUEST).await;
    peer.answer().await;
    sleep(Duration::from_secs(60)).await;
    peer.send(&REQUEST[..20]).await;
    sleep(Duration::from_secs(9)).await;
    peer.send(&REQUEST[20..]).await;
    peer.answer().await;
    sleep(Duration::from_secs(11)).await;
    peer.send(&REQUEST[..20]).await;
    assert_eq!(peer.seconds_until_closed().await, 60 + 9 + 11 + 10);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_in_is_cut_off() {
    let mut peer = connect(Protocol::Http1);
    let mut sent = 0;
    while peer.stream.write_all(b"P").await.is_ok() {
        sent += 1;
        sleep(Duration::from_millis(700)).await;
    }
    assert_eq!(sent, 15, "sent after 0.0, 0.7, ... 9.8 seconds");
    peer.served.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_body_is_not_under_the_clock_of_the_head() {
    let mut peer = connect(Protocol::Http1);
    peer.send(&REQUEST[..REQUEST.len() - 1]).await;
    sleep(Duration::from_secs(15)).await;
    peer.send(b"i").await;
    assert!(peer.answer().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(start_paused = true)]
async fn who_does_not_take_the_answer_is_cut_off() {
    let mut peer = connect(Protocol::Http1);
    peer.send(b"POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").await;
    (&mut peer.served).await.unwrap();
    assert_eq!(peer.begun.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn an_endless_head_is_refused() {
    let mut peer = connect(Protocol::Http1);
    peer.send(b"POST / HTTP/1.1\r\n").await;
    let mut sent = 0;
    while peer.stream.write_all(b"A: 0123456789\r\n").await.is_ok() {
        sent += 15;
        assert!(sent < 1 << 20, "no end");
    }
}

#[tokio::test(start_paused = true)]
async fn a_draining_server_answers_and_asks_to_go() {
    let mut peer = connect(Protocol::Http1);
    peer.phase.send_replace(Phase::Draining);
    sleep(Duration::from_secs(94)).await;
    peer.send(REQUEST).await;
    assert!(peer.answer().await.contains("connection: close\r\n"));
    assert_eq!(peer.seconds_until_closed().await, 94);
}

#[tokio::test(start_paused = true)]
async fn a_draining_server_leaves_idle_connections_to_their_owner() {
    let mut peer = connect(Protocol::Http1);
    peer.send(REQUEST).await;
    assert!(!peer.answer().await.contains("connection: close"));
    sleep(Duration::from_secs(10)).await;
    peer.phase.send_replace(Phase::Draining);
    assert_eq!(peer.seconds_until_closed().await, 95);
}

#[tokio::test(start_paused = true)]
async fn a_stopping_server_finishes_what_it_has_begun() {
    let mut idle = connect(Protocol::Http1);
    idle.phase.send_replace(Phase::Stopping);
    assert_eq!(idle.seconds_until_closed().await, 0);

    let mut busy = connect(Protocol::Http1);
    busy.send(b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").await;
    sleep(Duration::from_secs(1)).await;
    busy.phase.send_replace(Phase::Stopping);
    let mut answer = String::new();
    busy.stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(busy.begun.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_a_body_that_nobody_read_is_no_next_request() {
    let mut peer = connect(Protocol::Http1);
    peer.send(b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\nPOST / HTTP/1.1\r\n").await;
    let mut answer = String::new();
    peer.stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("connection: close"), "{answer}");
}

type Http2Sender = hyper::client::conn::http2::SendRequest<Full<Bytes>>;

struct Http2Peer {
    sender: Http2Sender,
    ended: JoinHandle<hyper::Result<()>>,
    phase: watch::Sender<Phase>,
    begun: Instant,
}

async fn connect_http2() -> Http2Peer {
    let Peer { stream, phase, begun, .. } = connect(Protocol::Http2);
    let (executor, stream) = (TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = hyper::client::conn::http2::handshake(executor, stream).await.unwrap();
    Http2Peer { sender, ended: tokio::spawn(connection), phase, begun }
}

impl Http2Peer {
    async fn request(&mut self, path: &str) -> StatusCode {
        let request = Request::post(format!("http://a{path}")).body(Full::from("hi")).unwrap();
        let answer = self.sender.send_request(request).await.unwrap();
        let status = answer.status();
        answer.into_body().collect().await.unwrap();
        status
    }

    async fn seconds_until_closed(&mut self) -> u64 {
        (&mut self.ended).await.unwrap().unwrap();
        self.begun.elapsed().as_secs()
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_http2_connection_outlives_the_patience_of_an_api_server_too() {
    let mut peer = connect_http2().await;
    sleep(Duration::from_secs(119)).await;
    assert_eq!(peer.request("/").await, StatusCode::OK);
    assert_eq!(peer.seconds_until_closed().await, 119 + 120);
}

#[tokio::test(start_paused = true)]
async fn http2_says_goodbye_once_it_has_answered() {
    let mut used = connect_http2().await;
    assert_eq!(used.request("/").await, StatusCode::OK);
    sleep(Duration::from_secs(5)).await;
    used.phase.send_replace(Phase::Draining);
    assert_eq!(used.seconds_until_closed().await, 5);

    let mut unused = connect_http2().await;
    unused.phase.send_replace(Phase::Draining);
    sleep(Duration::from_secs(7)).await;
    assert_eq!(unused.request("/slow").await, StatusCode::OK);
    assert_eq!(unused.seconds_until_closed().await, 27);
}
