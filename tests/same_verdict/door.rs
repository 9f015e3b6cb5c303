//! `seaworthy serve` as a process, and the one thing the API server does to it.

use rustls::crypto::ring;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use seaworthy::manifest::Object;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// How long a server may take to be there on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server with an open connection.
pub struct Door {
    server: Child,
    connection: BufReader<StreamOwned<ClientConnection, TcpStream>>,
    _folder: tempfile::TempDir,
}

impl Door {
    /// Starts a server and connects to it.
    pub fn open(configuration: &Path, inventory: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca_file = folder.path().join("ca.pem");
        let server = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
            .args(["serve", "--self-signed", "--listen", "127.0.0.1:0", "--probe-listen", "127.0.0.1:0"])
            .arg("--self-signed-ca-file")
            .arg(&ca_file)
            .arg("--config")
            .arg(configuration)
            .arg("--inventory")
            .arg(inventory)
            .env_remove("SEAWORTHY_LOG")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut server = Kill(Some(server));
        let stream = TcpStream::connect(address_told_by(&mut server)).unwrap();
        let connection = BufReader::new(StreamOwned::new(tls(&ca_file), stream));
        Self { server: server.0.take().unwrap(), connection, _folder: folder }
    }

    /// The response to the CREATE of an object.
    pub fn review(&mut self, object: &Object) -> Value {
        let body = review_of(object);
        let head = format!(
            "POST /validate?timeout=10s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let stream = self.connection.get_mut();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let (status, answer) = self.read_answer();
        assert!(status.contains(" 200 "), "{status}: {answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["response"].clone()
    }

    fn read_answer(&mut self) -> (String, String) {
        let mut line = || {
            let mut line = String::new();
            self.connection.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        let status = line();
        let mut length = 0;
        loop {
            let header = line().to_ascii_lowercase();
            match header.split_once(':') {
                Some(("content-length", value)) => length = value.trim().parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.connection.read_exact(&mut body).unwrap();
        (status, String::from_utf8(body).unwrap())
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Kills the server when it is not handed on.
struct Kill(Option<Child>);

impl Drop for Kill {
    fn drop(&mut self) {
        if let Some(server) = &mut self.0 {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// What the API server sends: the object with its namespace beside it.
fn review_of(object: &Object) -> String {
    let reference = object.reference();
    let (group, version) = reference.api_version.split_once('/').unwrap_or(("", &reference.api_version));
    let kind = json!({"group": group, "version": version, "kind": reference.kind});
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": kind,
            "requestKind": kind,
            "resource": {"group": group, "version": version, "resource": "any"},
            "name": reference.name,
            "namespace": reference.namespace.as_deref().unwrap_or("default"),
            "operation": "CREATE",
            "userInfo": {"username": "dev"},
            "object": object.value(),
            "oldObject": null,
            "dryRun": false,
        },
    })
    .to_string()
}

fn tls(ca_file: &Path) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca_file).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let name = ServerName::try_from("localhost").unwrap();
    ClientConnection::new(Arc::new(config.with_no_client_auth()), name).unwrap()
}

/// The address that the kernel chose for the webhook port: a port chosen here could be somebody else's by the time the
/// server asks for it. The server names it in its log once both ports are open; before that it wrote the CA file.
fn address_told_by(server: &mut Kill) -> String {
    let stderr = server.0.as_mut().and_then(|server| server.stderr.take()).unwrap();
    let (told, heard) = mpsc::channel();
    // Reads to the end: with nobody to read its log, the server could wait for somebody for ever.
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let _ = told.send(line);
        }
    });
    let mut said = Vec::new();
    while let Ok(line) = heard.recv_timeout(PATIENCE) {
        let event: Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(address) = event["webhook"].as_str() {
            return address.to_owned();
        }
        said.push(line);
    }
    panic!("the server does not serve: {said:#?}")
}
