//! The flags of `seaworthy serve` that concern the server itself.

use crate::webhook::deadline;
use crate::webhook::limits::Limits;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How to serve.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Where the API server connects (TLS)
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8443", env = "SEAWORTHY_LISTEN")]
    pub listen: SocketAddr,

    /// Where /livez, /readyz and /metrics are served (plain text)
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8080", env = "SEAWORTHY_PROBES")]
    pub probes: SocketAddr,

    /// The certificate chain, PEM, the server's own certificate first; read again when it changes
    #[arg(long, value_name = "FILE", env = "SEAWORTHY_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,

    /// The private key of the certificate, PEM
    #[arg(long, value_name = "FILE", env = "SEAWORTHY_TLS_KEY")]
    pub tls_key: Option<PathBuf>,

    /// Make a CA and a certificate at each start; what happens anyway without --tls-cert and --tls-key
    #[arg(long)]
    pub self_signed: bool,

    /// A name or IP address for the self-signed certificate; may be repeated
    #[arg(long, value_name = "NAME", default_values = ["localhost", "127.0.0.1", "::1"])]
    pub self_signed_name: Vec<String>,

    /// Where to write the self-signed CA's certificate, PEM, for `caBundle`
    #[arg(long, value_name = "FILE")]
    pub self_signed_ca_file: Option<PathBuf>,

    /// From SIGTERM to the end at the latest; 10 s less than terminationGracePeriodSeconds
    #[arg(long, value_name = "DURATION", default_value = "110s", value_parser = duration)]
    pub grace: Duration,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// Two PEM files.
    Files {
        /// The chain.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// Made at start.
    SelfSigned {
        /// For these names.
        names: Vec<String>,
        /// The CA's certificate goes here.
        ca_file: Option<PathBuf>,
    },
}

/// The flags contradict each other, or what they name cannot be used: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

impl Options {
    /// Where the certificate comes from.
    ///
    /// # Errors
    /// The flags ask for both ways, or for half of one.
    pub fn certificate_source(&self) -> Result<CertificateSource, UsageError> {
        const WAYS: &str = "give both --tls-cert and --tls-key (PEM files), or neither: \
             then the server makes its own CA and certificate (--self-signed)";
        let one_flag = |seen: &str| UsageError(format!("{seen}: {WAYS}"));
        match (&self.tls_cert, &self.tls_key) {
            (Some(_), _) | (_, Some(_)) if self.self_signed => {
                Err(one_flag("--self-signed beside --tls-cert or --tls-key"))
            }
            (Some(certificate), Some(key)) => {
                Ok(CertificateSource::Files { certificate: certificate.clone(), key: key.clone() })
            }
            (Some(_), None) => Err(one_flag("--tls-cert without --tls-key")),
            (None, Some(_)) => Err(one_flag("--tls-key without --tls-cert")),
            (None, None) => {
                let (names, ca_file) = (self.self_signed_name.clone(), self.self_signed_ca_file.clone());
                Ok(CertificateSource::SelfSigned { names, ca_file })
            }
        }
    }

    /// The limits of the product with what the flags change.
    pub fn limits(&self) -> Limits {
        Limits { grace: self.grace, ..Limits::default() }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    deadline::parse(text).ok_or_else(|| "wanted a duration such as `110s` or `1m30s`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    fn source(flags: &[&str]) -> Result<CertificateSource, String> {
        let options = Command::try_parse_from([&["serve"], flags].concat()).unwrap().options;
        options.certificate_source().map_err(|error| error.to_string())
    }

    #[test]
    fn both_files_or_none() {
        let files = CertificateSource::Files { certificate: "c".into(), key: "k".into() };
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        let own = CertificateSource::SelfSigned { names, ca_file: None };
        let named = CertificateSource::SelfSigned { names: vec!["a".into(), "b".into()], ca_file: Some("ca".into()) };
        let asked = ["--self-signed", "--self-signed-name=a", "--self-signed-name=b", "--self-signed-ca-file=ca"];
        assert_eq!(source(&["--tls-cert=c", "--tls-key=k"]), Ok(files));
        assert_eq!(source(&[]), Ok(own.clone()));
        assert_eq!(source(&["--self-signed"]), Ok(own));
        assert_eq!(source(&asked), Ok(named));
        for flags in [&["--tls-cert=c"][..], &["--tls-key=k"], &["--tls-cert=c", "--tls-key=k", "--self-signed"]] {
            let error = source(flags).unwrap_err();
            assert!(error.contains("--tls-cert and --tls-key") && error.contains("--self-signed"), "{error}");
        }
    }

    #[test]
    fn grace_is_written_as_kubernetes_writes_durations() {
        let options = |flag: &str| Command::try_parse_from(["serve", flag]).map(|it| it.options.limits().grace);
        assert_eq!(options("--grace=1m5s").unwrap(), Duration::from_secs(65));
        assert!(options("--grace=soon").unwrap_err().to_string().contains("such as `110s`"));
    }
}
