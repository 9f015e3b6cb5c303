//! `/livez`, `/readyz` and `/metrics` on a plain-text port of their own.
//!
//! Ready is who can judge (rules and inventory are there), is not about to leave, and has a certificate that is valid.
//! Live is who answers, and whose judging comes to an end: a server that hangs is started again.

use crate::webhook::judge::Judge;
use crate::webhook::judging::Begun;
use crate::webhook::limits::{Limits, Phase};
use crate::webhook::metrics::{Metrics, OPEN_METRICS};
use crate::webhook::tls::CurrentCertificate;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::watch;

/// What the probes look at.
#[derive(Clone)]
pub struct Probes {
    /// Whether it can judge.
    pub judge: Arc<dyn Judge>,
    /// What is being judged beside the threads that answer.
    pub begun: Arc<Begun>,
    /// How long judging may take.
    pub limits: Arc<Limits>,
    /// Where the server is in its life.
    pub phase: watch::Receiver<Phase>,
    /// The certificate in use.
    pub certificate: Arc<CurrentCertificate>,
    /// Shown at `/metrics`.
    pub metrics: Arc<Metrics>,
}

/// The routes of the probes.
pub fn router(probes: Probes) -> axum::Router {
    axum::Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(probes)
}

async fn livez(State(probes): State<Probes>) -> Response {
    if probes.begun.is_older(probes.limits.judging) {
        return (StatusCode::SERVICE_UNAVAILABLE, "not live: judging a review does not come to an end\n")
            .into_response();
    }
    "ok\n".into_response()
}

async fn readyz(State(probes): State<Probes>) -> Response {
    let missing = probes.missing(SystemTime::now());
    if missing.is_empty() {
        return "ok\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", missing.join("; "))).into_response()
}

async fn metrics(State(probes): State<Probes>) -> Response {
    match probes.metrics.text() {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

impl Probes {
    /// All that keeps the server from being ready.
    fn missing(&self, now: SystemTime) -> Vec<String> {
        let mut missing = Vec::new();
        missing.extend(self.judge.ready().err());
        if *self.phase.borrow() != Phase::Serving {
            missing.push("draining".to_owned());
        }
        missing.extend(self.certificate.check(now).err().map(str::to_owned));
        missing
    }
}
