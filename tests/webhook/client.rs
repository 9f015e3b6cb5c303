//! An HTTP client that, like the API server's, keeps connections and repeats nothing by itself.

use crate::server::{Running, review};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes};
use hyper::client::conn::{http1, http2};
use hyper::http::request::Builder;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub type Failure = Box<dyn Error + Send + Sync>;

/// An answer, read to its end.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn says_close(&self) -> bool {
        self.header("connection") == Some("close")
    }
}

/// Where and how to connect.
#[derive(Clone)]
pub struct Client {
    pub address: SocketAddr,
    tls: Arc<ClientConfig>,
}

/// A kept connection.
pub enum Connection<B> {
    Http1(http1::SendRequest<B>),
    Http2(http2::SendRequest<B>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    Http1,
    Http2,
}

impl Client {
    pub fn of(running: &Running) -> Self {
        Self::trusting(&running.ca_pem, running.server.address)
    }

    pub fn trusting(ca_pem: &str, address: SocketAddr) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Self { address, tls: Arc::new(builder.with_root_certificates(roots).with_no_client_auth()) }
    }

    /// The bare bytes, after the handshake.
    pub async fn tls(&self, version: Version) -> Result<TlsStream<TcpStream>, Failure> {
        let mut config = (*self.tls).clone();
        config.alpn_protocols = match version {
            Version::Http1 => vec![b"http/1.1".to_vec()],
            Version::Http2 => vec![b"h2".to_vec()],
        };
        let stream = TcpStream::connect(self.address).await?;
        Ok(TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost")?, stream).await?)
    }

    pub async fn connect<B>(&self, version: Version) -> Result<Connection<B>, Failure>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Failure>,
    {
        let stream = TokioIo::new(self.tls(version).await?);
        Ok(match version {
            Version::Http1 => {
                let (sender, connection) = http1::handshake(stream).await?;
                tokio::spawn(connection);
                Connection::Http1(sender)
            }
            Version::Http2 => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
                tokio::spawn(connection);
                Connection::Http2(sender)
            }
        })
    }

    /// One review on a connection of its own.
    pub async fn ask(&self, order: &str) -> Result<Answer, Failure> {
        self.connect(Version::Http1).await?.send(validate(review(order))).await
    }
}

impl<B: Body<Data = Bytes> + Send + 'static> Connection<B> {
    pub async fn send(&mut self, mut request: Request<B>) -> Result<Answer, Failure> {
        let response = match self {
            Self::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Self::Http2(sender) => {
                sender.ready().await?;
                let uri = format!("https://localhost{}", request.uri());
                *request.uri_mut() = uri.parse()?;
                sender.send_request(request).await?
            }
        };
        read(response).await
    }
}

async fn read(response: Response<hyper::body::Incoming>) -> Result<Answer, Failure> {
    let (head, body) = response.into_parts();
    let text = String::from_utf8(body.collect().await?.to_bytes().to_vec())?;
    Ok(Answer { status: head.status, headers: head.headers, text })
}

/// `POST /validate` with the headers that the API server sends.
pub fn validate_with<B>(path: &str, body: B) -> Request<B> {
    as_api_server(Request::post(path)).header("content-type", "application/json").body(body).unwrap()
}

pub fn validate(body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    validate_with("/validate?timeout=10s", Full::new(body.into()))
}

/// `POST /mutate` with the same.
pub fn mutate(body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    validate_with("/mutate?timeout=10s", Full::new(body.into()))
}

pub fn as_api_server(request: Builder) -> Builder {
    request
        .header("host", "seaworthy.seaworthy.svc")
        .header("accept", "application/json, */*")
        .header("accept-encoding", "gzip")
        .header("user-agent", "kube-apiserver-admission")
}

/// A page of the probe port, in plain text.
pub async fn probe(running: &Running, path: &str) -> Answer {
    let stream = TcpStream::connect(running.server.probes).await.unwrap();
    let (mut sender, connection) = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get(path).header("host", "localhost").body(Full::default()).unwrap();
    read(sender.send_request(request).await.unwrap()).await.unwrap()
}
