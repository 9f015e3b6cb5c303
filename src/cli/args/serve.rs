//! The flags of `serve`.

use crate::cli::args::quantity::parse_duration;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Flags of `serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Where admission is answered, over HTTPS.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    pub listen: SocketAddr,
    /// Where probes and metrics are answered, in plain text.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    pub probe_listen: SocketAddr,
    /// The certificate chain of the server, PEM; read again when it changes.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key of the certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Make a certificate authority and a certificate at start; what happens anyway without --tls-cert and --tls-key.
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_key"])]
    pub self_signed: bool,
    /// A name or address the made certificate is for; may be given several times.
    #[arg(long, value_name = "NAME", conflicts_with = "tls_cert", default_values = ["localhost", "127.0.0.1", "::1"])]
    pub self_signed_name: Vec<String>,
    /// Where the made authority's certificate is written, for the webhook configuration's caBundle.
    #[arg(long, value_name = "FILE", conflicts_with = "tls_cert")]
    pub self_signed_ca_file: Option<PathBuf>,
    /// The configuration; without one the defaults hold.
    #[arg(long, value_name = "FILE", env = "SEAWORTHY_CONFIG")]
    pub config: Option<PathBuf>,
    /// The cluster whose objects are watched; without it and without --inventory, the one this runs in.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Take the surrounding objects from the manifests of a folder instead of a cluster.
    #[arg(long, value_name = "FOLDER", conflicts_with = "kubeconfig")]
    pub inventory: Option<PathBuf>,
    /// From the signal to stop to the end at the latest; 10 s less than terminationGracePeriodSeconds.
    #[arg(long, value_name = "DURATION", default_value = "110s", value_parser = parse_duration)]
    pub grace: Duration,
}
