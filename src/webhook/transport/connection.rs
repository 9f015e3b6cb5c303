//! One connection, from its first byte to its last: which protocol, when it is closed, and how politely.
//!
//! hyper serves each protocol by itself, chosen by ALPN: its guessing server would wait for ever for the first bytes.
//! An idle HTTP/1.1 connection is never closed while we drain, for the peer may be writing to it just then and would
//! not repeat its request; each answer asks it to close (`Connection: close`). HTTP/2 can say goodbye without a
//! race (GOAWAY), and does after its first answer.

use crate::webhook::limits::{Limits, Phase};
use crate::webhook::transport::activity::{Activity, InFlight};
use crate::webhook::transport::watched::Watched;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CONNECTION, HeaderValue};
use axum::http::{Request, Response, StatusCode, Version};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tower::ServiceExt;

/// What the peer speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1: what API servers speak to a Service.
    Http1,
    /// HTTP/2: what they speak to a URL on loopback.
    Http2,
}

/// All that serving one connection needs.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Answers the requests.
    pub router: Router,
    /// Its clocks.
    pub activity: Arc<Activity>,
    /// What it may do.
    pub limits: Arc<Limits>,
    /// Where the server is in its life.
    pub phase: watch::Receiver<Phase>,
}

impl Connection {
    /// Serves until the peer closes, is idle for too long, misbehaves, or the server drains.
    pub async fn serve<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(self, stream: S, protocol: Protocol) {
        let head_limit = (protocol == Protocol::Http1).then_some(self.limits.head);
        let stream = Watched::new(stream, self.activity.clone(), head_limit, self.limits.write);
        let stream = TokioIo::new(stream);
        let answering = self.clone();
        let service = hyper::service::service_fn(move |request| answering.clone().answer(request));
        match protocol {
            Protocol::Http1 => self.drive(http1_builder().serve_connection(stream, service), protocol).await,
            Protocol::Http2 => self.drive(http2_builder().serve_connection(stream, service), protocol).await,
        }
    }

    /// Errors of a connection are the peer's affair: it went away, or sent what is no HTTP.
    async fn drive(self, connection: impl Polite, protocol: Protocol) {
        let mut connection = pin!(connection);
        let limits = self.limits.clone();
        tokio::select! {
            biased;
            ended = connection.as_mut() => return log_end(ended),
            () = self.time_to_close(protocol) => {}
        }
        connection.as_mut().say_goodbye();
        if let Ok(ended) = timeout(limits.finish, connection).await {
            log_end(ended);
        }
    }

    async fn time_to_close(mut self, protocol: Protocol) {
        loop {
            let phase = *self.phase.borrow_and_update();
            let draining = phase == Phase::Draining;
            let goodbye = draining && protocol == Protocol::Http2;
            if phase == Phase::Stopping || goodbye && self.activity.has_answered() {
                return;
            }
            let limit = if draining { self.limits.drain_idle } else { self.limits.idle };
            let at = self.activity.quiet_since().unwrap_or_else(Instant::now) + limit;
            if at <= Instant::now() {
                return;
            }
            tokio::select! {
                () = sleep_until(at) => {}
                changed = self.phase.changed() => if changed.is_err() { return },
                () = async { if goodbye { self.activity.answered().await } else { pending().await } } => {}
            }
        }
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Answering>, Infallible> {
        let in_flight = self.activity.request();
        let version = request.version();
        let Ok(mut response) = self.router.oneshot(request).await;
        // Of these nobody has read the body. What is left of it must not be taken for the head of a next request.
        let unread = matches!(response.status(), StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED);
        if version <= Version::HTTP_11 && (unread || *self.phase.borrow() != Phase::Serving) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response.map(|body| Answering { body, _in_flight: in_flight }))
    }
}

fn http1_builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(64 << 10).max_headers(100);
    builder
}

fn http2_builder() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.max_concurrent_streams(64).max_header_list_size(16 << 10);
    builder.initial_stream_window_size(256 << 10).initial_connection_window_size(1 << 20);
    builder
}

fn log_end(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

/// A connection of hyper that can be asked to finish what it does and close.
trait Polite: Future<Output = hyper::Result<()>> {
    fn say_goodbye(self: Pin<&mut Self>);
}

impl<I, S, B> Polite for http1::Connection<I, S>
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin + 'static,
    S: hyper::service::HttpService<Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: HttpBody + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn say_goodbye(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<I, S, B, E> Polite for http2::Connection<I, S, E>
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    S: hyper::service::HttpService<Incoming, ResBody = B>,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: HttpBody + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    E: hyper::rt::bounds::Http2ServerConnExec<S::Future, B>,
{
    fn say_goodbye(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// The body of an answer; while it is there, the request is in flight.
#[derive(Debug)]
struct Answering {
    body: Body,
    _in_flight: InFlight,
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
