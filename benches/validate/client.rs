//! A client that keeps its connections, as the API server does, on the thread that asks.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;

/// Requests at the same time: over as many connections, or as streams of one.
const AT_ONCE: usize = 8;

/// Kept connections to one server.
pub struct Client {
    runtime: Runtime,
    senders: Vec<Sender>,
}

#[derive(Debug)]
enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Client {
    /// Opens the connections.
    pub fn connect(address: SocketAddr, ca_pem: &str, http2: bool) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let protocol: &[u8] = if http2 { b"h2" } else { b"http/1.1" };
        let connector = connector(ca_pem, protocol);
        let senders = runtime.block_on(async {
            let mut senders = Vec::new();
            for _ in 0..AT_ONCE {
                match senders.first() {
                    Some(Sender::Http2(first)) => senders.push(Sender::Http2(first.clone())),
                    _ => senders.push(Sender::open(address, &connector, http2).await),
                }
            }
            senders
        });
        Self { runtime, senders }
    }

    /// One review; gives the answer.
    pub fn ask(&mut self, body: &str) -> String {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let answer = self.runtime.block_on(self.senders[0].ask(body));
        String::from_utf8(answer.to_vec()).unwrap()
    }

    /// The same review so many times.
    pub fn ask_often(&mut self, body: &str, requests: usize) {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let each = requests / self.senders.len();
        let askers = self.senders.iter_mut().map(|sender| {
            let body = body.clone();
            async move {
                for _ in 0..each {
                    sender.ask(body.clone()).await;
                }
            }
        });
        self.runtime.block_on(futures_util::future::join_all(askers));
    }
}

impl Sender {
    async fn open(address: SocketAddr, connector: &TlsConnector, http2: bool) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let stream = TokioIo::new(connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap());
        if http2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
            tokio::spawn(connection);
            return Self::Http2(sender);
        }
        let (sender, connection) = http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        Self::Http1(sender)
    }

    async fn ask(&mut self, body: Bytes) -> Bytes {
        let path = "/validate?timeout=10s";
        let uri = if matches!(self, Self::Http2(_)) { format!("https://localhost{path}") } else { path.to_owned() };
        let request = Request::post(uri).header("host", "localhost").header("content-type", "application/json");
        let request = request.body(Full::new(body)).unwrap();
        let response = match self {
            Self::Http1(sender) => {
                sender.ready().await.unwrap();
                sender.send_request(request).await
            }
            Self::Http2(sender) => {
                sender.ready().await.unwrap();
                sender.send_request(request).await
            }
        };
        let response: Response<_> = response.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body().collect().await.unwrap().to_bytes()
    }
}

fn connector(ca_pem: &str, protocol: &[u8]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    TlsConnector::from(Arc::new(config))
}
