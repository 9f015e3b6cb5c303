//! The servers that are compared, each on a thread of its own, all with the same TLS.

use crate::support::judging::engine;
use crate::support::manifests::generated;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use seaworthy::base::{Mode, Source};
use seaworthy::inventory::{Inventory, Origin};
use seaworthy::manifest::{Content, Limits, content_of, read_documents};
use seaworthy::webhook::engine_judge::{EngineJudge, Surroundings};
use seaworthy::webhook::metrics::Metrics;
use seaworthy::webhook::server::{Parts, Server};
use seaworthy::webhook::tls::{Certificate, CurrentCertificate, self_signed, server_config};
use seaworthy::webhook::{self};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// What answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handler {
    /// Takes the body and answers the same always.
    Nothing,
    /// Parses the review with its object, and lets it through.
    Parsing,
    /// The product.
    Seaworthy,
}

/// A server that takes requests until it is dropped.
pub struct Running {
    /// What answers.
    pub handler: Handler,
    /// Where.
    pub address: SocketAddr,
    /// Whom to trust.
    pub ca_pem: String,
    /// For the product: it stops when this is dropped.
    _server: Option<Server>,
    _runtime: Runtime,
}

impl Handler {
    /// As it stands in the table.
    pub fn name(self) -> &'static str {
        match self {
            Handler::Nothing => "looks at nothing",
            Handler::Parsing => "parses, allows",
            Handler::Seaworthy => "seaworthy",
        }
    }

    /// The name of its thread; the kernel keeps 15 characters.
    pub fn thread(self) -> &'static str {
        match self {
            Handler::Nothing => "serves-nothing",
            Handler::Parsing => "serves-parsing",
            Handler::Seaworthy => "serves-judging",
        }
    }
}

impl Running {
    /// Starts it on any port of loopback.
    pub fn start(handler: Handler) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(handler.thread())
            .enable_all()
            .build()
            .unwrap();
        let made = self_signed(&["localhost".to_owned()], SystemTime::now()).unwrap();
        let (address, server) = match handler {
            Handler::Nothing => (runtime.block_on(serve(made.certificate, post(nothing))), None),
            Handler::Parsing => (runtime.block_on(serve(made.certificate, post(parsing))), None),
            Handler::Seaworthy => {
                let server = runtime.block_on(seaworthy(made.certificate));
                (server.address, Some(server))
            }
        };
        Self { handler, address, ca_pem: made.ca_pem, _server: server, _runtime: runtime }
    }
}

async fn nothing(_body: Bytes) -> Response {
    json_text(ALLOWED.to_owned())
}

const ALLOWED: &str =
    r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"-","allowed":true}}"#;

/// What every webhook must read; the object is the largest part.
#[derive(Deserialize)]
struct Review {
    request: ReviewRequest,
}

#[derive(Deserialize)]
struct ReviewRequest {
    uid: String,
    object: Value,
}

async fn parsing(body: Bytes) -> Response {
    let review: Review = serde_json::from_slice(&body).unwrap();
    let is_object = review.request.object.is_object();
    let response = json!({"uid": review.request.uid, "allowed": is_object});
    let answer = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response});
    json_text(answer.to_string())
}

fn json_text(text: String) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response()
}

/// The least that serves over TLS: no time-outs, no limits, no counts.
async fn serve(certificate: Certificate, handler: axum::routing::MethodRouter) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = server_config(Arc::new(CurrentCertificate::new(certificate))).unwrap();
    let tls = TlsAcceptor::from(Arc::new(config));
    let router = Router::new().route("/validate", handler);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(attend(stream, tls.clone(), router.clone()));
        }
    });
    address
}

async fn attend(stream: TcpStream, tls: TlsAcceptor, router: Router) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = tls.accept(stream).await else { return };
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        router.clone().oneshot(request.map(Body::new))
    });
    let stream = TokioIo::new(stream);
    let _ = match is_http2 {
        true => http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service).await,
        false => http1::Builder::new().serve_connection(stream, service).await,
    };
}

/// The server of the product, with the engine and a few hundred objects around.
async fn seaworthy(certificate: Certificate) -> Server {
    let engine = engine("modes: {default: deny}", Mode::Audit);
    let loopback = "127.0.0.1:0".parse().unwrap();
    let parts = Parts {
        listen: loopback,
        probes: loopback,
        limits: webhook::limits::Limits::default(),
        certificate: Arc::new(CurrentCertificate::new(certificate)),
        judge: Arc::new(EngineJudge::new(Arc::new(engine), Still(inventory()))),
        metrics: Arc::new(Metrics::new(Vec::new())),
    };
    Server::start(parts).await.unwrap()
}

fn inventory() -> Inventory {
    let mut inventory = Inventory::new(Origin::Cluster);
    for (name, text) in generated(400) {
        for document in read_documents(&Source::new(name, text), &Limits::default()).documents {
            let Content::Objects(objects) = content_of(&Arc::new(document)) else { continue };
            objects.into_iter().for_each(|object| inventory.set(&Arc::new(object)));
        }
    }
    inventory
}

/// Surroundings in which nothing changes.
struct Still(Inventory);

impl Surroundings for Still {
    fn read<T>(&self, look: impl FnOnce(&Inventory) -> T) -> T {
        look(&self.0)
    }

    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    async fn namespace_known(&self, _namespace: &str, _within: Duration) -> bool {
        false
    }
}
