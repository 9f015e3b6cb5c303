//! `POST /validate`: from an HTTP request to an HTTP answer.
//!
//! Judging runs on the thread that read the request, not on a pool of blocking threads: it takes well under a
//! millisecond, tens for the largest objects, and at most as many parsed objects are in memory as there are workers.
//! A judge that hangs stops the probes too, so that the kubelet notices.
//!
//! What cannot be judged is an HTTP error, never a silent pass: the failure policy of the configuration decides. Where
//! coming back helps, the answer says when (`Retry-After`): the API server repeats a call only then.

use crate::webhook::body::{BodyError, ByteGate, discard};
use crate::webhook::deadline;
use crate::webhook::judge::{Answer, Judge, JudgeError};
use crate::webhook::limits::Limits;
use crate::webhook::metrics::{Decision, Metrics};
use crate::webhook::wire::{self, AdmissionRequest, AdmissionResponse};
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::time::{Instant, timeout_at};

/// What answering needs.
pub struct Reviews {
    judge: Arc<dyn Judge>,
    metrics: Arc<Metrics>,
    gate: ByteGate,
    largest_body: usize,
}

/// Why there is no review in the answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    BadRequest(String),
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    #[error("{0}: come back in a second")]
    ComeBack(String),
    #[error("no answer within {0} ms")]
    Late(u128),
    #[error("{0}")]
    Internal(String),
}

/// The routes of the webhook.
pub fn router(judge: Arc<dyn Judge>, metrics: Arc<Metrics>, limits: &Limits) -> axum::Router {
    let gate = ByteGate::new(limits.bytes_in_flight);
    let reviews = Reviews { judge, metrics, gate, largest_body: limits.body };
    axum::Router::new().route("/validate", post(validate)).with_state(Arc::new(reviews))
}

async fn validate(State(reviews): State<Arc<Reviews>>, request: Request<Body>) -> Response {
    let begun = Instant::now();
    let _counted = Counted::new(&reviews.metrics);
    let time = deadline::from_query(request.uri().query());
    let (head, mut body) = request.into_parts();
    let answered = timeout_at(begun + time, reviews.answer(&head.headers, &mut body)).await;
    let answered = answered.unwrap_or_else(|_| {
        reviews.metrics.count_review("", "", Decision::Failed);
        Err(Failure::Late(time.as_millis()))
    });
    reviews.metrics.review_duration.observe(begun.elapsed().as_secs_f64());
    match answered {
        Ok(review) => ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], review).into_response(),
        Err(failure) => {
            let mut response = failure.into_response();
            if timeout_at(begun + time, discard(&mut body)).await.is_err() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    }
}

impl Reviews {
    /// The body of the answer. Counts what became of the request.
    async fn answer(&self, headers: &HeaderMap, body: &mut Body) -> Result<Vec<u8>, Failure> {
        let unread = |failure| {
            self.metrics.count_review("", "", Decision::Failed);
            failure
        };
        self.judge.ready().map_err(Failure::ComeBack).map_err(unread)?;
        check_headers(headers).map_err(unread)?;
        let body = self.gate.read(body, self.largest_body).await.map_err(Failure::from).map_err(unread)?;
        let request = wire::read(body.bytes()).map_err(|error| unread(Failure::BadRequest(error.to_string())))?;
        let answer = self.judge(&request).await.inspect_err(|failure| {
            self.metrics.count_review(&request.operation, &request.kind.kind, Decision::Failed);
            log(&request, failure);
        })?;
        self.count(&request, &answer);
        let response = match &answer.refusal {
            None => AdmissionResponse::allowed(&request.uid),
            Some(message) => AdmissionResponse::denied(&request.uid, message),
        };
        let review = response.warn(&answer.warnings).audit(&answer.audit).to_json();
        review.map_err(|error| Failure::Internal(format!("the answer cannot be written: {error}")))
    }

    async fn judge(&self, request: &AdmissionRequest<'_>) -> Result<Answer, Failure> {
        let panicked = |_| JudgeError::Panicked("internal error: judging panicked, see the log".to_owned());
        let judged = match unwinding(self.judge.prepare(request)).await {
            Ok(()) => catch_unwind(AssertUnwindSafe(|| self.judge.judge(request))).map_err(panicked).flatten(),
            Err(panic) => Err(panicked(panic)),
        };
        judged.map_err(|error| match error {
            JudgeError::Unreadable(_) => Failure::BadRequest(error.to_string()),
            JudgeError::Internal(text) => Failure::Internal(text),
            JudgeError::Panicked(text) => {
                self.metrics.panics.inc();
                Failure::Internal(text)
            }
        })
    }

    fn count(&self, request: &AdmissionRequest<'_>, answer: &Answer) {
        let decision = if answer.refusal.is_some() { Decision::Denied } else { Decision::Allowed };
        self.metrics.count_review(&request.operation, &request.kind.kind, decision);
        for (rule, action) in &answer.findings {
            self.metrics.count_finding(rule, *action);
        }
        self.metrics.membership_unknown.inc_by(answer.membership_unknown.into());
    }
}

/// Only plain JSON: whatever unpacks could unpack to anything.
fn check_headers(headers: &HeaderMap) -> Result<(), Failure> {
    let media = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let media = media.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if !media.eq_ignore_ascii_case(b"application/json") {
        let seen = String::from_utf8_lossy(media);
        return Err(Failure::BadRequest(format!("Content-Type is `{seen}`, wanted `application/json`")));
    }
    match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity") => Ok(()),
        Some(seen) => {
            let seen = String::from_utf8_lossy(seen);
            Err(Failure::BadRequest(format!("Content-Encoding is `{seen}`, wanted none")))
        }
    }
}

/// A panic while the future is polled becomes an error.
async fn unwinding<T>(future: impl Future<Output = T>) -> std::thread::Result<T> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// Bad requests are anybody's to send and are counted only; our own failures are told.
fn log(request: &AdmissionRequest<'_>, failure: &Failure) {
    let (kind, namespace, name) = (&request.kind.kind, &request.namespace, &request.name);
    match failure {
        Failure::Internal(_) => tracing::error!(uid = ?request.uid, ?kind, ?namespace, ?name, %failure, "no answer"),
        _ => tracing::debug!(uid = ?request.uid, ?kind, ?namespace, ?name, %failure, "no answer"),
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge(limit) => Failure::TooLarge(limit),
            BodyError::Overloaded => Failure::ComeBack(error.to_string()),
            BodyError::Broken(_) => Failure::BadRequest(error.to_string()),
        }
    }
}

impl IntoResponse for Failure {
    /// Plain text: the API server quotes the text of a 500 to the user.
    fn into_response(self) -> Response {
        let status = match self {
            Failure::BadRequest(_) => StatusCode::BAD_REQUEST,
            Failure::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Failure::ComeBack(_) => StatusCode::SERVICE_UNAVAILABLE,
            Failure::Late(_) | Failure::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = (status, format!("seaworthy: {self}\n")).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            // With 0 the API server burns its ten tries in 10 ms.
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// Keeps a request in the gauge of those being answered, also when the peer goes away in the middle.
struct Counted<'a>(&'a Metrics);

impl<'a> Counted<'a> {
    fn new(metrics: &'a Metrics) -> Self {
        metrics.in_flight.inc();
        Self(metrics)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}
