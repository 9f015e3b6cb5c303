//! A stop loses nothing: not a request that is running, not one that is on its way, not one that comes late.

use crate::client::{Client, Connection, Version, validate};
use crate::server::{Running, review, start, until};
use http_body_util::Full;
use hyper::StatusCode;
use hyper::body::Bytes;
use seaworthy::webhook::limits::Limits;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::task::yield_now;
use tokio::time::{advance, pause, resume, timeout};

fn quick() -> Limits {
    Limits { linger: Duration::from_millis(100), drain_idle: Duration::from_secs(60), ..Limits::default() }
}

/// Lets this time pass without waiting for it, and then everybody do what he does at that time.
async fn goes_by(time: Duration) {
    const ROUNDS: usize = 100;
    pause();
    for turn in 0..2 * ROUNDS {
        if turn == ROUNDS {
            advance(time).await;
        }
        yield_now().await;
    }
    resume();
}

/// What a client of many connections sees, the endpoints changing under it.
#[derive(Default)]
struct Traffic {
    endpoint: Mutex<Option<Client>>,
    over: AtomicBool,
    answered: AtomicUsize,
    reconnected: AtomicUsize,
}

impl Traffic {
    fn send_to(&self, running: &Running) {
        *self.endpoint.lock().unwrap() = Some(Client::of(running));
    }

    /// Sends one request after the other, each on the kept connection as long as nobody asked to close it.
    async fn run(self: Arc<Self>, version: Version) {
        let mut kept: Option<Connection<Full<Bytes>>> = None;
        while !self.over.load(Ordering::SeqCst) {
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => self.connect(version).await,
            };
            let answer = match connection.send(validate(review("allow"))).await {
                Ok(answer) => answer,
                Err(error) if version == Version::Http2 && was_never_begun(&*error) => continue,
                Err(error) => panic!("{version:?}: a request is lost: {error:?}"),
            };
            assert_eq!(answer.status, StatusCode::OK);
            self.answered.fetch_add(1, Ordering::SeqCst);
            if !answer.says_close() {
                kept = Some(connection);
            }
        }
    }

    async fn connect(&self, version: Version) -> Connection<Full<Bytes>> {
        self.reconnected.fetch_add(1, Ordering::SeqCst);
        let client = self.endpoint.lock().unwrap().clone().unwrap();
        client.connect(version).await.expect("a new connection is refused")
    }
}

/// Whether the server is known not to have begun with a request: it never left, or its stream is behind the last one of a
/// goodbye (RFC 9113, 6.8). Go's client sends it again by itself.
fn was_never_begun(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let goodbye = format!("{error:?}").contains("GoAway(b\"\", NO_ERROR, Remote)");
    goodbye || error.downcast_ref::<hyper::Error>().is_some_and(|error| error.is_canceled() || error.is_closed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_replaced_under_load_lose_no_request() {
    let traffic = Arc::new(Traffic::default());
    let mut running = start(quick()).await;
    traffic.send_to(&running);
    let clients: Vec<_> = [Version::Http1, Version::Http1, Version::Http1, Version::Http2]
        .into_iter()
        .map(|version| tokio::spawn(traffic.clone().run(version)))
        .collect();
    for _ in 0..5 {
        let answered = traffic.answered.load(Ordering::SeqCst);
        until("the load is on", || traffic.answered.load(Ordering::SeqCst) > answered + 50).await;
        let next = start(quick()).await;
        let old = std::mem::replace(&mut running, next);
        old.server.drain();
        // New connections still go to the old one for a moment, as they do until every node knows the new endpoints.
        let answered = traffic.answered.load(Ordering::SeqCst);
        until("the load goes on", || traffic.answered.load(Ordering::SeqCst) > answered + 50).await;
        traffic.send_to(&running);
        let cut_off = timeout(Duration::from_secs(20), old.server.drained()).await.expect("it never ends");
        assert_eq!(cut_off, 0);
    }
    traffic.over.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    assert!(traffic.reconnected.load(Ordering::SeqCst) >= 4 * 5, "the old servers were never left");
}

#[tokio::test]
async fn a_connection_that_was_idle_is_still_answered() {
    let running = start(quick()).await;
    let client = Client::of(&running);
    let mut idle = Vec::new();
    for _ in 0..5 {
        let mut connection = client.connect(Version::Http1).await.unwrap();
        assert!(!connection.send(validate(review("allow"))).await.unwrap().says_close());
        idle.push(connection);
    }
    let drained = tokio::spawn(running.server.drained());
    goes_by(quick().linger * 3).await;
    assert!(!drained.is_finished(), "gone while somebody may still write");
    for connection in &mut idle {
        let answer = connection.send(validate(review("deny"))).await.unwrap();
        assert!(answer.status == StatusCode::OK && answer.says_close());
    }
    assert_eq!(timeout(Duration::from_secs(10), drained).await.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn new_connections_are_taken_for_a_while() {
    let running = start(quick()).await;
    let client = Client::of(&running);
    running.server.drain();
    let answer = client.ask("allow").await.unwrap();
    assert!(answer.status == StatusCode::OK && answer.says_close());
    assert_eq!(running.server.drained().await, 0);
    assert!(client.ask("allow").await.is_err(), "the port is still open");
}

#[tokio::test]
async fn a_running_request_is_finished_first() {
    let running = start(quick()).await;
    let client = Client::of(&running);
    let asked = tokio::spawn(async move { client.ask("wait").await });
    running.judge.waiting.notified().await;
    let drained = tokio::spawn(running.server.drained());
    goes_by(quick().linger * 3).await;
    assert!(!drained.is_finished());
    running.judge.released.notify_waiters();
    assert_eq!(asked.await.unwrap().unwrap().status, StatusCode::OK);
    assert_eq!(drained.await.unwrap(), 0);
}

#[tokio::test]
async fn silent_peers_are_not_waited_for_for_ever() {
    let limits = Limits { drain_idle: Duration::from_millis(300), ..quick() };
    let running = start(limits).await;
    let mut silent = Client::of(&running).tls(Version::Http1).await.unwrap();
    let drained = tokio::spawn(running.server.drained());
    let closed = timeout(Duration::from_secs(10), silent.read_to_end(&mut Vec::new())).await.unwrap();
    assert!(closed.is_ok(), "TLS is not closed properly: {closed:?}");
    assert_eq!(drained.await.unwrap(), 0);
}

#[tokio::test]
async fn the_end_comes_when_the_time_is_up() {
    let limits = Limits { grace: Duration::from_millis(300), ..quick() };
    let running = start(limits).await;
    let client = Client::of(&running);
    let silent = client.tls(Version::Http1).await.unwrap();
    let asked = tokio::spawn(async move { client.ask("wait").await });
    running.judge.waiting.notified().await;
    let cut_off = timeout(Duration::from_secs(10), running.server.drained()).await.unwrap();
    assert_eq!(cut_off, 1, "the silent one is closed, the busy one is cut off");
    drop((silent, asked));
}
