//! Layer 5: the admission webhook, from bytes on a port to a judgement and back.
//!
//! Everything that comes in is hostile until proven otherwise, and nothing it does may end the server or let a request
//! through unjudged. The request path reads no file and calls nobody. The server knows no rule: see [`judge::Judge`];
//! [`engine_judge`] is where the engine comes in.

pub mod always_admit;
pub mod body;
pub mod deadline;
pub mod engine_judge;
pub mod failure;
pub mod judge;
mod judging;
pub mod limits;
pub mod metrics;
mod object;
pub mod options;
pub mod probes;
pub mod review;
pub mod server;
pub mod tls;
pub mod transport;
pub mod wire;

use crate::webhook::judge::Judge;
use crate::webhook::limits::{Limits, open_files};
use crate::webhook::metrics::Metrics;
use crate::webhook::options::{CertificateSource, Options, UsageError};
use crate::webhook::server::{Parts, Server};
use crate::webhook::tls::{Certificate, CertificateFiles, CurrentCertificate, self_signed};
use prometheus_client::collector::Collector;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Serves until SIGTERM and the end of the drain. A second SIGTERM, and SIGINT, end it at once. `/metrics` shows what
/// `collectors` count beside our own.
///
/// # Errors
/// [`UsageError`] (exit code 2) for flags and files that cannot be used; anything else is a failure while serving.
pub async fn serve(
    options: &Options,
    judge: Arc<dyn Judge>,
    collectors: Vec<Box<dyn Collector>>,
) -> anyhow::Result<()> {
    let limits = limits(options);
    let metrics = Arc::new(Metrics::new(collectors));
    let (files, certificate) = certificate(options).await?;
    let certificate = Arc::new(CurrentCertificate::new(certificate));
    if let Some(files) = files {
        tokio::spawn(files.keep_fresh(certificate.clone(), metrics.clone(), limits.reload));
    }
    // Before the ports are open: who can be reached can be asked to stop.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let parts = Parts { listen: options.listen, probes: options.probe_listen, limits, certificate, judge, metrics };
    let mut server = Server::start(parts).await.map_err(|error| UsageError(format!("{error:#}")))?;
    tracing::info!(webhook = %server.address, probes = %server.probes, "serving");
    tokio::select! {
        error = server.died() => return Err(error),
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => {}
    }
    drain(server, &mut terminate, &mut interrupt).await;
    Ok(())
}

/// What the options allow, as far as the system does.
fn limits(options: &Options) -> Limits {
    let told = std::fs::read_to_string("/proc/self/limits").ok().and_then(|text| open_files(&text));
    told.map_or_else(|| options.limits(), |files| options.limits().within_open_files(files))
}

async fn drain(server: Server, terminate: &mut Signal, interrupt: &mut Signal) {
    tracing::info!("draining: not ready any more, every request is still answered; a second SIGTERM ends at once");
    tokio::select! {
        cut_off = server.drained() => match cut_off {
            0 => tracing::info!("gone: nobody was left"),
            _ => tracing::warn!(cut_off, "gone: the time was up"),
        },
        _ = terminate.recv() => tracing::warn!("gone at once"),
        _ = interrupt.recv() => tracing::warn!("gone at once"),
    }
}

async fn certificate(options: &Options) -> anyhow::Result<(Option<CertificateFiles>, Certificate)> {
    match &options.certificate {
        CertificateSource::Files { certificate, key } => {
            let opened = CertificateFiles::open(certificate.clone(), key.clone()).await;
            let (files, pair) = opened.map_err(|error| UsageError(format!("{error:#}")))?;
            Ok((Some(files), pair))
        }
        CertificateSource::SelfSigned { names, ca_file } => {
            let made = self_signed(names, SystemTime::now()).map_err(|error| UsageError(format!("{error:#}")))?;
            match ca_file {
                Some(file) => write_ca(file, &made.ca_pem).await?,
                None => tracing::warn!("no --self-signed-ca-file: nobody can check the certificate"),
            }
            tracing::info!(?names, ?ca_file, "serving with a self-signed certificate (no --tls-cert and --tls-key)");
            Ok((None, made.certificate))
        }
    }
}

async fn write_ca(file: &Path, pem: &str) -> Result<(), UsageError> {
    let written = tokio::fs::write(file, pem).await;
    written.map_err(|error| UsageError(format!("cannot write --self-signed-ca-file `{}`: {error}", file.display())))
}
