//! `POST /validate` and `POST /mutate`: from an HTTP request to an HTTP answer.
//!
//! Where judging runs, and how many large objects are parsed at the same time, is `judging`'s part. Whatever it does, an answer
//! comes in time: the deadline is the one that the API server names.
//!
//! What cannot be judged or repaired is an HTTP error, never a silent pass nor half a patch: the failure policy of the configuration decides. Where
//! coming back helps, the answer says when (`Retry-After`): the API server repeats a call only then.

use crate::webhook::body::{ByteGate, HeldBody, discard};
use crate::webhook::deadline;
use crate::webhook::failure::Failure;
use crate::webhook::judge::{JudgeError, RepairOutcome};
use crate::webhook::judging::{Judging, Question};
use crate::webhook::limits::Limits;
use crate::webhook::metrics::{Decision, Metrics};
use crate::webhook::wire::{self, AdmissionRequest, AdmissionResponse};
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// What answering needs.
pub struct Reviews {
    judging: Judging,
    metrics: Arc<Metrics>,
    gate: ByteGate,
    largest_body: usize,
    body_time: Duration,
}

/// What is asked: each at a path of its own, because the API server calls them at different times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// `/validate`: may this be stored?
    Validate,
    /// `/mutate`: what should be different before?
    Mutate,
}

/// The routes of the webhook.
pub fn router(judging: Judging, metrics: Arc<Metrics>, limits: &Limits) -> axum::Router {
    let gate = ByteGate::new(limits.bytes_in_flight);
    let reviews = Reviews { judging, metrics, gate, largest_body: limits.body, body_time: limits.body_time };
    let door = |door| post(move |State(reviews): State<Arc<Reviews>>, request| answer(reviews, request, door));
    let routes = axum::Router::new().route("/validate", door(Door::Validate)).route("/mutate", door(Door::Mutate));
    routes.with_state(Arc::new(reviews))
}

async fn answer(reviews: Arc<Reviews>, request: Request<Body>, door: Door) -> Response {
    let begun = Instant::now();
    let _counted = Counted::new(&reviews.metrics);
    let time = deadline::from_query(request.uri().query());
    let (head, mut body) = request.into_parts();
    let answered = timeout_at(begun + time, reviews.answer(&head.headers, &mut body, door)).await;
    let answered = answered.unwrap_or_else(|_| {
        reviews.metrics.count_review(door, "", "", Decision::Failed);
        Err(Failure::Late(time.as_millis()))
    });
    reviews.metrics.review_duration.observe(begun.elapsed().as_secs_f64());
    match answered {
        Ok(review) => ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], review).into_response(),
        Err(failure) => {
            // What did not come in its time is not waited for again.
            let until = if matches!(failure, Failure::Unsent(_)) { Instant::now() } else { begun + time };
            let mut response = failure.into_response();
            if timeout_at(until, discard(&mut body)).await.is_err() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    }
}

impl Reviews {
    /// The body of the answer. Counts what became of the request.
    async fn answer(&self, headers: &HeaderMap, body: &mut Body, door: Door) -> Result<Vec<u8>, Failure> {
        let unread = |failure| {
            self.metrics.count_review(door, "", "", Decision::Failed);
            failure
        };
        self.judging.judge().ready().map_err(Failure::ComeBack).map_err(unread)?;
        check_headers(headers).map_err(unread)?;
        let read = timeout(self.body_time, self.gate.read(body, self.largest_body)).await;
        let read = read.map_err(|_| Failure::Unsent(self.body_time.as_millis())).map_err(unread)?;
        let body = Arc::new(read.map_err(Failure::from).map_err(unread)?);
        let request = wire::read(body.bytes()).map_err(|error| unread(Failure::BadRequest(error.to_string())))?;
        let answered = match door {
            Door::Validate => self.validate(&body, &request).await,
            Door::Mutate => self.mutate(&body, &request).await,
        };
        answered.inspect_err(|failure| {
            self.metrics.count_review(door, &request.operation, &request.kind.kind, Decision::Failed);
            log(&request, failure);
        })
    }

    async fn validate(&self, body: &Arc<HeldBody>, request: &AdmissionRequest<'_>) -> Result<Vec<u8>, Failure> {
        let answer = self.ask(body, request, |judge, request| judge.judge(request)).await?;
        let (response, decision) = match &answer.refusal {
            None => (AdmissionResponse::allowed(&request.uid), Decision::Allowed),
            Some(message) => (AdmissionResponse::denied(&request.uid, message), Decision::Denied),
        };
        let review = written(&response.warn(&answer.warnings).audit(&answer.audit))?;
        for (rule, action) in &answer.findings {
            self.metrics.count_finding(rule, *action);
        }
        self.metrics.membership_unknown.inc_by(answer.membership_unknown.into());
        self.count(Door::Validate, request, decision, &answer.repairs);
        Ok(review)
    }

    async fn mutate(&self, body: &Arc<HeldBody>, request: &AdmissionRequest<'_>) -> Result<Vec<u8>, Failure> {
        let repaired = self.ask(body, request, |judge, request| judge.repair(request)).await?;
        let response = AdmissionResponse::allowed(&request.uid).patch(&repaired.patch).map_err(unwritable)?;
        let review = written(&response.warn(&repaired.warnings).audit(&repaired.audit))?;
        self.count(Door::Mutate, request, Decision::Allowed, &repaired.repairs);
        Ok(review)
    }

    /// Asks the judge, who may panic.
    async fn ask<T: Send + 'static>(
        &self,
        body: &Arc<HeldBody>,
        request: &AdmissionRequest<'_>,
        question: Question<T>,
    ) -> Result<T, Failure> {
        let judged = match unwinding(self.judging.judge().prepare(request)).await {
            Ok(()) => self.judging.ask(body, request, question).await,
            Err(_) => Err(JudgeError::panicked()),
        };
        judged.map_err(|error| match error {
            JudgeError::Unreadable(_) | JudgeError::TooLarge(_) => Failure::BadRequest(error.to_string()),
            JudgeError::Internal(text) => Failure::Internal(text),
            JudgeError::Panicked(text) => {
                self.metrics.panics.inc();
                Failure::Internal(text)
            }
        })
    }

    fn count(
        &self,
        door: Door,
        request: &AdmissionRequest<'_>,
        decision: Decision,
        repairs: &[(Arc<str>, RepairOutcome)],
    ) {
        self.metrics.count_review(door, &request.operation, &request.kind.kind, decision);
        for (rule, outcome) in repairs {
            self.metrics.count_repair(rule, *outcome);
        }
    }
}

fn written(response: &AdmissionResponse<'_>) -> Result<Vec<u8>, Failure> {
    response.to_json().map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> Failure {
    Failure::Internal(format!("the answer cannot be written: {error}"))
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
