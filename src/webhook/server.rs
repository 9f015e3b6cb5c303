//! The running server: two ports, and the way from serving to gone.
//!
//! A stop loses no request. From the order on the server is not ready, but it takes and answers everything as before,
//! asking each peer to go elsewhere next time; it is gone when nobody is left who might still write to it. Peers that are
//! silent are waited for until they have surely given up their idle connections, or until the time is up.

use crate::webhook::judge::Judge;
use crate::webhook::judging::{Begun, Judging};
use crate::webhook::limits::{Limits, Phase};
use crate::webhook::metrics::Metrics;
use crate::webhook::probes::{self, Probes};
use crate::webhook::review;
use crate::webhook::tls::{CurrentCertificate, server_config};
use crate::webhook::transport::{Connections, Port};
use anyhow::Context;
use prometheus_client::metrics::gauge::Gauge;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// For the last requests when the time is up.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// The kubelet and Prometheus, each with a connection or two.
const PROBE_CONNECTIONS: usize = 64;

/// A server that takes requests.
#[derive(Debug)]
pub struct Server {
    /// Where the webhook listens.
    pub address: SocketAddr,
    /// Where the probes listen.
    pub probes: SocketAddr,
    phase: watch::Sender<Phase>,
    connections: Arc<Connections>,
    limits: Arc<Limits>,
    webhook_port: JoinHandle<()>,
    probe_port: JoinHandle<()>,
}

/// What a server is made of.
pub struct Parts {
    /// Where the webhook is to listen; port 0 for any.
    pub listen: SocketAddr,
    /// Where the probes are to listen; port 0 for any.
    pub probes: SocketAddr,
    /// What it may do.
    pub limits: Limits,
    /// Its certificate.
    pub certificate: Arc<CurrentCertificate>,
    /// Answers the requests.
    pub judge: Arc<dyn Judge>,
    /// Counts them.
    pub metrics: Arc<Metrics>,
}

impl Server {
    /// Opens both ports and begins to serve.
    ///
    /// # Errors
    /// An address cannot be listened on.
    pub async fn start(parts: Parts) -> anyhow::Result<Self> {
        let Parts { listen, probes, limits, certificate, judge, metrics } = parts;
        let (phase, phase_seen) = watch::channel(Phase::Serving);
        let limits = Arc::new(limits);
        let begun = Arc::new(Begun::default());
        metrics.cert_not_after.set(certificate.not_after_seconds());

        let port = Port {
            listener: bind(listen).await?,
            tls: Some(TlsAcceptor::from(Arc::new(server_config(certificate.clone())?))),
            router: review::router(
                Judging::new(judge.clone(), limits.judged_at_once, begun.clone()),
                metrics.clone(),
                &limits,
            ),
            connections: Connections::new(limits.connections, metrics.connections.clone()),
            limits: limits.clone(),
            phase: phase_seen.clone(),
            metrics: metrics.clone(),
        };
        let probe_port = Port {
            listener: bind(probes).await?,
            tls: None,
            router: probes::router(Probes {
                judge,
                begun,
                limits: limits.clone(),
                phase: phase_seen.clone(),
                certificate,
                metrics: metrics.clone(),
            }),
            connections: Connections::new(PROBE_CONNECTIONS, Gauge::default()),
            limits: limits.clone(),
            phase: phase_seen,
            metrics,
        };
        Ok(Self {
            address: port.listener.local_addr()?,
            probes: probe_port.listener.local_addr()?,
            phase,
            connections: port.connections.clone(),
            limits,
            webhook_port: tokio::spawn(port.run()),
            probe_port: tokio::spawn(probe_port.run()),
        })
    }

    /// Runs until a port dies, which only a mistake of ours can do. Better gone and started again than deaf.
    pub async fn died(&mut self) -> anyhow::Error {
        tokio::select! {
            _ = &mut self.webhook_port => anyhow::anyhow!("the webhook port died"),
            _ = &mut self.probe_port => anyhow::anyhow!("the probe port died"),
        }
    }

    /// Begins to leave: not ready from now on, every request still answered.
    pub fn drain(&self) {
        self.phase.send_replace(Phase::Draining);
    }

    /// Waits until nobody is left, or the time is up; then ends. How many connections were cut off is returned.
    pub async fn drained(self) -> usize {
        self.drain();
        let time = self.limits.grace.saturating_sub(LAST_ANSWERS);
        let _ = timeout(time, async {
            sleep(self.limits.linger).await;
            self.connections.none_left().await;
        })
        .await;
        self.phase.send_replace(Phase::Stopping);
        let _ = self.webhook_port.await;
        let _ = timeout(LAST_ANSWERS.min(self.limits.grace), self.connections.none_left()).await;
        self.connections.count()
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}
